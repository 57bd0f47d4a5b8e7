"""The environment of one request: the named roots, and where in GCE's tree we are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any, Final

from gstack_pyramid.engine.reader import Reader

RowLink = Callable[[str, str], str]
"""Makes the link of a row, of its id and its CloudStack name."""

WHOLE, FIRST_PAGE, LATER_PAGE = range(3)
"""What is read of a list: all of it, or a page of one that is too long for that."""


class Caller(Reader, ABC):
    """A caller's reader with what resources ask of it; a session is one.

    Attributes:
        base_url: what links start with, up to and including ``/compute/v1``.
        breathe: to be called now and then in long computations.
        lacking: tells which of some commands the caller's role lacks.
    """

    base_url: str
    breathe: Callable[[], None]
    lacking: Callable[[Set[str]], Set[str]]

    @abstractmethod
    def region_of(self, zone_id: str, env: Env) -> str | None:
        """The GCE name of the region that a zone is in."""

    @abstractmethod
    def links(self, resource: str, env: Env) -> dict[str, Any]:
        """Links of a resource by CloudStack id: a text, or for named patterns a function."""

    @abstractmethod
    def row_link(self, resource: str, env: Env, zone_id: str | None = None) -> RowLink:
        """What makes the links of rows that other rows tell by id and CloudStack name.

        Args:
            resource: what the rows are in GCE.
            env: where the links are made.
            zone_id: the zone that the rows are in, where ``env`` doesn't tell.
        """

    @abstractmethod
    def zone(self, name: str, env: Env) -> tuple[dict[str, Any], str]:
        """The row of a zone, and the name that it is shown by.

        Raises:
            GceError: 400, there is none.
        """


class Env:
    """What compiled values get besides the current value. It never changes: others are made of it.

    So who gives a name to something has an environment of its own, and a loop that nobody goes on
    with leaves nothing behind.

    Attributes:
        session: the caller's way to CloudStack and to the other resources.
        roots: what is called so, by its name.
        project: the project's name, as the client wrote it.
        zone: the GCE name of the zone we are in, if any; ``zone_id`` is CloudStack's id of it.
        region: the name of the region we are in, if any; ``region_zones`` are the ids of its zones.
        home: the foreign project we are in, if any, in which only what belongs there is seen.
        single: whether one resource alone is being read, so that looking for its few neighbours
            costs less than listing them all.
        page: what is read of the list that is being made.
        budget: for how many rows of a page of a long list it is worth a command each to read what
            belongs to them, instead of reading what belongs to all.
        links: the links of catalogues that were asked for here, by resource and CloudStack id.
        row_links: what makes the links of rows that are linked to here, by resource and zone.
    """

    __slots__ = (
        "budget",
        "home",
        "links",
        "page",
        "project",
        "region",
        "region_zones",
        "roots",
        "row_links",
        "session",
        "single",
        "zone",
        "zone_id",
    )

    def __init__(
        self,
        session: Caller,
        roots: Mapping[str, Any],
        project: str = "",
        zone: str | None = None,
        zone_id: str | None = None,
        region: str | None = None,
        region_zones: frozenset[str] = frozenset(),
        home: str | None = None,
        single: bool = False,
        page: int = WHOLE,
        budget: int = 0,
        links: dict[str, dict[str, Any]] | None = None,
        row_links: dict[tuple[str, Any], RowLink] | None = None,
    ) -> None:
        self.session: Final = session
        self.roots: Final = roots
        self.project: Final = project
        self.zone: Final = zone
        self.zone_id: Final = zone_id
        self.region: Final = region
        self.region_zones: Final = region_zones
        self.home: Final = home
        self.single: Final = single
        self.page: Final = page
        self.budget: Final = budget
        self.links: Final[dict[str, dict[str, Any]]] = {} if links is None else links
        self.row_links: Final[dict[tuple[str, Any], RowLink]] = (
            {} if row_links is None else row_links
        )

    def naming(self, roots: Mapping[str, Any]) -> Env:
        """The same place, where these are called so besides."""
        return self.over({**self.roots, **roots})

    def forgetting(self, names: Collection[str]) -> Env:
        """The same place, where nothing is called so."""
        return self.over({name: it for name, it in self.roots.items() if name not in names})

    def over(self, roots: Mapping[str, Any]) -> Env:
        """The same place, where nothing but these is called anything.

        Whoever names one thing after the other, as the row that is being shaped, may keep the
        mapping to itself and change it meanwhile.
        """
        return self._here(roots, self.single, self.page, self.budget)

    def reading(self, *, page: int, budget: int = 0) -> Env:
        """The same place, for a list of which this is read."""
        return self._here(self.roots, self.single, page, budget)

    def shaping(self, roots: Mapping[str, Any], *, single: bool) -> Env:
        """The same place, for what has these roots alone."""
        return self._here(roots, single, self.page, self.budget)

    def _here(self, roots: Mapping[str, Any], single: bool, page: int, budget: int) -> Env:
        return Env(
            self.session,
            roots,
            self.project,
            self.zone,
            self.zone_id,
            self.region,
            self.region_zones,
            self.home,
            single,
            page,
            budget,
            self.links,
            self.row_links,
        )

    def anywhere(self) -> Env:
        """The same request in no zone and no region."""
        return Env(self.session, self.roots, self.project, home=self.home)

    def in_project(self, name: str, *, home: bool = False) -> Env:
        """The same in another project.

        Args:
            name: its name.
            home: whether it is a foreign one, and only what belongs there is seen.
        """
        return Env(
            self.session,
            self.roots,
            name,
            self.zone,
            self.zone_id,
            self.region,
            self.region_zones,
            name if home else None,
            self.single,
            self.page,
        )

    def in_zone(self, row: Mapping[str, Any], name: str) -> Env:
        """The same in another zone, whose CloudStack row and GCE name these are."""
        return self.naming({"zone": {**row, "name": name}}).at_zone(name, str(row["id"]))

    def at_zone(self, name: str, zone_id: str) -> Env:
        """The same in another zone; what is called ``zone`` stays."""
        # Which region that is, is found out where it is asked for.
        return self._at(self.roots, name, zone_id, None, frozenset())

    def in_region(self, rows: Sequence[Mapping[str, Any]], name: str) -> Env:
        """The same in another region, with the CloudStack rows of its zones.

        Where it has one zone only, that is ``zone``.
        """
        zones = frozenset(str(row["id"]) for row in rows)
        zone = rows[0] if len(rows) == 1 else None
        roots = {**self.roots, "region": {**rows[0], "name": name}, "zone": zone}
        return self._at(roots, None, None, name, zones)

    def _at(
        self,
        roots: Mapping[str, Any],
        zone: str | None,
        zone_id: str | None,
        region: str | None,
        zones: frozenset[str],
    ) -> Env:
        return Env(
            self.session,
            roots,
            self.project,
            zone,
            zone_id,
            region,
            zones,
            self.home,
            self.single,
            self.page,
        )

    def scope_name(self, scope: str) -> str | None:
        """The name of the zone or region we are in, by the segment that says which.

        Who is in a zone is in its region as well.
        """
        if scope == "zones":
            return self.zone
        if scope != "regions":
            return None
        if self.region is None and self.zone_id is not None:
            return self.session.region_of(self.zone_id, self)
        return self.region
