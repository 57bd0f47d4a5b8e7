"""Rules on public addresses told as CloudStack's response objects."""

from __future__ import annotations

from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.rows import Row, bare_tags, owner, zone_of
from gstack_pyramid.simulator.store import Doc, Store


def firewall_rule(store: Store, doc: Doc) -> Row:
    """A firewall rule: of a public address for traffic in, of a network for traffic out."""
    address = store.get("ip", doc["addressid"]) if doc["addressid"] else None
    return drop_nulls(
        {
            "id": doc["id"],
            "protocol": doc["protocol"],
            "startport": doc["startport"],
            "endport": doc["endport"],
            "icmptype": doc["icmptype"],
            "icmpcode": doc["icmpcode"],
            "ipaddressid": address and address["id"],
            "ipaddress": address and address["ipaddress"],
            "networkid": doc["networkid"],
            "state": doc["state"],
            "cidrlist": ",".join(doc["cidrlist"]),
            "destcidrlist": ",".join(doc["destcidrlist"]),
            "traffictype": doc["traffictype"],
            "fordisplay": True,
            "tags": bare_tags(store, doc["id"]),
        }
    )


def port_forwarding_rule(store: Store, doc: Doc) -> Row:
    """A port forwarding rule; its ports are strings."""
    address, vm = store.get("ip", doc["addressid"]), store.get("vm", doc["vmid"])
    return {
        "id": doc["id"],
        "protocol": doc["protocol"],
        "publicport": str(doc["startport"]),
        "publicendport": str(doc["endport"]),
        "privateport": str(doc["privateport"]),
        "privateendport": str(doc["privateendport"]),
        "ipaddressid": address["id"],
        "ipaddress": address["ipaddress"],
        "networkid": doc["networkid"],
        "virtualmachineid": vm["id"],
        "virtualmachinename": vm["name"],
        "virtualmachinedisplayname": vm["displayname"],
        "vmguestip": next(
            (nic["ipaddress"] for nic in vm["nics"] if nic["networkid"] == doc["networkid"]), ""
        ),
        "state": doc["state"],
        "cidrlist": ",".join(doc["cidrlist"]),
        "fordisplay": True,
        "tags": bare_tags(store, doc["id"]),
    }


def load_balancer_rule(store: Store, doc: Doc) -> Row:
    """A load balancer rule; its ports are strings."""
    address = store.get("ip", doc["addressid"])
    row = {
        "id": doc["id"],
        "name": doc["name"],
        "description": doc["description"] or None,
        "algorithm": doc["algorithm"],
        "protocol": doc["protocol"],
        "publicipid": address["id"],
        "publicip": address["ipaddress"],
        "publicport": str(doc["startport"]),
        "privateport": str(doc["privateport"]),
        "networkid": doc["networkid"],
        "cidrlist": ",".join(doc["cidrlist"]) or None,
        "state": doc["state"],
        **zone_of(store, address["zoneid"]),
        **owner(store, doc["owner"]),
        "fordisplay": True,
        "tags": bare_tags(store, doc["id"]),
    }
    return drop_nulls(row)


def static_route(store: Store, doc: Doc) -> Row:
    """A static route of a VPC."""
    return {
        "id": doc["id"],
        "cidr": doc["cidr"],
        "nexthop": doc["nexthop"],
        "vpcid": doc["vpcid"],
        "state": doc["state"],
        **owner(store, doc["owner"]),
        "tags": bare_tags(store, doc["id"]),
    }
