"""All lists that the mappings serve, for tests that hold for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.cases.runner import Runner

from .gateway import ADVANCED_ZONE, SG_ZONE, Gateway

PLACES = {
    "zone": [SG_ZONE, ADVANCED_ZONE],
    "region": ["ch-gva", "ch-zrh"],
}


@dataclass(frozen=True)
class Listed:
    """One list.

    Attributes:
        resource: GCE's name of what it lists.
        path: where, below the project.
        aggregated: whether it is of all scopes.
        query: its query parameters.
    """

    resource: str
    path: str
    aggregated: bool
    query: frozenset[str]


def lists_of(gateway: Gateway | Runner) -> list[Listed]:
    """Every mapped ``list`` in every place, and every mapped ``aggregatedList``."""
    found = []
    for bound in gateway.application.methods.values():
        method = bound.method.gce
        resource, name = method.id.split(".")[-2:]
        if name not in ("list", "aggregatedList"):
            continue
        paths = [method.path.removeprefix("projects/{project}/")]
        for place, names in PLACES.items():
            paths = [
                path.replace(f"{{{place}}}", each)
                for path in paths
                for each in (names if f"{{{place}}}" in path else [""])
            ]
        query = frozenset(method.query)
        found += [Listed(resource, path, name == "aggregatedList", query) for path in paths]
    return sorted(found, key=lambda listed: listed.path)


def items_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources in an answer, those of all scopes if it is of an aggregated list."""
    items = answer.get("items", [])
    if isinstance(items, list):
        return items
    return [
        item
        for scope in items.values()
        for held in scope.values()
        if isinstance(held, list)
        for item in held
    ]
