"""A field that isn't given means what Google documents, whatever CloudStack would do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, UBUNTU, Gateway, instance_body

HERE = f"zones/{SG_ZONE}"
BOOT: dict[str, Any] = {"boot": True, "initializeParams": {"sourceImage": UBUNTU}}
PROPERTIES = {
    "machineType": "small",
    "disks": [BOOT],
    "networkInterfaces": [{"network": "global/networks/default"}],
}
PAGE = Path(__file__).parents[2] / "docs" / "defaults.md"


def by_insert(gateway: Gateway) -> None:
    gateway.do("POST", f"{HERE}/instances", instance_body("keep", disks=[BOOT]))


def by_template(gateway: Gateway) -> None:
    template = {"name": "node", "properties": PROPERTIES}
    gateway.do("POST", "global/instanceTemplates", template)
    path = f"{HERE}/instances?sourceInstanceTemplate=global/instanceTemplates/node"
    gateway.do("POST", path, {"name": "keep"})


def in_bulk(gateway: Gateway) -> None:
    body = {"count": "1", "perInstanceProperties": {"keep": {}}, "instanceProperties": PROPERTIES}
    gateway.do("POST", f"{HERE}/instances/bulkInsert", body)


def by_attaching(gateway: Gateway) -> None:
    gateway.create("keep")
    gateway.do("POST", f"{HERE}/instances/keep/stop")
    gateway.do("POST", f"{HERE}/instances/keep/detachDisk", deviceName="persistent-disk-0")
    disk = {"boot": True, "source": f"{HERE}/disks/keep"}
    gateway.do("POST", f"{HERE}/instances/keep/attachDisk", disk)


@pytest.mark.parametrize("make", [by_insert, by_template, in_bulk, by_attaching])
def test_a_boot_disk_stays_that_nobody_has_said_should_go(gateway: Gateway, make: Any) -> None:
    """Packer deletes its machine first, and then makes an image of the disk."""
    make(gateway)
    (disk,) = gateway.get(f"{HERE}/instances/keep")["disks"]
    assert (disk["boot"], disk["autoDelete"]) == (True, False)
    gateway.do("DELETE", f"{HERE}/instances/keep")
    assert gateway.get(f"{HERE}/disks/keep")["name"] == "keep"


@pytest.mark.parametrize("auto", [True, False])
def test_a_boot_disk_does_as_it_was_told(gateway: Gateway, auto: bool) -> None:
    gateway.create("keep", disks=[{**BOOT, "autoDelete": auto}])
    gateway.do("DELETE", f"{HERE}/instances/keep")
    assert gateway.names(f"{HERE}/disks") == ([] if auto else ["keep"])


WALL = {"network": "global/networks/default", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
REGION = "regions/ch-zrh"
SAME: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("global/firewalls", WALL, {"direction": "INGRESS"}),
    ("global/firewalls", WALL, {"priority": 1000}),
    (f"{REGION}/addresses", {"network": "global/networks/backend"}, {"addressType": "EXTERNAL"}),
    (f"{REGION}/addresses", {"network": "global/networks/backend"}, {"ipVersion": "IPV4"}),
    (f"{REGION}/targetPools", {}, {"sessionAffinity": "NONE"}),
    (f"{HERE}/disks", {"sizeGb": "1"}, {"accessMode": "READ_WRITE_SINGLE"}),
    (f"{HERE}/instances", instance_body("x"), {"deletionProtection": False}),
    (
        f"{HERE}/instances",
        instance_body("x", disks=[BOOT]),
        {"disks": [{**BOOT, "autoDelete": False, "mode": "READ_WRITE", "type": "PERSISTENT"}]},
    ),
    (
        f"zones/{ADVANCED_ZONE}/instances",
        instance_body("x", ADVANCED_ZONE),
        {"scheduling": {"onHostMaintenance": "MIGRATE"}},
    ),
]
VOLATILE = re.compile(r'"(id|creationTimestamp|address|natIP|networkIP|fingerprint)": "[^"]*"')


@pytest.mark.parametrize(("path", "body", "said"), SAME)
def test_a_default_is_the_same_said_and_unsaid(
    gateway: Gateway, path: str, body: dict[str, Any], said: dict[str, Any]
) -> None:
    shown = []
    for given in ({**body, "name": "x"}, {**body, **said, "name": "x"}):
        gateway.do("POST", path, given)
        told = gateway.request("GET", f"{path}/x").text
        shown.append(VOLATILE.sub("", told))
        gateway.do("DELETE", f"{path}/x")
        if path.endswith("/instances") and gateway.names(f"{HERE}/disks"):
            gateway.do("DELETE", f"{HERE}/disks/x")
    assert shown[0] == shown[1]


def test_the_page_has_each_field_that_means_something_when_it_is_not_given(
    gateway: Gateway,
) -> None:
    compiled = gateway.application.compiled
    page = PAGE.read_text()
    missing = []
    for method in compiled.methods.values():
        if not (method.creates and method.kind == "mutation" and method.body_rules):
            continue
        for path in method.body_rules.honoured:
            field = compiled.gce.field(method.gce.request or "", list(path)) or {}
            if field.get("type") != "boolean" and "default" not in field:
                continue
            row = f"| `{method.gce.id.removeprefix('compute.')}` | `{'.'.join(path)}` |"
            missing += [] if row in page else [row]
    assert missing == []
