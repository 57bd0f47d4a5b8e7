"""The environment of one request: the named roots, and where in GCE's tree we are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Set
from typing import Any

from gstack_pyramid.engine.reader import Reader

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
    def zone(self, name: str, env: Env) -> tuple[dict[str, Any], str]:
        """The row of a zone, and the name that it is shown by.

        Raises:
            GceError: 400, there is none.
        """


class Env:
    """What compiled values get besides the current value.

    Attributes:
        session: the caller's way to CloudStack and to the other resources.
        roots: the values behind ``$name``.
        project: the project's name, as the client wrote it.
        zone: the GCE name of the zone we are in, if any; ``zone_id`` is CloudStack's id of it.
        region: the name of the region we are in, if any; ``region_zones`` are the ids of its zones.
        single: whether one resource alone is being read, so that looking for its few neighbours
            costs less than listing them all.
        page: what is read of the list that is being made.
        budget: for how many rows of a page of a long list it is worth a command each to read what
            belongs to them, instead of reading what belongs to all.
        home: the foreign project we are in, if any, in which only what belongs there is seen.
        links: the links of catalogues that were asked for here, by resource and CloudStack id.
        prefixes: the links of collections that were asked for here, by resource.
    """

    __slots__ = (
        "budget",
        "home",
        "links",
        "page",
        "prefixes",
        "project",
        "region",
        "region_zones",
        "roots",
        "session",
        "single",
        "zone",
        "zone_id",
    )

    def __init__(
        self,
        session: Caller,
        roots: dict[str, Any],
        project: str = "",
        zone: str | None = None,
        zone_id: str | None = None,
        region: str | None = None,
        region_zones: frozenset[str] = frozenset(),
    ) -> None:
        self.session = session
        self.roots = roots
        self.project = project
        self.zone = zone
        self.zone_id = zone_id
        self.region = region
        self.region_zones = region_zones
        self.single = False
        self.page = WHOLE
        self.budget = 0
        self.home: str | None = None
        self.links: dict[str, dict[str, Any]] = {}
        self.prefixes: dict[str, str] = {}

    def child(self) -> Env:
        """An environment of the same request whose roots can be changed freely."""
        env = Env(
            self.session,
            dict(self.roots),
            self.project,
            self.zone,
            self.zone_id,
            self.region,
            self.region_zones,
        )
        env.single = self.single
        env.page = self.page
        env.home = self.home
        return env

    def anywhere(self) -> Env:
        """An environment of the same request that is in no zone and no region."""
        env = Env(self.session, dict(self.roots), self.project)
        env.home = self.home
        return env

    def in_project(self, name: str, *, home: bool) -> Env:
        """An environment in a foreign project.

        Args:
            name: its name.
            home: whether only what belongs there is seen.
        """
        env = self.child()
        env.project, env.home = name, name if home else None
        return env

    def in_zone(self, row: dict[str, Any], name: str) -> Env:
        """An environment in another zone, whose CloudStack row and GCE name these are."""
        env = self.child()
        env.enter_zone(row, name)
        return env

    def in_region(self, rows: list[dict[str, Any]], name: str) -> Env:
        """An environment in another region, with the CloudStack rows of its zones."""
        env = self.child()
        env.enter_region(rows, name)
        return env

    def enter_zone(self, row: dict[str, Any], name: str) -> None:
        """Be in a zone, whose CloudStack row and GCE name these are."""
        self.zone, self.zone_id = name, str(row["id"])
        # Which region that is, is found out where it is asked for.
        self.region, self.region_zones = None, frozenset()
        self.roots["zone"] = {**row, "name": name}

    def enter_region(self, rows: list[dict[str, Any]], name: str) -> None:
        """Be in a region; where it has one zone only, that is ``$zone``."""
        self.zone = self.zone_id = None
        self.region = name
        self.region_zones = frozenset(str(row["id"]) for row in rows)
        self.roots["region"] = {**rows[0], "name": name}
        self.roots["zone"] = rows[0] if len(rows) == 1 else None

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
