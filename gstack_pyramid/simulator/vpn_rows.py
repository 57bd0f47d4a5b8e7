"""Site-to-site VPN and certificates told as CloudStack's response objects."""

from __future__ import annotations

from gstack_pyramid.simulator.rows import Row, owner
from gstack_pyramid.simulator.store import Doc, Store

_SHARED = (
    *("cidrlist", "ipsecpsk", "ikepolicy", "esppolicy", "ikelifetime", "esplifetime", "dpd"),
    *("forceencap", "ikeversion", "splitconnections"),
)
"""What a connection tells of its customer gateway."""


def vpn_gateway(store: Store, doc: Doc) -> Row:
    """The VPN gateway of a VPC."""
    vpc, address = store.get("vpc", doc["vpcid"]), store.get("ip", doc["addressid"])
    return {
        "id": doc["id"],
        "publicip": address["ipaddress"],
        "vpcid": vpc["id"],
        "vpcname": vpc["name"],
        **owner(store, doc["owner"]),
        "fordisplay": True,
    }


def customer_gateway(store: Store, doc: Doc) -> Row:
    """The other end of a VPN, with its secret."""
    return {
        "id": doc["id"],
        "name": doc["name"],
        "gateway": doc["gateway"],
        **{name: doc[name] for name in _SHARED},
        **owner(store, doc["owner"]),
        "hasannotations": False,
    }


def vpn_connection(store: Store, doc: Doc) -> Row:
    """A VPN between a VPC's gateway and a customer gateway."""
    gateway, customer = store.get("vpngateway", doc["gatewayid"]), _customer(store, doc)
    return {
        "id": doc["id"],
        "s2svpngatewayid": gateway["id"],
        "publicip": store.get("ip", gateway["addressid"])["ipaddress"],
        "s2scustomergatewayid": customer["id"],
        "gateway": customer["gateway"],
        **{name: customer[name] for name in _SHARED},
        "passive": doc["passive"],
        "state": doc["state"],
        "created": doc["created"],
        **owner(store, doc["owner"]),
        "fordisplay": True,
    }


def _customer(store: Store, doc: Doc) -> Doc:
    return store.get("vpncustomer", doc["customerid"])


def certificate(store: Store, doc: Doc) -> Row:
    """A certificate, without its private key."""
    row = {
        "id": doc["id"],
        "name": doc["name"],
        "certificate": doc["certificate"],
        "fingerprint": doc["fingerprint"],
        **owner(store, doc["owner"]),
    }
    if doc["certchain"]:
        row["certchain"] = doc["certchain"]
    del row["domainpath"]
    return row
