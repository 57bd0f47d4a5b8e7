"""Links that several threads of one request make: an aggregated list reads its scopes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.scopes import links_in

from ..support.gateway import SG_ZONE, Gateway


def test_links_that_are_being_made_are_not_taken_for_all_that_there_are(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.create("web")
    meanwhile: list[dict[str, Any]] = []

    def asked_again(target: Resource, env: Env) -> dict[str, Any]:
        if target.name == "networks" and not meanwhile:
            meanwhile.append({})
            with ThreadPoolExecutor(1) as other:
                asked = other.submit(env.session.links, "networks", env.anywhere())
                meanwhile[0] = dict(asked.result())
        return links_in(target, env)

    monkeypatch.setattr("gstack_pyramid.engine.session.links_in", asked_again)
    (machine,) = gateway.items(f"zones/{SG_ZONE}/instances")
    (link,) = {nic["network"] for nic in machine["networkInterfaces"]}
    assert link in meanwhile[0].values()
