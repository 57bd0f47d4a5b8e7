"""Joins: the rows of a second command that belong to each row of a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.cloudstack.table import Row, Table
from gstack_pyramid.engine.environment import FIRST_PAGE, WHOLE, Env
from gstack_pyramid.engine.getters import Builder


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
    also: frozenset[str] = frozenset()
    """What tells of the joined rows how they are called, where they are resources themselves."""

    def index(
        self,
        env: Env,
        rows: Sequence[Row],
        *,
        single: bool,
        looks: frozenset[str] | None = None,
    ) -> Mapping[Any, list[Row]]:
        """Joined rows by their joining field: all, or with ``looks`` those of ``rows``.

        Args:
            env: the request's environment.
            rows: the rows to join to.
            single: whether they are one resource's, so that the command can be narrowed to it.
            looks: the fields that are wanted of the joined rows; None for all.
        """
        found = self._found(env, rows, single=single)
        keys = [] if looks is None else [row.get(self.ours) for row in rows]
        return found.by(self.theirs, looks, self.also, keys)

    def parts(self, env: Env, rows: Sequence[Row]) -> tuple[Mapping[Any, list[int]], Sequence[Any]]:
        """All joined rows as they came, and the places of those that belong to a value of ours."""
        found = self._found(env, rows, single=False)
        return found.places(self.theirs, self.also), found.came

    def _found(self, env: Env, rows: Sequence[Row], *, single: bool) -> Table:
        params = self.params({}, env)
        if single and self.one_parameter and rows:
            params[self.one_parameter] = rows[0].get(self.ours)
        elif self.zone_parameter and env.zone_id is not None:
            params[self.zone_parameter] = env.zone_id
        values = {row.get(self.ours) for row in rows} - {None}
        if self.one_parameter and 0 < len(values) <= env.budget and not self.cached:
            given = self.params({}, env)
            each = [{**given, self.one_parameter: value} for value in sorted(values, key=str)]
            return Table(env.session.fetch_each(self.command, each))
        if env.page == WHOLE or self.cached:
            return env.session.table(self.command, params, cached=self.cached)
        wanted = {row.get(self.ours) for row in rows}

        def fits(joined: Table) -> bool:
            # Something that has none may be newer than what was kept.
            return wanted <= joined.by(self.theirs).keys()

        return env.session.fetch_for_pages(
            self.command, params, first=env.page == FIRST_PAGE, fits=fits
        )
