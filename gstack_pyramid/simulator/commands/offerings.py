"""Offerings: of services (machine types), disks, networks and VPCs."""

from __future__ import annotations

import uuid
from typing import Any

from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.listing import (
    containing,
    flagged,
    listed,
    public,
    referring,
    same,
    select,
)
from gstack_pyramid.simulator.sample import GIB
from gstack_pyramid.simulator.services import of_offering, of_vpc
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Answer


@command("listServiceOfferings")
def list_service_offerings(call: Call) -> Answer:
    """Service offerings, the customizable one among them; the same in every zone."""
    call.resolve("zoneid", "zone")
    call.audience()
    tests = [
        same(call, "name"),
        containing(call, "keyword", "name", "displaytext"),
        flagged(call, "issystem"),
    ]
    for name in ("cpunumber", "memory"):
        wanted = call.params.number(name)
        if wanted is not None:
            tests.append([_at_least(name, wanted)])
    return listed(call, select(public(call, "serviceoffering"), *tests), _service_offering)


def _at_least(name: str, wanted: int) -> Any:
    return lambda doc: (doc[name] or 0) >= wanted


def _service_offering(doc: Doc) -> dict[str, Any]:
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "displaytext": doc["displaytext"],
            "cpunumber": doc["cpunumber"],
            "cpuspeed": doc["cpuspeed"],
            "memory": doc["memory"],
            "created": doc["created"],
            "state": "Active",
            "storagetype": "shared",
            "provisioningtype": "thin",
            "offerha": doc.get("offerha", True),
            "limitcpuuse": False,
            "isvolatile": False,
            "issystem": False,
            "defaultuse": False,
            "iscustomized": doc["custom"],
            "dynamicscalingenabled": True,
            "diskofferingstrictness": False,
            "encryptroot": False,
            "diskofferingid": str(uuid.uuid5(uuid.NAMESPACE_OID, doc["id"])),
            "diskofferingname": doc["name"],
            "diskofferingdisplaytext": doc["displaytext"],
            "gpudisplay": False,
            "rootdisksize": 0,
            "serviceofferingdetails": doc["details"] or None,
            "hasannotations": False,
            **doc.get("gpu", {}),
        }
    )


@command("listDiskOfferings")
def list_disk_offerings(call: Call) -> Answer:
    """Disk offerings; the same in every zone."""
    call.resolve("zoneid", "zone")
    call.audience()
    docs = select(
        public(call, "diskoffering"),
        same(call, "name"),
        containing(call, "keyword", "name", "displaytext"),
    )
    return listed(call, docs, _disk_offering)


def _disk_offering(doc: Doc) -> dict[str, Any]:
    return {
        "id": doc["id"],
        "name": doc["name"],
        "displaytext": doc["displaytext"],
        "disksize": doc["disksize"],
        "created": doc["created"],
        "state": "Active",
        "iscustomized": doc["custom"],
        "storagetype": "shared",
        "provisioningtype": "thin",
        "displayoffering": True,
        "disksizestrictness": False,
        "encrypt": False,
        "hasannotations": False,
    }


def disk_bytes(offering: Doc, size: int | None) -> int | str:
    """Bytes of a new volume of an offering, or the sentence that says why not."""
    if not offering["custom"]:
        if size is not None:
            return "This disk offering does not allow custom size"
        return int(offering["disksize"]) * GIB
    if size is None:
        return "This disk offering requires a custom size specified"
    if not 1 <= size <= 1024:
        return f"Volume size: {size}GB is out of allowed range. Min: 1. Max: 1024"
    return size * GIB


@command("listNetworkOfferings")
def list_network_offerings(call: Call) -> Answer:
    """Network offerings: shared with security groups, isolated, and for tiers of a VPC."""
    tests = [
        same(call, "name"),
        same(call, "guestiptype"),
        same(call, "availability"),
        flagged(call, "forvpc"),
        containing(call, "keyword", "name", "displaytext"),
    ]
    state, traffic = call.params.text("state"), call.params.text("traffictype")
    if (state or "Enabled").lower() != "enabled" or (traffic or "Guest").lower() != "guest":
        return {}
    tests.append([_offers(call)])
    zone = call.resolve("zoneid", "zone")
    if zone is not None and zone["networktype"] == "Basic":
        tests.append([lambda doc: doc["guestiptype"] == "Shared"])
    return listed(call, select(public(call, "networkoffering"), *tests), _network_offering)


def _offers(call: Call) -> Any:
    wanted = set(call.params.many("supportedservices"))
    return lambda doc: wanted <= {service["name"] for service in of_offering(doc)}


def _network_offering(doc: Doc) -> dict[str, Any]:
    return {
        "id": doc["id"],
        "name": doc["name"],
        "displaytext": doc["displaytext"],
        "traffictype": "Guest",
        "isdefault": True,
        "specifyvlan": doc["guestiptype"] == "Shared",
        "conservemode": True,
        "specifyipranges": doc["guestiptype"] == "Shared",
        "availability": doc["availability"],
        "state": "Enabled",
        "guestiptype": doc["guestiptype"],
        "service": of_offering(doc),
        "networkrate": 200,
        "serviceofferingid": doc["id"],
        "fornsx": False,
        "fortungsten": False,
        "internetprotocol": "IPv4",
        "specifyasnumber": False,
        "supportsinternallb": False,
        "forvpc": doc["forvpc"],
        "ispersistent": False,
        "egressdefaultpolicy": doc.get("egressdefaultpolicy", False),
        "supportsstrechedl2subnet": False,
        "supportspublicaccess": False,
        "created": doc["created"],
        "hasannotations": False,
    }


@command("listVPCOfferings")
def list_vpc_offerings(call: Call) -> Answer:
    """The VPC offering."""
    zone = call.resolve("zoneid", "zone")
    docs = select(
        public(call, "vpcoffering"),
        same(call, "name"),
        containing(call, "keyword", "name"),
        referring(call, "id", "vpcoffering"),
    )
    if "isdefault" in call.params and not call.params.flag("isdefault"):
        docs = []
    if zone is not None and zone["networktype"] == "Basic":
        docs = []
    if (call.params.text("state") or "Enabled").lower() != "enabled":
        docs = []
    return listed(call, docs, _vpc_offering)


def _vpc_offering(doc: Doc) -> dict[str, Any]:
    return {
        "id": doc["id"],
        "name": doc["name"],
        "displaytext": doc["displaytext"],
        "created": doc["created"],
        "isdefault": True,
        "state": "Enabled",
        "service": of_vpc(),
        "distributedvpcrouter": False,
        "supportsregionLevelvpc": False,
        "fornsx": False,
        "internetprotocol": "IPv4",
        "specifyasnumber": False,
    }
