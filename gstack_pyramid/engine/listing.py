"""Lists: the resources of one collection, whole or a page at a time, in one scope or in all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.cloudstack.table import Table
from gstack_pyramid.cloudstack.windows import Window
from gstack_pyramid.engine.cursors import AHEAD, MARKS, SEEN, Cursor, Stretch, stretch
from gstack_pyramid.engine.environment import FIRST_PAGE, LATER_PAGE, Env
from gstack_pyramid.engine.names import ANY_NAME, numeric_id
from gstack_pyramid.engine.pushdown import Narrowing
from gstack_pyramid.engine.records import Record, Source
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.told import Pieces
from gstack_pyramid.errors import GceError
from gstack_pyramid.observability.context import carried
from gstack_pyramid.protocol.filter import Predicate
from gstack_pyramid.protocol.filter_tree import And
from gstack_pyramid.protocol.lists import Entries, Rows, Walked, Whole

LONG = 500
"""The number of rows up to which a list is read whole, and so is in order of its names."""

ONE_BY_ONE = 40
"""Rows that cost as much to read in pages as one that is read by a command of its own.

What belongs to the rows of a page is read by a command for each row as long as that, with the pages
before, costs less than to read it for the whole list, which serves all pages that follow.
"""

_ALL_SHOWN = sys.maxsize

_AT_ONCE = 8
"""Scopes that are read at the same time."""

Row = dict[str, Any]
Failure = (CloudStackError, CloudStackUnavailable)
Named = list[tuple[str, Record]]


@dataclass(frozen=True, slots=True)
class Place:
    """A zone or region of an aggregated list, or where a flat one is.

    Attributes:
        scope: ``zones/z``; "" for a flat list.
        env: the environment there.
        holds: whether a record is there.
    """

    scope: str
    env: Env
    holds: Callable[[Record], bool]


@dataclass(slots=True)
class Listing:
    """One list that was asked for.

    Attributes:
        resource: what is listed.
        env: the environment of the request.
        find_places: tells where its resources can be.
        narrowing: what the filter says.
        find_others: tells the scopes that have none of them, as far as they are to be shown.
        flat: whether it is of one scope only.
        wanted: the fields that anybody will look at; None for all.
        pieces: makes resources that may have been told before; None where they are to be looked at.
        explain: says what a failure of CloudStack's means when one scope's failure is not to
            sink the rest; None when it is.
    """

    resource: Resource
    env: Env
    find_places: Callable[[], Sequence[Place]]
    narrowing: Narrowing
    find_others: Callable[[], Sequence[str]] = list
    flat: bool = False
    wanted: frozenset[str] | None = None
    pieces: Pieces | None = None
    explain: Callable[[CloudStackError | CloudStackUnavailable], GceError] | None = None
    _lost: dict[str, str] | None = None
    _places: Sequence[Place] | None = None

    @property
    def places(self) -> Sequence[Place]:
        """Where its resources can be; found out when it is needed."""
        if self._places is None:
            self._places = self.find_places()
        return self._places

    def scopes(self) -> Mapping[str, str | None]:
        """Every scope, and why it could not be read if it could not."""
        lost = self._lost or {}
        named = [*(place.scope for place in self.places), *self.find_others()]
        return {scope: lost.get(scope) for scope in named}

    def rows(self) -> Rows:
        """All resources, with the scope of each; fewer where CloudStack itself filters.

        One command reads all scopes. Where it fails, and one scope's failure is not to sink the
        rest, each scope is asked for by itself, all at the same time.

        Raises:
            CloudStackError, CloudStackUnavailable: a scope could not be read, and that was not to
                be borne; or none could.
        """
        env = self._narrowest()
        if env is None:
            return []
        try:
            found = self.resource.narrowed(env, self.narrowing, _ALL_SHOWN)
        except Failure:
            if self.explain is None or len(self.places) < 2:
                raise
            session = env.session
            waiting = session.client.waiting(session.credentials)
            with waiting, ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="scope") as pool:
                return self._gathered(list(pool.map(carried(self._attempt), self.places)))
        return self._gathered([self._attempt(place, found) for place in self.places])

    def entries(self, size: int) -> Entries | None:
        """All of it before it is shaped, so that only what is on a page has to be.

        None where a scope can't be read: each is asked for by itself then.
        """
        env = self._narrowest()
        if env is None:
            return Entries((), lambda chosen: [])
        try:
            found = self.resource.narrowed(env, self.narrowing, 0 if self._known() else size)
        except Failure:
            if self.explain is None or len(self.places) < 2:
                raise
            return None
        named = [
            (place, name, record)
            for place in self.places
            for name, record in self._named(place, *found)
        ]
        with_id = "id" in self.resource.own_fields
        return Entries(
            [
                (0, name, f"{place.scope}/{numeric_id(record.key) if with_id else ''}")
                for place, name, record in named
            ],
            partial(self._made, named),
        )

    def _known(self) -> bool:
        """Whether resources of the first place were told before, so that few will be shaped."""
        return self.pieces is not None and any(
            self.pieces.knows(self.resource, place.env) for place in self.places[:1]
        )

    def _made(
        self, named: Sequence[tuple[Place, str, Record]], chosen: Sequence[int]
    ) -> list[tuple[str, Row]]:
        by_place: dict[str, tuple[Place, Named]] = {}
        wanted = [named[number] for number in chosen]
        for place, name, record in wanted:
            by_place.setdefault(place.scope, (place, []))[1].append((name, record))
        shaped: dict[str, Iterator[Row]] = {}
        self._lost = {}
        for scope, (place, some) in by_place.items():
            try:
                shaped[scope] = iter(self._tell(place, some))
            except Failure as error:
                if self.explain is None or len(self._lost) + 1 == len(self.places):
                    raise
                self._lost[scope] = self.explain(error).message
        scopes = [place.scope for place, _, _ in wanted]
        return [(scope, next(shaped[scope])) for scope in scopes if scope in shaped]

    def walk(
        self, cursor: dict[str, Any] | None, size: int, keep: Predicate, order: str
    ) -> Walked | None:
        """One page in CloudStack's order; None where the list is to be read whole.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
            GceError: 400 at ``pageToken``: nothing of what it remembers is left.
        """
        source, env = self.resource.walkable, self._narrowest()
        if order or source is None or env is None:
            return None
        if source.name_tag is not None and self.narrowing.sought.whole:
            # Few rows, which CloudStack finds in two lists.
            return None
        params = source.params_for(
            env,
            zone_id=self.resource.narrowed_zone(env),
            sought=ANY_NAME if source.name_tag is not None else self.narrowing.sought,
            more=source.push.params(self.narrowing.tree, env),
        )
        read = _Reader(env, source.command or "", params)
        if cursor is None:
            try:
                if not read.is_long(size):
                    return None
            except Failure:
                if self.explain is None:
                    raise
                return None
        return self._walk(source, read, Cursor.load(cursor) if cursor else None, size, keep)

    def _walk(
        self, source: Source, read: _Reader, at: Cursor | None, size: int, keep: Predicate
    ) -> Walked:
        filtered = self.narrowing.tree != And(())
        newest_first = source.order == "newest_first"
        page = FIRST_PAGE if at is None else LATER_PAGE
        found: list[tuple[str, Row]] = []
        while True:
            missing = size - len(found)
            piece = stretch(read, at, LONG if filtered else missing, newest_first=newest_first)
            budget = 0 if filtered else _budget(read.total, at)
            self._places = [
                replace(place, env=place.env.reading(page=page, budget=budget))
                for place in self.places
            ]
            count = self._take(piece, read.came, source, missing, found, keep, filtered=filtered)
            at = piece.cursor(count)
            # A page that is nearly full is given as it is: the rest would cost another command.
            enough = len(found) >= max(1, size - (0 if filtered else SEEN + AHEAD))
            if at is None or enough:
                return Walked(found, at.dump() if at else None)

    def _take(
        self,
        piece: Stretch,
        came: Mapping[Any, Any],
        source: Source,
        missing: int,
        found: list[tuple[str, Row]],
        keep: Predicate,
        *,
        filtered: bool,
    ) -> int:
        """Put what fits of a stretch into ``found``; returns how many rows were passed."""
        count = piece.usable() if filtered else min(piece.usable(), missing)
        rows = Table(came[row["id"]] for _, row in piece.rows[:count])
        shaped = self._shaped_rows(rows, source)
        for passed, (_, row) in enumerate(piece.rows[:count], 1):
            item = shaped.get(str(row["id"]))
            if item is not None and keep(item[1]):
                found.append(item)
                missing -= 1
                if not missing:
                    return passed
        return count

    def _shaped_rows(self, rows: Table, source: Source) -> dict[str, tuple[str, Row]]:
        shown = len(rows) if self.wanted is None and not self._known() else 0
        records = source.records_of(rows, self.env, shown)
        shaped: dict[str, tuple[str, Row]] = {}
        for place in self.places:
            here = [record for record in records if place.holds(record)]
            items = self._tell(place, self.resource.named(here)) if here else []
            for record, item in zip(here, items, strict=True):
                shaped[record.key] = (place.scope, item)
        return shaped

    def _narrowest(self) -> Env | None:
        """The environment to read in: all scopes, or the only one that the filter leaves.

        None when the filter leaves no scope.
        """
        name = self.resource.collection.scope.removesuffix("s")
        if self.flat or not self.narrowing.is_about(name) or name not in self.resource.own_fields:
            return self.env
        base = f"{self.env.session.base_url}/projects/{self.env.project}"
        links = {f"{base}/{place.scope}": place for place in self.places}
        left = self.narrowing.fitting(name, links)
        if not left:
            return None
        return links[left[0]].env if len(left) == 1 else self.env

    def _attempt(
        self, place: Place, found: tuple[list[Record], list[Record]] | None = None
    ) -> tuple[Place, list[Row] | CloudStackError | CloudStackUnavailable]:
        try:
            records, near = found or self.resource.narrowed(place.env, self.narrowing)
            return place, self._shape(place, self._named(place, records, near))
        except Failure as error:
            if self.explain is None:
                raise
            return place, error

    def _named(self, place: Place, records: list[Record], near: list[Record]) -> Named:
        """The records of one place with the names that they are shown by there."""
        here = [record for record in records if place.holds(record)]
        there = [record for record in near if place.holds(record)]
        if self.resource.elsewhere:
            # What belongs to another project can be meant by its bare name here as well.
            there = [*records, *near]
        return self.resource.named(here, there)

    def _gathered(
        self,
        attempts: Sequence[tuple[Place, list[Row] | CloudStackError | CloudStackUnavailable]],
    ) -> Rows:
        rows: list[tuple[str, Row]] = []
        self._lost = {}
        for place, outcome in attempts:
            if isinstance(outcome, list):
                rows += [(place.scope, item) for item in outcome]
            elif len(self._lost) + 1 == len(attempts) or self.explain is None:
                raise outcome
            else:
                self._lost[place.scope] = self.explain(outcome).message
        return rows

    def _shape(self, place: Place, named: Named) -> list[Row]:
        return self.resource.shape(named, place.env, wanted=self.wanted)

    def _tell(self, place: Place, named: Named) -> Sequence[Row]:
        if self.pieces is None:
            return self._shape(place, named)
        return self.pieces.of(self.resource, named, place.env)


def joined(listings: Sequence[Listing]) -> Whole:
    """Lists of several resources as one, read whole.

    Raises:
        CloudStackError, CloudStackUnavailable: as :meth:`Listing.rows`.
    """
    rows = [row for listing in listings for row in listing.rows()]
    scopes: dict[str, str | None] = {}
    for listing in listings:
        for scope, lost in listing.scopes().items():
            scopes[scope] = scopes.get(scope) or lost
    return Whole(rows, scopes)


def _budget(total: int, at: Cursor | None) -> int:
    """For how many more rows of a list that long a command each is worth it."""
    return total // ONE_BY_ONE - (at.offset if at else 0)


class _Reader:
    """Reads windows of one command's rows; what decided whether to walk is not read again."""

    def __init__(self, env: Env, command: str, params: Mapping[str, Any]) -> None:
        self._env = env
        self._command = command
        self._params = params
        self._first: tuple[tuple[int, int], Window] | None = None
        self.total = 0
        """How many rows the list has, as far as is known."""
        self._windows: list[Window] = []

    def is_long(self, size: int) -> bool:
        """Whether the list is too long to be read whole. A short one is remembered as it is."""
        wanted = (0, size + AHEAD)
        window = self(*wanted)
        if window.total is None or window.total > LONG:
            self._first = wanted, window
            return True
        if not window.ended and window.total <= self._env.session.client.paging.size:
            # All of it in one page, of which it is known that it is the last.
            window = self(0, window.total)
        if window.ended:
            self._env.session.remember(self._command, self._params, window.rows)
        return False

    def __call__(self, start: int, stop: int) -> Window:
        if self._first is not None and self._first[0] == (start, stop):
            return self._first[1]
        window = self._env.session.window(self._command, self._params, start, stop)
        self.total = window.total or 0
        self._windows.append(window)
        return window

    @property
    def came(self) -> dict[Any, Any]:
        """The rows as they came, by their ids."""
        tables = [window.rows for window in self._windows]
        return {
            row["id"]: came
            for rows in tables
            for row, came in zip(rows.looks(MARKS), rows.came, strict=True)
        }
