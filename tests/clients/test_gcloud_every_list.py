"""gcloud's filter, order, limit, page size and format, on every mapped list that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gstack_pyramid.engine.loader import load
from gstack_pyramid.schemas.location import data_folder

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

#: GCE's resources that gcloud calls otherwise, or has no list for.
OTHERWISE: dict[str, str | None] = {
    "firewalls": "firewall-rules",
    "subnetworks": "networks subnets",
    "globalAddresses": "addresses",
    "globalForwardingRules": "forwarding-rules",
    "globalOperations": "operations",
    "regionOperations": "operations",
    "zoneOperations": "operations",
    "resourcePolicies": "resource-policies",
    "instanceGroupManagers": "instance-groups managed",
    "autoscalers": None,
    "imageFamilyViews": None,
    "licenses": None,
    "regionZones": None,
    "regionDiskTypes": "disk-types",
    "regionDisks": "disks",
}


def _commands() -> Iterator[str]:
    """gcloud's lists of what is mapped."""
    for name, document in sorted(load([data_folder("mappings")]).resources.items()):
        if {"list", "aggregatedList"} & document.data.get("methods", {}).keys():
            kebab = re.sub("([A-Z])", lambda found: f"-{found[1].lower()}", name)
            called = OTHERWISE.get(name, kebab)
            if called is not None:
                yield f"{called} list"


COMMANDS = sorted(set(_commands()))


@pytest.fixture(scope="module", autouse=True)
def things(gcloud: Gcloud) -> Iterator[None]:
    """Something for most lists to show."""
    names = "lists-1 lists-2 --zone=ch-gva-2"
    options = "--machine-type=tiny --image=linux-ubuntu-24-04-lts-64-bit"
    made = gcloud.run(f"instances create {names} {options}")
    assert made.stderr.count("Created [") == 2
    yield
    assert gcloud.run(f"instances delete {names}").stderr.count("Deleted [") == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_list_heeds_gclouds_options(gcloud: Gcloud, command: str) -> None:
    names = gcloud.values(command, "--page-size=1", "--sort-by=name")
    assert names == sorted(names)
    printed = gcloud.run(
        command, "--sort-by=~name", "--limit=1", "--format=csv[no-heading](name,id)"
    )
    last = [line.split(",")[0] for line in printed.stdout.split()]
    assert last == names[-1:]
    if last:
        # The older of GCE's filter languages is what gcloud makes of this where lists are flat.
        shown = gcloud.json(command, f"--filter=name={last[0]} AND NOT name=no-such-thing")
        assert [item["name"] for item in shown] == [name for name in names if name == last[0]]
        assert printed.stdout.split()[0] in {f"{item['name']},{item['id']}" for item in shown}
