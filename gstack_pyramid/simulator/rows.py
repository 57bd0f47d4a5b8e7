"""Documents told as CloudStack's response objects."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.names import JOBS
from gstack_pyramid.simulator.services import of_network, of_vpc
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import SYSTEM

Row = dict[str, Any]

_PHYSICAL = "6987ddf7-a8e1-4476-973f-6a486df8947c"
"""The id of the one physical network, which is the administrator's to see otherwise."""

_PUBLIC = "ccf5e320-89d5-4df1-a258-f8ec9c719a1c"
"""The id of the network that public addresses are of."""


def owner(store: Store, key: str) -> Row:
    """Whose an object is: an account, or a project."""
    if key == SYSTEM:
        domain = store.all("domain")[0]
        return {
            "account": "system",
            "domainid": domain["id"],
            "domain": domain["name"],
            "domainpath": domain.get("path", "ROOT"),
        }
    project = store.find("project", key)
    doc = store.get("account", project["owner"] if project else key)
    told: Row = {
        "domainid": doc["domainid"],
        "domain": doc["domain"],
        "domainpath": doc.get("domainpath", "ROOT"),
    }
    if project:
        told.update(projectid=project["id"], project=project["name"])
    else:
        told["account"] = doc["name"]
    return told


def tag(store: Store, doc: Doc) -> Row:
    """A resource tag."""
    return {
        "key": doc["key"],
        "value": doc["value"],
        "resourcetype": doc["resourcetype"],
        "resourceid": doc["resourceid"],
        **owner(store, doc["owner"]),
    }


def tags(store: Store, resource: str) -> list[Row]:
    """The tags of an object, with all that is known of them."""
    return [tag(store, doc) for doc in store.by("tag", "resource", resource)]


def named_tags(store: Store, resource: str) -> list[Row]:
    """The tags of an object whose row doesn't say where their domain lies."""
    told = tags(store, resource)
    for row in told:
        del row["domainpath"]
    return told


def bare_tags(store: Store, resource: str) -> list[Row]:
    """The tags of an object whose row tells only what they say."""
    return [
        {"key": doc["key"], "value": doc["value"]} for doc in store.by("tag", "resource", resource)
    ]


def job_of(store: Store, resource: str) -> Row:
    """The job that is at work on an object, as its row tells it."""
    jobs = [job for job in store.by("job", "about", resource) if JOBS[job["command"]][1]]
    return {"jobid": jobs[0]["id"], "jobstatus": 0} if jobs else {}


def zone_of(store: Store, key: str) -> Row:
    """The zone that something lies in."""
    return {"zoneid": key, "zonename": store.get("zone", key)["name"]}


def network(store: Store, doc: Doc) -> Row:
    """A network: shared, isolated, or a tier of a VPC."""
    offering = store.get("networkoffering", doc["offeringid"])
    vpc = store.get("vpc", doc["vpcid"]) if doc["vpcid"] else None
    acl = store.get("acllist", doc["aclid"]) if doc["aclid"] else None
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "displaytext": doc["displaytext"],
            "broadcastdomaintype": "Native" if doc["type"] == "Shared" else "Vlan",
            "traffictype": "Guest",
            "gateway": doc["gateway"],
            "netmask": doc["netmask"],
            "cidr": doc["cidr"],
            **zone_of(store, doc["zoneid"]),
            "networkofferingid": offering["id"],
            "networkofferingname": offering["name"],
            "networkofferingdisplaytext": offering["displaytext"],
            "networkofferingconservemode": True,
            "networkofferingavailability": offering["availability"],
            "issystem": False,
            "state": doc["state"],
            "related": doc["id"],
            "dns1": "192.0.2.53",
            "type": doc["type"],
            "vpcid": vpc and vpc["id"],
            "vpcname": vpc and vpc["name"],
            "aclid": acl and acl["id"],
            "aclname": acl and acl["name"],
            "acltype": "Domain" if doc["type"] == "Shared" else "Account",
            "subdomainaccess": True if doc["type"] == "Shared" else None,
            **_whose(store, doc),
            "service": of_network(offering),
            "networkdomain": doc["networkdomain"],
            "restartrequired": False,
            "specifyipranges": doc["type"] == "Shared",
            "canusefordeploy": True,
            "ispersistent": False,
            "tags": tags(store, doc["id"]),
            "displaynetwork": True,
            "egressdefaultpolicy": offering.get("egressdefaultpolicy", False)
            if doc["type"] == "Isolated" and vpc is None
            else None,
            "physicalnetworkid": _PHYSICAL,
            "specifyvlan": doc["type"] == "Shared",
            "privatemtu": 1500,
            "publicmtu": 1500,
            "receivedbytes": 0,
            "sentbytes": 0,
            "strechedl2subnet": False,
            "redundantrouter": False,
            "supportsvmautoscaling": doc["type"] == "Isolated",
            "created": doc["created"],
            "hasannotations": False,
        }
    )


def _whose(store: Store, doc: Doc) -> Row:
    told = owner(store, doc["owner"])
    if doc["type"] == "Shared":
        # It belongs to a domain.
        del told["account"]
    return told


def vpc(store: Store, doc: Doc) -> Row:
    """A VPC with its tiers."""
    offering = store.get("vpcoffering", doc["offeringid"])
    return {
        "id": doc["id"],
        "name": doc["name"],
        "displaytext": doc["displaytext"],
        "state": doc["state"],
        **zone_of(store, doc["zoneid"]),
        "service": of_vpc(),
        "cidr": doc["cidr"],
        "vpcofferingid": offering["id"],
        "vpcofferingname": offering["name"],
        "created": doc["created"],
        **owner(store, doc["owner"]),
        "network": [network(store, tier) for tier in store.by("network", "vpc", doc["id"])],
        "restartrequired": False,
        "networkdomain": doc["networkdomain"],
        "tags": bare_tags(store, doc["id"]),
        "fordisplay": True,
        "publicmtu": 1500,
        "distributedvpcrouter": False,
        "regionlevelvpc": False,
        "redundantvpcrouter": False,
        "hasannotations": False,
    }


def acl_list(store: Store, doc: Doc) -> Row:
    """A list of network ACL items."""
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "description": doc["description"],
            "vpcid": doc["vpcid"],
            "vpcname": doc["vpcid"] and store.get("vpc", doc["vpcid"])["name"],
            "fordisplay": True,
        }
    )


def acl_item(store: Store, doc: Doc) -> Row:
    """An item of a network ACL list; ports are strings here, unlike in security groups."""
    acl = store.get("acllist", doc["aclid"])
    return drop_nulls(
        {
            "id": doc["id"],
            "protocol": doc["protocol"],
            "startport": None if doc["startport"] is None else str(doc["startport"]),
            "endport": None if doc["endport"] is None else str(doc["endport"]),
            "icmptype": doc["icmptype"],
            "icmpcode": doc["icmpcode"],
            "cidrlist": ",".join(doc["cidrlist"]),
            "traffictype": doc["traffictype"],
            "state": doc["state"],
            "action": doc["action"],
            "number": doc["number"],
            "aclid": acl["id"],
            "aclname": acl["name"],
            "reason": doc["reason"],
            "fordisplay": True,
            "tags": tags(store, doc["id"]),
        }
    )


def rule(store: Store, entry: Doc) -> Row:
    """A rule of a security group."""
    return drop_nulls(
        {
            "ruleid": entry["id"],
            "protocol": entry["protocol"],
            "startport": entry["startport"],
            "endport": entry["endport"],
            "icmptype": entry["icmptype"],
            "icmpcode": entry["icmpcode"],
            "cidr": entry["cidr"],
            "securitygroupname": entry["group"],
            "account": entry["account"],
            "tags": tags(store, entry["id"]),
        }
    )


def security_group(store: Store, doc: Doc, only: frozenset[str] | None = None) -> Row:
    """A security group; ``only`` tells nothing but the rules with these ids, which are new."""
    members = store.by("vm", "securitygroup", doc["id"])
    rules = store.by("sgrule", "group", doc["id"])
    shown = [entry for entry in rules if only is None or entry["id"] in only]
    told = {
        "id": doc["id"],
        "name": doc["name"],
        "description": doc["description"],
        **owner(store, doc["owner"]),
        "ingressrule": [rule(store, e) for e in shown if e["direction"] == "ingress"],
        "egressrule": [rule(store, e) for e in shown if e["direction"] == "egress"],
        "tags": tags(store, doc["id"]),
    }
    if only is not None:
        for fresh in (*told["ingressrule"], *told["egressrule"]):
            del fresh["tags"]
        return {**told, "virtualmachineids": []}
    return {
        **told,
        "virtualmachinecount": len(members),
        "virtualmachineids": [vm["id"] for vm in members],
    }


def address(store: Store, doc: Doc) -> Row:
    """A public IP address."""
    guest = store.get("network", doc["networkid"]) if doc["networkid"] else None
    vm = store.get("vm", doc["virtualmachineid"]) if doc["virtualmachineid"] else None
    nic = vm and next((n for n in vm["nics"] if n["networkid"] == doc["networkid"]), None)
    return drop_nulls(
        {
            "id": doc["id"],
            "ipaddress": doc["ipaddress"],
            "allocated": doc["created"],
            **zone_of(store, doc["zoneid"]),
            "issourcenat": doc["issourcenat"],
            **owner(store, doc["owner"]),
            "forvirtualnetwork": True,
            "isstaticnat": vm is not None,
            "issystem": False,
            "associatednetworkid": guest and guest["id"],
            "associatednetworkname": guest and guest["name"],
            "vpcid": doc["vpcid"],
            "vpcname": doc["vpcid"] and store.get("vpc", doc["vpcid"])["name"],
            "virtualmachineid": vm and vm["id"],
            "virtualmachinename": vm and vm["name"],
            "virtualmachinedisplayname": vm and vm["displayname"],
            "virtualmachinetype": "User" if vm else None,
            "vmipaddress": nic and nic["ipaddress"],
            "networkid": _PUBLIC,
            "physicalnetworkid": _PHYSICAL,
            "forsystemvms": False,
            "forprovider": False,
            "state": doc["state"],
            "tags": bare_tags(store, doc["id"]),
            "isportable": doc.get("portable", False),
            "hasrules": any(
                store.has(kind, "address", doc["id"]) for kind in ("fwrule", "pfrule", "lbrule")
            ),
            "fordisplay": True,
            "hasannotations": False,
        }
    )


def keypair(store: Store, doc: Doc) -> Row:
    """An SSH key pair."""
    row = {
        "id": doc["id"],
        "name": doc["name"],
        "fingerprint": doc["fingerprint"],
        **owner(store, doc["owner"]),
        "hasannotations": False,
    }
    del row["domainpath"]  # the only response of an owned object that has none
    return row
