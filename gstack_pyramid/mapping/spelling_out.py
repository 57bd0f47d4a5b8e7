"""Uses of shared parts, spelled out where they stand.

A use becomes what the mapping would say without it, so that whoever compiles or describes a mapping
knows nothing of them. Where a use may stand, and which texts are messages, the forms say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.forms.files import SharedPart as SharedPartForm
from gstack_pyramid.mapping.forms.holds import form_of, forms_of
from gstack_pyramid.mapping.forms.keys import FORMS, Holds, Kind, form_in, inside
from gstack_pyramid.mapping.shared_parts import (
    BESIDE,
    KINDS,
    PLACEHOLDER,
    USES,
    Shared,
    SharedPart,
    Use,
    check_parts,
    is_said,
    parts_of,
)
from gstack_pyramid.mapping.suggestions import nearest

RESOURCE, STEPS = form_of("resource"), forms_of("step")
_ABOUT = frozenset({"about"})

_WHOLE = re.compile(r"[\w.]+(\[[^\[\]]*\]|\([^()]*\)|\.\w+)*|\[[^\[\]]*\]")
"""An expression that stays one beside whatever operator: a list, or a name, and fields and elements
of it."""


def spell_out_shared(document: Document, shared: Shared) -> list[Finding]:
    """Write out all uses of shared parts in a resource's document.

    Args:
        document: the resource as all files together describe it; its own parts are taken out.
        shared: the parts of all files.

    Returns:
        What is wrong with the uses.
    """
    own = parts_of(document)
    if own:
        # They are kept apart: what is used is looked up while the document changes.
        kept = Document(document.file, {kind: {} for kind in KINDS})
        for kind, name in own:
            kept.put((kind, name), document, (kind, name))
            document.drop((kind, name))
            own[kind, name] = SharedPart(kind, name, kept)
        for kind in KINDS:
            document.drop((kind,))
    return [
        *check_parts(own),
        *spell_out(document, (), RESOURCE, {**shared, **own}),
    ]


def spell_out(document: Document, place: Place, holds: Holds[Any], parts: Shared) -> list[Finding]:
    """Write out all uses of shared parts that stand somewhere in a document.

    Args:
        document: the document.
        place: where to look.
        holds: what stands there.
        parts: the parts that there are.

    Returns:
        What is wrong with the uses.
    """
    speller = _Speller(document, parts)
    speller.walk(document.at(place), place, holds)
    return speller.findings


def lists_of(document: Document, form: str) -> list[Place]:
    """Where lists of a form, or of a choice of forms, stand in a resource's document."""

    def found(place: Place, holds: Holds[Any], data: Any) -> Iterator[Place]:
        if isinstance(data, list) and holds.inner is not None and holds.inner.of == form:
            yield place
        for key, inner in inside(holds, data):
            # In values there are but values.
            if inner.kind in (Kind.FORM, Kind.NAMED) and isinstance(data[key], dict | list):
                yield from found((*place, key), inner, data[key])

    return list(found((), RESOURCE, document.data))


def _use_in(holds: Holds[Any], data: Any) -> Use | None:
    """Which use something is; None if it is none."""
    return USES.get(form_in(holds.of, data)) if isinstance(data, dict) and holds.of else None


@dataclass(frozen=True, slots=True)
class _Source:
    """Something that is to be written out.

    Attributes:
        document: where it stands.
        place: where it stands there.
        data: what it says.
        holds: what it is.
        use: the use whose arguments stand for parameters in it; None for what is no part.
        within: the parts that are being written out around it.
        met: who makes use of it, in words.
        uses: the uses that it is made for, the outer ones first; what they say besides counts.
        without: its keys that are not meant.
    """

    document: Document
    place: Place
    data: Any
    holds: Holds[Any]
    use: _Source | None = None
    within: tuple[str, ...] = ()
    met: str = ""
    uses: tuple[_Source, ...] = ()
    without: frozenset[str] = frozenset()

    def inside(self) -> Iterator[tuple[Any, _Source]]:
        """What stands directly in it."""
        for key, holds in inside(self.holds, self.data):
            if key not in self.without:
                yield key, self.part(key, holds)

    def part(self, key: Any, holds: Holds[Any]) -> _Source:
        """What stands behind a key."""
        place = (*self.place, key)
        data = self.data[key]
        return _Source(self.document, place, data, holds, self.use, self.within, self.met)


class _Speller:
    def __init__(self, document: Document, parts: Shared) -> None:
        self._document = document
        self._parts = parts
        self.findings: list[Finding] = []

    def walk(self, data: Any, place: Place, holds: Holds[Any]) -> None:
        """Write out what is used in what stands at a place."""
        known = [(key, inner) for key, inner in inside(holds, data) if inner.of or inner.inner]
        if any(_use_in(inner, data[key]) for key, inner in known):
            old = self._document.refill(place, type(data)())
            self._fill(_Source(old, ("use",), old.data["use"], holds), place)
            return
        for key, inner in known:
            if isinstance(data[key], dict | list):
                self.walk(data[key], (*place, key), inner)

    def _fill(self, source: _Source, place: Place) -> None:
        """Write out what stands in a source into an object or a list that is empty so far."""
        if isinstance(source.data, dict):
            for key, item in self._named(dict(source.inside())).items():
                for one in self._spelled(item):
                    self._write(one, (*place, key))
            return
        into = self._document.at(place)
        for _, item in source.inside():
            for one in self._spelled(item):
                into.append(None)
                self._write(one, (*place, len(into) - 1))

    def _write(self, source: _Source, place: Place) -> None:
        document, data = self._document, source.data
        if isinstance(data, dict | list) and source.use is None:
            document.put(place, source.document, source.place)
            self.walk(document.at(place), place, source.holds)
        elif isinstance(data, dict | list):
            document.at(place[:-1])[place[-1]] = type(data)()
            self._note(place, source)
            self._fill(source, place)
        elif source.use and is_said(data, source.holds) and PLACEHOLDER.search(data):
            whole = PLACEHOLDER.fullmatch(data.strip())
            if whole is None:
                document.at(place[:-1])[place[-1]] = _filled(source)
                self._note(place, source)
                document.texts.pop(place, None)
                self._guard(place, source.uses)
                return
            if whole[1] not in source.use.data:
                return
            given = source.use.part(whole[1], source.holds)
            for one in self._spelled(replace(given, uses=source.uses)):
                self._write(one, place)
            return
        else:
            document.at(place[:-1])[place[-1]] = data
            self._note(place, source)
        self._guard(place, source.uses)

    def _note(self, place: Place, source: _Source) -> None:
        if source.use is not None and source.place not in source.document.lines:
            # What comes with the language stands in no file.
            source = source.use
        self._document.note(place, source.document, source.place, source.met)

    def _named(self, items: dict[Any, _Source]) -> dict[Any, _Source]:
        """Named things, some of which may stand for groups of names."""
        groups = {
            name: (use, item)
            for name, item in items.items()
            if (use := _use_in(item.holds, item.data))
            and isinstance(item.data.get(use.key), str)
            and use.becomes.inner is not None
            and use.becomes.kind is Kind.VALUES
        }
        if not groups:
            return items
        found: dict[Any, _Source] = {}
        for name, item in items.items():
            if name not in groups:
                found.setdefault(name, item)
                continue
            for inner, named in self._held(groups[name][0], item):
                # What a method says by itself of a name takes the place of what its group says.
                said = inner in items and inner not in groups
                found.setdefault(inner, items[inner] if said else named)
        return self._named(found)

    def _spelled(self, item: _Source) -> Iterable[_Source]:
        """What something stands for, if it is a use, else itself."""
        use = _use_in(item.holds, item.data)
        if use is None:
            return (item,)
        return [one for _, held in self._held(use, item) for one in self._spelled(held)]

    def _held(self, use: Use, item: _Source) -> Iterable[tuple[Any, _Source]]:
        """What a use stands for, by its keys."""
        part = self._part(use, item)
        if part is None:
            return
        whole = _Source(
            part.document,
            (part.kind, part.name),
            part.spec,
            form_of(use.part),
            item,
            (*item.within, _title(part)),
            _met(item, part) if part.document.lines else item.met,
        )
        uses = (*item.uses, item)
        if use.held not in part.spec and use.becomes.inner is not None:
            own = FORMS[form_in(use.becomes.inner.of, part.spec)].cls.HELD
            others = frozenset(SharedPartForm.HELD).difference(own)
            yield "", replace(whole, uses=uses, without=others)
            return
        held = whole.part(use.held, use.becomes)
        if use.becomes.inner is None:
            yield "", replace(held, uses=uses)
            return
        for key, one in held.inside():
            yield key, replace(one, uses=uses)
            if part.document.lines:
                # What a use is for is said once; of what comes with the language, of all of it.
                uses = tuple(replace(each, without=_ABOUT) for each in uses)

    def _part(self, use: Use, item: _Source) -> SharedPart | None:
        """The part that is used; None if it can't be, which is told."""
        spec = item.data
        name = spec[use.key]
        part = self._parts.get((use.section, name))
        if part is None:
            known = [other for of, other in self._parts if of == use.section]
            said = f"none of the shared {use.section} is called {name!r}{nearest(name, known)}"
            self._report(item, said, use.key)
            return None
        if _title(part) in item.within:
            self._report(item, f"{name!r} makes use of itself, and so on", use.key)
            return None
        given = spec.keys() - BESIDE
        for other in sorted(given - set(part.takes)):
            self._report(item, f"{name!r} takes no {other!r}{nearest(other, part.takes)}", other)
        missing = [other for other in part.needs if other not in given]
        if missing:
            told = ", ".join(repr(other) for other in missing)
            self._report(item, f"{name!r} has to be told {told}")
        return None if missing or given - set(part.takes) else part

    def _report(self, item: _Source, said: str, *keys: str) -> None:
        finding = item.document.finding((*item.place, *keys), said)
        self.findings.append(replace(finding, through=item.met or finding.through))

    def _guard(self, place: Place, uses: tuple[_Source, ...]) -> None:
        """Let the conditions and loops of uses count for what they stand for."""
        document = self._document
        said = [dict(use.inside()) for use in uses]
        loops = [one["each"] for one in said if "each" in one]
        conditions = [one["when"] for one in said if "when" in one]
        if loops:
            spec = document.at(place)
            own = document.apart((*place, "each")) if "each" in spec else None
            # With what is known of its places, which would be looked for in the new one.
            document.drop((*place, "each"))
            spec["each"] = {}
            if own is not None:
                loops.append(_Source(own, ("use",), own.data["use"], loops[0].holds))
            for each in loops:
                self._note((*place, "each"), each)
                self._fill(each, (*place, "each"))
        if conditions:
            spec = document.at(place)
            if not isinstance(spec, Mapping):
                document.at(place[:-1])[place[-1]] = spec = {"first": [spec]}
            texts = [*map(_filled, conditions), *([spec["when"]] if "when" in spec else [])]
            spec["when"] = reduce("({}) and ({})".format, texts)
            self._note((*place, "when"), conditions[0])
            if spec["when"] != conditions[0].data:
                document.texts.pop((*place, "when"), None)
        for one in said:
            if "about" in one:
                self._write(one["about"], (*place, "about"))
                break


def _title(part: SharedPart) -> str:
    return f"{part.kind}.{part.name}"


def _met(use: _Source, part: SharedPart) -> str:
    file, line = use.document.origin(use.place)
    return f"met by a use of {part.name!r}: {file}:{line}"


def _filled(source: _Source) -> str:
    """A text with what a use gives in the place of the parameters."""
    text: str = source.data
    use, message = source.use, source.holds.kind is Kind.MESSAGE
    if use is None:
        return text

    def given(found: re.Match[str]) -> str:
        told = use.data.get(found[1], "")
        if isinstance(told, str) and told:
            told = _filled(use.part(found[1], source.holds))
        value = str(told).strip()
        around = text[: found.start()]
        spoken = message and around.count("{") == around.count("}")
        return value if spoken or _WHOLE.fullmatch(value) else f"({value})"

    filled = PLACEHOLDER.sub(given, text)
    return filled.strip() if message else filled
