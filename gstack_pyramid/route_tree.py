"""Which routes can fit a path, found by its segments.

Pyramid tries the regular expressions of all routes, one after the other, which of hundreds takes as
long as all else that it does for a request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.urldispatch import Route, RoutesMapper

_LITERAL = re.compile(r"[^{}:*]*")
_ANY = re.compile(r"\{\w+\}")
_LAST = 1
"""When a configurator is carried out: routes are added before 0, and most else at it."""


@dataclass(slots=True)
class _Node:
    """The routes whose patterns begin with the same segments, by their numbers.

    Attributes:
        named: those that go on with a text.
        any: those that go on with whatever there is.
        ending: those that end here.
    """

    named: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    ending: list[int] = field(default_factory=list)

    def found(self, segments: Sequence[str], depth: int = 0) -> list[int]:
        """Those that can fit, in no order."""
        if depth == len(segments):
            return self.ending
        numbers: list[int] = []
        segment = segments[depth]
        if (named := self.named.get(segment)) is not None:
            numbers = named.found(segments, depth + 1)
        if self.any is not None and segment:
            more = self.any.found(segments, depth + 1)
            numbers = numbers + more if numbers else more
        return numbers


class RouteTree(RoutesMapper):  # type: ignore[misc]  # Pyramid has no types
    """Finds the route that :class:`RoutesMapper` finds: the first of which all fits.

    Args:
        mapper: what has the routes.
    """

    def __init__(self, mapper: RoutesMapper) -> None:
        super().__init__()
        self.__dict__.update(vars(mapper))
        self._tree, self._others = _tree_of(self.routelist)

    def connect(self, *given: Any, **more: Any) -> Route:
        """Add a route, or replace the one of its name."""
        route = super().connect(*given, **more)
        self._tree, self._others = _tree_of(self.routelist)
        return route

    def __call__(self, request: Request) -> dict[str, Any]:
        """The route of a request, and what its path says.

        Raises:
            URLDecodeError: its path is not UTF-8.
        """
        try:
            path = request.path_info or "/"
        except UnicodeDecodeError as error:
            raise URLDecodeError(
                error.encoding, error.object, error.start, error.end, error.reason
            ) from error
        if path.endswith("\n"):
            # The end of a pattern is before it as well, whatever that is good for.
            return dict(super().__call__(request))
        numbers = self._tree.found(path.split("/"))
        for number in sorted([*numbers, *self._others]):
            route = self.routelist[number]
            match = route.match(path)
            if match is not None:
                found = {"match": match, "route": route}
                if all(fits(found, request) for fits in route.predicates):
                    return found
        return {"route": None, "match": None}


def _tree_of(found: Sequence[Route]) -> tuple[_Node, list[int]]:
    """Routes by the segments of their patterns, and those that have others than names and texts."""
    tree, others = _Node(), []
    for number, route in enumerate(found):
        node = tree
        for segment in f"/{route.pattern.removeprefix('/')}".split("/"):
            if _LITERAL.fullmatch(segment):
                node = node.named.setdefault(segment, _Node())
            elif _ANY.fullmatch(segment):
                node.any = node = node.any or _Node()
            else:
                others.append(number)
                break
        else:
            node.ending.append(number)
    return tree, others


def includeme(config: Configurator) -> None:
    """Have routes found so, once all have been added: also those that an ini includes."""

    def replace() -> None:
        config.registry.registerUtility(RouteTree(config.get_routes_mapper()), IRoutesMapper)

    config.action(__name__, replace, order=_LAST)
