"""A list is made of the fields of rows that it looks at: it is told as if all had been read."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.getters import Reads

from ..support.gateway import ADVANCED_ZONE, Gateway


@pytest.fixture
def used(gateway: Gateway) -> Gateway:
    """Machines with labels, metadata, tags, descriptions, disks and addresses, of both kinds."""
    for number, zone in enumerate((None, None, ADVANCED_ZONE)):
        more: dict[str, Any] = {
            "description": f"The number {number}",
            "labels": {"env": "prod", "number": f"{number}"},
            "tags": {"items": ["web", "db"]},
            "metadata": {"items": [{"key": "owner", "value": "me" * 200}]},
        }
        gateway.create(f"web-{number}", *([zone] if zone else []), **more)
    (volume,) = [row for row in gateway.cloud.rows("listVolumes") if row["vmname"] == "web-0"]
    tags = {"gce:attached:deviceName": "system", "gce:attached:autoDelete": "false"}
    gateway.cloud.done("createTags", resourceids=volume["id"], resourcetype="Volume", tags=tags)
    return gateway


def test_every_list_is_told_as_from_whole_rows(
    used: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = used.application
    application.answers = Answers(0)
    told_by = [
        bound.method.gce.path.removeprefix("projects/{project}/")
        for bound in application.methods.values()
        if bound.method.gce.name in ("aggregatedList", "list") and bound.method.resource.sources
    ]
    paths = [path for path in told_by if "{" not in path]

    def told() -> dict[str, Any]:
        return {path: used.get(path).get("items") for path in paths}

    narrow = told()
    assert {"aggregated/instances", "aggregated/disks"} <= set(paths)
    for resource in application.compiled.resources.values():
        for source in resource.sources:
            monkeypatch.setattr(source, "reads", lambda: Reads(None, {}, None))
            monkeypatch.setattr(source, "glance", None)
    assert told() == narrow
