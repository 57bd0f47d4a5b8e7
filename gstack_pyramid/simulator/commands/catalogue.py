"""What every account sees: zones, regions, guest systems, what the cloud can do."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.list_apis import render_list_apis
from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.listing import (
    containing,
    listed,
    public,
    same,
    select,
    tagged,
)
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.wire import VERSION, Constant
from gstack_pyramid.simulator.world import Answer

_CATEGORY = str(uuid.uuid5(uuid.NAMESPACE_OID, "oscategory"))


@command("listZones")
def list_zones(call: Call) -> Answer:
    """Every zone; both are enabled."""
    call.params.flag("available")
    docs = select(
        public(call, "zone"),
        same(call, "name"),
        same(call, "networktype"),
        containing(call, "keyword", "name"),
        tagged(call),
    )
    return listed(call, docs, _zone)


def _zone(doc: Doc) -> dict[str, Any]:
    return {
        "id": doc["id"],
        "name": doc["name"],
        "networktype": doc["networktype"],
        "domain": doc.get("domain", "cs.internal"),
        "gputotal": 0,
        "gpuused": 0,
        "zonetoken": str(uuid.uuid5(uuid.NAMESPACE_OID, doc["id"])),
        "asnrange": "",
        "securitygroupsenabled": doc["securitygroupsenabled"],
        "allocationstate": "Enabled",
        "dhcpprovider": "VirtualRouter",
        "localstorageenabled": False,
        "type": "Core",
        "ismultiarch": False,
        "allowuserspecifyvrmtu": False,
        "routerprivateinterfacemaxmtu": 1500,
        "routerpublicinterfacemaxmtu": 1500,
        "isnsxenabled": False,
        "routedmodeenabled": False,
        "tags": [],
        "hasannotations": False,
    }


@command("listRegions")
def list_regions(call: Call) -> Answer:
    """The one region of CloudStack's own kind, which is not a region of GCE."""
    region = {
        "id": 1,
        "name": "Local",
        "endpoint": "http://localhost:8080/client/",
        "gslbserviceenabled": True,
        "portableipserviceenabled": False,
    }
    name, number = call.params.text("name"), call.params.number("id")
    fits = name in (None, region["name"]) and number in (None, region["id"])
    return listed(call, [region] if fits else [], dict)


@command("listHypervisors")
def list_hypervisors(call: Call) -> Answer:
    """KVM, in every zone."""
    call.resolve("zoneid", "zone")
    return listed(call, [{"name": "KVM"}], dict)


@command("listOsTypes")
def list_os_types(call: Call) -> Answer:
    """Guest operating systems."""
    docs = select(
        public(call, "ostype"),
        same(call, "description", "name"),
        containing(call, "keyword", "name"),
    )
    return listed(call, docs, _os_type)


def _os_type(doc: Doc) -> dict[str, Any]:
    return {
        "id": doc["id"],
        "name": doc["name"],
        "description": doc["name"],
        "oscategoryid": _CATEGORY,
        "oscategoryname": "Other",
        "isuserdefined": False,
        "fordisplay": True,
    }


@command("listCapabilities")
def list_capabilities(call: Call) -> Answer:
    """What the cloud is and allows."""
    return {
        "capability": {
            "cloudstackversion": VERSION,
            "securitygroupsenabled": True,
            "supportELB": "false",
            "projectinviterequired": False,
            "allowusercreateprojects": True,
            "userpublictemplateenabled": True,
            "regionsecondaryenabled": False,
            "kvmsnapshotenabled": False,
            "customdiskofferingminsize": 1,
            "customdiskofferingmaxsize": 1024,
            "allowuserviewdestroyedvm": False,
            "allowuserexpungerecovervm": call.world.settings.users_expunge,
            "allowuserexpungerecovervolume": True,
            "allowuserviewalldomainaccounts": False,
            "allowuserforcestopvm": True,
            "dynamicrolesenabled": True,
            "dynamicscalingenabled": call.world.settings.dynamic_scaling,
            "kubernetesserviceenabled": False,
            "kubernetesclusterexperimentalfeaturesenabled": False,
            "defaultuipagesize": 20,
            "customhypervisordisplayname": "Custom",
            "additionalconfigenabled": False,
            "instanceleaseenabled": False,
            "instancesstatsretentiontime": 720,
            "instancesstatsuseronly": False,
            "instancesdisksstatsretentionenabled": False,
            "instancesdisksstatsretentiontime": 720,
            "sharedfsvmmincpucount": 2,
            "sharedfsvmminramsize": 1024,
        }
    }


@lru_cache(maxsize=16)
def _apis(model: CloudStackModel, allowed: frozenset[str]) -> Constant:
    """All that is told of some commands: two megabytes."""
    apis = [api for api in render_list_apis(model)["api"] if api["name"] in allowed]
    return Constant({"count": len(apis), "api": apis})


@command("listApis")
def list_apis(call: Call) -> Answer:
    """Every command that the caller's role has; where roles don't count that is the whole model, so
    that a model taken from here is the same again.
    """
    name = call.params.text("name")
    world = call.world
    known = frozenset(name for name in world.model.commands if world.allows(call.account, name))
    allowed = _apis(world.model, known)
    if name is None:
        return allowed
    apis = [api for api in allowed["api"] if api["name"].lower() == name.lower()]
    if not apis:
        raise invalid(f"Api with name '{name}' not found")
    return {"count": 1, "api": apis}
