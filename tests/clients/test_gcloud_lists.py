"""gcloud's list options: on flat lists the gateway filters, on aggregated ones gcloud does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

LINUX = "linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture(scope="module")
def web(gcloud: Gcloud) -> Iterator[list[str]]:
    """Two instances with labels and a tag, made and deleted by one command each."""
    names = ["web-1", "web-2"]
    command = f"{' '.join(names)} --zone=ch-gva-2"
    options = "--machine-type=tiny --labels=env=live,tier=web --tags=http"
    made = gcloud.run(f"instances create {command} --image={LINUX} {options}")
    assert made.stderr.count("Created [") == 2
    yield names
    assert gcloud.run(f"instances delete {command}").stderr.count("Deleted [") == 2


def test_filters_pick_instances(gcloud: Gcloud, web: list[str]) -> None:
    live = "--filter=labels.env=live AND status=RUNNING"
    assert gcloud.values("instances list", live) == web
    # A list of one zone is flat: the filter goes to the gateway.
    zone = "--zones=ch-gva-2"
    assert gcloud.values(f"instances list {zone}", "--filter=name=web-1") == ["web-1"]
    assert (
        gcloud.values(f"instances list {zone}", "--filter=name~^web-. AND tags.items=http") == web
    )
    assert gcloud.values("instances list --zones=ch-zrh-1", "--filter=labels.tier:web") == []


def test_instances_are_sorted_limited_and_formatted(gcloud: Gcloud, web: list[str]) -> None:
    last = gcloud.values("instances list --filter=name:web --sort-by=~name --limit=1")
    assert last == ["web-2"]
    printed = gcloud.run(
        "instances list --filter=name~^web",
        "--format=csv[no-heading](name,zone.basename(),machineType.basename(),labels.tier)",
    )
    assert printed.stdout.split() == ["web-1,ch-gva-2,tiny,web", "web-2,ch-gva-2,tiny,web"]
    links = gcloud.run("instances list --filter=name~^web --uri").stdout.split()
    assert [link.rpartition("/zones/")[2] for link in links] == [
        "ch-gva-2/instances/web-1",
        "ch-gva-2/instances/web-2",
    ]


def test_disks_and_operations_of_the_instances_are_found(gcloud: Gcloud, web: list[str]) -> None:
    disks = gcloud.json("disks list", "--filter=name~^web- AND sizeGb=10", "--sort-by=~name")
    assert [disk["name"] for disk in disks] == ["web-2", "web-1"]
    assert disks[0]["users"][0].endswith("/zones/ch-gva-2/instances/web-2")
    done = gcloud.values(
        "operations list --zones=ch-gva-2",
        "--filter=operationType=insert AND targetLink~instances/web-",
        of="status",
    )
    assert done == ["DONE", "DONE"]
    latest = gcloud.json("operations list", "--sort-by=~insertTime", "--limit=2")
    assert len(latest) == 2
    assert latest[0]["insertTime"] >= latest[1]["insertTime"]


@pytest.mark.parametrize(
    ("command", "options", "expected"),
    [
        ("zones list", ["--filter=region:ch-zrh"], ["ch-zrh-1"]),
        ("zones list", ["--sort-by=~name", "--limit=1"], ["ch-zrh-1"]),
        ("regions list", ["--filter=name=ch-gva"], ["ch-gva"]),
        (
            "machine-types list",
            [
                "--zones=ch-gva-2",
                "--filter=guestCpus>=4 AND memoryMb<20000",
                "--sort-by=guestCpus,name",
            ],
            ["extra-large", "large"],
        ),
        (
            "machine-types list",
            ["--filter=zone:ch-zrh-1", "--sort-by=~guestCpus", "--limit=1"],
            ["huge"],
        ),
        ("images list", ["--filter=family=nosuch"], []),
        (
            "images list",
            [f"--filter=name={LINUX} OR family:windows"],
            [LINUX, "windows-server-2022"],
        ),
        ("images list", ["--sort-by=~name", "--limit=1"], ["windows-server-2022"]),
        ("networks list", ["--filter=name~^prod AND autoCreateSubnetworks=false"], ["prod-vpc"]),
        (
            "networks list",
            ["--filter=name=(backend prod-vpc)", "--sort-by=~name", "--limit=1"],
            ["prod-vpc"],
        ),
        ("firewall-rules list", ["--filter=network:prod-vpc AND direction=INGRESS"], 1),
        ("firewall-rules list", ["--sort-by=~name", "--limit=1"], 1),
        ("disk-types list", ["--zones=ch-gva-2", "--filter=name:ssd"], ["ssd-50-gb"]),
    ],
)
def test_lists_heed_filter_order_and_limit(
    gcloud: Gcloud, command: str, options: list[str], expected: list[str] | int
) -> None:
    names = gcloud.values(command, *options)
    assert (len(names) if isinstance(expected, int) else names) == expected
