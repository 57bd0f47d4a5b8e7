"""The two ends of site-to-site VPNs: gateways of VPCs, and customer gateways.

Source: ``Site2SiteVpnManagerImpl`` of CloudStack.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import containing, listed, owned, referring, select
from gstack_pyramid.simulator.vpn_rows import customer_gateway, vpn_gateway
from gstack_pyramid.simulator.world import Actor, Answer

_POLICY = re.compile(
    r"(3des|aes128|aes192|aes256)-(md5|sha1|sha256|sha384|sha512)"
    r"(;(modp1024|modp1536|modp2048|modp3072|modp4096|modp6144|modp8192))?"
)
_SECRET = re.compile(r"[^\s\"']{1,255}")


@command("listVpnGateways")
def list_gateways(call: Call) -> Answer:
    """The gateways of the account's VPCs."""
    docs = select(owned(call, "vpngateway"), referring(call, "vpcid", "vpc"))
    return listed(call, docs, lambda doc: vpn_gateway(call.store, doc))


@command("createVpnGateway")
def create_gateway(call: Call) -> Answer:
    """Give a VPC its one gateway, at its source NAT address."""
    vpc = call.one("vpcid", "vpc")
    if call.store.by("vpngateway", "vpc", vpc["id"]):
        raise invalid(f"The VPN gateway of VPC {dumps.vpc(vpc)} already existed!")
    source = next(doc for doc in call.store.by("ip", "vpc", vpc["id"]) if doc["issourcenat"])
    address = call.maybe("ipaddressid", "ip") or source
    if address["vpcid"] != vpc["id"]:
        raise invalid(f"The ip address {address['ipaddress']} does not belong to the VPC")
    doc = call.add("vpngateway", vpc["owner"], vpcid=vpc["id"], addressid=address["id"])
    return submit(call, ("VpnGateway", doc), gateway=doc["id"])


@end("createVpnGateway")
def _end_gateway(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("vpngateway", arguments["gateway"])
    return {"vpngateway": vpn_gateway(actor.store, doc)}


@command("deleteVpnGateway")
def delete_gateway(call: Call) -> Answer:
    """Remove a gateway that has no connections."""
    doc = call.one("id", "vpngateway")
    return submit(call, ("VpnGateway", doc), gateway=doc["id"])


@beginning("deleteVpnGateway")
def _begin_gateway(actor: Actor, arguments: Arguments) -> None:
    if actor.store.find("vpngateway", arguments["gateway"]) is None:
        raise invalid(f"Fail to find vpn gateway with {arguments['gateway']} !")
    if actor.store.by("vpnconnection", "gateway", arguments["gateway"]):
        raise invalid(
            f"Unable to delete VPN gateway {arguments['gateway']} because there is still related"
            " VPN connections!"
        )


@end("deleteVpnGateway")
def _end_delete_gateway(actor: Actor, arguments: Arguments) -> Answer:
    remove_tagged(actor, actor.store.get("vpngateway", arguments["gateway"]))
    return success()


@command("listVpnCustomerGateways")
def list_customers(call: Call) -> Answer:
    """The account's customer gateways."""
    docs = select(owned(call, "vpncustomer"), containing(call, "keyword", "name"))
    return listed(call, docs, lambda doc: customer_gateway(call.store, doc))


@command("createVpnCustomerGateway")
def create_customer(call: Call) -> Answer:
    """Describe the other end of a VPN."""
    values = _values(call)
    for other in call.store.by("vpncustomer", "owner", call.creator()):
        if other["name"] == values["name"]:
            raise invalid(f"The customer gateway with name {values['name']} already existed!")
    doc = call.add("vpncustomer", call.creator(), **values)
    return submit(call, ("VpnCustomerGateway", doc), customer=doc["id"])


def _values(call: Call) -> dict[str, Any]:
    peer = call.params.must("gateway")
    try:
        ipaddress.IPv4Address(peer)
    except ValueError:
        raise invalid(f"The customer gateway ip/Domain {peer} is invalid!") from None
    ranges = call.params.must("cidrlist")
    for cidr in ranges.split(","):
        try:
            ipaddress.IPv4Network(cidr)
        except ValueError:
            raise invalid(
                f"The customer gateway peer cidr list {ranges} is an invalid cidr!"
            ) from None
    if not _SECRET.fullmatch(call.params.must("ipsecpsk")):
        raise invalid("The IPSec pre-shared key is invalid")
    for name in ("ikepolicy", "esppolicy"):
        for policy in call.params.must(name).split(","):
            if not _POLICY.fullmatch(policy) or (name == "ikepolicy" and ";" not in policy):
                raise invalid(
                    f"The customer gateway {name[:3].upper()} policy {policy} is invalid!"
                )
    version = call.params.text("ikeversion") or "ike"
    if version not in ("ike", "ikev1", "ikev2"):
        raise invalid(f"The IKE version {version} is invalid")
    return {
        "name": call.params.text("name") or f"VPN-{peer}",
        "gateway": peer,
        "cidrlist": ranges,
        "ipsecpsk": call.params.must("ipsecpsk"),
        "ikepolicy": call.params.must("ikepolicy"),
        "esppolicy": call.params.must("esppolicy"),
        "ikelifetime": call.params.number("ikelifetime") or 86400,
        "esplifetime": call.params.number("esplifetime") or 3600,
        "dpd": call.params.flag("dpd"),
        "forceencap": call.params.flag("forceencap"),
        "ikeversion": version,
        "splitconnections": call.params.flag("splitconnections"),
    }


@end("createVpnCustomerGateway")
def _end_customer(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("vpncustomer", arguments["customer"])
    return {"vpncustomergateway": customer_gateway(actor.store, doc)}


@command("deleteVpnCustomerGateway")
def delete_customer(call: Call) -> Answer:
    """Remove a customer gateway that has no connections."""
    doc = call.one("id", "vpncustomer")
    return submit(call, ("VpnCustomerGateway", doc), customer=doc["id"])


@beginning("deleteVpnCustomerGateway")
def _begin_customer(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there(
        "vpncustomer", arguments["customer"], "Fail to find customer gateway with {id} !"
    )
    if actor.store.by("vpnconnection", "customer", doc["id"]):
        raise invalid(
            f"Unable to delete VPN customer gateway with id {doc['id']} because there is still"
            " related VPN connections!"
        )


@end("deleteVpnCustomerGateway")
def _end_delete_customer(actor: Actor, arguments: Arguments) -> Answer:
    remove_tagged(actor, actor.store.get("vpncustomer", arguments["customer"]))
    return success()
