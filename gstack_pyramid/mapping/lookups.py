"""Which CloudStack commands a method may read before it answers or changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.needs import NOTHING, Needs, Way
from gstack_pyramid.mapping.expressions.reading import links_of
from gstack_pyramid.mapping.forms import methods as forms
from gstack_pyramid.mapping.forms.keys import Node, Value
from gstack_pyramid.mapping.forms.nodes import Text
from gstack_pyramid.mapping.forms.resources import Join, Source
from gstack_pyramid.mapping.forms.steps import Command, Run, Undo
from gstack_pyramid.mapping.forms.values import Call, Find, Guarded, Pick, parts_of
from gstack_pyramid.mapping.loader import Mappings


@dataclass(frozen=True, slots=True)
class Link:
    """A link in an expression.

    Attributes:
        resource: what it leads to.
        named: whether its name is given, so that nothing has to be looked up.
    """

    resource: str
    named: bool


def nested(value: Value | None, *, certain: bool = False) -> Iterator[Node | Link]:
    """A value and all values inside it, those that are no expressions, and links in expressions.

    Args:
        value: the value; None for what isn't there.
        certain: leave out those that only some requests need.
    """
    if isinstance(value, Text):
        if "link." in value:
            for resource, named in links_of(str(value), certain=certain):
                yield Link(resource, named)
    elif value is not None and not (certain and isinstance(value, Guarded) and value.when):
        yield value
        for part in parts_of(value, certain=certain):
            # Most are plain texts; not to make a generator for each saves a start half of this.
            if not isinstance(part, Text) or "link." in part:
                yield from nested(part, certain=certain)


class Lookups:
    """Finds out what is read.

    Args:
        mappings: the merged mapping files.
        certain: leave out what only some requests need: values with a condition, and those that
            stand in for others.
    """

    def __init__(self, mappings: Mappings, *, certain: bool = False) -> None:
        self._forms = mappings.forms
        self._certain = certain
        self._shown: dict[str, dict[str, str]] = {}

    def of_method(self, method: Method) -> list[tuple[str, str]]:
        """The reading commands of a compiled method, and what for."""
        rows: dict[str, str] = {}
        resource = method.resource.name
        about_itself = method.resource.collection.scope == "projects" and method.item is not None
        segments = method.gce.path.split("/")
        for segment, parameter in zip(segments[::2], segments[1::2], strict=False):
            if not parameter.startswith("{") or (about_itself and segment == resource):
                break
            if segment in self._forms and segment != resource:
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
        spec = self._forms[resource].methods[method.gce.name]
        self._of_value(rows, spec.answer)
        self._of_ways(rows, spec)
        return list(rows.items())

    def _of_ways(self, rows: dict[str, str], spec: forms.Method) -> None:
        for part in (spec, *(() if self._certain else spec.variants)):
            for command, why in self.of_variant(part):
                rows.setdefault(command, why)

    def of_variant(self, spec: forms.Way) -> list[tuple[str, str]]:
        """The reading commands of one way to do a method, besides those of the method."""
        rows: dict[str, str] = {}
        for name, value in spec.with_.items():
            self._of_value(rows, value, name)
        for step in spec.steps or ():
            if isinstance(step, Run):
                name, values = step.run, [*step.query.values(), step.body, step.least, step.in_]
            else:
                name, values = step.call, [*step.params.values()]
            for value in values:
                self._of_value(rows, value)
            for value in step.each.values():
                self._of_value(rows, value, f"what {name} goes through")
            if isinstance(step, Run) and not (self._certain and step.when):
                self._note(rows, name.rpartition(".")[0], f"what {name} is about")
                self._of_ways(rows, self._run(name))
        return list(rows.items())

    def ways_of(self, spec: forms.Way) -> list[list[Command]]:
        """The steps of a method or variant, for each way that it may take.

        Where it does another method, these are that one's steps, and each variant of that one is a
        way of its own. Those of a method that is done under a condition have that condition, unless
        they have one of their own; then all its ways are one.
        """
        ways: list[list[Command]] = [[]]
        for step in spec.steps or ():
            further: list[list[Command]] = []
            if isinstance(step, Command):
                further = [[step]]
            else:
                inner = self._run(step.run)
                for part in (inner, *inner.variants):
                    further += self.ways_of(part) if part.steps is not None else []
                if step.when is not None:
                    own = [command for way in further for command in way]
                    further = [[replace(each, when=each.when or step.when) for each in own]]
            ways = [[*way, *more] for way in ways for more in further or [[]]]
        return ways

    def _run(self, name: str) -> forms.Method:
        resource, _, method = name.rpartition(".")
        found: forms.Method = self._forms[resource].methods[method]
        return found

    def _note(self, rows: dict[str, str], resource: str, why: str) -> None:
        for source in self._forms[resource].read if resource in self._forms else ():
            if source.call is not None:
                rows.setdefault(source.call, why + _kept(source))

    def _of_fields(self, rows: dict[str, str], resource: str) -> None:
        """What it takes to show a resource: its joins, and the resources that it links to."""
        if resource not in self._shown:
            self._shown[resource] = self._of_shown(resource)
        for command, why in self._shown[resource].items():
            rows.setdefault(command, why)

    def _of_shown(self, resource: str) -> dict[str, str]:
        rows: dict[str, str] = {}
        form = self._forms[resource]
        for source in form.read:
            for name, join in source.join.items():
                rows.setdefault(join.call, f"{name}, joined to the rows{_kept(join)}")
        for fields in (form.fields, *(source.fields for source in form.read)):
            for value in fields.values():
                self._of_value(rows, value)
        return rows

    def _of_value(self, rows: dict[str, str], value: Value | None, why: str = "a value") -> None:
        for part in nested(value, certain=self._certain):
            match part:
                case Find():
                    self._note(rows, part.find, f"which of {part.find} is meant")
                case Pick():
                    self._note(rows, part.pick, f"which of {part.pick} fits")
                    self._of_fields(rows, part.pick)
                case Call():
                    rows.setdefault(part.call, why + _kept(part))
                case Link(named=False):
                    self._note(rows, part.resource, f"links to {part.resource}")


def undo_of(step: Command) -> list[Undo]:
    """What takes a step back, in its order."""
    return [each for one in step.undo for each in ([one, one.then] if one.then else [one])]


def _kept(read: Source | Join | Call) -> str:
    return " (kept for a short time)" if read.cache else ""


def needs_of(mappings: Mappings, method: Method) -> Needs:
    """What one compiled method needs."""
    if method.served_by is not None:
        return NOTHING
    lookups, all_lookups = Lookups(mappings, certain=True), Lookups(mappings)
    spec = mappings.forms[method.resource.name].methods[method.gce.name]
    reads = frozenset(command for command, _ in lookups.of_method(method))
    parts: list[forms.Way] = [spec, *spec.variants]
    ways = [way for part in parts if part.steps is not None for way in _ways(lookups, part)]
    every = {command for command, _ in all_lookups.of_method(method)}
    for part in parts:
        every |= {command for command, _ in all_lookups.of_variant(part)}
        for step in (step for steps in all_lookups.ways_of(part) for step in steps):
            further = [*undo_of(step), step.found, step.refused_while]
            every |= {step.call, *(each.call for each in further if each is not None)}
    return Needs(reads, tuple(ways), frozenset(every))


def _ways(lookups: Lookups, spec: forms.Way) -> list[Way]:
    read = frozenset(command for command, _ in lookups.of_variant(spec))
    ways = []
    for steps in lookups.ways_of(spec):
        sent = frozenset(step.call for step in steps if not (step.when or step.if_allowed))
        calls = frozenset(step.call for step in steps)
        ways.append(Way(sent | read if sent else sent, calls - sent))
    return ways
