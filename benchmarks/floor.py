"""The floor: what a person would write by hand for one list of instances, and nothing else.

No validation, no names told apart, no lookups that could miss: JSON in, one comprehension, JSON
out. gstack is measured as a multiple of this.
"""

from __future__ import annotations

import base64
import math
from collections import defaultdict
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson

STATUS = {"Running": "RUNNING", "Stopped": "TERMINATED", "Starting": "STAGING"}


@lru_cache(maxsize=4096)
def _digest(content: bytes) -> str:
    return base64.b64encode(blake2b(content, digest_size=8).digest()).decode()


def _fingerprint(value: Any) -> str:
    return _digest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def _number(key: str) -> str:
    return str(int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big"))


def _time(text: str) -> str:
    return f"{text[:19]}.000{text[19:22]}:{text[22:]}"


def list_instances(
    machines: bytes, volumes: bytes, links: dict[str, dict[str, str]], zone: str, path: str
) -> bytes:
    """The answer of instances.list for the bytes of listVirtualMachines and listVolumes.

    Args:
        machines: the answer of listVirtualMachines.
        volumes: the answer of listVolumes.
        links: resource -> CloudStack id -> link, ready made.
        zone: the zone's link.
        path: the list's path below ``/compute/v1/``.
    """
    base = zone.partition("/projects/")[0]
    by_machine = defaultdict(list)
    for volume in orjson.loads(volumes)["listvolumesresponse"]["volume"]:
        by_machine[volume["virtualmachineid"]].append(volume)
    items = []
    for row in orjson.loads(machines)["listvirtualmachinesresponse"]["virtualmachine"]:
        items.append(
            {
                "kind": "compute#instance",
                "id": _number(row["id"]),
                "name": row["name"],
                "selfLink": f"{zone}/instances/{row['name']}",
                "zone": zone,
                "creationTimestamp": _time(row["created"]),
                "description": "",
                "status": STATUS[row["state"]],
                "machineType": links["machineTypes"][row["serviceofferingid"]],
                "canIpForward": False,
                "deletionProtection": row["deleteprotection"],
                "startRestricted": False,
                "scheduling": {
                    "automaticRestart": row["haenable"],
                    "onHostMaintenance": "MIGRATE",
                    "preemptible": False,
                    "provisioningModel": "STANDARD",
                },
                "disks": [
                    {
                        "kind": "compute#attachedDisk",
                        "type": "PERSISTENT",
                        "mode": "READ_WRITE",
                        "index": index,
                        "boot": volume["type"] == "ROOT",
                        "autoDelete": volume["type"] == "ROOT",
                        "deviceName": "boot"
                        if volume["type"] == "ROOT"
                        else f"persistent-disk-{index}",
                        "source": f"{zone}/disks/{volume['name'].lower()}",
                        "diskSizeGb": str(math.ceil(volume["size"] / (1 << 30))),
                    }
                    for index, volume in enumerate(
                        sorted(by_machine[row["id"]], key=lambda volume: volume["deviceid"])
                    )
                ],
                "networkInterfaces": [
                    {
                        "kind": "compute#networkInterface",
                        "name": f"nic{index}",
                        "network": links["networks"][nic["networkid"]],
                        "networkIP": nic["ipaddress"],
                        "stackType": "IPV4_ONLY",
                        "accessConfigs": [
                            {
                                "kind": "compute#accessConfig",
                                "type": "ONE_TO_ONE_NAT",
                                "name": "external-nat",
                                "natIP": nic["ipaddress"],
                            }
                        ]
                        if nic["type"] == "Shared"
                        else [],
                        "fingerprint": _fingerprint([nic["networkid"], nic["ipaddress"]]),
                    }
                    for index, nic in enumerate(row["nic"])
                ],
                "tags": {
                    "items": [
                        tag["key"][8:] for tag in row["tags"] if tag["key"][:8] == "gce:tag:"
                    ],
                    "fingerprint": _fingerprint([]),
                },
                "metadata": {
                    "kind": "compute#metadata",
                    "items": [],
                    "fingerprint": _fingerprint([]),
                },
                "labels": {tag["key"]: tag["value"] for tag in row["tags"]},
                "labelFingerprint": _fingerprint({tag["key"]: tag["value"] for tag in row["tags"]}),
            }
        )
    items.sort(key=lambda item: str(item["name"]))
    return orjson.dumps(
        {
            "kind": "compute#instanceList",
            "id": path,
            "selfLink": f"{base}/{path}",
            "items": items,
        }
    )
