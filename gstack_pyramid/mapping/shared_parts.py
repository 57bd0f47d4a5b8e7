"""Checks, steps, values and names that have a name themselves, and what is wrong with them.

What several resources share stands in ``_checks.yaml``, ``_steps.yaml``, ``_values.yaml`` and
``_names.yaml``; a resource's files may hold its own under the keys ``checks``, ``steps``,
``values`` and ``names``. Which kinds there are, and by which key each is used, the forms say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.forms.holds import form_of
from gstack_pyramid.mapping.forms.keys import CHOICES, FORMS, Holds, Kind, form_in, inside
from gstack_pyramid.mapping.forms.resources import Resource
from gstack_pyramid.mapping.suggestions import nearest


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of use of shared parts, as the forms have it.

    Attributes:
        key: the key by which a part is used.
        section: the section that holds such parts.
        part: the form of the parts.
        held: the key of a part that holds what a use of it becomes; one check or step stands
            without it.
        becomes: what that holds.
    """

    key: str
    section: str
    part: str
    held: str
    becomes: Holds[Any]


def _uses() -> Iterator[tuple[str, Use]]:
    for name, form in FORMS.items():
        if form.uses:
            section = next(
                key.name for key in Resource.KEYS if (key.holds.inner or key.holds).of == form.uses
            )
            where = {choice for choice, by_key in CHOICES.items() if name in by_key.values()}
            held = next(
                key
                for key in FORMS[form_in(form.uses, {})].cls.KEYS
                if where & {key.holds.of, key.holds.inner.of if key.holds.inner else ""}
            )
            yield name, Use(form.cls.KEYS[0].name, section, form.uses, held.name, held.holds)


USES: Mapping[str, Use] = dict(_uses())
"""The forms of uses, and what each is of."""

KINDS: Mapping[str, str] = {use.section: use.key for use in USES.values()}
"""The sections that hold shared parts, and the key by which each is used."""

BESIDE = frozenset(key for name in USES for key in FORMS[name].cls.HELD)
"""What may stand beside the name of a part and is no argument."""

PLACEHOLDER = re.compile(r"<([a-z_]\w*)>")
"""What stands for something that a use gives."""


@dataclass(frozen=True, slots=True)
class SharedPart:
    """Some checks, steps or names, or a value, that have a name.

    Attributes:
        kind: the section that holds it, a key of ``KINDS``.
        name: what it is called.
        document: where it stands.
    """

    kind: str
    name: str
    document: Document

    @property
    def spec(self) -> Mapping[str, Any]:
        """All that is said of it."""
        spec: Mapping[str, Any] = self.document.data[self.kind][self.name]
        return spec

    @property
    def takes(self) -> list[str]:
        """The names of its parameters."""
        return [*self.needs, *self.spec.get("may_take", ())]

    @property
    def needs(self) -> list[str]:
        """Those of its parameters that a use has to give."""
        return list(self.spec.get("takes", ()))


Shared = dict[tuple[str, str], SharedPart]
"""Parts by their kinds and names."""


def parts_of(document: Document) -> Shared:
    """The shared parts that stand in a document."""
    return {
        (kind, name): SharedPart(kind, name, document)
        for kind in KINDS
        for name in document.data.get(kind) or {}
    }


def check_parts(parts: Shared) -> list[Finding]:
    """What is wrong with shared parts in themselves, whoever uses them."""
    findings = []
    for part in parts.values():
        place: Place = (part.kind, part.name)
        told: Place = (*place, "takes" if "takes" in part.spec else "may_take")
        texts = _texts(_part_of(part.kind), part.spec)
        used = {name for text in texts for name in PLACEHOLDER.findall(text)}
        for name in part.takes:
            if name in BESIDE:
                said = f"{name!r} means something beside the name of what is shared already"
                findings.append(part.document.finding(told, said))
            elif name not in used:
                said = f"nothing stands in the place of <{name}>"
                findings.append(part.document.finding(told, said))
        for name in sorted(used - set(part.takes)):
            said = f"<{name}> is none of what it takes{nearest(name, part.takes)}"
            findings.append(part.document.finding(place, said))
    return findings


def _part_of(kind: str) -> Holds[Any]:
    return next(form_of(use.part) for use in USES.values() if use.section == kind)


def _texts(holds: Holds[Any], data: Any) -> Iterator[str]:
    """What is said in something, but for what is for people."""
    if is_said(data, holds):
        yield data
    for key, inner in inside(holds, data):
        yield from _texts(inner, data[key])


def is_said(data: Any, holds: Holds[Any]) -> TypeGuard[str]:
    """Whether something is a text that isn't for people only."""
    return isinstance(data, str) and holds.kind is not Kind.REMARK
