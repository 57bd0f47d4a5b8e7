"""Compiling a mapping's ``read``: each entry becomes a source of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from gstack_pyramid.engine.getters import Getter, Reads, Shaping, field_of_row
from gstack_pyramid.engine.joins import Join
from gstack_pyramid.engine.name_patterns import NamePattern
from gstack_pyramid.engine.pushdown import Equal, Push, turned_from
from gstack_pyramid.engine.records import Source
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.narrowing import reads_of
from gstack_pyramid.mapping.forms import resources as forms
from gstack_pyramid.mapping.forms.keys import Value
from gstack_pyramid.mapping.forms.nodes import Named, Text, text_at
from gstack_pyramid.mapping.forms.values import Words
from gstack_pyramid.mapping.inlining import shaping_of
from gstack_pyramid.mapping.name_patterns import forms_of, parse_pattern
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ANY, ListShape, NotedShape, ObjectShape, RowShape, Shape
from gstack_pyramid.mapping.values import compile_params
from gstack_pyramid.schemas.cloudstack import Command


def source_shape(spec: forms.Source, command_fields: Callable[[str], Any]) -> Shape:
    """What a row of one source looks like.

    Args:
        spec: the source as the mapping gives it.
        command_fields: gives a command's response fields, or None when there is no such command.
    """
    extra: set[str] = set()
    if spec.named is not None:
        extra.update(name for name, _ in parse_pattern(forms_of(spec.named)[0])[1])
    if spec.call is None or spec.rows is not None:
        fields = {name: "string" for row in spec.rows or () for name in row}
        return RowShape(fields, "rows", frozenset(extra))
    fields = command_fields(spec.call)
    if fields is None:
        return ANY
    shape: Shape = RowShape(fields, spec.call, frozenset(extra))
    if spec.each is not None:
        for name in spec.each.split("."):
            shape = shape.field(name) or ANY
        shape = shape.element()
    return shape


class SourceCompiler:
    """Compiles one entry of ``read``.

    Args:
        spec: the entry.
        scope: the resource's scope; mistakes are reported there.
        shape: what its rows look like.
        any_shape: what a row of any of the resource's sources looks like.
        type_name: the GCE type of the resource.
    """

    def __init__(
        self,
        spec: forms.Source,
        scope: Scope,
        shape: Shape,
        any_shape: Shape,
        type_name: str,
    ) -> None:
        self._spec = spec
        self._shape = shape
        self._any_shape = any_shape
        self._type_name = type_name
        self._uses: dict[str, set[str]] = {}
        self._command = None if spec.call is None else scope.command(spec.call, spec.inside("call"))
        self._outer = (
            RowShape(self._command.response, self._command.name) if self._command else shape
        )
        self._scope = scope.entering(ANY, this=ANY)
        self._rowless = self._scope.entering(ObjectShape({}, "a command that lists"))
        self._rows = self._scope.entering(
            shape, self=shape, rows=ListShape(shape), key=ANY, parent=self._outer
        )

    def compile(self, shared_fields: Named) -> Source:
        """The compiled source.

        Args:
            shared_fields: the resource's ``fields``, which the entry's own override.
        """
        spec, narrow = self._spec, self._spec.narrow or _UNNARROWED
        known = [self._join(name, join) for name, join in spec.join.items()]
        joins = [join for join in known if join is not None]
        for what, parameter in narrow.said():
            self._check_parameter("tags" if what == "tag" else parameter, narrow.inside(what))
        if spec.order is not None and self._command is not None:
            self._check_order(self._command, spec.inside("order"))
        fields = self._fields(shared_fields)
        rows = self._rows
        with rows.using() as looked_at:
            advice = rows.maybe(spec.advice)
        with rows.using() as naming:
            where, row_name = rows.condition(spec.where), self._name()
        with rows.using() as placing:
            also, zone, region = rows.maybe(spec.also), self._zone(), rows.maybe(spec.region)
        zoned = spec.zone is None and zone is not None
        shaping, reads = self._shaping(fields, advice, joins)
        early = (spec.where, spec.name, spec.also, spec.zone, spec.region)
        return Source(
            name=spec.source or "row",
            command=self._command.name if self._command else None,
            rows=spec.rows or [],
            params=compile_params(spec, self._command, self._rowless)
            if self._command is not None
            else lambda current, env: {},
            where=where,
            unnest=self._scope.entering(self._outer).maybe(spec.each),
            group=rows.maybe(spec.group),
            row_name=row_name,
            also=also,
            zone=zone,
            zone_field=_ZONE if zoned else None,
            region=region,
            early=[join for join in joins if join.name in naming | placing],
            naming=[join for join in joins if join.name in naming],
            zone_parameter=narrow.zone,
            name_parameter=narrow.name,
            name_tag=narrow.tag,
            joins=joins,
            cached=bool(spec.cache),
            fields=fields,
            scope_params=rows.fields(spec.scope) if spec.scope else None,
            pattern=self._pattern(),
            push=self._push(shared_fields),
            order=spec.order,
            joined_fields=self._looking_at({join.name for join in joins}),
            this_fields=frozenset(name for name, used in self._uses.items() if "this" in used),
            shaping=shaping,
            reads=reads,
            glance=self._glance(joins, early),
            advice=advice,
            advice_joins=frozenset(looked_at & {join.name for join in joins}),
        )

    def _looking_at(self, joins: set[str]) -> dict[str, frozenset[str]]:
        """The fields that look at joins, and at which."""
        return {name: frozenset(used & joins) for name, used in self._uses.items() if used & joins}

    def _check_order(self, command: Command, place: Place) -> None:
        if not {"page", "pagesize"} <= command.params.keys():
            self._scope.report(place, f"{command.name} gives no pages")
        if "created" not in command.response:
            self._scope.report(place, f"the answer of {command.name} has no field 'created'")
        others = {name for name, _ in self._spec.said()} & {"each", "group", "named", "cache"}
        if others:
            self._scope.report(place, f"'order' means nothing beside {min(others)!r}")

    def _push(self, shared_fields: Named) -> Push:
        turned, equal = [], []
        fields = {**shared_fields, **self._spec.fields}
        model, own = self._scope.models.gce, self._type_name
        for name, how in self._spec.push.items():
            place = self._spec.inside("push", name)
            schema = model.field(own, (name,)) if own else None
            if schema is None:
                self._scope.report(place, f"GCE's {own} has no field {name!r}")
            elif isinstance(how, str):
                made = fields.get(name)
                if isinstance(made, Words) and made.when is None:
                    self._check_parameter(how, place)
                    turned.append(turned_from(name, how, made.enum, made.default))
                else:
                    self._scope.report(place, f"{name!r} is not made by 'from' and 'enum' alone")
            else:
                for parameter in how:
                    self._check_parameter(parameter, (*place, parameter))
                pair = ObjectShape({"key": ANY, "value": ANY}, "a comparison")
                params = self._scope.entering(pair).fields(how)
                equal.append(Equal(name, "additionalProperties" in schema, params))
        return Push(tuple(turned), tuple(equal))

    def _check_parameter(self, parameter: str, place: Place) -> None:
        if self._command is not None and parameter not in self._command.params:
            self._scope.report(place, f"{self._command.name} has no parameter {parameter!r}")

    def _zone(self) -> Getter | None:
        if self._spec.zone is not None:
            return self._rows.maybe(self._spec.zone)
        return field_of_row(_ZONE) if self._shape.field(_ZONE) else None

    def _glance(self, joins: list[Join], values: Iterable[Value | None]) -> frozenset[str] | None:
        """The fields that tell which rows count, what they are called and where they are."""
        given = [value for value in values if value is not None]
        texts = [value for value in given if isinstance(value, Text)]
        if not isinstance(self._shape, RowShape) or self._spec.each or len(texts) < len(given):
            return None
        row = self._shape
        noted = NotedShape(row.fields, row.of, row.extra)
        scope = replace(
            self._rows.entering(noted, self=noted, rows=ListShape(noted)),
            used=set(),
            findings=[],
            generated=[],
        )
        for text in texts:
            scope.text(text)
        if None in noted.asked or "rows" in scope.used:
            return None
        fields = {name for name in noted.asked if name is not None}
        return frozenset({"id", "name", _ZONE, *fields, *(join.ours for join in joins)})

    def _name(self) -> Getter:
        if self._spec.name is None and self._shape.field("name") is None:
            return lambda current, env: None
        return self._rows.value(self._spec.name or text_at("name", self._spec.inside("name")))

    def _pattern(self) -> NamePattern | None:
        if self._spec.named is None:
            return None
        with self._scope.catching(self._spec.inside("named")):
            text, *more = forms_of(self._spec.named)
            prefix, parts = parse_pattern(text)
            others = tuple(parse_pattern(form) for form in more)
            for form, (_, named) in zip(more, others, strict=True):
                if {name for name, _ in named} != {name for name, _ in parts}:
                    raise ValueError(f"{form!r} has other values than {text!r}")
            return NamePattern(text, prefix, parts, self._rows.condition(self._spec.fits), others)
        return None

    def _fields(self, shared_fields: Named) -> list[tuple[str, Getter]]:
        own = self._spec.fields
        # A field that all sources share may read what only some of them have.
        shared = self._rows.entering(
            self._any_shape, self=self._any_shape, rows=ListShape(self._any_shape)
        )
        compiled = []
        for name, value in {**shared_fields, **own}.items():
            scope = self._rows if name in own else shared
            with scope.using() as self._uses[name]:
                compiled.append((name, scope.value(value)))
        return compiled

    def _shaping(
        self, fields: list[tuple[str, Getter]], advice: Getter | None, joins: list[Join]
    ) -> tuple[Shaping, Callable[[], Reads]]:
        file, line = self._scope.document.origin(self._spec.place)
        shaping, source = shaping_of(fields, advice, f"<{file}:{line}>")
        names = ", ".join(name for name, _ in fields)
        self._scope.generated.append((self._spec.place, f"all fields: {names}", source))
        joined = [join.name for join in joins]
        return shaping, cache(lambda: reads_of(source(), joined))

    def _join(self, name: str, spec: forms.Join) -> Join | None:
        command = self._scope.command(spec.call, spec.inside("call"))
        if command is None:
            return None
        joined = RowShape(command.response, command.name)
        theirs, ours = next(iter(spec.on.items()))
        for field, of in ((theirs, joined), (ours, self._shape)):
            if of.field(field) is None:
                self._scope.report(spec.inside("on"), f"{of.describe()} has no field {field!r}")
        narrow = spec.narrow or _UNNARROWED_JOIN
        for what, parameter in narrow.said():
            if parameter not in command.params:
                message = f"{command.name} has no parameter {parameter!r}"
                self._scope.report(narrow.inside(what), message)
        self._rows = self._rows.entering(self._shape, **{name: ListShape(joined)})
        return Join(
            name=name,
            command=command.name,
            params=compile_params(spec, command, self._rowless),
            theirs=theirs,
            ours=ours,
            zone_parameter=narrow.zone,
            one_parameter=narrow.one,
            cached=bool(spec.cache),
        )


_ZONE = "zoneid"
_UNNARROWED, _UNNARROWED_JOIN = forms.Narrow(place=()), forms.JoinNarrow(place=())
