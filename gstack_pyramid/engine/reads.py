"""Reads: from CloudStack's rows to records, the things that become GCE resources.

A record is one row, or the rows that make up one resource. What a source of records is, a mapping's
``read`` says; here it is compiled and run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.engine.conditions import SOURCE, Condition, compile_condition
from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.loops import entries
from gstack_pyramid.engine.names import natural_name
from gstack_pyramid.engine.paths import Getter, parse_format
from gstack_pyramid.engine.scope import Builder, Scope
from gstack_pyramid.engine.shapes import ANY, PARENT, ListShape, RowShape, Shape
from gstack_pyramid.engine.values import compile_params


@dataclass(slots=True)
class Record:
    """One resource as CloudStack has it.

    Attributes:
        key: what identifies it: the row's UUID, or the key that its rows were grouped by.
        natural: its GCE name, before twins are told apart.
        rows: its rows; the first decides where rows differ.
        source: the part of the mapping's ``read`` that found it.
        also: further names that it answers to.
    """

    key: str
    natural: str
    rows: list[dict[str, Any]]
    source: Source
    also: tuple[str, ...] = ()


@dataclass(slots=True)
class Join:
    """Rows of a second command that belong to each row: fetched once, then looked up."""

    name: str
    command: str
    params: Builder
    theirs: str
    ours: str
    zone_parameter: str | None
    one_parameter: str | None
    cached: bool

    def index(self, env: Any, rows: list[dict[str, Any]], *, single: bool) -> dict[Any, Any]:
        """All joined rows by their joining field.

        Args:
            env: the request's environment.
            rows: the rows to join to.
            single: whether they are one resource's, so that the command can be narrowed to it.
        """
        params = self.params({}, env)
        if single and self.one_parameter and rows:
            params[self.one_parameter] = rows[0].get(self.ours)
        elif self.zone_parameter and env.zone_id is not None:
            params[self.zone_parameter] = env.zone_id
        found: defaultdict[Any, list[Any]] = defaultdict(list)
        for row in env.session.fetch(self.command, params, cached=self.cached):
            found[row.get(self.theirs)].append(row)
        return found


@dataclass(slots=True)
class Source:
    """One source of records: a command and how its rows are read."""

    name: str
    command: str | None
    rows: list[dict[str, Any]]
    params: Builder
    where: Condition | None
    unnest: Getter | None
    group: Getter | None
    row_name: Getter
    also: Getter | None
    zone_field: str | None
    zone_parameter: str | None
    name_parameter: str | None
    joins: list[Join]
    cached: bool
    fields: list[tuple[str, Getter]]
    scope_params: Builder | None
    pattern: NamePattern | None
    shape: Shape = field(default=ANY, repr=False)

    def fetch(self, env: Any, *, zone_id: str | None, word: str | None) -> list[dict[str, Any]]:
        """The rows, narrowed by zone and by a word of the name where CloudStack can do that."""
        if self.command is None:
            return self.rows
        params = self.params({}, env)
        if zone_id is not None and self.zone_parameter:
            params[self.zone_parameter] = zone_id
        if word is not None and self.name_parameter:
            params[self.name_parameter] = word
        found: list[dict[str, Any]] = env.session.fetch(self.command, params, cached=self.cached)
        return found

    def records(
        self, env: Any, *, zone_id: str | None = None, word: str | None = None
    ) -> list[Record]:
        """The records of this source, in the order of their first rows."""
        rows = self.fetch(env, zone_id=zone_id, word=word)
        if self.unnest is not None:
            return self._grouped(self._unnested(rows, env), env)
        if self.where is not None:
            where = self.where
            rows = [row for row in rows if where(row, env)]
        if self.group is not None:
            return self._grouped(((row, None) for row in rows), env)
        row_name, also = self.row_name, self.also
        result = []
        for row in rows:
            key = str(row["id"])
            record = Record(key, natural_name(str(row_name(row, env) or ""), key), [row], self)
            if also is not None:
                record.also = tuple(str(name) for name in entries(also(row, env)))
            result.append(record)
        return result

    def _unnested(
        self, rows: list[dict[str, Any]], env: Any
    ) -> Iterable[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Each inner row that fits, with the row it stands in."""
        for outer in rows:
            env.roots["parent"] = outer
            for inner in entries(self.unnest(outer, env) if self.unnest else None):
                if self.where is None or self.where(inner, env):
                    yield inner, outer

    def _grouped(
        self, rows: Iterable[tuple[dict[str, Any], dict[str, Any] | None]], env: Any
    ) -> list[Record]:
        records: dict[str, Record] = {}
        for row, parent in rows:
            env.roots["parent"] = parent
            key = self.group(row, env) if self.group is not None else row.get("id")
            if key is None:
                continue
            key = str(key)
            marked = {**row, SOURCE: self.name}
            if parent is not None:
                marked[PARENT] = parent
            if key in records:
                records[key].rows.append(marked)
                continue
            env.roots["key"] = key
            raw = self.row_name(row, env)
            records[key] = Record(
                key, natural_name(str(raw if raw is not None else key), key), [marked], self
            )
        return list(records.values())

    def zones(self, record: Record) -> frozenset[str] | None:
        """The ids of the zones a record is in; None when it is in all of them."""
        if self.zone_field is None:
            return None
        value = record.rows[0].get(self.zone_field)
        # Offerings tell their zones in one text, joined by commas.
        return None if value is None else frozenset(str(value).split(","))


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A name that carries values, such as ``custom-{guestCpus}-{memoryMb}``.

    Attributes:
        prefix: the text before the first value.
        parts: the values' names and the text after each.
        fits: whether a row can serve the values, which it holds beside its own fields.
    """

    prefix: str
    parts: tuple[tuple[str, str], ...]
    fits: Condition | None

    def parse(self, name: str) -> dict[str, int] | None:
        """The whole numbers in a name of this form, or None."""
        if not name.startswith(self.prefix):
            return None
        rest, values = name[len(self.prefix) :], {}
        for part, after in self.parts:
            text, found, rest = rest.partition(after) if after else (rest, "", "")
            if not text.isdecimal() or (after and not found):
                return None
            values[part] = int(text)
        return values if not rest else None

    def render(self, values: Mapping[str, Any]) -> str | None:
        """The name for these values; None when one is missing."""
        if any(values.get(part) is None for part, _ in self.parts):
            return None
        return self.prefix + "".join(f"{values[part]}{after}" for part, after in self.parts)


def parse_pattern(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Split a name pattern into its prefix and its named parts.

    Raises:
        ValueError: the text is no pattern.
    """
    prefix, parts = "", []
    for part in parse_format(text):
        if not isinstance(part, str):
            parts.append((str(part), ""))
        elif parts:
            parts[-1] = (parts[-1][0], part)
        else:
            prefix = part
    if not parts:
        raise ValueError(f"{text!r} names no value: write one as {{name}}")
    return prefix, tuple(parts)


def source_shape(spec: Mapping[str, Any], command_fields: Callable[[str], Any]) -> Shape:
    """What a row of one source looks like.

    Args:
        spec: the source as the mapping gives it.
        command_fields: gives a command's response fields, or None when there is no such command.
    """
    extra: set[str] = set()
    if "named" in spec:
        extra.update(name for name, _ in parse_pattern(spec["named"])[1])
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


def compile_source(
    spec: Mapping[str, Any],
    scope: Scope,
    place: Place,
    *,
    name: str,
    shape: Shape,
    zonal: bool,
    shared_fields: Mapping[str, Any],
    any_shape: Shape,
) -> Source:
    """Compile one entry of ``read``.

    Args:
        spec: the entry.
        scope: the resource's scope; mistakes are reported there.
        place: where the entry stands.
        name: what conditions call this source.
        shape: what its rows look like.
        zonal: whether the resource lies in zones.
        shared_fields: the resource's ``fields``, which the entry's own override.
        any_shape: what a row of any of the resource's sources looks like.
    """
    command = scope.command(spec["call"], (*place, "call")) if "call" in spec else None
    outer: Shape = RowShape(command.response, command.name) if command else shape
    scope = scope.entering(ANY, this=ANY)
    rows = scope.entering(shape, self=shape, rows=ListShape(shape), key=ANY, parent=outer)
    joins: list[Join] = []
    for join_name, join in spec.get("join", {}).items():
        joined = scope.command(join["call"], (*place, "join", join_name, "call"))
        if joined is None:
            continue
        (theirs, ours) = next(iter(join["on"].items()))
        rows = rows.entering(shape, **{join_name: RowShape([joined.response], joined.name)})
        for field_name, of in ((theirs, RowShape(joined.response, joined.name)), (ours, shape)):
            if of.field(field_name) is None:
                scope.report(
                    (*place, "join", join_name, "on"), f"{of.describe()} has no {field_name!r}"
                )
        narrow = join.get("narrow", {})
        joins.append(
            Join(
                join_name,
                joined.name,
                compile_params(
                    join.get("params", {}),
                    joined.name,
                    scope,
                    (*place, "join", join_name, "params"),
                ),
                theirs,
                ours,
                narrow.get("zone"),
                narrow.get("one"),
                join.get("cache", False),
            )
        )
    narrow = spec.get("narrow", {})
    for what, parameter in narrow.items():
        if command is not None and parameter not in command.params:
            scope.report((*place, "narrow", what), f"{command.name} has no parameter {parameter!r}")
    pattern = None
    if "named" in spec:
        prefix, parts = parse_pattern(spec["named"])
        fits = compile_condition(spec["fits"], rows, (*place, "fits")) if "fits" in spec else None
        pattern = NamePattern(prefix, parts, fits)
    fields = {**shared_fields, **spec.get("fields", {})}
    inner = (*place, "fields")
    shared = rows.entering(any_shape, self=any_shape, rows=ListShape(any_shape))
    return Source(
        name=name,
        command=command.name if command else None,
        rows=spec.get("rows", []),
        params=compile_params(spec.get("params", {}), command.name, scope, (*place, "params"))
        if command
        else (lambda current, env: {}),
        where=compile_condition(spec["where"], rows, (*place, "where"))
        if "where" in spec
        else None,
        unnest=scope.entering(outer).path(spec["each"], (*place, "each"))[0]
        if "each" in spec
        else None,
        group=rows.value(spec["group"], (*place, "group")) if "group" in spec else None,
        row_name=rows.value(spec.get("name", "name"), (*place, "name"))
        if "name" in spec or shape.field("name") is not None
        else (lambda current, env: None),
        also=rows.value(spec["also"], (*place, "also")) if "also" in spec else None,
        zone_field=spec.get("zone", "zoneid" if shape.field("zoneid") is not None else None)
        if zonal
        else ("zoneid" if shape.field("zoneid") is not None else None),
        zone_parameter=narrow.get("zone"),
        name_parameter=narrow.get("name"),
        joins=joins,
        cached=spec.get("cache", False),
        fields=[
            (
                field_name,
                rows.value(value, (*inner, field_name))
                if field_name in spec.get("fields", {})
                else shared.value(value, ("fields", field_name)),
            )
            for field_name, value in fields.items()
        ],
        scope_params=rows.fields(spec["scope"], (*place, "scope")) if "scope" in spec else None,
        pattern=pattern,
        shape=shape,
    )
