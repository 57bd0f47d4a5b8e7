"""Regions, which CloudStack has no counterpart of: made of the zones' names, as gcloud does."""

from __future__ import annotations

import pytest

from ..support.gateway import SG_ZONE, Gateway


@pytest.mark.parametrize(
    ("raw", "zone", "region"),
    [
        ("eu-west-1-a", "eu-west-1-a", "eu-west-1"),
        ("basel", "basel", "basel"),
        ("CH GVA 2", "ch-gva-2", "ch-gva"),
        ("Zone1", "zone1", "zone1"),
        ("DC_1", "dc-1", "dc"),
    ],
)
def test_a_region_is_the_zones_gce_name_without_its_last_part(
    gateway: Gateway, raw: str, zone: str, region: str
) -> None:
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("zone") if doc["name"] == SG_ZONE]
    with store.transaction():
        store.update(doc, name=raw)
    assert gateway.get(f"zones/{zone}")["region"].endswith(f"/regions/{region}")
    assert region in gateway.names("regions")
    (link,) = gateway.get(f"regions/{region}")["zones"]
    assert link.endswith(f"/zones/{zone}")
    assert gateway.items(f"regions/{region}/operations") == []
