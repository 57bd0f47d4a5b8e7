"""The sample world: two zones, two accounts and a catalogue.

The zone with security groups and its offerings and templates are those of the first public GCE
gateway for CloudStack; the other zone has isolated networks and a VPC.
"""

from __future__ import annotations

import uuid
from typing import Any

from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.wire import date
from gstack_pyramid.simulator.world import SYSTEM, World

DEMO_API_KEY = "demo-api-key-" + "0" * 51
DEMO_SECRET_KEY = "demo-secret-key-" + "0" * 48
OTHER_API_KEY = "other-api-key-" + "0" * 50
OTHER_SECRET_KEY = "other-secret-key-" + "0" * 47
PASSWORD = "password"  # noqa: S105 (of both users, as in CloudStack's own simulator)

SG_ZONE = "ch-gva-2"
ADVANCED_ZONE = "ch-zrh-1"

GIB = 2**30
_BORN = 1_388_534_400.0  # 2014-01-01; a fixed date keeps the world the same every time

_LIMITED = ("user_vm", "public_ip", "volume", "snapshot", "template", "project", "network", "vpc")
_UNLIMITED = ("cpu", "memory", "primary_storage", "secondary_storage")
RESOURCE_TYPES = (*_LIMITED, *_UNLIMITED)
"""Names of what an account may be limited in; the index is CloudStack's ``resourcetype``."""

_OFFERINGS = (
    ("Micro", 1, 512),
    ("Tiny", 1, 1024),
    ("Small", 2, 2048),
    ("Medium", 2, 4096),
    ("Large", 4, 8192),
    ("Extra-large", 4, 16384),
    ("Huge", 8, 32768),
)
_SPEED = 2198
_CUSTOM = {"mincpunumber": "1", "maxcpunumber": "16", "minmemory": "512", "maxmemory": "65536"}
_OTHER_OS = "Other (64-bit)"
_OS_TYPES = ("CentOS 6.4 (64-bit)", "Ubuntu 24.04 LTS", "Windows Server 2022 (64-bit)")
_LARGEST = 400
"""GB of the largest template, the one that is extractable."""
_TEMPLATES = (
    *(
        ("Linux CentOS 6.4 64-bit", f"{size} GB disk", 0, size)
        for size in (10, 50, 100, 200, _LARGEST)
    ),
    ("Linux Ubuntu 24.04 LTS 64-bit", "10 GB disk", 1, 10),
    ("Windows Server 2022", "50 GB disk", 2, 50),
)
_NETWORK_OFFERINGS = (
    ("DefaultSharedNetworkOfferingWithSGService", "Shared", False, "Optional"),
    ("DefaultIsolatedNetworkOfferingWithSourceNatService", "Isolated", False, "Required"),
    ("DefaultIsolatedNetworkOfferingForVpcNetworks", "Isolated", True, "Optional"),
)
_COUNTERS = (
    ("cpu", "VM CPU - average percentage", "vm.cpu.average.percentage"),
    ("memory", "VM Memory - average percentage", "vm.memory.average.percentage"),
    (
        "virtualrouter",
        "Public Network - mbps received per vm",
        "public.network.received.average.mbps",
    ),
    (
        "virtualrouter",
        "Public Network - mbps transmit per vm",
        "public.network.transmit.average.mbps",
    ),
    (
        "virtualrouter",
        "Load Balancer - average connections per vm",
        "virtual.network.lb.average.connections",
    ),
)
"""What CloudStack 4.18 and later can measure for autoscaling, with each of two providers."""


class _Builder:
    """Adds the objects of the sample world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.born = date(_BORN)

    def add(self, kind: str, owner: str | None = None, /, **fields: Any) -> Doc:
        key = self.world.uuid()
        return self.world.store.add(kind, key, owner, {"created": self.born, **fields})

    def catalogue(self) -> None:
        for name, cpus, memory in _OFFERINGS:
            self._service_offering(name, cpus, memory, None)
        self._service_offering("Custom", None, None, _CUSTOM)
        self.add(
            "diskoffering", name="Standard", displaytext="Custom size", disksize=0, custom=True
        )
        self.add("diskoffering", name="SSD 50 GB", displaytext="50 GB", disksize=50, custom=False)
        systems = [self.add("ostype", name=name) for name in _OS_TYPES]
        for name, size_text, system, size in _TEMPLATES:
            self.add(
                "template",
                name=name,
                displaytext=f"{name}, {size_text}",
                ostypeid=systems[system]["id"],
                size=size * GIB,
                passwordenabled=system != 1,
                # All the same, the content of a public template is for its owner.
                extractable=size == _LARGEST,
            )
        for name, guest, for_vpc, availability in _NETWORK_OFFERINGS:
            self.add(
                "networkoffering",
                name=name,
                displaytext=f"Offering for {guest} networks",
                guestiptype=guest,
                forvpc=for_vpc,
                availability=availability,
            )
        self.add("vpcoffering", name="Default VPC offering", displaytext="Default VPC Offering")

    def _service_offering(
        self, name: str, cpus: int | None, memory: int | None, limits: dict[str, str] | None
    ) -> None:
        self.add(
            "serviceoffering",
            name=name,
            displaytext=name if limits else f"{name} {cpus}x{_SPEED}MHz {memory}MB",
            cpunumber=cpus,
            cpuspeed=_SPEED,
            memory=memory,
            custom=limits is not None,
            offerha=self.world.settings.offers_ha,
            details=limits or {},
        )

    def zone(self, name: str, number: int, *, groups: bool) -> Doc:
        basic = groups and self.world.settings.basic_zone
        return self.add(
            "zone",
            name=name,
            number=number,
            networktype="Basic" if basic else "Advanced",
            securitygroupsenabled=groups,
            cpus=self.world.settings.zone_cpus,
            memory=self.world.settings.zone_memory,
            hosts=self.world.settings.zone_hosts,
        )

    def account(self, name: str, user: str, key: str, secret: str, number: int) -> Doc:
        limit = self.world.settings.limit
        account = self.add(
            "account",
            name=name,
            number=number,
            role=self.world.settings.role,
            domainid=self.world.store.all("domain")[0]["id"],
            domain="ROOT",
            limits={
                **dict.fromkeys(_LIMITED, limit),
                **dict.fromkeys(_UNLIMITED, -1),
            },
        )
        self.add(
            "user",
            account["id"],
            username=user,
            firstname=user.capitalize(),
            lastname="User",
            email=f"{user}@example.com",
            password=PASSWORD,
            apikey=key,
            secretkey=secret,
        )
        self.group(account["id"])
        return account

    def group(self, owner: str) -> None:
        self.add("securitygroup", owner, name="default", description="Default Security Group")

    def network(self, owner: str, zone: Doc, name: str, offering: int, **fields: Any) -> Doc:
        chosen = self.world.store.all("networkoffering")[offering]
        usual = {"vpcid": None, "aclid": None, "networkdomain": "cs.internal"}
        return self.add(
            "network",
            owner,
            name=name,
            displaytext=name,
            zoneid=zone["id"],
            offeringid=chosen["id"],
            type=chosen["guestiptype"],
            **{**usual, **fields},
        )

    def counters(self) -> None:
        for provider in ("VirtualRouter", "VpcVirtualRouter"):
            for source, name, value in _COUNTERS:
                # An id of its own making, so that those of all else stay what they were.
                key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{provider}/{value}"))
                told = {"provider": provider, "source": source, "name": name, "value": value}
                self.world.store.add("counter", key, None, {"created": self.born, **told})

    def redundant_offering(self) -> None:
        # A default installation has two VPC offerings that are default ones.
        key = str(uuid.uuid5(uuid.NAMESPACE_OID, "Redundant VPC offering"))
        told = {"name": "Redundant VPC offering", "displaytext": "Redundant VPC offering"}
        self.world.store.add("vpcoffering", key, None, {"created": self.born, **told})

    def other_system(self) -> None:
        # What CloudStack calls a system that it has no name for.
        key = str(uuid.uuid5(uuid.NAMESPACE_OID, _OTHER_OS))
        self.world.store.add("ostype", key, None, {"created": self.born, "name": _OTHER_OS})

    def default_lists(self) -> None:
        for action in ("allow", "deny"):
            acl = self.add(
                "acllist",
                name=f"default_{action}",
                description=f"Default Network ACL {action.capitalize()} All",
                vpcid=None,
                default=True,
            )
            for number, direction in enumerate(("Ingress", "Egress"), start=1):
                self.acl_item(acl, number, direction, "all", None, action.capitalize())

    def acl_item(
        self, acl: Doc, number: int, direction: str, protocol: str, port: int | None, action: str
    ) -> None:
        self.add(
            "aclitem",
            acl["owner"],
            aclid=acl["id"],
            number=number,
            protocol=protocol,
            startport=port,
            endport=port,
            icmptype=None,
            icmpcode=None,
            cidrlist=["0.0.0.0/0"],
            traffictype=direction,
            action=action,
            reason=None,
            state="Active",
        )

    def vpc(self, owner: str, zone: Doc) -> None:
        vpc = self.add(
            "vpc",
            owner,
            name="prod-vpc",
            displaytext="Production",
            zoneid=zone["id"],
            offeringid=self.world.store.all("vpcoffering")[0]["id"],
            cidr="10.8.0.0/16",
            state="Enabled",
            networkdomain="prod.internal",
        )
        self.add(
            "ip",
            owner,
            ipaddress="198.51.100.10",
            zoneid=zone["id"],
            issourcenat=True,
            networkid=None,
            vpcid=vpc["id"],
            virtualmachineid=None,
            state="Allocated",
        )
        acl = self.add(
            "acllist", owner, name="prod-web-acl", description="Web", vpcid=vpc["id"], default=False
        )
        self.acl_item(acl, 1, "Ingress", "tcp", 443, "Allow")
        self.acl_item(acl, 2, "Egress", "all", None, "Allow")
        self.network(
            owner,
            zone,
            "prod-web",
            2,
            gateway="10.8.1.1",
            netmask="255.255.255.0",
            cidr="10.8.1.0/24",
            state="Implemented",
            vpcid=vpc["id"],
            aclid=acl["id"],
            networkdomain="prod.internal",
        )


def build(world: World) -> None:
    """Fill an empty world, in one transaction."""
    build = _Builder(world)
    with world.store.transaction():
        build.add("domain", name="ROOT")
        guarded = build.zone(SG_ZONE, 1, groups=True)
        advanced = build.zone(ADVANCED_ZONE, 2, groups=False)
        build.catalogue()
        build.default_lists()
        demo = build.account("demo-project", "demo", DEMO_API_KEY, DEMO_SECRET_KEY, 2)
        build.account("other-project", "other", OTHER_API_KEY, OTHER_SECRET_KEY, 3)
        shop = build.add("project", demo["id"], name="web-shop", displaytext="Web shop")
        build.group(shop["id"])
        build.network(
            SYSTEM,
            guarded,
            "guestNetworkForBasicZone" if world.settings.basic_zone else "guestNetworkForSG",
            0,
            gateway="10.2.0.1",
            netmask="255.255.0.0",
            cidr="10.2.0.0/16",
            state="Setup",
        )
        build.network(
            demo["id"],
            advanced,
            "backend",
            1,
            gateway="10.1.0.1",
            netmask="255.255.0.0",
            cidr="10.1.0.0/16",
            state="Allocated",
        )
        build.vpc(demo["id"], advanced)
        build.counters()
        build.redundant_offering()
        build.other_system()
