"""What several files say of one resource, put together.

A later folder extends or overrides the earlier ones entry by entry: a method, a field, a setting. A
file with ``like`` begins with what another resource is, and lays its differences over that.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.forms.methods import SHOWING
from gstack_pyramid.mapping.forms.resources import SECTIONS, Resource, Twin
from gstack_pyramid.mapping.suggestions import nearest

_HEAD = (*(key.name for key in Resource.KEYS if key.needed), *Twin.HELD)
"""The keys of a file that say which resource it is about, and nothing of that."""

_FOLLOWING = frozenset((*SHOWING, "setLabels"))
"""Methods that a resource may have although no file says so."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a resource or a method is like.

    Attributes:
        of: the resource, or ``RESOURCE.METHOD``.
        origin: the file and line that say so.
        differs: the places that are different.
    """

    of: str
    origin: tuple[str, int]
    differs: tuple[Place, ...]


@dataclass(slots=True)
class Described:
    """A resource as all files together describe it.

    Attributes:
        document: that, with nothing left to look up elsewhere.
        resource_like: what the resource is like; in an overlay, what earlier folders made of it.
        methods_like: its methods that are like others.
        claims: for each method the file and line that claim it.
    """

    document: Document
    resource_like: list[Likeness] = field(default_factory=list)
    methods_like: dict[str, Likeness] = field(default_factory=dict)
    claims: dict[str, tuple[str, int]] = field(default_factory=dict)


def entries_of(data: Mapping[str, Any]) -> list[Place]:
    """The places of the entries of a file, each of which one file of a folder may claim."""
    places: list[Place] = []
    for key, value in data.items():
        if key in _HEAD:
            continue
        if key in SECTIONS and isinstance(value, Mapping):
            places += [(key, entry) for entry in value]
        else:
            places.append((key,))
    return places


def described(files: Mapping[str, list[Document]], findings: list[Finding]) -> dict[str, Described]:
    """Each resource as all its files together describe it.

    Args:
        files: for each resource its files, those of later folders behind.
        findings: where mistakes are told.
    """
    family = _Family(files, findings)
    found = {name: family.resource(name, ()) for name in files}
    for name in files:
        for method in list(found[name].document.data.get("methods") or {}):
            family.method(name, method, ())
    return found


class _Family:
    def __init__(self, files: Mapping[str, list[Document]], findings: list[Finding]) -> None:
        self._files = files
        self._findings = findings
        self._found: dict[str, Described] = {}

    def resource(self, name: str, within: tuple[str, ...]) -> Described:
        """A resource, of whose methods some may still have to be looked up."""
        if name in self._found:
            return self._found[name]
        first = self._files[name][0]
        whole = Document(first.file, {"resource": name})
        whole.lines["resource",] = first.origin(("resource",))
        described = Described(whole)
        for document in self._files[name]:
            if "like" in document.data:
                self._begin_anew(described, document, (*within, name))
            else:
                _add(described.document, document)
            for method in document.data.get("methods") or {}:
                described.claims[method] = document.origin(("methods", method))
        methods = whole.data.get("methods", {})
        described.claims = {
            method: origin
            for method, origin in described.claims.items()
            if methods.get(method) is not None
        }
        self._found[name] = described
        return described

    def _begin_anew(
        self, described: Described, document: Document, within: tuple[str, ...]
    ) -> None:
        name, other = within[-1], document.data["like"]
        whole, origin = described.document, document.origin(("like",))
        likeness = Likeness(other, origin, tuple(_leaves(document.data)))
        if other != name:
            original = self._original(other, document, within)
            if original is None:
                return
            through = f"met by {name}, which is like {other}: {origin[0]}:{origin[1]}"
            whole.data = {**deepcopy(original.data), "resource": name}
            whole.lines = {**original.lines, ("resource",): document.origin(("resource",))}
            whole.texts = dict(original.texts)
            whole.borrowed = dict.fromkeys(original.lines, through)
            del whole.borrowed["resource",]
            described.claims = dict.fromkeys(whole.data.get("methods") or {}, origin)
            described.resource_like = []
            described.methods_like = {}
        elif whole.data.keys() == {"resource"}:
            said = f"no earlier folder says what {name} is"
            self._findings.append(document.finding(("like",), said))
        described.resource_like.append(likeness)
        for key in document.data:
            if key not in _HEAD:
                self._lay(whole, (key,), document, (key,))

    def _original(self, other: str, document: Document, within: tuple[str, ...]) -> Document | None:
        if other in within:
            said = f"{' is like '.join((*within[within.index(other) :], other))}, and so on"
        elif other not in self._files:
            said = f"{other!r} is not mapped{nearest(other, self._files)}"
        else:
            return self.resource(other, within).document
        self._findings.append(document.finding(("like",), said))
        return None

    def method(self, name: str, method: str, within: tuple[str, ...]) -> None:
        """Look up what a method is like, if it is, and lay its differences over that."""
        described = self._found[name]
        whole, place = described.document, ("methods", method)
        spec = whole.data["methods"][method]
        if not isinstance(spec, Mapping) or "like" not in spec:
            return
        like = str(spec["like"])
        owner, _, other = like.rpartition(".")
        owner = owner or name
        what, own = f"{owner}.{other}", f"{name}.{method}"
        origin = whole.origin((*place, "like"))
        within = (*within, own)
        methods = (
            self._found[owner].document.data.get("methods", {}) if owner in self._found else {}
        )
        said = ""
        if what in within:
            said = f"{' is like '.join((*within[within.index(what) :], what))}, and so on"
        elif methods.get(other) is None:
            said = f"{what} is not mapped{nearest(other, methods)}"
        if said:
            self._findings.append(whole.finding((*place, "like"), said))
            whole.drop((*place, "like"))
            return
        self.method(owner, other, within)
        own_part = Document(whole.file, {"methods": {method: spec}})
        own_part.put(place, whole, place)
        del own_part.data["methods"][method]["like"]
        described.methods_like[method] = Likeness(
            what, origin, tuple(_leaves(own_part.data["methods"][method]))
        )
        through = f"met by {own}, which is like {what}: {origin[0]}:{origin[1]}"
        whole.put(place, self._found[owner].document, ("methods", other), through)
        whole.note(place, own_part, place)
        for key in own_part.data["methods"][method]:
            self._lay(whole, (*place, key), own_part, (*place, key))

    def _lay(self, whole: Document, place: Place, source: Document, origin: Place) -> None:
        """Lay what stands at a place of one document over what is at a place of another.

        Maps are laid over maps, key by key; nothing (``null``) takes away what was there; all else
        takes its place.
        """
        around, key = whole.at(place[:-1]), place[-1]
        new = source.at(origin)
        if new is None and place[:-1] == ("methods",) and (key in around or key in _FOLLOWING):
            # Until it is known what follows, which this method is not to.
            whole.put(place, source, origin)
        elif new is None:
            if key not in around:
                near = nearest(str(key), map(str, around))
                said = f"there is no {key!r} to be left out{near}"
                self._findings.append(source.finding(origin, said))
                return
            whole.drop(place)
        elif (
            isinstance(new, Mapping)
            and isinstance(around.get(key), Mapping)
            # A method that is like another begins with that one.
            and not ("like" in new and place[:-1] == ("methods",))
        ):
            whole.lines[place] = source.lines[origin]
            whole.borrowed.pop(place, None)
            for inner in new:
                self._lay(whole, (*place, inner), source, (*origin, inner))
        else:
            whole.put(place, source, origin)


def take_left_out(document: Document) -> set[str]:
    """Take those methods out of a resource of which a file says that it does not have them."""
    methods = document.data.get("methods", {})
    left_out = {method for method, spec in methods.items() if spec is None}
    for method in left_out:
        document.drop(("methods", method))
    return left_out


def _leaves(data: Any, place: Place = ()) -> list[Place]:
    """The places of what is different, where it isn't a map of differences itself."""
    if not isinstance(data, Mapping) or not data:
        return [place]
    return [
        leaf
        for key, value in data.items()
        if place or key not in _HEAD
        for leaf in _leaves(value, (*place, key))
    ]


def _add(whole: Document, document: Document) -> None:
    """Put the entries of a file into the whole, in the place of those of the same name."""
    taken = set(entries_of(document.data))
    for place in taken:
        whole.forget(place)
    for place in entries_of(document.data):
        source, into = document.data, whole.data
        for part in place[:-1]:
            source, into = source[part], into.setdefault(part, {})
        into[place[-1]] = source[place[-1]]
    for place, origin in document.lines.items():
        if place[:1] in taken or place[:2] in taken:
            whole.lines[place] = origin
            if place in document.texts:
                whole.texts[place] = document.texts[place]
