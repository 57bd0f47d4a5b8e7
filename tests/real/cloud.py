"""The CloudStack that the acceptance runs against, and what an account has in it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from gstack_pyramid.cloudstack import Client, CloudStackError, Credentials
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.roles import USER
from gstack_pyramid.simulator import (
    AS_INSTALLED,
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    SimulatorServer,
    make_simulator,
)

VARIABLES = ("GSTACK_REAL_ENDPOINT", "GSTACK_REAL_API_KEY", "GSTACK_REAL_SECRET_KEY")
"""What names a cloud: all of them, or none for the simulator."""

#: Lists of what an account may leave behind, each with what its rows are known by.
LISTS: Mapping[str, tuple[Mapping[str, object], tuple[str, ...]]] = {
    "listVirtualMachines": ({}, ("id",)),
    "listVolumes": ({}, ("id",)),
    "listSnapshots": ({}, ("id",)),
    "listTemplates": ({"templatefilter": "self"}, ("id", "zoneid")),
    "listNetworks": ({}, ("id",)),
    "listVPCs": ({}, ("id",)),
    "listPublicIpAddresses": ({}, ("id",)),
    "listFirewallRules": ({}, ("id",)),
    "listEgressFirewallRules": ({}, ("id",)),
    "listPortForwardingRules": ({}, ("id",)),
    "listLoadBalancerRules": ({}, ("id",)),
    "listNetworkACLLists": ({}, ("id",)),
    "listSecurityGroups": ({}, ("id",)),
    "listAffinityGroups": ({}, ("id",)),
    "listInstanceGroups": ({}, ("id",)),
    "listAutoScaleVmGroups": ({}, ("id",)),
    "listAutoScaleVmProfiles": ({}, ("id",)),
    "listAutoScalePolicies": ({}, ("id",)),
    "listConditions": ({}, ("id",)),
    "listVpnGateways": ({}, ("id",)),
    "listVpnConnections": ({}, ("id",)),
    "listVpnCustomerGateways": ({}, ("id",)),
    "listSSHKeyPairs": ({}, ("name",)),
    "listTags": ({}, ("resourcetype", "resourceid", "key")),
}

Row = Mapping[str, Any]
Known = tuple[str, ...]

#: What CloudStack removes without its tags, as resource types, each with its list.
_OUTLIVED: Mapping[str, str] = {
    "LoadBalancer": "listLoadBalancerRules",
    "Snapshot": "listSnapshots",
}

_GONE = frozenset({"Destroyed", "Expunging", "Expunged", "Destroy"})
"""States of machines and volumes that wait for CloudStack to remove them."""


@dataclass(frozen=True)
class Cloud:
    """A CloudStack and one of its accounts.

    Attributes:
        endpoint: the URL of its API.
        api_key, secret_key: of a user with an ordinary role.
        simulated: whether it is the simulator.
    """

    endpoint: str
    api_key: str
    secret_key: str = field(repr=False)
    simulated: bool = False

    def rows(self, command: str, params: Mapping[str, object] | None = None) -> list[Row]:
        """The rows of a list that the account sees; none where its role has no such command."""
        client = Client(self.endpoint, CloudStackModel(data_folder("schemas") / "cloudstack"))
        try:
            rows: list[Row] = list(
                client.rows(Credentials(self.api_key, self.secret_key), command, params or {})
            )
        except CloudStackError as error:
            if error.errorcode != _NO_SUCH_COMMAND:
                raise
            rows = []
        finally:
            client.close()
        return rows


_NO_SUCH_COMMAND = 432


@contextmanager
def chosen_cloud() -> Iterator[Cloud]:
    """The cloud of the environment; without one a simulated CloudStack, until the block ends."""
    given = [os.environ.get(name, "") for name in VARIABLES]
    if all(given):
        yield Cloud(given[0], given[1], given[2])
        return
    if any(given):
        pytest.fail(f"{', '.join(VARIABLES)}: give all of them, or none for the simulator")
    model = CloudStackModel(data_folder("schemas") / "cloudstack")
    # A new installation's limit of 20 volumes is reached by 20 machines, since those of destroyed
    # ones count for a day.
    app = make_simulator(model=model, job_seconds=0.1, role=USER, limit=200, **AS_INSTALLED)
    server = SimulatorServer(app)
    try:
        yield Cloud(server.start(), DEMO_API_KEY, DEMO_SECRET_KEY, simulated=True)
    finally:
        server.stop()
        app.close()


@dataclass(frozen=True)
class Inventory:
    """What an account has: the rows of :data:`LISTS`, by command and by what they are known by."""

    rows: Mapping[str, Mapping[Known, Row]]

    @classmethod
    def of(cls, cloud: Cloud) -> Inventory:
        """Look at what there is now."""
        return cls(
            {
                command: {
                    tuple(str(row.get(name, "")) for name in known): row
                    for row in cloud.rows(command, params)
                }
                for command, (params, known) in LISTS.items()
            }
        )

    def since(self, before: Inventory) -> dict[str, list[Row]]:
        """What is there and wasn't before, by command."""
        return {
            command: new
            for command, rows in self.rows.items()
            if (new := [row for known, row in rows.items() if known not in before.rows[command]])
        }


def sorted_out(
    new: Mapping[str, list[Row]], refused: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """What is left over, in words: what nobody removes, and what is CloudStack's own doing.

    A user who may not expunge leaves destroyed machines behind for ``expunge.delay``, with their
    disks and tags, and the networks that they were in. Such a machine is no longer listed for its
    user, but its disk still names it. The network ``default`` is made with the first machine, and
    stays, as GCE's does. Tags of rules and snapshots outlive them.

    Args:
        new: what is there and wasn't before, by command.
        refused: names of networks that the cloud keeps for a destroyed machine.
    """
    disks = new.get("listVolumes", ())
    machines = [row for row in new.get("listVirtualMachines", ()) if row.get("state") in _GONE]
    held = {row["id"] for row in machines}
    held |= {row["virtualmachineid"] for row in disks if row.get("vmstate") in _GONE}
    held |= {r["id"] for r in disks if r.get("virtualmachineid") in held or r["state"] in _GONE}
    staying = {"default", *refused}
    networks = {nic.get("networkid") for row in machines for nic in row.get("nic", ())}
    for row in new.get("listNetworks", ()):
        if row["id"] in networks or row["name"] in staying:
            held |= {row["id"], row.get("vpcid") or row["id"]}
    held |= {row["id"] for row in new.get("listVPCs", ()) if row["name"] in staying}
    held |= {row["id"] for row in new.get("listNetworkACLLists", ()) if row.get("vpcid") in held}
    # A network's own address comes whenever CloudStack sets the network up again.
    addresses = new.get("listPublicIpAddresses", ())
    held |= {row["id"] for row in addresses if row.get("issourcenat")}
    there = {row["id"] for command in _OUTLIVED.values() for row in new.get(command, ())}
    held |= {
        row["resourceid"]
        for row in new.get("listTags", ())
        if row["resourcetype"] in _OUTLIVED and row["resourceid"] not in there
    }
    leaked: list[str] = []
    waiting: list[str] = []
    for command, rows in new.items():
        for row in rows:
            places = {row.get(key) for key in ("id", "resourceid", "associatednetworkid", "vpcid")}
            (waiting if places & held else leaked).append(_told(command, row))
    return sorted(leaked), sorted(waiting)


def _told(command: str, row: Row) -> str:
    name = row.get("name") or row.get("ipaddress") or row.get("key") or row.get("id")
    more = [str(row[key]) for key in ("id", "resourcetype", "resourceid", "state") if row.get(key)]
    return f"{command}: {name} ({', '.join(more)})"
