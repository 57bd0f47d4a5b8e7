"""What Terraform's google provider would plan, from what was asked for and what is told.

The provider keeps in its state what an answer tells, and plans a change wherever that isn't what
the configuration says. How it compares a field is a fact of its schema, and stands in
``resources/*.yaml`` as a few words:

========================= ===============================================================
``replaces``              a change makes the resource anew, instead of changing it
``computed``              may be told although it wasn't asked for
``name``                  compared by its last part
``link``                  compared from ``projects/`` on
``name-or-link``          the former when one of the two is a bare name, else the latter
``image``                 a link that begins as Google's do, or a bare name or family
``any-case``              capitals don't matter
``set``                   order doesn't matter
``number``                read into 64 bits with a sign
``port-range``            ``80`` is ``80-80``
``unread``                not read from answers
``default=VALUE``         what the provider asks for where the configuration says nothing
========================= ===============================================================

A mapping instead of words is a block, or a list of blocks; its own words stand under ``is``.

Source: the schema of the provider's version 7 of August 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OF_GOOGLE = re.compile(r"https://(www|compute)\.[^/]+/compute/\w+/")
"""The links in which the provider finds an image's project and name; of others it knows nothing."""


@dataclass(frozen=True)
class Words:
    """How one field is compared.

    Attributes:
        all: the words.
        default: what is asked for where nothing is said; None for nothing.
    """

    all: frozenset[str]
    default: Any = None

    @classmethod
    def read(cls, text: str) -> Words:
        """The words of a line of ``resources/*.yaml``."""
        words = text.split()
        defaults = [json.loads(word.partition("=")[2]) for word in words if "=" in word]
        return cls(frozenset(word for word in words if "=" not in word), *defaults)


def changes(
    facts: Mapping[str, Any], asked: Mapping[str, Any], told: Mapping[str, Any]
) -> list[str]:
    """What the plan after ``asked`` was applied says, when ``told`` is read; empty for nothing.

    Args:
        facts: field -> its words, or the facts of a block.
        asked: the configuration, in the API's terms.
        told: the API's answer.
    """
    found = []
    for field, fact in facts.items():
        if field == "is":
            continue
        if isinstance(fact, str):
            found += _of_field(field, Words.read(fact), asked.get(field), told.get(field))
        else:
            found += _of_block(field, fact, asked.get(field), told.get(field))
    return found


def _of_field(field: str, words: Words, asked: Any, told: Any) -> list[str]:
    if "number" in words.all and told is not None and not -(2**63) <= int(told) < 2**63:
        return [f"{field}: {told} can't be read"]
    if "unread" in words.all:
        return []
    if asked is None:
        asked = words.default
    if _nothing(asked) and "computed" in words.all:
        return []
    if _nothing(asked) and _nothing(told):
        return []
    if _same(words, asked, told):
        return []
    replaced = ", which replaces it" if "replaces" in words.all else ""
    return [f"{field}: {told!r} -> {asked!r}{replaced}"]


def _of_block(field: str, facts: Mapping[str, Any], asked: Any, told: Any) -> list[str]:
    words = Words.read(facts.get("is", ""))
    if _nothing(asked) and "computed" in words.all:
        return []
    wanted, had = _blocks(asked), _blocks(told)
    if len(wanted) != len(had):
        # A block of nothing but what it is by default is none.
        defaults = [one for one in (wanted or had) if changes(facts, {}, one)]
        if (wanted and had) or defaults:
            return [f"{field}: {had!r} -> {wanted!r}"]
        return []
    found = []
    for one in wanted:
        # A set's elements go with whichever is the same.
        others = sorted(had, key=lambda other: len(changes(facts, one, other)))
        other = others[0] if "set" in words.all else had[0]
        had.remove(other)
        found += [f"{field}.{change}" for change in changes(facts, one, other)]
    return found


def _blocks(value: Any) -> list[Mapping[str, Any]]:
    if _nothing(value):
        return []
    return list(value) if isinstance(value, list) else [value]


def _nothing(value: Any) -> bool:
    """Whether the provider makes no difference between a value and none: its types' zeros."""
    return value is None or value in ("", 0, False, "0") or value in ([], {}, [None])


def _same(words: Words, asked: Any, told: Any) -> bool:
    if isinstance(asked, list) and isinstance(told, list):
        one, other = ([_plain(words, each) for each in side] for side in (asked, told))
        return sorted(one) == sorted(other) if "set" in words.all else one == other
    if "name-or-link" in words.all:
        bare = "/" not in f"{asked}" or "/" not in f"{told}"
        words = Words(words.all | {"name" if bare else "link"})
    if "image" in words.all:
        return _same_image(f"{asked}", f"{told}")
    return bool(_plain(words, asked) == _plain(words, told))


def _plain(words: Words, value: Any) -> Any:
    """What is compared of a value."""
    if "number" in words.all:
        return int(value or 0)
    if isinstance(value, bool) or value is None:
        return bool(value)
    if isinstance(value, dict):
        return value
    text = f"{value}"
    if "any-case" in words.all:
        text = text.lower()
    if "name" in words.all:
        text = text.rpartition("/")[2]
    elif "link" in words.all:
        text = text[text.find("projects/") :] if "projects/" in text else text
    if "port-range" in words.all and "-" not in text:
        text = f"{text}-{text}"
    return text


def _same_image(asked: str, told: str) -> bool:
    """Whether the image that is told is the one that was asked for."""
    if not _OF_GOOGLE.match(told):
        return asked == told
    project, _, name = told.partition("/projects/")[2].partition("/global/images/")
    *place, wanted = (
        asked.partition("projects/")[2].split("/") if "projects/" in asked else (asked.split("/"))
    )
    return wanted == name and (not place or place[0] == project)
