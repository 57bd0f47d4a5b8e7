"""gcloud's filter, order, limit, page size and format, on every mapped list that it has.

The lists are taken from the mappings. For a new one, ``tests/support/plenty.py`` has to make three
resources that differ, and ``CALLED`` has to tell what gcloud calls it where that isn't its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ..support import shipped
from ..support.plenty import FEW
from .filled import Filled, filled
from .gcloud import Gcloud
from .gcloud_process import RunGcloud

pytestmark = pytest.mark.clients

CALLED = {
    "firewalls": "firewall-rules",
    "subnetworks": "networks subnets",
    "globalOperations": "operations",
    "healthChecks": "health-checks",
    "httpHealthChecks": "http-health-checks",
    "httpsHealthChecks": "https-health-checks",
    "instanceGroupManagers": "instance-groups managed",
    "networkFirewallPolicies": "network-firewall-policies",
}
"""What gcloud calls other than GCE's API does."""

OPTIONS = {"images": "--no-standard-images"}
"""So that gcloud asks for one list alone: it adds those of Google's image projects."""

WITH = {
    "globalAddresses": "addresses",
    "globalForwardingRules": "forwardingRules",
    "regionOperations": "globalOperations",
    "zoneOperations": "globalOperations",
    "regionDiskTypes": "diskTypes",
    "regionDisks": "disks",
    "regionHealthChecks": "healthChecks",
    "regionInstanceTemplates": "instanceTemplates",
    "regionInstanceGroupManagers": "instanceGroupManagers",
    "regionNetworkFirewallPolicies": "networkFirewallPolicies",
}
"""Resources that gcloud lists together with others."""

NOT_LISTED = {
    "imageViews": "gcloud lists the images themselves",
    "licenses": "gcloud has no list of them",
    "regionZones": "gcloud lists all zones",
    "autoscalers": "gcloud shows them with their groups",
}
"""Lists that gcloud doesn't ask for, with the reason."""


def mapped_lists() -> dict[str, str]:
    """Each mapped resource with a list that gcloud asks for, and the list's path."""
    model = shipped.gce_model()
    found: dict[str, str] = {}
    for name, document in sorted(shipped.mappings().resources.items()):
        methods = document.data.get("methods", {}).keys()
        for method in ("aggregatedList", "list"):
            if method in methods and name not in WITH and name not in NOT_LISTED:
                found.setdefault(name, model.method(name, method).path)
    return found


LISTS = mapped_lists()

ALWAYS = {"firewalls", "images"}
"""Flat lists: one by another name, and one with gcloud's own additions.

`make test` runs these; ``test_gcloud_lists.py`` has aggregated ones. What differs between the
others is the gateway's answer, which ``tests/http/test_list_rules.py`` and
``test_pushdown_everywhere.py`` ask for by HTTP.
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled(tmp_path_factory.mktemp("filled")) as there:
        yield there
        assert there.gateway.complaints() == []


@pytest.fixture(scope="module")
def gcloud(run_gcloud: RunGcloud, there: Filled) -> Gcloud:
    return Gcloud(run_gcloud, there.exports)


def scalars(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The fields that are plain words or numbers, also those in objects."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from scalars(inner, f"{path}{name}.")
        elif re.fullmatch(r"[A-Za-z]\w*|[0-9]+", str(inner), re.ASCII):
            yield path + name, str(inner)


def telling(rows: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """A field by which the rows differ, besides their names, and the value of each row."""
    flat = [dict(scalars(row)) for row in rows]
    shared = set.intersection(*(set(each) for each in flat)) - {"id", "kind", "name", "targetId"}
    fields = {name: [each[name] for each in flat] for name in shared}
    fields["name"] = [row["name"] for row in rows]
    name = min(sorted(fields), key=lambda name: (len(set(fields[name])) == 1, name == "name"))
    return name, fields[name]


@pytest.mark.parametrize(
    "resource",
    [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.matrix) for name in LISTS],
)
def test_every_list_heeds_gclouds_options(there: Filled, gcloud: Gcloud, resource: str) -> None:
    rows = there.items(LISTS[resource].replace("projects/{project}/", ""))
    assert len(rows) >= 2 or resource in FEW, (
        f"{resource}.list shows {len(rows)} rows: make some in tests/support/plenty.py"
    )
    kebab = re.sub("([A-Z])", lambda found: f"-{found[1].lower()}", resource)
    command = f"{CALLED.get(resource, kebab)} list {OPTIONS.get(resource, '')}"
    names = sorted(row["name"] for row in rows)
    first, last = names[0], names[-1]

    shown = gcloud.json(command, "--page-size=2", "--sort-by=name")
    assert [row["name"] for row in shown] == names
    assert sorted(row["id"] for row in shown) == sorted(row["id"] for row in rows)

    # Where lists are flat, gcloud makes GCE's older language of a conjunction, and the newer one
    # of what has an OR; and then it filters by itself once more.
    field, values = telling(rows)
    value = max(values)
    fitting = sorted(
        row["name"]
        for row, its in zip(rows, values, strict=True)
        if its == value and row["name"] != first
    )
    options = [f"--filter={field}={value} AND NOT name={first}", "--sort-by=~name", "--limit=2"]
    printed = gcloud.run(command, *options, f"--format=csv[no-heading](name,{field})")
    assert printed.stdout.splitlines() == [f"{name},{value}" for name in fitting[::-1][:2]]

    options = [f"--filter=name={first} OR name={last}", f"--sort-by={field},name"]
    either = [row for row in zip(values, rows, strict=True) if row[1]["name"] in (first, last)]
    either.sort(key=lambda row: (float(row[0]) if row[0].isdigit() else row[0], row[1]["name"]))
    assert gcloud.values(command, *options) == [row["name"] for _, row in either]


def test_every_mapped_list_is_gclouds_or_has_a_reason() -> None:
    """So that none is left out by a name that gcloud doesn't know."""
    mapped = {
        name
        for name, document in shipped.mappings().resources.items()
        if {"list", "aggregatedList"} & document.data.get("methods", {}).keys()
    }
    assert mapped - LISTS.keys() <= WITH.keys() | NOT_LISTED.keys()
    assert {WITH[name] for name in mapped & WITH.keys()} <= LISTS.keys()


@pytest.mark.matrix
def test_an_instance_is_made_of_a_machine_image(gcloud: Gcloud) -> None:
    (row,) = gcloud.table(
        "instances create restored --zone=ch-gva-2 --source-machine-image=m-web-1-gva"
    )
    assert (row["NAME"], row["STATUS"]) == ("restored", "RUNNING")
    before = gcloud.json("instances describe web-1-gva --zone=ch-gva-2")
    shown = gcloud.json("instances describe restored --zone=ch-gva-2")
    assert shown["machineType"] == before["machineType"]
    assert len(shown["disks"]) == len(before["disks"])
    gcloud.run("instances delete restored --zone=ch-gva-2")
