"""Pyramid's own settings in the ini do what Pyramid says that they do."""

from __future__ import annotations

import logging

import pytest

from gstack_pyramid.settings import ConfigurationError

from ..conftest import MakeGateway, MakeRouter

ZONES = "zones"


def test_what_the_ini_includes_is_part_of_the_gateway(
    make_router: MakeRouter, make_gateway: MakeGateway
) -> None:
    ours = {"pyramid.includes": "tests.support.included", "greeting.text": "good day"}
    gateway = make_gateway(make_router(pyramid=ours))
    shown = gateway.web.get("/greeting", headers=gateway.headers)
    assert (shown.text, shown.headers["X-Signed"]) == ("good day", "by an addition")
    assert gateway.web.get("/greeting", status=401).headers["X-Signed"] == "by an addition"
    listed = gateway.request("GET", ZONES)
    assert (listed.status_int, listed.headers["X-Signed"]) == (200, "by an addition")
    strange = gateway.web.get("/greeting", headers={**gateway.headers, "Host": "x"}, status=421)
    assert strange.json["error"]["code"] == 421


def test_an_addition_sees_no_secret_of_ours(make_router: MakeRouter) -> None:
    settings = make_router(pyramid={"greeting.text": "x"}).registry.settings
    assert settings["greeting.text"] == "x"
    assert [key for key in settings if key.startswith("gstack.")] == []


def test_pyramid_tells_how_a_route_is_found_where_the_ini_asks_for_it(
    make_router: MakeRouter, make_gateway: MakeGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    router = make_router(pyramid={"pyramid.debug_routematch": "true"})
    gateway = make_gateway(router)
    caplog.clear()
    gateway.request("GET", ZONES)
    (told,) = [text for text in caplog.messages if text.startswith("route matched")]
    assert "compute.zones.list" in told


def test_tweens_of_the_ini_do_not_take_the_place_of_ours(make_router: MakeRouter) -> None:
    with pytest.raises(ConfigurationError, match=r"pyramid\.tweens would leave out"):
        make_router(pyramid={"pyramid.tweens": "tests.support.included.signing"})
