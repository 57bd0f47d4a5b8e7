"""What somebody finds who only knows the gateway's address."""

from __future__ import annotations

import pytest

from ..support.gateway import Gateway

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def test_a_browser_is_told_what_this_is_and_where_to_go_on(gateway: Gateway) -> None:
    answer = gateway.web.get("/", headers={"Accept": BROWSER})
    assert answer.content_type == "text/html"
    assert "Accept" in answer.headers["Vary"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for link in answer.html.find_all("a"):
        assert gateway.web.get(link["href"].removeprefix("http://localhost"))


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/*;q=0.5"])
def test_a_program_is_told_so_in_json_with_links_that_work(
    gateway: Gateway, accept: str | None
) -> None:
    told = gateway.web.get("/", headers={"Accept": accept} if accept else {}).json
    assert told["service"] == "gstack"
    assert told["api"] == "http://localhost/compute/v1/"
    for name in ("discovery", "openapi", "signIn", "live", "ready"):
        assert gateway.web.get(told[name].removeprefix("http://localhost"))


def test_it_names_no_cloud_and_takes_nothing(gateway: Gateway) -> None:
    assert "/client/api" not in gateway.web.get("/").text
    assert gateway.web.post("/", status="*").status_int == 404
