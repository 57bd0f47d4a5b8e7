"""What clients send that GCE lets pass: nulls in lists, empty enums, defaults, fields of their own.

Each body is as a client was recorded to send it: Packer's googlecompute, Terraform's google
provider, gcloud with the flags of the console's command lines.
"""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import SG_ZONE, Gateway


@pytest.mark.parametrize(
    "fields",
    [
        # Packer leaves holes where it has no value.
        {"metadata": {"items": [None, None, {"key": "ssh-keys", "value": "a:ssh-rsa AAAA a"}]}},
        # Terraform writes what its configuration leaves open.
        {
            "scheduling": {
                "instanceTerminationAction": "",
                "provisioningModel": "",
                "nodeAffinities": [None],
            }
        },
        # gcloud --reservation-affinity=any
        {"reservationAffinity": {"consumeReservationType": "ANY_RESERVATION"}},
        # gcloud --no-shielded-secure-boot --shielded-vtpm --shielded-integrity-monitoring
        {
            "shieldedInstanceConfig": {
                "enableSecureBoot": False,
                "enableVtpm": True,
                "enableIntegrityMonitoring": True,
            }
        },
        {"keyRevocationActionType": "NONE", "minCpuPlatform": "Automatic"},
    ],
)
def test_a_machine_is_made_of_what_gce_lets_pass(gateway: Gateway, fields: dict[str, Any]) -> None:
    assert gateway.create("web", **fields)["status"] == "RUNNING"


def test_an_empty_text_is_no_value_of_an_enum_in_a_list_either(gateway: Gateway) -> None:
    made = gateway.create("web", disks=[{**boot_disk(), "interface": "", "mode": ""}])
    assert made["disks"][0]["mode"] == "READ_WRITE"


def test_terraform_s_own_fields_are_passed_over(gateway: Gateway) -> None:
    gateway.create("web")
    gateway.do(
        "POST",
        f"zones/{SG_ZONE}/disks/web/createSnapshot",
        {"name": "kept", "zone": SG_ZONE},
    )
    gateway.do(
        "POST",
        "global/networks",
        {
            "name": "routed",
            "autoCreateSubnetworks": False,
            "routingConfig": {"routingMode": "REGIONAL", "deleteBgpAlwaysCompareMed": False},
        },
    )
    assert gateway.get("global/networks/routed")["name"] == "routed"


def boot_disk() -> dict[str, Any]:
    image = "projects/ubuntu-os-cloud/global/images/family/linux-ubuntu-24-04-lts-64-bit"
    return {"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": image}}
