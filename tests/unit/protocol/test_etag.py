"""Entity tags."""

from __future__ import annotations

import pytest

from gstack_pyramid.protocol.etag import etag_of, none_match

TAG = etag_of(b"body")


def test_the_same_bytes_have_the_same_tag() -> None:
    assert TAG == etag_of(b"body") != etag_of(b"other")
    assert etag_of(b"body", weak=True) == f"W/{TAG}"


@pytest.mark.parametrize("header", [TAG, f"W/{TAG}", f'"a", {TAG}', "*"])
def test_a_known_tag_stops_the_request(header: str) -> None:
    assert not none_match(header, TAG)
    assert not none_match(header, f"W/{TAG}")


@pytest.mark.parametrize("header", [None, "", '"a"', 'W/"b", "c"'])
def test_an_unknown_tag_lets_the_request_go_on(header: str | None) -> None:
    assert none_match(header, TAG)
