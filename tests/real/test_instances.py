"""Machines: a first session, and names that are used again."""

from __future__ import annotations

import pytest

from ..clients.gcloud import rows_of
from .conftest import NotingGcloud
from .places import Place
from .relay import Relay

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

TIMES = 10
"""How often one name is used."""


def test_a_session_from_the_zones_to_the_deleted_machine(
    gcloud: NotingGcloud, place: Place, name: str
) -> None:
    zones = {row["NAME"]: row for row in gcloud.table("zones list")}
    assert zones[place.zone]["STATUS"] == "UP"
    types = gcloud.table("machine-types list", f"--filter=zone={place.zone}")
    assert place.machine_type in {row["NAME"] for row in types}
    assert rows_of(gcloud.run("images list").stdout)

    labels = "--labels=env=test,tier=web"
    text = '--description=The first, "quoted"'
    made = gcloud.run(f"instances create {name} {place.machine} {labels}", text)
    (row,) = rows_of(made.stdout)
    assert (row["NAME"], row["ZONE"], row["STATUS"]) == (name, place.zone, "RUNNING")
    assert row["MACHINE_TYPE"] == place.machine_type
    assert row in gcloud.table("instances list", "--filter=status=RUNNING")
    shown = gcloud.json(f"instances describe {name} {place.at}")
    assert shown["labels"] == {"env": "test", "tier": "web"}
    assert shown["description"] == 'The first, "quoted"'
    assert shown["networkInterfaces"][0]["networkIP"] == row["INTERNAL_IP"]
    (disk,) = shown["disks"]
    assert disk["boot"] is True
    boot = gcloud.json(f"disks describe {disk['source'].rpartition('/')[2]} {place.at}")
    assert boot["name"] == name
    assert boot["users"] == [shown["selfLink"]]

    gcloud.run(f"instances stop {name} {place.at}")
    assert gcloud.values("instances list", f"--filter=name={name}", of="status") == ["TERMINATED"]
    gcloud.run(f"instances add-labels {name} {place.at} --labels=env=prod")
    gcloud.run(f"instances start {name} {place.at}")
    gcloud.run(f"instances reset {name} {place.at}")
    shown = gcloud.json(f"instances describe {name} {place.at}")
    assert (shown["status"], shown["labels"]["env"]) == ("RUNNING", "prod")
    gcloud.run(f"instances delete {name} {place.at}")
    assert name not in gcloud.values("instances list")
    assert name not in gcloud.values("disks list")


def test_one_name_is_used_for_one_machine_after_the_other(
    gcloud: NotingGcloud, place: Place, name: str
) -> None:
    ids = set()
    for _ in range(TIMES):
        gcloud.run(f"instances create {name} {place.machine}")
        ids.add(gcloud.json(f"instances describe {name} {place.at}")["id"])
        gcloud.run(f"instances delete {name} {place.at}")
    assert len(ids) == TIMES
    assert name not in gcloud.values("instances list")


def test_a_name_is_free_after_a_create_that_failed(
    gcloud: NotingGcloud, relay: Relay, place: Place, name: str
) -> None:
    create = f"instances create {name} {place.machine} --labels=a=b"
    with relay.refusing("createTags"):
        said = gcloud.refusal(create)
    assert "Failed, for a test" in said
    assert name not in gcloud.values("instances list")
    (row,) = rows_of(gcloud.run(create).stdout)
    assert (row["NAME"], row["STATUS"]) == (name, "RUNNING")
    gcloud.run(f"instances delete {name} {place.at}")


def test_a_machine_that_fits_nowhere_leaves_nothing(
    gcloud: NotingGcloud, relay: Relay, place: Place, name: str
) -> None:
    """A hundred processors more than there is any host for: refused at once, or when it failed."""
    kinds = gcloud.json(f"machine-types list --zones={place.zone}")
    largest = max(kinds, key=lambda kind: (kind["guestCpus"], kind["memoryMb"]))["name"]
    machine = place.machine.replace(f"={place.machine_type} ", f"={largest} ")
    done = gcloud.try_(f"instances create {name} {machine}")
    if done.returncode:
        assert "ZONE_RESOURCE_POOL_EXHAUSTED" in done.stderr or "QUOTA" in done.stderr, done.stderr
        assert name not in gcloud.values("instances list")
        again = gcloud.try_(f"instances create {name} {place.machine}")
        if again.returncode:
            # CloudStack lets nobody rename a machine in state Error; then that is what is said.
            assert "until it expunges it" in again.stderr, again.stderr
            return
    gcloud.run(f"instances delete {name} {place.at}")


def test_several_machines_are_made_at_once(gcloud: NotingGcloud, place: Place, name: str) -> None:
    gcloud.run(f"instances bulk create --name-pattern={name}-# --count=2 {place.machine}")
    names = [f"{name}-1", f"{name}-2"]
    assert sorted(gcloud.values("instances list", f"--filter=name~^{name}")) == names
    gcloud.run(f"instances delete {' '.join(names)} {place.at}")
    assert gcloud.values("instances list", f"--filter=name~^{name}") == []


def test_a_machine_enters_and_leaves_a_placement_policy(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    at, near = networks.at, networks.near
    spread = "resource-policies create group-placement"
    gcloud.run(f"{spread} {name} {near} --availability-domain-count=2")
    gcloud.run(f"instances create {name} {networks.machine} --no-address")
    gcloud.run(f"instances stop {name} {at}")
    for change, left in (("add", [name]), ("remove", [])):
        gcloud.run(f"instances {change}-resource-policies {name} {at} --resource-policies={name}")
        shown = gcloud.json(f"instances describe {name} {at}").get("resourcePolicies", [])
        assert [link.rpartition("/")[2] for link in shown] == left
    gcloud.run(f"instances delete {name} {at}")
    gcloud.run(f"resource-policies delete {name} {near}")
