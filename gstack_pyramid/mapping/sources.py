"""Compiling a mapping's ``read``: each entry becomes a source of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gstack_pyramid.engine.getters import Builder, Getter, Shaping, field_of_row
from gstack_pyramid.engine.name_patterns import NamePattern
from gstack_pyramid.engine.pushdown import Equal, Push, turned_from
from gstack_pyramid.engine.records import Join, Source
from gstack_pyramid.mapping.conditions import compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.inlining import shaping_of
from gstack_pyramid.mapping.name_patterns import forms_of, parse_pattern
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ANY, ListShape, NotedShape, ObjectShape, RowShape, Shape
from gstack_pyramid.mapping.values import compile_params
from gstack_pyramid.schemas.cloudstack import Command


def source_shape(spec: Mapping[str, Any], command_fields: Callable[[str], Any]) -> Shape:
    """What a row of one source looks like.

    Args:
        spec: the source as the mapping gives it.
        command_fields: gives a command's response fields, or None when there is no such command.
    """
    extra: set[str] = set()
    if "named" in spec:
        extra.update(name for name, _ in parse_pattern(forms_of(spec["named"])[0])[1])
    if "rows" in spec:
        fields = {name: "string" for row in spec["rows"] for name in row}
        return RowShape(fields, "rows", frozenset(extra))
    fields = command_fields(spec["call"])
    if fields is None:
        return ANY
    shape: Shape = RowShape(fields, spec["call"], frozenset(extra))
    if "each" in spec:
        for name in spec["each"].split("."):
            shape = shape.field(name) or ANY
        shape = shape.element()
    return shape


class SourceCompiler:
    """Compiles one entry of ``read``.

    Args:
        spec: the entry.
        scope: the resource's scope; mistakes are reported there.
        place: where the entry stands.
        shape: what its rows look like.
        any_shape: what a row of any of the resource's sources looks like.
        type_name: the GCE type of the resource.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        scope: Scope,
        place: Place,
        shape: Shape,
        any_shape: Shape,
        type_name: str,
    ) -> None:
        self._spec = spec
        self._place = place
        self._shape = shape
        self._any_shape = any_shape
        self._type_name = type_name
        self._uses: dict[str, set[str]] = {}
        self._command = scope.command(spec["call"], (*place, "call")) if "call" in spec else None
        self._outer = (
            RowShape(self._command.response, self._command.name) if self._command else shape
        )
        self._scope = scope.entering(ANY, this=ANY)
        self._rowless = self._scope.entering(ObjectShape({}, "a command that lists"))
        self._rows = self._scope.entering(
            shape, self=shape, rows=ListShape(shape), key=ANY, parent=self._outer
        )

    def compile(self, shared_fields: Mapping[str, Any]) -> Source:
        """The compiled source.

        Args:
            shared_fields: the resource's ``fields``, which the entry's own override.
        """
        spec = self._spec
        narrow = spec.get("narrow", {})
        known = [self._join(name, join) for name, join in spec.get("join", {}).items()]
        joins = [join for join in known if join is not None]
        if self._command is not None:
            self._check_parameters(self._command, narrow)
            self._check_order(self._command)
        fields = self._fields(shared_fields)
        before, self._rows.used = self._rows.used, set()
        advice = self._value("advice")
        looked_at, self._rows.used = self._rows.used, before
        return Source(
            name=spec.get("source", "row"),
            command=self._command.name if self._command else None,
            rows=spec.get("rows", []),
            params=self._params(),
            where=self._condition("where"),
            unnest=self._unnest(),
            group=self._value("group"),
            row_name=self._name(),
            also=self._value("also"),
            zone=self._zone(),
            region=self._value("region"),
            early=self._early(joins, ("where", "name", "also", "zone", "region")),
            naming=self._early(joins, ("where", "name")),
            zone_parameter=narrow.get("zone"),
            name_parameter=narrow.get("name"),
            name_tag=narrow.get("tag"),
            joins=joins,
            cached=spec.get("cache", False),
            fields=fields,
            scope_params=self._rows.fields(spec["scope"], (*self._place, "scope"))
            if "scope" in spec
            else None,
            pattern=self._pattern(),
            push=self._push(shared_fields),
            order=spec.get("order"),
            joined_fields=self._looking_at({join.name for join in joins}),
            this_fields=frozenset(name for name, used in self._uses.items() if "this" in used),
            shaping=self._shaping(fields),
            glance=self._glance(joins),
            advice=advice,
            advice_joins=frozenset(looked_at & {join.name for join in joins}),
        )

    def _looking_at(self, joins: set[str]) -> dict[str, frozenset[str]]:
        """The fields that look at joins, and at which."""
        return {name: frozenset(used & joins) for name, used in self._uses.items() if used & joins}

    def _check_order(self, command: Command) -> None:
        if "order" not in self._spec:
            return
        place = (*self._place, "order")
        if not {"page", "pagesize"} <= command.params.keys():
            self._scope.report(place, f"{command.name} gives no pages")
        if "created" not in command.response:
            self._scope.report(place, f"the answer of {command.name} has no field 'created'")
        others = {"each", "group", "named", "cache"} & self._spec.keys()
        if others:
            self._scope.report(place, f"'order' means nothing beside {min(others)!r}")

    def _push(self, shared_fields: Mapping[str, Any]) -> Push:
        turned, equal = [], []
        fields = {**shared_fields, **self._spec.get("fields", {})}
        model, own = self._scope.models.gce, self._type_name
        for name, how in self._spec.get("push", {}).items():
            place = (*self._place, "push", name)
            schema = model.field(own, (name,)) if own else None
            if schema is None:
                self._scope.report(place, f"GCE's {own} has no field {name!r}")
            elif isinstance(how, str):
                found = turned_from(name, how, fields.get(name))
                if found is None:
                    self._scope.report(place, f"{name!r} is not made by 'from' and 'enum' alone")
                else:
                    self._check_parameter(how, place)
                    turned.append(found)
            else:
                for parameter in how:
                    self._check_parameter(parameter, (*place, parameter))
                pair = ObjectShape({"key": ANY, "value": ANY}, "a comparison")
                params = self._scope.entering(pair).fields(how, place)
                equal.append(Equal(name, "additionalProperties" in schema, params))
        return Push(tuple(turned), tuple(equal))

    def _check_parameter(self, parameter: str, place: Place) -> None:
        if self._command is not None and parameter not in self._command.params:
            self._scope.report(place, f"{self._command.name} has no parameter {parameter!r}")

    def _check_parameters(self, command: Command, narrow: Mapping[str, str]) -> None:
        for what, given in narrow.items():
            parameter = "tags" if what == "tag" else given
            if parameter not in command.params:
                self._scope.report(
                    (*self._place, "narrow", what),
                    f"{command.name} has no parameter {parameter!r}",
                )
        given = self._spec.get("params", {})
        missing = [
            name for name, param in command.params.items() if param.required and name not in given
        ]
        if missing:
            self._scope.report(self._place, f"{command.name} requires {', '.join(sorted(missing))}")

    def _value(self, key: str) -> Getter | None:
        if key not in self._spec:
            return None
        return self._rows.value(self._spec[key], (*self._place, key))

    def _zone(self) -> Getter | None:
        if "zone" in self._spec:
            return self._value("zone")
        return field_of_row("zoneid") if self._shape.field("zoneid") else None

    def _early(self, joins: list[Join], keys: Iterable[str]) -> list[Join]:
        """The joins that those of these keys look at which are there."""
        used, self._rows.used = self._rows.used, set()
        for key in keys:
            if key == "where":
                self._condition(key)
            else:
                self._value(key)
        wanted, self._rows.used = self._rows.used, used
        return [join for join in joins if join.name in wanted]

    def _glance(self, joins: list[Join]) -> frozenset[str] | None:
        """The fields that tell which rows count, what they are called and where they are."""
        keys = [key for key in ("where", "name", "also", "zone", "region") if key in self._spec]
        expressions = all(isinstance(self._spec[key], str) for key in keys)
        if not isinstance(self._shape, RowShape) or "each" in self._spec or not expressions:
            return None
        row = self._shape
        noted = NotedShape(row.fields, row.of, row.extra)
        scope = replace(
            self._rows.entering(noted, self=noted, rows=ListShape(noted)),
            used=set(),
            findings=[],
            generated=[],
        )
        for key in keys:
            scope.text(self._spec[key], (*self._place, key))
        if None in noted.asked or "rows" in scope.used:
            return None
        fields = {name for name in noted.asked if name is not None}
        return frozenset({"id", "name", "zoneid", *fields, *(join.ours for join in joins)})

    def _condition(self, key: str) -> Any:
        if key not in self._spec:
            return None
        return compile_condition(self._spec[key], self._rows, (*self._place, key))

    def _params(self) -> Builder:
        if self._command is None:
            return lambda current, env: {}
        given = self._spec.get("params", {})
        return compile_params(given, self._command.name, self._rowless, (*self._place, "params"))

    def _unnest(self) -> Getter | None:
        if "each" not in self._spec:
            return None
        return self._scope.entering(self._outer).value(self._spec["each"], (*self._place, "each"))

    def _name(self) -> Getter:
        if "name" not in self._spec and self._shape.field("name") is None:
            return lambda current, env: None
        return self._rows.value(self._spec.get("name", "name"), (*self._place, "name"))

    def _pattern(self) -> NamePattern | None:
        if "named" not in self._spec:
            return None
        with self._scope.catching((*self._place, "named")):
            text, *more = forms_of(self._spec["named"])
            prefix, parts = parse_pattern(text)
            others = tuple(parse_pattern(form) for form in more)
            for form, (_, named) in zip(more, others, strict=True):
                if {name for name, _ in named} != {name for name, _ in parts}:
                    raise ValueError(f"{form!r} has other values than {text!r}")
            return NamePattern(text, prefix, parts, self._condition("fits"), others)
        return None

    def _fields(self, shared_fields: Mapping[str, Any]) -> list[tuple[str, Getter]]:
        own = self._spec.get("fields", {})
        # A field that all sources share may read what only some of them have.
        shared = self._rows.entering(
            self._any_shape, self=self._any_shape, rows=ListShape(self._any_shape)
        )
        compiled = []
        for name, value in {**shared_fields, **own}.items():
            scope, place = (
                (self._rows, (*self._place, "fields", name))
                if name in own
                else (shared, ("fields", name))
            )
            before, scope.used = scope.used, set()
            compiled.append((name, scope.value(value, place)))
            self._uses[name], scope.used = scope.used, before | scope.used
        return compiled

    def _shaping(self, fields: list[tuple[str, Getter]]) -> Shaping:
        file, line = self._scope.document.origin(self._place)
        shaping, source = shaping_of(fields, f"<{file}:{line}>")
        names = ", ".join(name for name, _ in fields)
        self._scope.generated.append((self._place, f"all fields: {names}", source))
        return shaping

    def _join(self, name: str, spec: Mapping[str, Any]) -> Join | None:
        place = (*self._place, "join", name)
        command = self._scope.command(spec["call"], (*place, "call"))
        if command is None:
            return None
        joined = RowShape(command.response, command.name)
        theirs, ours = next(iter(spec["on"].items()))
        for field, of in ((theirs, joined), (ours, self._shape)):
            if of.field(field) is None:
                self._scope.report((*place, "on"), f"{of.describe()} has no field {field!r}")
        narrow = spec.get("narrow", {})
        for what, parameter in narrow.items():
            if parameter not in command.params:
                message = f"{command.name} has no parameter {parameter!r}"
                self._scope.report((*place, "narrow", what), message)
        self._rows = self._rows.entering(self._shape, **{name: ListShape(joined)})
        return Join(
            name=name,
            command=command.name,
            params=compile_params(
                spec.get("params", {}), command.name, self._rowless, (*place, "params")
            ),
            theirs=theirs,
            ours=ours,
            zone_parameter=narrow.get("zone"),
            one_parameter=narrow.get("one"),
            cached=spec.get("cache", False),
        )
