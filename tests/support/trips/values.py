"""How fields are drawn that several tables of round trips have."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..gateway import ADVANCED_ZONE, BASE, SG_ZONE, UBUNTU, Gateway
from ..round_trips import TEXT

PROJECT = f"{BASE}/projects/demo-project"
REGION = "regions/ch-zrh"
HERE, THERE = f"zones/{SG_ZONE}", f"zones/{ADVANCED_ZONE}"
WEB = f"{PROJECT}/{HERE}/disks/web"

TAG = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
METADATA = st.fixed_dictionaries(
    {"key": st.from_regex(r"[-_a-zA-Z0-9]{1,128}", fullmatch=True)} | {"value": TEXT}
)
DEVICE = st.from_regex(r"[a-z][\w.-]{0,20}", fullmatch=True)
BOOT = st.fixed_dictionaries(
    {
        "boot": st.just(True),
        "initializeParams": st.fixed_dictionaries(
            {"sourceImage": st.just(UBUNTU)}, optional={"diskSizeGb": st.just("12")}
        ),
    },
    optional={
        "deviceName": DEVICE.map("b-{}".format),
        "mode": st.just("READ_WRITE"),
        "interface": st.sampled_from(["SCSI", "NVME"]),
    },
)
NOTHING = st.just("")


def items(element: st.SearchStrategy[Any], key: Any = None) -> st.SearchStrategy[list[Any]]:
    """A sorted list without repetitions, as GCE shows tags and metadata."""
    found = st.lists(element, max_size=4, unique_by=key or str)
    return found.map(lambda made: sorted(made, key=key or str))


TAGS = items(TAG)
ALL_METADATA = items(METADATA, lambda item: item["key"])


def stopped(gateway: Gateway) -> None:
    """An instance that is stopped, whose boot disk is called web."""
    gateway.create("web")
    gateway.do("POST", f"{HERE}/instances/web/stop")
