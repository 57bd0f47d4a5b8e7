"""Three and more of everything that a list can show, differing in what lists are filtered by.

Whoever maps another list adds to ``STEPS`` what makes some of its resources, by GCE's own API where
there is an insert, else by CloudStack's. Tests of all lists fail until then, and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gstack_pyramid.simulator import Simulator

from ..unit.simulator.autoscale import scaled
from ..unit.simulator.cloud import Cloud
from ..unit.simulator.vpn import CERTIFICATE, PRIVATE_KEY
from .gateway import ADVANCED_ZONE, SG_ZONE, instance_body

HERE, THERE = f"zones/{SG_ZONE}", f"zones/{ADVANCED_ZONE}"
REGION = "regions/ch-zrh"
ENVS = ["prod", "test", "dev"]

SIMULATOR: Mapping[str, Any] = {"managed_storage": True, "limit": -1}
"""Settings of the simulator that all of it needs."""

FEW: Mapping[str, str] = {
    "regionZones": "a region of the sample cloud is one zone; inserts need such regions",
}
"""Lists that show less than two rows here, with the reason."""


def prepare(app: Simulator) -> None:
    """Put into a new cloud what its users can't make: offerings with GPUs, and of backups."""
    store = app.world.store
    zone = next(doc for doc in store.all("zone") if doc["name"] == SG_ZONE)
    with store.transaction():
        backups = {"name": "Nightly", "provider": "nas"}
        backups |= {"zoneid": zone["id"], "created": zone["created"]}
        store.add("backupoffering", app.world.uuid(), None, backups)
        for number, card in enumerate(["L4", "A100", "H100"], 1):
            fields = {**store.all("serviceoffering")[0], "name": f"GPU {card}"}
            gpu = {"gpucardid": app.world.uuid(), "gpucardname": card, "gpucount": number}
            del fields["id"]
            store.add("serviceoffering", app.world.uuid(), None, {**fields, "gpu": gpu})


class Maker(Protocol):
    """A gateway and the cloud behind it."""

    cloud: Cloud

    def do(self, verb: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """A change that must succeed, to its end; the path is below the project."""


def fill(maker: Maker) -> None:
    """Make plenty."""
    for step in STEPS:
        step(maker)


def _insert(collection: str, *bodies: Mapping[str, Any]) -> Callable[[Maker], None]:
    def step(maker: Maker) -> None:
        for body in bodies:
            maker.do("POST", collection, dict(body))

    return step


def _networks(maker: Maker) -> None:
    for name, mode in (("blue", True), ("green", True), ("shop", False), ("depot", False)):
        body = {"name": name, "autoCreateSubnetworks": mode, "description": f"{name} team"}
        maker.do("POST", "global/networks", body)
    for number, (network, name) in enumerate(
        [("shop", "front"), ("shop", "back"), ("depot", "store")], 1
    ):
        body = {
            "name": name,
            "network": f"global/networks/{network}",
            "ipCidrRange": f"10.128.{number}.0/24",
        }
        maker.do("POST", f"{REGION}/subnetworks", body)


def _instances(maker: Maker) -> None:
    for zone in (SG_ZONE, ADVANCED_ZONE):
        for name, env, size in zip(["web-1", "web-2", "app"], ENVS, _SIZES, strict=True):
            body = instance_body(f"{name}-{zone[3:6]}", zone, labels={"env": env, "n": name[-1]})
            body |= {"machineType": f"zones/{zone}/machineTypes/{size}", "description": name}
            maker.do("POST", f"zones/{zone}/instances", body)
    maker.do("POST", f"{HERE}/instances/web-2-gva/stop")


_SIZES = ["small", "medium", "large"]


def _templates(maker: Maker) -> None:
    for name, size in zip(ENVS, _SIZES, strict=True):
        properties = instance_body(name)
        del properties["name"]
        properties["machineType"] = size
        body = {"name": name, "properties": properties}
        maker.do("POST", "global/instanceTemplates", body)
        maker.do("POST", f"{REGION}/instanceTemplates", {**body, "name": f"{name}-there"})


def _disks(maker: Maker) -> None:
    for size, env in enumerate(ENVS, 1):
        body = {"name": f"data-{size}", "sizeGb": str(size * 5), "labels": {"env": env}}
        maker.do("POST", f"{HERE}/disks", body)
        body["name"] = f"data-{size}-there"
        maker.do("POST", f"{THERE}/disks", body)
    # Twins, which GCE can't make.
    zone = maker.cloud.zone()
    (offering, *_) = [
        row
        for row in maker.cloud.rows("listDiskOfferings")
        if row.get("iscustomized") and "zoneid" not in row
    ]
    for name, env in (("twin", "prod"), ("Twin", "test")):
        made = maker.cloud.done(
            "createVolume", name=name, zoneid=zone, diskofferingid=offering["id"], size=2
        )
        maker.cloud.done(
            "createTags", resourcetype="Volume", resourceids=made["id"], tags={"env": env}
        )
    for name, env in zip(["web-1-gva", "web-2-gva", "app-gva"], ENVS, strict=True):
        disk = f"{HERE}/disks/{name}"
        body = {"name": f"s-{name}", "labels": {"env": env}, "description": env}
        maker.do("POST", f"{disk}/createSnapshot", body)
        body = {"name": f"i-{name}", "sourceDisk": disk, "description": env}
        maker.do("POST", f"{HERE}/instantSnapshots", body)


def _images(maker: Maker) -> None:
    for name, env in zip(["web-1-gva", "web-2-gva", "app-gva"], ENVS, strict=True):
        body = {
            "name": f"img-{name}",
            "sourceSnapshot": f"global/snapshots/s-{name}",
            "family": "shop",
            "labels": {"env": env},
        }
        maker.do("POST", "global/images", body)
    (offering,) = maker.cloud.rows("listBackupOfferings")
    for name in ("web-1-gva", "web-2-gva", "app-gva"):
        maker.cloud.done(
            "assignVirtualMachineToBackupOffering",
            virtualmachineid=maker.cloud.id("listVirtualMachines", name),
            backupofferingid=offering["id"],
        )
        body = {"name": f"m-{name}", "sourceInstance": f"{HERE}/instances/{name}"}
        maker.do("POST", "global/machineImages", body)


def _balancing(maker: Maker) -> None:
    instances = [f"{THERE}/instances/{name}-zrh" for name in ("web-1", "web-2", "app")]
    for number, instance in enumerate(instances, 1):
        pool = f"{REGION}/targetPools/pool-{number}"
        body = {"name": f"pool-{number}", "instances": [instance], "description": ENVS[number - 1]}
        maker.do("POST", f"{REGION}/targetPools", body)
        rule: dict[str, Any] = {"name": f"rule-{number}", "target": pool, "portRange": "80"}
        maker.do("POST", f"{REGION}/forwardingRules", {**rule, "labels": {"env": "prod"}})
        target = f"{THERE}/targetInstances/door-{number}"
        body = {"name": f"door-{number}", "instance": instance, "natPolicy": "NO_NAT"}
        maker.do("POST", f"{THERE}/targetInstances", body)
        rule = {"name": f"to-{number}", "target": target, "portRange": "22", "IPProtocol": "TCP"}
        maker.do("POST", f"{REGION}/forwardingRules", rule)


def _vpn(maker: Maker) -> None:
    for number, network in enumerate(["prod-vpc", "shop", "depot"], 1):
        gate = {"name": f"gate-{number}", "network": f"global/networks/{network}"}
        maker.do("POST", f"{REGION}/targetVpnGateways", gate)
        tunnel = {
            "name": f"office-{number}",
            "targetVpnGateway": f"{REGION}/targetVpnGateways/gate-{number}",
            "peerIp": f"203.0.113.{number}",
            "sharedSecret": "a-shared-secret",
            "remoteTrafficSelector": [f"192.168.{number}.0/24"],
            "ikeVersion": 2,
        }
        maker.do("POST", f"{REGION}/vpnTunnels", tunnel)


def _policies(maker: Maker) -> None:
    for days, env in enumerate(ENVS, 1):
        schedule = {"dailySchedule": {"daysInCycle": 1, "startTime": "04:30"}}
        policy = {
            "schedule": schedule,
            "retentionPolicy": {"maxRetentionDays": days},
            "snapshotProperties": {"labels": {"made": env}},
        }
        body = {"name": f"nightly-{env}", "description": env, "snapshotSchedulePolicy": policy}
        maker.do("POST", f"{REGION}/resourcePolicies", body)
    apart = {"name": "apart", "groupPlacementPolicy": {"availabilityDomainCount": 2}}
    maker.do("POST", f"{REGION}/resourcePolicies", apart)


def _scaling(maker: Maker) -> None:
    for most, env in enumerate(ENVS, 1):
        scaled(maker.cloud, 1, most, f"scaled-{env}")


STEPS: list[Callable[[Maker], None]] = [
    _networks,
    _instances,
    _templates,
    _disks,
    _images,
    _balancing,
    _vpn,
    _policies,
    _scaling,
    _insert(
        "global/firewalls",
        {"name": "ssh", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]},
        {"name": "dns", "allowed": [{"IPProtocol": "udp", "ports": ["53"]}]},
        {"name": "ping", "allowed": [{"IPProtocol": "icmp"}]},
    ),
    _insert(
        "global/firewallPolicies",
        *({"name": f"edge-{env}", "description": env} for env in ENVS),
    ),
    _insert(
        f"{REGION}/firewallPolicies",
        *({"name": f"part-{env}", "description": env} for env in ENVS),
    ),
    _insert(
        f"{REGION}/addresses",
        *({"name": f"a-{env}", "labels": {"env": env}, "description": env} for env in ENVS),
    ),
    _insert(
        "global/routes",
        *(
            {
                "name": f"route-{number}",
                "network": "global/networks/prod-vpc",
                "destRange": f"10.{number}.0.0/16",
                "nextHopIp": "10.8.1.9",
                "priority": 1000,
            }
            for number in (20, 21, 22)
        ),
    ),
    *(
        _insert(f"global/{kind}", *({"name": f"check-{env}", "description": env} for env in ENVS))
        for kind in ("httpHealthChecks", "httpsHealthChecks")
    ),
    *(
        _insert(
            f"{place}/healthChecks",
            *({"name": f"check-{env}", "type": "TCP", "description": env} for env in ENVS),
        )
        for place in ("global", REGION)
    ),
    _insert(
        f"{HERE}/instanceGroups",
        *({"name": f"group-{env}"} for env in ENVS),
    ),
    _insert(
        "global/sslCertificates",
        *(
            {"name": f"www-{env}", "certificate": CERTIFICATE, "privateKey": PRIVATE_KEY}
            for env in ENVS
        ),
    ),
]
"""What is made, in this order."""
