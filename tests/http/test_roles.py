"""CloudStack's roles: a plain user's work, and that of one who may do less."""

from __future__ import annotations

from collections.abc import Callable

from gstack_pyramid.schemas.roles import USER

from ..support.gateway import Gateway, instance_body

MakeGateway = Callable[..., Gateway]
INSTANCES = "zones/ch-gva-2/instances"


def test_a_command_that_is_not_allowed_is_named_before_anything_is_changed(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway(denied=["createTags"])
    body = instance_body("web", labels={"env": "prod"})
    told = gateway.refused(403, "POST", INSTANCES, body)
    assert "its role lacks createTags" in told["message"]
    assert gateway.cloud.rows("listVirtualMachines") == []
    assert "deployVirtualMachine" not in gateway.sent
    assert gateway.names("zones/ch-gva-2/operations") == []


def test_a_plain_user_names_a_boot_disk_and_finds_it_by_that_name(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway(role=USER)
    made = gateway.create("web")
    link = made["disks"][0]["source"]
    assert link.endswith("/zones/ch-gva-2/disks/web")
    disk = gateway.get("zones/ch-gva-2/disks/web")
    assert disk["users"] == [made["selfLink"]]
    assert [item["name"] for item in gateway.items("zones/ch-gva-2/disks")] == ["web"]
    assert gateway.names("zones/ch-gva-2/disks", filter="name=web") == ["web"]
    assert gateway.names("zones/ch-gva-2/disks", filter="name:we*") == ["web"]
    (volume,) = gateway.cloud.rows("listVolumes")
    assert volume["name"].startswith("ROOT-")
    gateway.refused(409, "POST", "zones/ch-gva-2/disks", {"name": "web", "sizeGb": "1"})


def test_a_snapshot_of_a_boot_disk_names_the_disk(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(role=USER)
    gateway.create("web")
    source = f"projects/{gateway.project}/zones/ch-gva-2/disks/web"
    gateway.do("POST", "global/snapshots", {"name": "one", "sourceDisk": source})
    assert gateway.get("global/snapshots/one")["sourceDisk"].endswith("/disks/web")
