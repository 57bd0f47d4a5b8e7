"""The table of docs/users.md against the resources that are replayed here."""

from __future__ import annotations

import re

from ..clients.gateway import ROOT
from .replay import resources

SHOWN_BY_THE_PROVIDER = {
    "attached_disk": "it is attachDisk and detachDisk of an instance",
    "disk_resource_policy_attachment": "it is addResourcePolicies of a disk",
    "instance_template": "needs.yaml has some",
    "network_firewall_policy_association": "it is part of its policy",
    "network_firewall_policy_rule": "it is part of its policy",
    "project_default_network_tier": "it is a field of the project",
    "project_metadata": "it is a field of the project",
    "project_metadata_item": "it is a field of the project",
    "region_health_check": "as health_check",
    "region_instance_template": "as instance_template",
    "router_nat": "it is part of its router",
    "ssl_certificate": "its key is in no answer",
}
"""What the provider itself was run with, and which is no file here, with the reason."""


def table() -> dict[str, str]:
    """Each resource of the page's table, without ``google_compute_``, and what is said of it."""
    page = (ROOT / "docs" / "users.md").read_text()
    rows = re.findall(r"^\| (`google_compute_[^|]*) \| (\w+) \|", page, re.MULTILINE)
    said = {}
    for names, word in rows:
        for name in re.findall(r"`(?:google_compute)?_(\w+)`", names):
            assert name not in said, f"{name} stands there twice"
            said[name] = word
    return said


def test_what_is_said_to_work_is_replayed() -> None:
    works = {name for name, word in table().items() if word == "yes"}
    assert works == {*resources(), *SHOWN_BY_THE_PROVIDER}


def test_everything_else_is_refused() -> None:
    assert set(table().values()) == {"yes", "refused"}
