"""Names and ids: how CloudStack's free names become legal, unique, stable GCE names.

GCE's names match ``[a-z]([-a-z0-9]{0,61}[a-z0-9])?`` (the ``pattern`` of ``name`` in its discovery
document); CloudStack's need not. Everything here is computed from the row alone, or from the rows
of one scope, so that every node answers alike and nothing has to be stored.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

LEGAL = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_RUN = re.compile(r"[^A-Za-z0-9]+")
_SUFFIX = re.compile(r"[0-9a-f]{8}")
_APART = re.compile("[-\x00-\x1f\x7f]")
_SUFFIX_LENGTH = 8
_LIMIT = 63
_IDS = 1 << 63


@lru_cache(maxsize=1 << 15)
def natural_name(raw: str, key: str) -> str:
    """The GCE name of something called ``raw``: unchanged when legal, else a slug.

    Args:
        raw: CloudStack's name, any text.
        key: the row's UUID (or another text that identifies it), for names with nothing to keep.
    """
    if LEGAL.fullmatch(raw):
        return raw
    # Lower case comes last: some letters outside ASCII have lower-case forms inside it, and a slug
    # must hold nothing that CloudStack's own search would not find.
    slug = _RUN.sub("-", raw).strip("-").lower()
    if not slug:
        return f"x-{suffix(key)}"
    if not slug[0].isalpha():
        slug = f"x-{slug}"
    return slug[:_LIMIT].rstrip("-")


def suffix(key: str) -> str:
    """Eight hexadecimal digits that tell apart rows of one name: the UUID's first eight.

    Something without a UUID gets the first eight digits of a digest of its key.
    """
    digits = key.replace("-", "").lower()
    if len(digits) == 32 and all(digit in "0123456789abcdef" for digit in digits):
        return digits[:_SUFFIX_LENGTH]
    return blake2b(key.encode(), digest_size=_SUFFIX_LENGTH // 2).hexdigest()


def suffixed_name(natural: str, key: str) -> str:
    """The long form of a name, which resolves whether or not it is needed."""
    head = natural[: _LIMIT - _SUFFIX_LENGTH - 1].rstrip("-")
    return f"{head}-{suffix(key)}"


@lru_cache(maxsize=1 << 15)
def numeric_id(key: str) -> str:
    """GCE's ``id``: a number below 2^63 as a decimal string, derived from the UUID.

    GCE's discovery document calls it ``uint64``; Terraform's provider reads it into a signed
    number, so the highest bit stays clear.
    """
    return str(_digest(key) % _IDS or 1)


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def unique_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The shown name of each row of one scope.

    Args:
        pairs: ``(key, natural name)`` of every row.

    Returns:
        key -> name. Rows that share a natural name are all shown in the long form, and so is one
        whose natural name is the long form of another.
    """
    known = list(pairs)
    if len({natural for _, natural in known}) == len(known):
        return dict(known)
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for key, natural in known:
        by_name[natural].append(key)
    shown: dict[str, str] = {}
    long_forms: set[str] = set()
    for natural, keys in by_name.items():
        if len(keys) > 1:
            shown |= {key: suffixed_name(natural, key) for key in keys}
            long_forms.update(shown[key] for key in keys)
    for natural, keys in by_name.items():
        if len(keys) == 1:
            taken = natural in long_forms
            shown[keys[0]] = suffixed_name(natural, keys[0]) if taken else natural
    return shown


def answers_to(reference: str, natural: str, key: str) -> bool:
    """Whether a row answers to a reference: its natural name, its long form or its numeric id.

    Ids had 64 bits once: links that clients kept from then still find their row.
    """
    if reference.isdecimal():
        return reference in (numeric_id(key), str(_digest(key)))
    return reference == natural or reference == suffixed_name(natural, key)


def search_words(reference: str) -> list[str]:
    """Texts that CloudStack's name contains, upper or lower case, if it answers to ``reference``.

    Slugs keep every run of ASCII letters and digits, so those of the reference, less a possible
    suffix, occur in the name of every row that can be meant, one behind the other. CloudStack takes
    no control characters, and no name has one: a reference with some is looked for without them,
    and not found.

    Returns:
        The words; none when nothing can be said (a numeric id, a made-up name).
    """
    if reference.isdecimal():
        return []
    words = _APART.split(reference)
    if len(words) > 1 and _SUFFIX.fullmatch(words[-1]):
        words.pop()
    if words[0] == "x":
        words.pop(0)
        if len(words) == 1 and _SUFFIX.fullmatch(words[0]):
            # A made-up name holds nothing but the suffix, even in its long form.
            return []
    return [word for word in words if word]


def search_word(reference: str) -> str | None:
    """The longest of the :func:`search_words`; None when there is none."""
    return max(search_words(reference), key=len, default=None)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known of the names of the rows that are wanted, for CloudStack to look for them.

    Attributes:
        word: what CloudStack is to look for in names without regard to case, which gives the rows
            meant and their twins without listing everything; None when nothing can be said. ``%``
            in it stands for anything: CloudStack puts a ``keyword`` into an SQL ``LIKE`` as it is.
            Source: ``SearchCriteria.Op.LIKE`` in ``QueryManagerImpl``.
        whole: the natural names that they can have; empty when only a part of them is known.
    """

    word: str | None = None
    whole: tuple[str, ...] = ()

    @classmethod
    def by(cls, reference: str, *, one_of_many: bool = False) -> Sought:
        """What a reference says of the row that answers to it, and of its twins.

        Args:
            reference: the reference.
            one_of_many: whether names of the same beginning are looked for as well, so that one
                word for all of them takes one command.
        """
        if reference.isdecimal():
            return cls()
        # CloudStack calls the disks of a zone ROOT-1, ROOT-2 …, which one word would all find.
        words = search_words(reference)
        word = search_word(reference) if one_of_many else "%".join(words) or None
        whole = [reference]
        head, _, tail = reference.rpartition("-")
        if head and _SUFFIX.fullmatch(tail):
            if len(head) > _LIMIT // 2:
                # It may be the beginning of a name that was too long for its suffix.
                return cls(word)
            whole.append(head)
        return cls(word, tuple(whole))


ANY_NAME = Sought()
"""Of rows about whose names nothing is known."""
