"""What SIGHUP reads anew, and what it leaves when that can't be read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gstack_pyramid.auth import rotation
from gstack_pyramid.signals import Reloading

from ..support.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from pyramid.router import Router


def test_a_key_ring_is_read_anew_and_a_broken_one_is_refused(
    make_router: Callable[..., Router],
    make_gateway: Callable[..., Gateway],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ring = tmp_path / "ring"
    gateway = make_gateway(make_router(token_keys_file=str(ring)))
    reloading = Reloading(gateway.application)
    gateway.get("zones")
    old = gateway.application.keyring.newest
    rotation.use(ring, rotation.add(ring))
    assert reloading.reload()
    assert gateway.application.keyring.newest != old
    gateway.get("zones")  # the old key still opens what it has sealed
    whole = ring.read_bytes()
    ring.write_bytes(b"{")
    with caplog.at_level(logging.ERROR):
        assert not reloading.reload()
    assert "not read anew: the key ring" in caplog.text
    gateway.get("zones")
    ring.write_bytes(whole)
    rotation.remove(ring, old)
    assert reloading.reload()
    gateway.refused(401, "GET", "zones")
