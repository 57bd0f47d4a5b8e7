"""Instances and volumes told as CloudStack's response objects."""

from __future__ import annotations

from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.rows import Row, job_of, named_tags, owner, zone_of
from gstack_pyramid.simulator.store import Doc, Store

EVERYTHING = frozenset(
    ("nics", "secgrp", "affgrp", "tmpl", "servoff", "volume", "group", "backoff", "stats")
)
"""The parts of an instance's row that ``details`` switches."""

_ON_A_HOST = frozenset(("Starting", "Running", "Stopping", "Migrating"))
_WIRED = _ON_A_HOST | {"Error"}
"""The states in which an instance's networks are plugged in."""

_DEPLOYING = {"deployvm": "true"}
"""A detail of instances that have not been deployed yet, or could not be."""

_DISK_USE = ("diskioread", "diskiowrite", "diskkbsread", "diskkbswrite")
_MEMORY_USE = ("memoryintfreekbs", "memorykbs", "memorytargetkbs")


def virtual_machine(store: Store, vm: Doc, details: frozenset[str] = EVERYTHING) -> Row:
    """An instance, with the parts that ``details`` names."""
    template = store.get("template", vm["templateid"])
    row: Row = {
        "id": vm["id"],
        "name": vm["name"],
        "displayname": vm["displayname"],
        **owner(store, vm["owner"]),
        "userid": vm["userid"],
        "username": vm["username"],
        "created": vm["created"],
        "lastupdated": vm["lastupdated"],
        "state": vm["state"],
        "haenable": vm["haenable"],
        **zone_of(store, vm["zoneid"]),
        "guestosid": template["ostypeid"],
        "ostypeid": template["ostypeid"],
        "osdisplayname": store.get("ostype", template["ostypeid"])["name"],
        "hypervisor": "KVM",
        "arch": "x86_64",
        "instancename": vm["instancename"],
        "keypairs": ",".join(vm["keypairs"]) or None,
        "details": {**vm["details"], **(_DEPLOYING if vm.get("deploying") else {})},
        "displayvm": True,
        "isdynamicallyscalable": vm["dynamic"],
        "deleteprotection": vm["deleteprotection"],
        "hasannotations": False,
        **(_backed_up(store, vm) if "backoff" in details else {}),
        "affinitygroup": [],
        "securitygroup": [],
        "nic": [],
        "tags": named_tags(store, vm["id"]),
        "readonlydetails": "dataDiskController, rootDiskController",
        "receivedbytes": 0,
        "sentbytes": 0,
        "hostcontrolstate": "Enabled" if vm["state"] in _ON_A_HOST else None,
        **job_of(store, vm["id"]),
    }
    if "group" in details and vm["groupid"]:
        row["groupid"] = vm["groupid"]
        row["group"] = store.get("instancegroup", vm["groupid"])["name"]
    for group in store.by("asgroup", "vm", vm["id"]):
        row["autoscalevmgroupid"] = group["id"]
        row["autoscalevmgroupname"] = group["name"]
    if vm.get("booted"):
        # Told from a deployment to the next stop.
        row["bootmode"], row["boottype"] = "Legacy", "BIOS"
    if "tmpl" in details:
        row["passwordenabled"] = template["passwordenabled"]
        row["templateid"] = template["id"]
        row["templatename"] = template["name"]
        row["templatedisplaytext"] = template["displaytext"]
        row["templatetype"] = template.get("templatetype", "USER")
        row["templateformat"] = "QCOW2"
    if "servoff" in details:
        offering = store.get("serviceoffering", vm["offeringid"])
        row["serviceofferingid"] = offering["id"]
        row["serviceofferingname"] = offering["name"]
        row["cpunumber"] = vm["cpunumber"]
        row["cpuspeed"] = vm["cpuspeed"]
        row["memory"] = vm["memory"]
    root = [doc for doc in store.by("volume", "vm", vm["id"]) if doc["type"] == "ROOT"]
    if "volume" in details and root:
        row["rootdeviceid"] = 0
        row["rootdevicetype"] = "ROOT"
    if root and root[0]["state"] == "Ready":
        row["pooltype"] = "NetworkFilesystem"
    if "secgrp" in details:
        groups = (store.get("securitygroup", key) for key in vm["securitygroupids"])
        row["securitygroup"] = [
            {
                "id": group["id"],
                "name": group["name"],
                "description": group["description"],
                **_account(store, group),
                "ingressrule": [],
                "egressrule": [],
                "tags": [],
                "virtualmachineids": [],
            }
            for group in groups
        ]
    if "affgrp" in details:
        groups = (store.get("affinitygroup", key) for key in vm.get("affinitygroupids", ()))
        row["affinitygroup"] = [
            {key: group[key] for key in ("id", "name", "description") if group[key]}
            | {"account": owner(store, vm["owner"]).get("account")}
            for group in groups
        ]
    _add_public_address(store, vm, row)
    if "nics" in details:
        row["nic"] = [_nic(store, vm, nic) for nic in vm["nics"]]
        if vm["nics"]:
            row["ipaddress"] = vm["nics"][0]["ipaddress"]
    return drop_nulls(row)


def use_of(vm: Doc, now: float) -> Row:
    """How busy an instance is: something else each minute, as ``vm.stats.interval`` has it."""
    if vm["state"] != "Running":
        return {}
    minutes = int(now // 60)
    return {
        "cpuused": f"{minutes % 100}%",
        "networkkbsread": minutes,
        "networkkbswrite": minutes // 2,
        **dict.fromkeys(_DISK_USE, minutes // 3),
        **dict.fromkeys(_MEMORY_USE, 0),
    }


def _backed_up(store: Store, vm: Doc) -> Row:
    key = vm.get("backupofferingid")
    if key is None:
        return {}
    name = store.get("backupoffering", key)["name"]
    return {"backupofferingid": key, "backupofferingname": name}


def _account(store: Store, doc: Doc) -> Row:
    whose = owner(store, doc["owner"])
    return {key: whose[key] for key in ("account", "project", "projectid") if key in whose}


def members(store: Store, group: Doc) -> list[Doc]:
    """The machines of an affinity group."""
    return [
        vm
        for vm in store.by("vm", "owner", group["owner"])
        if group["id"] in vm.get("affinitygroupids", ())
    ]


def affinity_group(store: Store, doc: Doc) -> Row:
    """An affinity group with the ids of its machines."""
    machines = [vm["id"] for vm in members(store, doc)]
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "description": doc["description"],
            "type": doc["type"],
            **owner(store, doc["owner"]),
            "virtualmachineIds": machines or None,
        }
    )


def _add_public_address(store: Store, vm: Doc, row: Row) -> None:
    for address in store.by("ip", "vm", vm["id"]):
        row["publicipid"] = address["id"]
        row["publicip"] = address["ipaddress"]


def _nic(store: Store, vm: Doc, nic: Doc) -> Row:
    network = store.get("network", nic["networkid"])
    row: Row = {
        "id": nic["id"],
        "networkid": network["id"],
        "networkname": network["name"],
        "netmask": network["netmask"],
        "gateway": network["gateway"],
        "ipaddress": nic["ipaddress"],
        "macaddress": nic["macaddress"],
        "traffictype": "Guest",
        "type": network["type"],
        "isdefault": nic["isdefault"],
        "deviceid": str(nic["deviceid"]),
        "secondaryip": [],
        "extradhcpoption": [],
    }
    if vm["state"] in _WIRED or nic.get("wired"):
        row["isolationuri"] = row["broadcasturi"] = f"vlan://{network['serial']}"
    for address in store.by("ip", "vm", vm["id"]):
        if address["networkid"] == network["id"]:
            row["publicipid"] = address["id"]
            row["publicip"] = address["ipaddress"]
    if network["vpcid"]:
        row["vpcid"] = network["vpcid"]
        row["vpcname"] = store.get("vpc", network["vpcid"])["name"]
    return row


def volume(store: Store, doc: Doc) -> Row:
    """A volume: the root disk of an instance, or a data disk."""
    vm = store.get("vm", doc["virtualmachineid"]) if doc["virtualmachineid"] else None
    disk = store.get("diskoffering", doc["diskofferingid"]) if doc["diskofferingid"] else None
    service = (
        store.get("serviceoffering", doc["serviceofferingid"]) if doc["serviceofferingid"] else None
    )
    template = store.get("template", doc["templateid"]) if doc["templateid"] else None
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            **zone_of(store, doc["zoneid"]),
            "type": doc["type"],
            "deviceid": doc["deviceid"],
            "virtualmachineid": vm and vm["id"],
            "vmname": vm and vm["name"],
            "vmdisplayname": vm and vm["displayname"],
            "vmstate": vm and vm["state"],
            "vmtype": vm and "User",
            "attached": doc["attached"],
            "provisioningtype": "thin",
            "size": doc["size"],
            "created": doc["created"],
            "state": "Uploading" if doc["state"] == "UploadOp" else doc["state"],
            "status": "0% Uploaded" if doc["state"] == "UploadOp" else None,
            **owner(store, doc["owner"]),
            "storagetype": "shared",
            "hypervisor": "KVM" if doc["state"] == "Ready" else "None",
            "diskofferingid": disk and disk["id"],
            "diskofferingname": disk and disk["name"],
            "diskofferingdisplaytext": disk and disk["displaytext"],
            # That of a root volume is told by its number, which leads nowhere.
            "serviceofferingid": service and str(service["serial"]),
            "serviceofferingname": service and service["name"],
            "serviceofferingdisplaytext": service and service["displaytext"],
            "templateid": template and template["id"],
            "templatename": template and template["name"],
            "templatedisplaytext": template and template["displaytext"],
            "destroyed": False,
            "isextractable": True,
            "displayvolume": True,
            "quiescevm": False,
            "supportsstoragesnapshot": False,
            "deleteprotection": doc["deleteprotection"],
            "hasannotations": False,
            **(dict.fromkeys(_DISK_USE, 0) if vm and doc["state"] == "Ready" else {}),
            **job_of(store, doc["id"]),
            "tags": named_tags(store, doc["id"]),
        }
    )
