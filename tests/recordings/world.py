"""The catalogue of the cloud that was recorded, put into a simulated one, with the same ids."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator import Simulator
from gstack_pyramid.simulator.world import SYSTEM

GIB = 2**30

ADVANCED, WITH_GROUPS = (
    "d2e57645-ab24-4619-aaf8-86e01586086c",
    "4a87612a-d88b-4dfd-a632-92187a74d518",
)
BORN = {"created": "2026-11-28T17:00:54+0000"}

_REPLACED = (
    *("zone", "serviceoffering", "diskoffering", "networkoffering", "vpcoffering", "template"),
    *("ostype", "network", "vpc", "ip", "acllist", "aclitem", "project"),
)
_COUNTER = "654ff58c-eb4a-11f1-8a6e-02fc00000001"

_SERVICES: dict[str, tuple[str, int | None, int | None, int | None, dict[str, str]]] = {
    "8e7dc9cc-410c-4610-a479-b4a048a1c923": ("tiny", 1, 100, 512, {}),
    "8c52f1ed-1c9a-41bf-940a-6356b72c3b77": ("small", 1, 100, 1024, {}),
    "3c520107-0b53-4067-a11c-753f13cd6fad": ("medium", 2, 100, 2048, {}),
    "ba3ddf05-ccea-49f9-9267-56a21f08d2f5": ("huge", 32, 100, 30000, {}),
    "5c23723f-8531-4567-8428-760559434b41": ("custom", None, None, None, {}),
    "f2d8c8cd-7eb5-44e4-a93d-5ca8c366a5f6": (
        "custom-range",
        None,
        100,
        None,
        {"mincpunumber": "1", "maxcpunumber": "4", "minmemory": "512", "maxmemory": "4096"},
    ),
}
_DISKS = {
    "b24ab0e7-6247-45cd-9502-8ee9efd30c52": ("Small", 5),
    "79c9e473-5a76-4fdb-9c44-c6d3404087ab": ("Custom", 0),
}
_NETWORKS = {
    "843df7e1-6879-403b-941a-570eb0fefb80": ("Shared", False, "Optional"),
    "8e0a46a4-a923-4d22-8e7f-3371745bbbef": ("Isolated", False, "Required"),
    "d5440ea6-7c1b-46ad-9894-104d4e8d2468": ("Isolated", True, "Optional"),
}
_SYSTEMS = {
    "1f471d81-eb4a-11f1-8a6e-02fc00000001": "CentOS 5.6 (64-bit)",
    "61914cc8-eb4a-11f1-8a6e-02fc00000001": "AlmaLinux 8",
}
_TEMPLATE = "704504bb-eb4a-11f1-8a6e-02fc00000001"
_VPC_OFFERINGS = {
    "546156e1-477a-4f25-87ee-fac3b6c078b5": "Default VPC offering",
    "50fd8be2-0000-4000-8000-000000000001": "Redundant VPC offering",
}


def rebuild(app: Simulator) -> None:
    """Take the sample catalogue away and put the recorded one in its place."""
    store = app.world.store

    def add(kind: str, key: str, owner: str | None = None, /, **fields: Any) -> None:
        store.add(kind, key, owner, {**BORN, **fields})

    with store.transaction():
        for kind in _REPLACED:
            for doc in store.all(kind):
                store.remove(doc)
        room = {"cpus": 16, "memory": 32 * 1024, "hosts": 1}
        for number, (key, name) in enumerate(
            ((ADVANCED, "ch-gva-2"), (WITH_GROUPS, "ch-zrh-1")), start=1
        ):
            groups = key == WITH_GROUPS
            told = {"name": name, "number": number, "networktype": "Advanced"}
            told["domain"] = "sandbox.simulator"
            add("zone", key, securitygroupsenabled=groups, **told, **room)
        for key, (name, cpus, speed, memory, limits) in _SERVICES.items():
            add(
                "serviceoffering",
                key,
                name=name,
                displaytext=name,
                cpunumber=cpus,
                cpuspeed=speed,
                memory=memory,
                custom=cpus is None,
                offerha=False,
                details=limits,
            )
        for key, (name, size) in _DISKS.items():
            add("diskoffering", key, name=name, displaytext=name, disksize=size, custom=not size)
        for key, system in _SYSTEMS.items():
            add("ostype", key, name=system)
        add(
            "template",
            _TEMPLATE,
            name=_SYSTEMS[next(iter(_SYSTEMS))],
            displaytext="no GUI",
            ostypeid=next(iter(_SYSTEMS)),
            size=2 * GIB,
            passwordenabled=False,
            extractable=False,
            templatetype="BUILTIN",
        )
        for key, (guest, tiers, availability) in _NETWORKS.items():
            add(
                "networkoffering",
                key,
                name=f"Default{guest}",
                displaytext=guest,
                guestiptype=guest,
                forvpc=tiers,
                availability=availability,
            )
        for key, name in _VPC_OFFERINGS.items():
            add("vpcoffering", key, name=name, displaytext=name)
        shared = next(iter(_NETWORKS))
        add(
            "network",
            "11111111-0000-4000-8000-000000000001",
            SYSTEM,
            name="sg-net",
            displaytext="sg-net",
            zoneid=WITH_GROUPS,
            offeringid=shared,
            type="Shared",
            vpcid=None,
            aclid=None,
            networkdomain="sandbox.simulator",
            gateway="10.2.0.1",
            netmask="255.255.0.0",
            cidr="10.2.0.0/16",
            state="Setup",
        )
        domain = "33333333-0000-4000-8000-000000000001"
        add("domain", domain, name="customers", path="ROOT/customers")
        for account, name in zip(store.all("account"), ("other", "demo"), strict=True):
            where = {"domainid": domain, "domain": "customers", "domainpath": "ROOT/customers"}
            store.update(account, name=name, **where)
            for user in store.by("user", "owner", account["id"]):
                store.update(user, username=name, firstname=name)
        add(
            "backupoffering",
            "fee390f7-18ea-42e9-ba14-cd0623f949e9",
            name="daily",
            description="daily",
            provider="dummy",
            zoneid=ADVANCED,
            externalid="x",
            allowuserdrivenbackups=True,
        )
        owner = store.all("account")[0]["id"]
        project = "44444444-0000-4000-8000-000000000001"
        add("project", project, owner, name="proj1", displaytext="proj1")
        counter = store.all("counter")[0]
        add("counter", _COUNTER, **{k: counter[k] for k in ("provider", "source", "name", "value")})
        for at, action in enumerate(("allow", "deny")):
            add(
                "acllist",
                f"22222222-0000-4000-8000-00000000000{at}",
                name=f"default_{action}",
                description=f"Default Network ACL {action.capitalize()} All",
                vpcid=None,
                default=True,
            )
