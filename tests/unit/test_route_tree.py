"""Routes are found by segments as Pyramid finds them by trying all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.router import Router
from pyramid.urldispatch import RoutesMapper

from gstack_pyramid.route_tree import RouteTree

PATTERNS = [
    "/p/{project}",
    "p/{project}/zones",
    "/p/{project}/{what}",
    "/p/{project}/zones/{zone}",
    "/p/{project}/zones/{zone}/{name}.json",
    "/p/{project}/zones/near",
    "/p/{number:\\d+}/zones/{zone}",
    "/p/",
    "/",
    "/p/*rest",
    "/p/:project/old",
    "/p/{project}/zones/{zone}/start",
    "/q+1/{a}/{b}",
    "/é/{a}",
]
SEGMENTS = ["", "p", "q+1", "qq1", "1", "zones", "near", "start", "a.json", "é", "x\n", "\n", "{a}"]


def fitting(verb: str) -> object:
    return lambda info, request: request.method == verb


def mappers() -> tuple[RoutesMapper, RouteTree]:
    whole = RoutesMapper()
    for number, pattern in enumerate(PATTERNS * 2):
        verb = "GET" if number < len(PATTERNS) else "POST"
        whole.connect(str(number), pattern, predicates=(fitting(verb),))
    # In place of the one of that name, and behind all.
    whole.connect("1", PATTERNS[1], predicates=(fitting("PUT"),))
    return whole, RouteTree(whole)


def asked(path: str, verb: str) -> Request:
    return Request.blank("/", environ={"PATH_INFO": path.encode().decode("latin-1")}, method=verb)


@given(
    segments=st.lists(st.sampled_from(SEGMENTS), max_size=7),
    verb=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
)
def test_the_first_route_that_fits_is_found(segments: list[str], verb: str) -> None:
    whole, tree = mappers()
    request = asked("/" + "/".join(segments), verb)
    expected, found = whole(request), tree(request)
    assert found["match"] == expected["match"]
    assert (found["route"] and found["route"].name) == (
        expected["route"] and expected["route"].name
    )


def test_a_route_that_comes_later_is_found() -> None:
    _, tree = mappers()
    assert tree(asked("/later/x", "GET"))["route"] is None
    tree.connect("later", "/later/{a}")
    assert tree(asked("/later/x", "GET"))["match"] == {"a": "x"}


def test_a_path_that_is_not_utf_8_is_refused_as_by_pyramid() -> None:
    for mapper in mappers():
        with pytest.raises(URLDecodeError):
            mapper(Request.blank("/", environ={"PATH_INFO": "/\xff"}))


def test_the_gateways_routes_are_found_so(shared_router: Router) -> None:
    tree = shared_router.registry.getUtility(IRoutesMapper)
    assert type(tree) is RouteTree
    for route in tree.get_routes():
        request = asked(route.generate(dict.fromkeys(_names(route.pattern), "x")), "GET")
        assert tree(request)["route"] is RoutesMapper.__call__(tree, request)["route"]


def _names(pattern: str) -> list[str]:
    return [part.partition("}")[0] for part in pattern.split("{")[1:]]
