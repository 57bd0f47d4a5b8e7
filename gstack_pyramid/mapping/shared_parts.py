"""Checks, steps, values and names that have a name themselves, spelled out where they are used.

What several resources share stands in ``_checks.yaml``, ``_steps.yaml``, ``_values.yaml`` and
``_names.yaml``; a resource's files may hold its own under the keys ``checks``, ``steps``,
``values`` and ``names``. A use of one becomes what the mapping would say without it, so that
whoever compiles or describes a mapping knows nothing of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.forms.keys import FORMS, Kind, Node
from gstack_pyramid.mapping.forms.methods import UsedCheck
from gstack_pyramid.mapping.forms.steps import UsedSteps
from gstack_pyramid.mapping.forms.values import UsedNames, UsedValue
from gstack_pyramid.mapping.suggestions import nearest

_USES: Mapping[str, type[Node]] = {
    "checks": UsedCheck,
    "steps": UsedSteps,
    "values": UsedValue,
    "names": UsedNames,
}
KINDS: Mapping[str, str] = {section: use.KEYS[0].name for section, use in _USES.items()}
"""The sections that hold shared parts, and the key by which each is used."""

_HELD: Mapping[str, str] = {
    "checks": "checks",
    "steps": "steps",
    "values": "gives",
    "names": "with",
}
"""The key of a part that holds what a use of it becomes; one check stands without it."""

_BESIDE = frozenset(key.name for use in _USES.values() for key in use.KEYS)
"""What may stand beside the name of a part and is no argument."""

_MESSAGES = frozenset(
    key.name for form in FORMS.values() for key in form.cls.KEYS if key.holds.kind is Kind.MESSAGE
)
"""Keys whose texts are messages, in which expressions stand in braces."""

_PLACEHOLDER = re.compile(r"<([a-z_]\w*)>")
_WHOLE = re.compile(r"[\w.]+(\[[^\[\]]*\]|\([^()]*\)|\.\w+)*")
"""An expression that stays one beside whatever operator: a name, and fields and elements of it."""


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
        used = {name for text in _texts(part.spec) for name in _PLACEHOLDER.findall(text)}
        for name in part.takes:
            if name in _BESIDE:
                said = f"{name!r} means something beside the name of what is shared already"
                findings.append(part.document.finding(told, said))
            elif name not in used:
                said = f"nothing stands in the place of <{name}>"
                findings.append(part.document.finding(told, said))
        for name in sorted(used - set(part.takes)):
            said = f"<{name}> is none of what it takes{nearest(name, part.takes)}"
            findings.append(part.document.finding(place, said))
    return findings


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
            own[kind, name] = SharedPart(kind, name, kept)
        for kind in KINDS:
            document.drop((kind,))
    findings = check_parts(own)
    speller = _Speller(document, {**shared, **own}, findings)
    for section in ("read", "fields", "methods", "references"):
        if section in document.data:
            speller.walk((section,))
    return findings


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key != "about":
                yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


class _Speller:
    def __init__(self, document: Document, parts: Shared, findings: list[Finding]) -> None:
        self._document = document
        self._parts = parts
        self._findings = findings

    def walk(self, place: Place, within: tuple[str, ...] = ()) -> None:
        """Write out what is used at a place and below it.

        Args:
            place: where to look.
            within: the parts that are being written out around it.
        """
        self._walk(self._document.at(place), place, within)

    def _walk(self, data: Any, place: Place, within: tuple[str, ...]) -> None:
        if isinstance(data, dict):
            if isinstance(data.get("ask"), str):
                self._value(place, within)
                return
            if place[-1] == "with" and any(_is_group(value) for value in data.values()):
                self._with(place, dict.fromkeys(data, within))
                return
            for key, value in list(data.items()):
                if type(value) is dict or type(value) is list:
                    self._walk(value, (*place, key), within)
        elif isinstance(data, list):
            if any(type(item) is dict and ("check" in item or "do" in item) for item in data):
                self._list(place, [within] * len(data))
                return
            for number, value in enumerate(data):
                if type(value) is dict or type(value) is list:
                    self._walk(value, (*place, number), within)

    def _value(self, place: Place, within: tuple[str, ...]) -> None:
        use = self._document.apart(place)
        part = self._part("values", use, within)
        self._document.put(place, use, ("use",))
        if part is None:
            self._document.at(place[:-1])[place[-1]] = "None"
            return
        self._document.put(place, part.document, ("values", part.name, "gives"), _met(use, part))
        self._fill(place, use, ())
        self._guard(place, use)
        self.walk(place, (*within, _title(part)))

    def _with(self, place: Place, within: Mapping[str, tuple[str, ...]]) -> None:
        """Write out names some of which stand for groups of names.

        Args:
            place: where they are.
            within: for each the parts that are being written out around it.
        """
        document = self._document
        old = document.refill(place, {})
        items: dict[str, _Item] = {}
        for name, value in old.data["use"].items():
            if not _is_group(value):
                items.setdefault(name, _Item(old, ("use", name), within[name]))
                continue
            use = old.apart(("use", name))
            part = self._part("names", use, within[name])
            if part is None:
                continue
            for inner in part.spec["with"]:
                if inner in items:
                    continue
                # What a method says by itself of a name takes the place of what its group says.
                if inner in old.data["use"] and inner != name:
                    items[inner] = _Item(old, ("use", inner), within[inner])
                    continue
                where: Place = ("names", part.name, "with", inner)
                around = (*within[name], _title(part))
                items[inner] = _Item(part.document, where, around, use, part)
        document.at(place).update(dict.fromkeys(items))
        for name, item in items.items():
            self._item((*place, name), item)
        if any(_is_group(value) for value in document.at(place).values()):
            self._with(place, {name: item.within for name, item in items.items()})
            return
        for name, item in items.items():
            self.walk((*place, name), item.within)

    def _list(self, place: Place, within: Sequence[tuple[str, ...]]) -> None:
        """Write out a list some of whose items are shared parts.

        Args:
            place: where the list is.
            within: for each item the parts that are being written out around it.
        """
        document = self._document
        old = document.refill(place, [])
        items: list[_Item] = []
        for number, (item, around) in enumerate(zip(old.data["use"], within, strict=True)):
            kind = next((kind for kind in ("checks", "steps") if KINDS[kind] in item), None)
            if kind is None:
                items.append(_Item(old, ("use", number), around))
                continue
            use = old.apart(("use", number))
            part = self._part(kind, use, around)
            if part is not None:
                items += _items(part, use, around)
        document.at(place).extend([None] * len(items))
        for number, item in enumerate(items):
            self._item((*place, number), item)
        if any(step.keys() & {"check", "do"} for step in document.at(place)):
            self._list(place, [item.within for item in items])
            return
        for number, item in enumerate(items):
            self.walk((*place, number), item.within)

    def _item(self, place: Place, item: _Item) -> None:
        document, use, part = self._document, item.use, item.part
        if use is None or part is None:
            document.put(place, item.document, item.place)
            return
        document.put(place, item.document, item.place, _met(use, part))
        if item.place == (part.kind, part.name):
            for key in ("takes", "may_take", "about"):
                document.drop((*place, key))
        self._fill(place, use, ())
        self._guard(place, use)
        if "about" in use.data["use"] and item.place[-2:] == ("steps", 0):
            document.put((*place, "about"), use, ("use", "about"))

    def _part(self, kind: str, use: Document, within: tuple[str, ...]) -> SharedPart | None:
        """The part that is used; None if it can't be, which is told."""
        key = KINDS[kind]
        spec = use.data["use"]
        name = spec[key]
        part = self._parts.get((kind, name))
        if part is None:
            known = [other for of, other in self._parts if of == kind]
            said = f"none of the shared {kind} is called {name!r}{nearest(name, known)}"
            self._findings.append(use.finding(("use", key), said))
            return None
        if _title(part) in within:
            said = f"{name!r} makes use of itself, and so on"
            self._findings.append(use.finding(("use", key), said))
            return None
        given = spec.keys() - _BESIDE
        for other in sorted(given - set(part.takes)):
            said = f"{name!r} takes no {other!r}{nearest(other, part.takes)}"
            self._findings.append(use.finding(("use", other), said))
        missing = [other for other in part.needs if other not in given]
        if missing:
            said = f"{name!r} has to be told {', '.join(repr(other) for other in missing)}"
            self._findings.append(use.finding(("use",), said))
        if missing or given - set(part.takes):
            return None
        spec.update({other: None for other in part.takes if other not in given})
        return part

    def _fill(self, place: Place, use: Document, below: Place) -> None:
        """Put what a use gives in the place of the parameters, at a place and below it."""
        document = self._document
        data = document.at(place)
        if isinstance(data, Mapping):
            for key in list(data):
                if key != "about":
                    self._fill((*place, key), use, (*below, key))
        elif isinstance(data, list):
            for number in range(len(data)):
                self._fill((*place, number), use, (*below, number))
        elif isinstance(data, str) and _PLACEHOLDER.search(data):
            arguments = use.data["use"]
            whole = _PLACEHOLDER.fullmatch(data.strip())
            if whole and arguments[whole[1]] is None:
                document.drop(place)
            elif whole:
                document.put(place, use, ("use", whole[1]))
            else:
                key = next((part for part in reversed(below) if isinstance(part, str)), "")
                document.at(place[:-1])[place[-1]] = _filled(data, arguments, key in _MESSAGES)
                document.texts.pop(place, None)

    def _guard(self, place: Place, use: Document) -> None:
        """Let a condition and loops of the use count for what it stands for."""
        spec = self._document.at(place)
        arguments = use.data["use"]
        if "each" in arguments:
            own = spec.get("each")
            self._document.put((*place, "each"), use, ("use", "each"))
            if own:
                spec["each"] |= own
        if "when" in arguments:
            if not isinstance(spec, Mapping):
                self._document.at(place[:-1])[place[-1]] = spec = {"first": [spec]}
            own = spec.get("when")
            self._document.put((*place, "when"), use, ("use", "when"))
            if own:
                spec["when"] = f"({arguments['when']}) and ({own})"
                self._document.texts.pop((*place, "when"), None)


@dataclass(frozen=True, slots=True)
class _Item:
    """What becomes an item of a list.

    Attributes:
        document: where it stands.
        place: where it stands there.
        within: the parts that are being written out around it.
        use: the use that it is made for; None for what stands in the list itself.
        part: what that is a use of.
    """

    document: Document
    place: Place
    within: tuple[str, ...]
    use: Document | None = None
    part: SharedPart | None = None


def _items(part: SharedPart, use: Document, around: tuple[str, ...]) -> list[_Item]:
    """What a use of a check or of steps stands for in the list that it is in."""
    place: Place = (part.kind, part.name)
    within = (*around, _title(part))
    held = _HELD[part.kind]
    if held not in part.spec:
        return [_Item(part.document, place, within, use, part)]
    return [
        _Item(part.document, (*place, held, number), within, use, part)
        for number in range(len(part.spec[held]))
    ]


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("names"), str)


def _title(part: SharedPart) -> str:
    return f"{part.kind}.{part.name}"


def _met(use: Document, part: SharedPart) -> str:
    file, line = use.origin(("use",))
    return f"met by a use of {part.name!r}: {file}:{line}"


def _filled(text: str, arguments: Mapping[str, Any], message: bool) -> str:
    """A text with what a use gives in the place of the parameters."""

    def given(found: re.Match[str]) -> str:
        value = "" if arguments[found[1]] is None else str(arguments[found[1]]).strip()
        around = text[: found.start()]
        spoken = message and around.count("{") == around.count("}")
        return value if spoken or _WHOLE.fullmatch(value) else f"({value})"

    filled = _PLACEHOLDER.sub(given, text)
    return filled.strip() if message else filled
