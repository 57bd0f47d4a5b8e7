"""Which CloudStack commands a method may read before it answers or changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.needs import NOTHING, Needs, Way
from gstack_pyramid.mapping.expressions.reading import links_of
from gstack_pyramid.mapping.forms.values import parts_of
from gstack_pyramid.mapping.loader import Mappings

Spec = Mapping[str, Any]


def sources_of(document: Spec) -> list[Spec]:
    """The entries of a resource's ``read``."""
    read = document.get("read", [])
    return list(read) if isinstance(read, list) else [read]


def nested(spec: Any, *, certain: bool = False) -> Iterator[Spec]:
    """A value and all values inside it, those that are objects.

    Args:
        spec: the value.
        certain: leave out those that only some requests need.
    """
    if isinstance(spec, str):
        for resource, named in links_of(spec, certain=certain):
            yield {"link": resource, **({"name": "name"} if named else {})}
    if not isinstance(spec, Mapping) or (certain and "when" in spec):
        return
    yield spec
    for value in parts_of(spec, certain=certain):
        # Most are plain texts; not to make a generator for each saves a start half of this.
        if isinstance(value, dict) or (isinstance(value, str) and "link." in value):
            yield from nested(value, certain=certain)


class Lookups:
    """Finds out what is read.

    Args:
        mappings: the merged mapping files.
        certain: leave out what only some requests need: values with a condition, and those that
            stand in for others.
    """

    def __init__(self, mappings: Mappings, *, certain: bool = False) -> None:
        self._documents = {name: doc.data for name, doc in mappings.resources.items()}
        self._certain = certain
        self._shown: dict[str, dict[str, str]] = {}

    def of_method(self, method: Method, spec: Spec) -> list[tuple[str, str]]:
        """The reading commands of a method, and what for.

        Args:
            method: the compiled method.
            spec: the same as the mapping gives it.
        """
        rows: dict[str, str] = {}
        resource = method.resource.name
        about_itself = method.resource.collection.scope == "projects" and method.item is not None
        segments = method.gce.path.split("/")
        for segment, parameter in zip(segments[::2], segments[1::2], strict=False):
            if not parameter.startswith("{") or (about_itself and segment == resource):
                break
            if segment in self._documents and segment != resource:
                self._note(rows, segment, f"the row of {parameter}")
        if method.kind in ("get", "list", "aggregatedList"):
            self._note(rows, resource, "the rows themselves")
            self._of_fields(rows, resource)
        elif method.item is not None or method.creates:
            why = "self, the row that it is about" if method.item else "whether the name is taken"
            self._note(rows, resource, why)
        if method.kind == "aggregatedList":
            for other in method.resource.together_with:
                self._note(rows, other, f"the rows of {other}")
                self._of_fields(rows, other)
        if "resource" in method.uses:
            self._of_fields(rows, resource)
        if method.kind == "aggregatedList" and method.resource.collection.scope in (
            "zones",
            "regions",
        ):
            self._note(rows, method.resource.collection.scope, "the scopes")
        self._of_value(rows, spec.get("answer"))
        for part in (spec, *([] if self._certain else spec.get("variants", []))):
            for command, why in self.of_variant(part):
                rows.setdefault(command, why)
        return list(rows.items())

    def of_variant(self, spec: Spec) -> list[tuple[str, str]]:
        """The reading commands of one way to do a method, besides those of the method."""
        rows: dict[str, str] = {}
        for name, value in spec.get("with", {}).items():
            self._of_value(rows, value, name)
        for step in spec.get("steps", []):
            for value in (*step.get("params", {}).values(), *step.get("query", {}).values()):
                self._of_value(rows, value)
            for key in ("body", "least", "in"):
                self._of_value(rows, step.get(key))
            if "each" in step:
                name = step.get("call") or step["run"]
                self._of_value(rows, {"each": step["each"]}, f"what {name} goes through")
            if "run" in step and not (self._certain and "when" in step):
                self._of_run(rows, step["run"])
        return list(rows.items())

    def ways_of(self, spec: Spec) -> list[list[Spec]]:
        """The steps of a method or variant, for each way that it may take.

        Where it does another method, these are that one's steps, and each variant of that one is a
        way of its own. Those of a method that is done under a condition have that condition, unless
        they have one of their own; then all its ways are one.
        """
        ways: list[list[Spec]] = [[]]
        for step in spec.get("steps", []):
            further = [[step]]
            if "run" in step:
                inner = self._run(step["run"])
                parts = [part for part in (inner, *inner.get("variants", [])) if "steps" in part]
                further = [way for part in parts for way in self.ways_of(part)]
                if "when" in step:
                    further = [[{"when": step["when"], **own} for way in further for own in way]]
            ways = [[*way, *more] for way in ways for more in further or [[]]]
        return ways

    def _run(self, name: str) -> Spec:
        resource, _, method = name.rpartition(".")
        return (self._documents[resource].get("methods") or {}).get(method) or {}

    def _of_run(self, rows: dict[str, str], name: str) -> None:
        """What another method reads that is done by a step."""
        spec, resource = self._run(name), name.rpartition(".")[0]
        self._note(rows, resource, f"what {name} is about")
        for part in (spec, *([] if self._certain else spec.get("variants", []))):
            for command, why in self.of_variant(part):
                rows.setdefault(command, why)

    def _note(self, rows: dict[str, str], resource: str, why: str) -> None:
        for source in sources_of(self._documents.get(resource, {})):
            if "call" in source:
                rows.setdefault(source["call"], why + _kept(source))

    def _of_fields(self, rows: dict[str, str], resource: str) -> None:
        """What it takes to show a resource: its joins, and the resources that it links to."""
        if resource not in self._shown:
            self._shown[resource] = self._of_shown(resource)
        for command, why in self._shown[resource].items():
            rows.setdefault(command, why)

    def _of_shown(self, resource: str) -> dict[str, str]:
        rows: dict[str, str] = {}
        document = self._documents[resource]
        fields = [document.get("fields", {})]
        for source in sources_of(document):
            fields.append(source.get("fields", {}))
            for name, join in source.get("join", {}).items():
                rows.setdefault(join["call"], f"{name}, joined to the rows{_kept(join)}")
        for group in fields:
            for value in group.values():
                self._of_value(rows, value)
        return rows

    def _of_value(self, rows: dict[str, str], value: Any, why: str = "a value") -> None:
        for spec in nested(value, certain=self._certain):
            if "find" in spec:
                self._note(rows, spec["find"], f"which of {spec['find']} is meant")
            if "pick" in spec:
                self._note(rows, spec["pick"], f"which of {spec['pick']} fits")
                self._of_fields(rows, spec["pick"])
            if "link" in spec and "name" not in spec:
                self._note(rows, spec["link"], f"links to {spec['link']}")
            if "call" in spec:
                rows.setdefault(spec["call"], why + _kept(spec))


def undo_of(step: Spec) -> list[Spec]:
    """What takes a step back, in its order."""
    undo = step.get("undo", [])
    told = list(undo) if isinstance(undo, list) else [undo]
    return [each for one in told for each in ([one, one["then"]] if "then" in one else [one])]


def _kept(read: Spec) -> str:
    return " (kept for a short time)" if read.get("cache") else ""


def needs_of(mappings: Mappings, method: Method, spec: Spec) -> Needs:
    """What one method needs.

    Args:
        mappings: the merged mapping files.
        method: the compiled method.
        spec: the same as the mapping gives it.
    """
    if method.served_by is not None:
        return NOTHING
    lookups, all_lookups = Lookups(mappings, certain=True), Lookups(mappings)
    reads = frozenset(command for command, _ in lookups.of_method(method, spec))
    parts = [spec, *spec.get("variants", [])]
    ways = [way for part in parts if "steps" in part for way in _ways(lookups, part)]
    every = {command for command, _ in all_lookups.of_method(method, spec)}
    for part in parts:
        every |= {command for command, _ in all_lookups.of_variant(part)}
        for steps in all_lookups.ways_of(part):
            for step in steps:
                further = [*undo_of(step), step.get("found", step), step.get("refused_while", step)]
                every |= {step["call"], *(each["call"] for each in further)}
    return Needs(reads, tuple(ways), frozenset(every))


def _ways(lookups: Lookups, spec: Spec) -> list[Way]:
    read = frozenset(command for command, _ in lookups.of_variant(spec))
    ways = []
    for steps in lookups.ways_of(spec):
        sent = frozenset(step["call"] for step in steps if not step.keys() & {"when", "if_allowed"})
        calls = frozenset(step["call"] for step in steps)
        ways.append(Way(sent | read if sent else sent, calls - sent))
    return ways
