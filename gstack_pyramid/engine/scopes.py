"""Where a resource can be seen from: the zones and regions to look in, and the links there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.name_patterns import NamePattern
from gstack_pyramid.engine.resources import Resource


def places_of(
    target: Resource, env: Env, resources: Mapping[str, Resource], *, everywhere: bool = False
) -> list[Env]:
    """The zones or regions in which ``target`` can be seen from ``env``.

    Args:
        target: what is looked for.
        env: where we are.
        resources: all mapped resources by name.
        everywhere: look beyond the zone or region that we are in.
    """
    segment = target.collection.scope
    here = (env.zone if segment == "zones" else env.region) is not None
    if segment not in ("zones", "regions") or (here and not everywhere):
        return [env]
    scopes = resources[segment]
    found = []
    for name, record in scopes.named(scopes.records(env)):
        if segment == "regions":
            inside = env.zone_id is None or any(row["id"] == env.zone_id for row in record.rows)
            if everywhere or inside:
                found.append(env.in_region(record.rows, name))
        elif everywhere or not env.region_zones or record.key in env.region_zones:
            found.append(env.in_zone(record.rows[0], name))
    return found


def links_in(target: Resource, env: Env) -> dict[str, Any]:
    """Links of all that ``target`` has in one place, by CloudStack id and by key."""
    prefix = target.prefix(env)
    known: dict[str, Any] = {}
    for source in target.sources:
        if source.pattern is not None:
            for row in source.fetch(env, zone_id=env.zone_id):
                if source.where is None or source.where(row, env):
                    known[str(row["id"])] = PatternLink(prefix, source.pattern)
    for name, record in target.named(target.records(env)):
        link = (target.prefix(env, record.home) if record.home else prefix) + name
        known[record.key] = link
        for row in record.rows:
            if "id" in row:
                known[str(row["id"])] = link
    return known


@dataclass(frozen=True, slots=True)
class PatternLink:
    """Makes links to what has values in its name; two that are equal make the same.

    Attributes:
        prefix: what the links start with.
        pattern: what the names look like.
    """

    prefix: str
    pattern: NamePattern

    def __call__(self, values: Mapping[str, Any]) -> str | None:
        name = self.pattern.render(values)
        return None if name is None else self.prefix + name
