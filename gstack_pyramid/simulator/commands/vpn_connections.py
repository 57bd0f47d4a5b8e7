"""Site-to-site VPN connections.

Source: ``Site2SiteVpnManagerImpl`` of CloudStack.
"""

from __future__ import annotations

import ipaddress

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import Test, listed, owned, select
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.vpn_rows import vpn_connection
from gstack_pyramid.simulator.world import Actor, Answer


@command("listVpnConnections")
def list_connections(call: Call) -> Answer:
    """The account's connections."""
    docs = select(owned(call, "vpnconnection"), _of_vpc(call))
    return listed(call, docs, lambda doc: vpn_connection(call.store, doc))


def _of_vpc(call: Call) -> list[Test]:
    vpc = call.resolve("vpcid", "vpc")
    if vpc is None:
        return []
    return [lambda doc: call.store.get("vpngateway", doc["gatewayid"])["vpcid"] == vpc["id"]]


@command("createVpnConnection")
def create(call: Call) -> Answer:
    """Connect a VPC's gateway with a customer gateway."""
    gateway = call.one("s2svpngatewayid", "vpngateway")
    customer = call.one("s2scustomergatewayid", "vpncustomer")
    for other in call.store.by("vpnconnection", "gateway", gateway["id"]):
        if other["customerid"] == customer["id"]:
            raise invalid(
                f"The vpn connection with customer gateway id {customer['id']} and vpn gateway id"
                f" {gateway['id']} already existed!"
            )
    vpc = call.store.get("vpc", gateway["vpcid"])
    for cidr in customer["cidrlist"].split(","):
        if ipaddress.IPv4Network(cidr).overlaps(ipaddress.IPv4Network(vpc["cidr"])):
            raise invalid(
                f"The subnets of customer gateway {customer['name']}'s subnet {cidr} is overlapped"
                f" with VPC cidr {vpc['cidr']}!"
            )
    passive = call.params.flag("passive")
    doc = call.add(
        "vpnconnection",
        gateway["owner"],
        gatewayid=gateway["id"],
        customerid=customer["id"],
        passive=passive,
        state="Pending",
    )
    return submit(call, ("VpnConnection", doc), queue=gateway["id"], connection=doc["id"])


@end("createVpnConnection")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, arguments)
    state = "Disconnected" if doc["passive"] else "Connected"
    return {"vpnconnection": vpn_connection(actor.store, actor.store.update(doc, state=state))}


def _there(actor: Actor, arguments: Arguments) -> Doc:
    return actor.there(
        "vpnconnection", arguments["connection"], "Fail to find site to site VPN connection {id}"
    )


@command("deleteVpnConnection")
def delete(call: Call) -> Answer:
    """Remove a connection."""
    doc = call.one("id", "vpnconnection")
    return submit(call, ("VpnConnection", doc), queue=doc["gatewayid"], connection=doc["id"])


@end("deleteVpnConnection")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    remove_tagged(actor, _there(actor, arguments))
    return success()
