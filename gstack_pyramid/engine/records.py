"""Reads: from CloudStack's rows to records, the things that become GCE resources.

A record is one row, or the rows that make up one resource. What a source of records is, a mapping's
``read`` says; :mod:`gstack_pyramid.mapping.sources` compiles it to what runs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gstack_pyramid.cloudstack.table import Row, Table
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Builder, Condition, Getter, Reads, Shaping, entries
from gstack_pyramid.engine.joins import Join
from gstack_pyramid.engine.name_patterns import NamePattern
from gstack_pyramid.engine.names import ANY_NAME, Sought, natural_name
from gstack_pyramid.engine.pushdown import Push
from gstack_pyramid.protocol.filter_tree import Node

LONGEST_TEXT = 255
"""Characters of a text that CloudStack takes as a parameter, where it says nothing else.

Source: ``BaseCmd.CommandType.STRING`` and ``Parameter.length`` of CloudStack 4.22. A word that is
looked for may be cut: what has the whole of it has its beginning."""


SOURCE = "@source"
"""The hidden key of a found row that names the part of ``read`` it came from."""

PARENT = "@parent"
"""The hidden key of an unnested row: the row it stands in."""

ALL_ROWS = "@rows"
"""The hidden key of a found row that holds all rows of its resource."""

NAME = "@name"
"""The hidden key of a found row that holds its GCE name."""


class Record:
    """One resource as CloudStack has it.

    Args:
        rows: its rows, of which the first decides where rows differ; or a table of which it is one
            row, which nobody has needed yet but for the fields that tell what it is.
        place: which row of the table it is.

    Attributes:
        key: what identifies it: the row's UUID, or the key that its rows were grouped by.
        natural: its GCE name, before twins are told apart.
        source: the part of the mapping's ``read`` that found it.
        also: further names that it answers to.
        zone: the id of the zone it is in, several with commas between; None for everywhere.
        region: the GCE name of its region, where its rows tell that and no zone.
        home: the foreign project that it belongs to, if any.
    """

    __slots__ = ("_place", "_rows", "also", "home", "key", "natural", "region", "source", "zone")

    def __init__(
        self, key: str, natural: str, rows: list[Row] | Table, source: Source, place: int = 0
    ) -> None:
        self.key = key
        self.natural = natural
        self._rows = rows
        self._place = place
        self.source = source
        self.also: tuple[str, ...] = ()
        self.zone: str | None = None
        self.region: str | None = None
        self.home: str | None = None

    @property
    def rows(self) -> list[Row]:
        """Its rows; the first decides where rows differ."""
        rows = self._rows
        if isinstance(rows, Table):
            rows = self._rows = [rows[self._place]]
        return rows

    @property
    def read(self) -> list[Row] | None:
        """Its rows, if they are more than a place in a table that nobody has needed yet."""
        rows = self._rows
        return None if isinstance(rows, Table) else rows

    @property
    def content(self) -> Any:
        """Its row as it came; None where it is made of several, or of something else."""
        rows = self._rows
        return rows.came[self._place] if isinstance(rows, Table) else None

    def is_in(self, zone_id: str) -> bool:
        """Whether it is in a zone; what has no zone is in all of them."""
        zone = self.zone
        # Offerings tell their zones in one text, joined by commas.
        return zone is None or zone == zone_id or zone_id in zone.split(",")

    def is_in_region(self, name: str, zone_ids: frozenset[str]) -> bool:
        """Whether it is in the region of that name, which these zones make up."""
        if self.region is not None:
            return self.region == name
        zone = self.zone
        return zone is None or zone in zone_ids or not zone_ids.isdisjoint(zone.split(","))


def firsts(records: Sequence[Record], fields: frozenset[str]) -> list[Row]:
    """Of the first row of each record at least these fields, as far as it has them."""
    tables = {id(each._rows): each._rows for each in records}
    table = next(iter(tables.values()), None)
    if len(tables) > 1 or not isinstance(table, Table):
        return [each.rows[0] for each in records]
    return table.some([each._place for each in records], fields)


_NOTHING: Mapping[str, Any] = MappingProxyType({})

_TAGS = "tags"
"""The parameter by which CloudStack finds what has a tag."""


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
    zone: Getter | None
    zone_field: str | None
    """The field that the zone is, where it is nothing else."""
    region: Getter | None
    early: list[Join]
    """The joins that tell which rows count, what they are called, and where they are."""
    naming: list[Join]
    """Those of them that tell which rows count, and what they are called."""
    zone_parameter: str | None
    name_parameter: str | None
    name_tag: str | None
    """The key of the tag that holds the name of rows which CloudStack itself calls otherwise."""
    joins: list[Join]
    cached: bool
    fields: list[tuple[str, Getter]]
    scope_params: Builder | None
    pattern: NamePattern | None
    push: Push
    """What of a filter CloudStack heeds itself."""
    order: str | None
    """The order in which CloudStack gives the rows, where it can be relied on."""
    joined_fields: Mapping[str, frozenset[str]]
    """The fields that look at joins, and at which."""
    this_fields: frozenset[str]
    """The fields that look at those above them."""
    shaping: Shaping
    """Makes all fields, in one go."""
    reads: Callable[[], Reads]
    """Tells which fields of its rows, and of joined ones, the shaping looks at."""
    glance: frozenset[str] | None
    """The fields of a row that tell whether it counts, what it is called, and where it is; None
    where that takes the whole row."""
    advice: Getter | None = None
    """What is told besides, as it was asked for."""
    advice_joins: frozenset[str] = frozenset()
    """The joins that it looks at."""

    @property
    def apart(self) -> bool:
        """Whether each resource is made of one row, those joined to it, and links alone."""
        return self.unnest is None and self.group is None and self.reads().roots is not None

    def fetch(
        self,
        env: Env,
        *,
        zone_id: str | None,
        sought: Sought = ANY_NAME,
        more: Mapping[str, Any] = _NOTHING,
    ) -> Table:
        """The rows, narrowed by zone and name where CloudStack can do that.

        Args:
            env: the request's environment.
            zone_id: CloudStack's id of the zone.
            sought: what is known of their names.
            more: parameters that narrow further.
        """
        if self.command is None:
            return Table(self.rows)
        if self.name_tag is not None and not sought.whole:
            # A tag is found by its whole value only.
            sought = ANY_NAME
        params = self.params_for(env, zone_id=zone_id, sought=sought, more=more)
        found: Table = env.session.table(self.command, params, cached=self.cached)
        if self.name_tag is None or sought.word is None:
            return found
        rows = {row["id"]: row for row in found}
        for name in sought.whole:
            # CloudStack takes no control characters, so no tag has one.
            if len(name) > LONGEST_TEXT or not name.isprintable():
                continue
            tag = {"key": self.name_tag, "value": name}
            params = self.params_for(env, zone_id=zone_id, more={**more, _TAGS: [tag]})
            for row in env.session.fetch(self.command, params, cached=self.cached):
                rows.setdefault(row["id"], row)
        return Table(rows.values())

    def params_for(
        self,
        env: Env,
        *,
        zone_id: str | None,
        sought: Sought = ANY_NAME,
        more: Mapping[str, Any] = _NOTHING,
    ) -> dict[str, Any]:
        """The parameters of one command, narrowed as :meth:`fetch` says but for a tag."""
        params: dict[str, Any] = {**self.params({}, env), **more}
        if zone_id is not None and self.zone_parameter:
            params[self.zone_parameter] = zone_id
        if sought.word is not None and self.name_parameter:
            params[self.name_parameter] = sought.word[:LONGEST_TEXT]
        return params

    def pushes(self, tree: Node, env: Env) -> dict[str, Any]:
        """The parameters by which a filter narrows the rows; a catalogue is kept whole instead."""
        return {} if self.cached else self.push.params(tree, env)

    def fields_for(
        self, wanted: frozenset[str] | None
    ) -> tuple[list[tuple[str, Getter]], list[Join]]:
        """The fields to make, and the joins that they take, when only some are wanted."""
        fields = self.fields
        if wanted is not None and not wanted & self.this_fields:
            fields = [
                item for item in fields if item[0] in wanted or item[0] not in self.joined_fields
            ]
        looked_at = {name for field, _ in fields for name in self.joined_fields.get(field, ())}
        looked_at |= self.advice_joins
        return fields, [join for join in self.joins if join.name in looked_at]

    def records(
        self,
        env: Env,
        *,
        zone_id: str | None = None,
        sought: Sought = ANY_NAME,
        more: Mapping[str, Any] = _NOTHING,
        shown: int = 0,
    ) -> list[Record]:
        """The records of this source, in the order of their first rows, narrowed as its rows."""
        rows = self.fetch(env, zone_id=zone_id, sought=sought, more=more)
        return self.records_of(rows, env, shown)

    def naturals(self, env: Env, *, zone_id: str | None, sought: Sought) -> list[str] | None:
        """The natural names of the records alone, which costs less; None where it takes more."""
        if self.unnest is not None or self.group is not None or self.region is not None:
            return None
        if zone_id is not None and self.zone_parameter is None:
            return None
        where, row_name, own = self.where, self.row_name, _Own(env)
        rows = self._glanced(self.fetch(env, zone_id=zone_id, sought=sought))
        return [
            natural_name(str(row_name(row, own.env) or ""), row["id"])
            for row in self._met(rows, own, self.naming)
            if where is None or where(row, own.env)
        ]

    def records_of(self, rows: Table, env: Env, shown: int = 0) -> list[Record]:
        """The records that rows of this source make, in the order of their first rows.

        Args:
            rows: the rows.
            env: the request's environment.
            shown: how many of them will be made resources at most, as far as that is known.
        """
        own = _Own(env)
        if self.unnest is not None:
            return self._grouped(self._unnested(rows.whole, own), own)
        where = self.where
        if self.group is not None:
            met = self._met(rows.whole, own, self.early)
            return self._grouped(
                ((row, None) for row in met if where is None or where(row, own.env)), own
            )
        row_name, also, field = self.row_name, self.also, self.zone_field
        result, firsts = [], []
        for place, row in enumerate(self._met(self._glanced(rows, shown), own, self.early)):
            if where is not None and not where(row, own.env):
                continue
            key = str(row["id"])
            natural = natural_name(str(row_name(row, own.env) or ""), key)
            record = Record(key, natural, rows, self, place)
            if field is not None and (found := row.get(field)) is not None:
                record.zone = str(found)
            if also is not None:
                record.also = tuple(str(name) for name in entries(also(row, own.env)))
            result.append(record)
            firsts.append(row)
        if field is not None and self.region is None:
            return result
        return self._placed(result, firsts, own)

    def _glanced(self, rows: Table, shown: int = 0) -> list[Row]:
        """Of each row at least what tells whether it counts, its name and its place."""
        if self.glance is None:
            return rows.whole
        whole = self.looks if len(rows) <= shown else None
        return rows.looks(self.glance, whole or frozenset())

    @property
    def looks(self) -> frozenset[str] | None:
        """The fields of a row that its resource is made of, and joined by; None for all."""
        fields = self.reads().row
        return None if fields is None else fields.union(join.ours for join in self.joins)

    def _placed(self, records: list[Record], firsts: list[Row], own: _Own) -> list[Record]:
        """The same records, with the zone or region that each is in, by the first row of each."""
        zone, region = self.zone, self.region
        if zone is None and region is None:
            return records
        for record, row in zip(records, self._met(firsts, own, self.early), strict=True):
            own.roots["key"] = record.key
            if self.unnest is not None:
                own.roots["parent"] = row.get(PARENT)
            if zone is not None and (found := zone(row, own.env)) is not None:
                record.zone = str(found)
            if region is not None:
                record.region = region(row, own.env)
        return records

    @staticmethod
    def _met(
        rows: list[dict[str, Any]], own: _Own, joins: Sequence[Join]
    ) -> Iterable[dict[str, Any]]:
        """Each row when it is its turn, with the joined rows that belong to it as roots."""
        return _with_joined(rows, own, joins) if joins else rows

    def _unnested(
        self, rows: list[dict[str, Any]], own: _Own
    ) -> Iterable[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Each inner row that fits, with the row it stands in."""
        for outer in rows:
            own.roots["parent"] = outer
            for inner in entries(self.unnest(outer, own.env) if self.unnest else None):
                if self.where is None or self.where(inner, own.env):
                    yield inner, outer

    def _grouped(
        self, rows: Iterable[tuple[dict[str, Any], dict[str, Any] | None]], own: _Own
    ) -> list[Record]:
        records: dict[str, Record] = {}
        for row, parent in rows:
            own.roots["parent"] = parent
            # What asks for these rows, a link for one, may itself be about a key.
            own.roots["key"] = None
            key = self.group(row, own.env) if self.group is not None else row.get("id")
            if key is None:
                continue
            key = str(key)
            marked = {**row, SOURCE: self.name}
            if parent is not None:
                marked[PARENT] = parent
            if key in records:
                records[key].rows.append(marked)
                continue
            own.roots["key"] = key
            raw = self.row_name(row, own.env)
            records[key] = Record(
                key, natural_name(str(raw if raw is not None else key), key), [marked], self
            )
        found = list(records.values())
        return self._placed(found, [record.rows[0] for record in found], own)


class _Own:
    """An environment whose names are changed from row to row, by those alone who have made it."""

    __slots__ = ("env", "roots")

    def __init__(self, env: Env) -> None:
        self.roots: dict[str, Any] = dict(env.roots)
        self.env = env.over(self.roots)


def _with_joined(
    rows: list[dict[str, Any]], own: _Own, joins: Sequence[Join]
) -> Iterator[dict[str, Any]]:
    indexes = [(join, join.index(own.env, [], single=False)) for join in joins]
    for row in rows:
        for join, index in indexes:
            own.roots[join.name] = index.get(row.get(join.ours), [])
        yield row
