"""The floor: what a person would write by hand for one list of instances, and nothing else.

No validation, no names told apart, no lookups that could miss: JSON in, one loop, JSON out. But
the answer is the same to the byte. gstack is measured as a multiple of this.
"""

from __future__ import annotations

import base64
import math
import re
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
    return str(int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") % (1 << 63))


_TAG = "gce:tag:"
_METADATA = "gce:metadata:"
_DESCRIPTION = "gce:description"
_PART = re.compile(r"(.*)#([0-9]+)")


def _whole(parts: dict[str, str]) -> dict[str, str]:
    """Texts that were spread over several tags."""
    pieces: dict[str, list[tuple[int, str]]] = {}
    for key, text in parts.items():
        found = _PART.fullmatch(key)
        name, number = (found[1], int(found[2])) if found else (key, 0)
        pieces.setdefault(name, []).append((number, text))
    return {name: "".join(text for _, text in sorted(all_)) for name, all_ in pieces.items()}


def _disk(volume: dict[str, Any], index: int, zone: str) -> dict[str, Any]:
    tags = {tag["key"]: tag["value"] for tag in volume["tags"]}
    device = volume["deviceid"]
    kept = tags.get("gce:attached:autoDelete")
    shown = {
        "kind": "compute#attachedDisk",
        "type": "PERSISTENT",
        "mode": "READ_WRITE",
        "index": index,
        "boot": device == 0,
        "autoDelete": device == 0 if kept is None else kept == "true",
        "deviceName": tags.get("gce:attached:deviceName") or f"persistent-disk-{device}",
    }
    if interface := tags.get("gce:attached:interface"):
        shown["interface"] = interface
    shown["source"] = f"{zone}/disks/{volume['name'].lower()}"
    shown["diskSizeGb"] = str(math.ceil(volume["size"] / (1 << 30)))
    return shown


def _interface(
    nic: dict[str, Any], row: dict[str, Any], links: dict[str, dict[str, str]]
) -> dict[str, Any]:
    public = nic.get("publicip")
    if public is None and nic["isdefault"]:
        public = row.get("publicip")
    address = nic["ipaddress"] if nic["type"] == "Shared" else public
    known = [nic["networkid"], nic["ipaddress"]]
    shown = {
        "kind": "compute#networkInterface",
        "stackType": "IPV4_ONLY",
        "name": f"nic{nic['deviceid']}",
        "network": links["networks"][nic["networkid"]],
    }
    if subnetwork := links["subnetworks"].get(nic["networkid"]):
        shown["subnetwork"] = subnetwork
    return shown | {
        "networkIP": nic["ipaddress"],
        "accessConfigs": [
            {
                "kind": "compute#accessConfig",
                "type": "ONE_TO_ONE_NAT",
                "name": "external-nat",
                "natIP": address,
            }
        ]
        if address is not None
        else [],
        "fingerprint": _fingerprint(known if public is None else [*known, public]),
    }


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
        tags: list[str] = []
        metadata: dict[str, str] = {}
        description: dict[str, str] = {}
        labels: dict[str, str] = {}
        others: dict[str, str] = {}
        for tag in row["tags"]:
            key: str = tag["key"]
            if not key.startswith("gce:"):
                labels[key] = tag["value"]
            elif key.startswith(_TAG):
                tags.append(key[len(_TAG) :])
            elif key.startswith(_METADATA):
                metadata[key[len(_METADATA) :]] = tag["value"]
            elif key.startswith(_DESCRIPTION):
                description[key[4:]] = tag["value"]
            else:
                others[key] = tag["value"]
        tags.sort()
        kept = [{"key": key, "value": value} for key, value in sorted(_whole(metadata).items())]
        volumes_of = sorted(by_machine[row["id"]], key=lambda volume: int(volume["deviceid"]))
        disks = [_disk(volume, index, zone) for index, volume in enumerate(volumes_of)]
        nics = sorted(row["nic"], key=lambda nic: str(nic["deviceid"]))
        interfaces = [_interface(nic, row, links) for nic in nics]
        restart = row["haenable"] or others.get("gce:asked:automaticRestart") == "true"
        prints = [_fingerprint(tags), _fingerprint(kept), _fingerprint(labels)]
        items.append(
            {
                "kind": "compute#instance",
                "id": _number(row["id"]),
                "name": row["name"],
                "selfLink": f"{zone}/instances/{row['name']}",
                "zone": zone,
                "description": _whole(description).get("description", ""),
                "labels": labels,
                "labelFingerprint": prints[2],
                "creationTimestamp": _time(row["created"]),
                "status": STATUS[row["state"]],
                "machineType": links["machineTypes"][row["serviceofferingid"]],
                "canIpForward": False,
                "deletionProtection": row["deleteprotection"],
                "startRestricted": False,
                "scheduling": {
                    "onHostMaintenance": "MIGRATE",
                    "preemptible": False,
                    "provisioningModel": "STANDARD",
                    "automaticRestart": restart,
                },
                "disks": disks,
                "networkInterfaces": interfaces,
                "tags": {"items": tags, "fingerprint": prints[0]},
                "metadata": {
                    "kind": "compute#metadata",
                    "items": kept,
                    "fingerprint": prints[1],
                },
                "fingerprint": _fingerprint(
                    [
                        row["name"],
                        row["serviceofferingid"],
                        row["cpunumber"],
                        row["memory"],
                        row["deleteprotection"],
                        restart,
                        [volume["id"] for volume in volumes_of],
                        [[disk["deviceName"], disk["autoDelete"]] for disk in disks],
                        [interface["fingerprint"] for interface in interfaces],
                        *prints,
                    ]
                ),
            }
        )
    items.sort(key=lambda item: str(item["name"]))
    return orjson.dumps(
        {
            "kind": "compute#instanceList",
            "id": path,
            "selfLink": f"{base}/{path}",
            "items": items,
        },
        option=orjson.OPT_INDENT_2,
    )
