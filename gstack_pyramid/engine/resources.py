"""Resources: finding records by reference, naming them, and giving them GCE's shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.engine.advice import told_besides
from gstack_pyramid.engine.environment import WHOLE, Env
from gstack_pyramid.engine.getters import Condition, Getter
from gstack_pyramid.engine.joins import Join
from gstack_pyramid.engine.names import (
    ANY_NAME,
    Sought,
    answers_to,
    numeric_id,
    suffixed_name,
    unique_names,
)
from gstack_pyramid.engine.pushdown import Narrowing
from gstack_pyramid.engine.records import (
    ALL_ROWS,
    NAME,
    PARENT,
    SOURCE,
    Record,
    Source,
    firsts,
)
from gstack_pyramid.engine.references import Collection
from gstack_pyramid.errors import AmbiguousName, GceError
from gstack_pyramid.protocol.filter_tree import Node


@dataclass(slots=True)
class Resource:
    """One mapped GCE resource, compiled.

    Attributes:
        name: the model's name, for example ``machineTypes``.
        collection: where its resources stand.
        type_name: the GCE type of one, for example ``MachineType``.
        sources: where its records come from; none when nothing can be read.
        own_fields: what the engine itself fills in, of: kind, id, name, selfLink, zone, region.
        kind: the value of ``kind``.
        known: the fields of the type. A tag may keep advice for another resource as well, where
            one row of CloudStack's is both: a network, and its range.
        aliases: further names -> the names meant, a setting.
        reference_forms: the forms of reference besides a name, such as ``family``.
        together_with: resources that an aggregated list shows as well.
        elsewhere: foreign projects, and the conditions on rows of what belongs there rather than to
            the caller's own project. The first that holds decides; None never does.
        everywhere: foreign projects in which this collection is the same.
    """

    name: str
    collection: Collection
    type_name: str
    sources: list[Source]
    own_fields: frozenset[str]
    kind: str | None
    known: frozenset[str] = frozenset()
    about: str = ""
    aliases: Getter | None = None
    reference_forms: dict[str, tuple[dict[str, Getter], str | None, Condition | None]] = field(
        default_factory=dict
    )
    together_with: list[str] = field(default_factory=list)
    elsewhere: dict[str, Condition | None] = field(default_factory=dict)
    everywhere: frozenset[str] = frozenset()

    @property
    def zonal(self) -> bool:
        """Whether each of its resources lies in a zone."""
        return self.collection.scope == "zones"

    @property
    def regional(self) -> bool:
        """Whether each of its resources lies in a region."""
        return self.collection.scope == "regions"

    @property
    def apart(self) -> bool:
        """Whether each is made of one row, those joined to it, and links alone."""
        return all(source.apart for source in self.sources)

    @property
    def walkable(self) -> Source | None:
        """The source whose rows can be read page by page in CloudStack's order, if there is one."""
        only = self.sources[0] if len(self.sources) == 1 else None
        return only if only is not None and only.order is not None else None

    def narrowed_zone(self, env: Env) -> str | None:
        """The one zone that all resources in the scope of ``env`` are in, by its id."""
        if self.regional and env.region is not None and len(env.region_zones) == 1:
            return next(iter(env.region_zones))
        return env.zone_id if self.zonal else None

    def narrowed(
        self, env: Env, narrowing: Narrowing, shown: int = 0
    ) -> tuple[list[Record], list[Record]]:
        """The records that may fit a filter, and others that may have the same names.

        Those others are there when CloudStack left out rows for another reason than their name: it
        takes all twins to tell one from the other.

        Args:
            env: says where.
            narrowing: what the filter says.
            shown: how many will be shown at most, as far as that is known.
        """
        tree, sought = narrowing.tree, narrowing.sought
        records = self.records(env, sought, tree=tree, shown=shown)
        if not any(source.pushes(tree, env) for source in self.sources):
            return records, []
        names = {Sought.by(record.natural) for record in records}
        if len(names) > _FEW_NAMES or any(each.word is None for each in names):
            return records, self.records(env, sought)
        each_name = sorted(names, key=lambda each: each.whole)
        return records, [record for each in each_name for record in self.records(env, each)]

    def records(
        self,
        env: Env,
        sought: Sought = ANY_NAME,
        *,
        tree: Node | None = None,
        shown: int = 0,
    ) -> list[Record]:
        """All records that a list shows in the scope of ``env`` (all scopes when it has none).

        Args:
            env: says where.
            sought: what is known of their names.
            tree: a filter that CloudStack may heed in part. Catalogues are read whole then.
            shown: how many will be shown at most, as far as that is known.
        """
        zone_id = env.zone_id if self.zonal else None
        region = env.region if self.regional else None
        narrowed = self.narrowed_zone(env)
        found: dict[str, Record] = {}
        for source in self.sources:
            if source.pattern is not None:
                continue
            more = source.pushes(tree, env) if tree is not None else {}
            named = ANY_NAME if tree is not None and source.cached else sought
            for record in source.records(
                env, zone_id=narrowed, sought=named, more=more, shown=shown
            ):
                if zone_id is not None and record.zone != zone_id and not record.is_in(zone_id):
                    continue
                if region is not None and not record.is_in_region(region, env.region_zones):
                    continue
                known = found.setdefault(record.key, record)
                if known is not record:
                    known.rows.extend(record.rows)
        if self.elsewhere:
            for record in found.values():
                record.home = self._home_of(record, env)
        return list(found.values())

    def _home_of(self, record: Record, env: Env) -> str | None:
        row = record.rows[0]
        homes = (name for name, holds in self.elsewhere.items() if holds and holds(row, env))
        return next(homes, None)

    def shows(self, record: Record, env: Env) -> bool:
        """Whether a record can be meant in the project of ``env``; all can in the caller's own."""
        return not self.elsewhere or env.home in (None, record.home)

    def reaches(self, project: str) -> bool:
        """Whether a foreign project can be asked for resources of this kind."""
        return project in self.elsewhere or project in self.everywhere

    def named(self, records: list[Record], near: Sequence[Record] = ()) -> list[tuple[str, Record]]:
        """Records with the names they are shown by, told apart from twins among ``near`` too."""
        naturals = {record.key: record.natural for record in near}
        naturals |= {record.key: record.natural for record in records}
        names = unique_names(naturals.items())
        return [(names[record.key], record) for record in records]

    def find(
        self, reference: str, env: Env, *, one_of_many: bool = False
    ) -> tuple[str, Record] | None:
        """The record that answers to a name, a numeric id or an alias, and its shown name.

        Args:
            reference: what it is called.
            env: says where.
            one_of_many: whether this request looks for names of the same beginning as well.

        Raises:
            GceError: 400, several records answer; the message names them.
        """
        found = self._find(reference, env, one_of_many)
        if found is None and env.session.renew(self.cached):
            # What is not in a catalogue may have been made since that was read.
            found = self._find(reference, env, one_of_many)
        return found

    @property
    def cached(self) -> frozenset[str]:
        """The commands whose rows are kept for a short time."""
        return frozenset(each.command for each in self.sources if each.cached and each.command)

    def _find(self, reference: str, env: Env, one_of_many: bool) -> tuple[str, Record] | None:
        if self.aliases is not None:
            reference = (self.aliases(None, env) or {}).get(reference, reference)
        candidates = self.records(env, Sought.by(reference, one_of_many=one_of_many))
        found = [
            record
            for record in candidates
            if (answers_to(reference, record.natural, record.key) or reference in record.also)
            and self.shows(record, env)
        ]
        if len(found) > 1:
            raise AmbiguousName(
                reference, self.name, [suffixed_name(each.natural, each.key) for each in found]
            )
        if found:
            names = unique_names((record.key, record.natural) for record in candidates)
            return names[found[0].key], found[0]
        return self._find_by_pattern(reference, env)

    def _find_by_pattern(self, reference: str, env: Env) -> tuple[str, Record] | None:
        for source in self.sources:
            values = source.pattern.parse(reference) if source.pattern else None
            if source.pattern is None or values is None:
                continue
            for record in source.records(env, zone_id=env.zone_id if self.zonal else None):
                row = {**record.rows[0], **values}
                if env.zone_id is not None and not record.is_in(env.zone_id):
                    continue
                if source.pattern.fits is None or source.pattern.fits(row, env):
                    name = source.pattern.render(values) or reference
                    return reference, Record(f"{record.key}/{name}", name, [row], source)
        return None

    def understands(self, asked: str, name: str, env: Env) -> bool:
        """Whether ``asked`` is a further name of what is shown as ``name``."""
        if self.aliases is not None and (self.aliases(None, env) or {}).get(asked) == name:
            return True
        patterns = [source.pattern for source in self.sources if source.pattern is not None]
        return any(
            (values := pattern.parse(asked)) is not None and pattern.render(values) == name
            for pattern in patterns
        )

    def member(self, record: Record, env: Env) -> dict[str, Any] | None:
        """The row of a record that counts in the zone or region of ``env``, marked with its source.

        A record of several zones' rows has one row a zone, or a row without a zone that stands in
        for zones without one of their own; None when it has neither.

        Raises:
            GceError: 400, it has rows in several zones of the region, and none is meant more.
        """
        rows = record.rows
        if env.zone_id is not None and not self.zonal:
            rows = [row for row in rows if row.get("zoneid") in (None, env.zone_id)]
        elif env.region is not None and self.collection.scope == "global":
            rows = [row for row in rows if row.get("zoneid") in (None, *env.region_zones)]
            if len({row.get("id") for row in rows if row.get("zoneid") is not None}) > 1:
                raise GceError(
                    400,
                    "invalid",
                    f"'{record.natural}' has a part in each of several zones of the region"
                    f" '{env.region}', and CloudStack needs one of them. Use a region of one zone,"
                    " or name something that lies in one zone, such as a subnetwork.",
                )
        rows = sorted(rows, key=lambda row: row.get("zoneid") is None)
        if not rows:
            return None
        return {SOURCE: record.source.name, **rows[0], ALL_ROWS: record.rows, NAME: record.natural}

    def prefix(self, env: Env, home: str | None = None) -> str:
        """The link of this collection in the scope of ``env``, with its closing slash.

        Args:
            env: says where.
            home: the foreign project that is meant rather than the one of ``env``.
        """
        collection = self.collection
        path = collection.prefix(home or env.project, env.scope_name(collection.scope))
        return f"{env.session.base_url}/{path}"

    def shape(
        self,
        named: list[tuple[str, Record]],
        env: Env,
        *,
        single: bool = False,
        wanted: frozenset[str] | None = None,
    ) -> list[dict[str, Any]]:
        """GCE resources of records that are all in the scope of ``env``.

        Args:
            named: the records and their shown names.
            env: says where.
            single: whether this is one resource's own read, so that joins can be narrowed to it.
            wanted: the fields that anybody will look at, None for all: the others may be missing.
        """
        roots = dict(env.roots)
        env = env.shaping(roots, single=single)
        result: list[dict[str, Any]] = []
        known: dict[int, tuple[list[tuple[str, Getter]], _Met]] = {}
        prefix, own, kind = self.prefix(env), self.own_fields, self.kind
        zone = region = None
        if "zone" in own and env.zone is not None:
            zone = f"{env.session.base_url}/projects/{env.project}/zones/{env.zone}"
        if "region" in own and env.region is not None:
            region = f"{env.session.base_url}/projects/{env.project}/regions/{env.region}"
        with_id, with_kind, with_link = "id" in own, "kind" in own, "selfLink" in own
        with_name = "name" in own
        breathe = env.session.breathe
        before = None
        for number, (name, record) in enumerate(named):
            if not number % _BREATH:
                breathe()
            source, key = record.source, record.key
            if source is not before:
                before = source
                if id(source) not in known:
                    fields, needed = source.fields_for(wanted)
                    here = [r for _, r in named if r.source is source]
                    # Of a list that is shaped as a whole it is known what that looks at.
                    every = wanted is None and not single
                    met = _meet(here, source, needed, env, single, every=every)
                    known[id(source)] = fields, met
                fields, (rows, joins) = known[id(source)]
            row = next(rows)
            roots["rows"] = record.read or [row]
            roots["self"], roots["key"] = row, key
            if source.unnest is not None:
                roots["parent"] = row.get(PARENT)
            for join_name, ours, index in joins:
                roots[join_name] = index.get(row.get(ours), _NOTHING)
            shaped: dict[str, Any] = {}
            if with_kind:
                shaped["kind"] = kind
            if with_id:
                shaped["id"] = numeric_id(key)
            if with_name:
                shaped["name"] = name
            if with_link:
                shaped["selfLink"] = (
                    self.prefix(env, record.home) if record.home else prefix
                ) + name
            if zone is not None:
                shaped["zone"] = zone
            if region is not None:
                shaped["region"] = region
            roots["this"] = shaped
            if wanted is None:
                advice = source.shaping(row, env, shaped)
            else:
                for field_name, getter in fields:
                    value = getter(row, env)
                    if value is not None:
                        shaped[field_name] = value
                advice = None if source.advice is None else source.advice(row, env)
            if advice is not None:
                shaped = told_besides(shaped, advice, self.known if wanted is None else wanted)
            result.append(shaped)
        return result

    def twins(self, natural: str, env: Env) -> frozenset[str]:
        """The names here that several records would have, among them ``natural`` if it is one.

        For a page of a long list, as far as is known from what was read for it.
        """
        if env.page != WHOLE and not self._is_known(env):
            return frozenset()
        sought = Sought.by(natural) if env.single else ANY_NAME
        names = None
        if len(self.sources) == 1 and not self.regional:
            names = self.sources[0].naturals(env, zone_id=self.narrowed_zone(env), sought=sought)
        if names is None:
            names = [record.natural for record in self.records(env, sought)]
        return frozenset(name for name, count in Counter(names).items() if count > 1)

    def _is_known(self, env: Env) -> bool:
        """Whether this request has read all records in the scope of ``env``."""
        zone_id = self.narrowed_zone(env)
        return all(
            source.command is None
            or source.cached
            or env.session.knows(source.command, source.params_for(env, zone_id=zone_id))
            for source in self.sources
        )


_NOTHING: list[Any] = []

_BREATH = 8
"""Resources that are shaped in one go: less than a millisecond's work."""

_FEW_NAMES = 3
"""Names that are searched for one by one before everything is read instead."""

_Met = tuple[Iterator[dict[str, Any]], list[tuple[str, str, Mapping[Any, Any]]]]
"""Rows of records, one after the other, and joins: the name, our field, the rows by theirs."""


def _meet(
    records: list[Record], source: Source, joins: list[Join], env: Env, single: bool, *, every: bool
) -> _Met:
    """The first rows of records of one source with what is joined to them, as far as it is read."""
    looks, reads = (source.looks, source.reads().joined) if every else (None, {})
    rows = [each.rows[0] for each in records] if looks is None else firsts(records, looks)
    joined = [
        (join.name, join.ours, join.index(env, rows, single=single, looks=reads.get(join.name)))
        for join in joins
    ]
    return iter(rows), joined
