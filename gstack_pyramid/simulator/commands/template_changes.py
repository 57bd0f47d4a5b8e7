"""Making, changing, copying and deleting templates."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.commands.downloads import FORMATS, check_url, size_behind
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.commands.templates import in_zones, own, template
from gstack_pyramid.simulator.faults import hidden, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.placement import GIB, check_limit
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_FLAGS = ("sshkeyenabled", "isdynamicallyscalable", "requireshvm")
_KVM_FORMATS = ("QCOW2", "RAW", "TAR")


def _common(call: Call) -> dict[str, Any]:
    """What templates of any origin have."""
    system = call.one("ostypeid", "ostype")
    arch = call.params.text("arch")
    if arch not in (None, "x86_64", "aarch64"):
        raise invalid(f"Unsupported architecture: {arch}")
    bits = call.params.number("bits")
    if bits not in (None, 32, 64):
        raise invalid(f"Invalid bits: {bits}")
    return {
        "name": call.params.must("name"),
        "displaytext": call.params.text("displaytext") or call.params.must("name"),
        "ostypeid": system["id"],
        "passwordenabled": call.params.flag("passwordenabled"),
        "public": call.params.flag("ispublic"),
        "featured": False,
        "arch": arch or "x86_64",
        "details": call.params.merged("details"),
        "templatetag": call.params.text("templatetag"),
        "accounts": [],
        "projects": [],
    }


@command("createTemplate")
def create(call: Call) -> Answer:
    """Make a template of a volume that nothing writes to, or of a snapshot.

    Source: ``TemplateManagerImpl.createPrivateTemplateRecord`` of CloudStack.
    """
    volume, taken = call.maybe("volumeid", "volume"), call.maybe("snapshotid", "snapshot")
    if (volume is None) == (taken is None):
        raise invalid(
            "Failed to create private template record, please specify only one of volume ID and "
            "snapshot ID"
        )
    if volume is not None:
        _inactive(call, volume)
    source = call.store.get("volume", taken["volumeid"]) if taken else volume or {}
    if taken is not None and taken["state"] != "BackedUp":
        raise invalid(
            f"Snapshot id={taken['id']} is not in BackedUp state yet and can't be used for "
            "template creation"
        )
    values = _common(call)
    mine = call.creator()
    size = (taken or source)["size"]
    check_limit(call.store, mine, "template")
    check_limit(call.store, mine, "secondary_storage", size // GIB)
    origin = source["templateid"] and call.store.get("template", source["templateid"])
    doc = call.add(
        "template",
        mine,
        size=size,
        ready=False,
        # What must not leave the cloud doesn't by way of a machine either.
        extractable=bool(origin and origin.get("extractable")),
        zones=[(taken or source)["zoneid"]],
        sourcetemplateid=source["templateid"],
        format="QCOW2",
        **values,
    )
    return submit(call, ("Template", doc), queue=(taken or source)["id"], template=doc["id"])


def _inactive(call: Call, volume: Doc) -> None:
    vm = volume["virtualmachineid"] and call.store.get("vm", volume["virtualmachineid"])
    if vm and vm["state"] not in ("Stopped", "Destroyed"):
        # The volume is attached to a machine that is not stopped.
        raise hidden()
    if volume["state"] != "Ready":
        raise hidden()


@end("createTemplate")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.update(actor.store.get("template", arguments["template"]), ready=True)
    return _told(actor, doc)


def _told(actor: Actor, doc: Doc) -> Answer:
    return {"template": template(actor.store, doc, in_zones(actor.store, doc)[0])}


@command("registerTemplate")
def register(call: Call) -> Answer:
    """Let the zones download a template; the answer, a list, comes before the content does."""
    kind = call.params.must("format").upper()
    if kind not in FORMATS:
        raise invalid(f"Unable to register template: invalid format {kind}")
    hypervisor = call.params.must("hypervisor")
    if hypervisor.lower() != "kvm":
        raise invalid(
            f"Hypervisor Type: {hypervisor} is invalid. Supported Hypervisor types are KVM"
        )
    if kind not in _KVM_FORMATS:
        raise invalid(f"Format {kind} is not supported by the hypervisor KVM")
    url = call.params.must("url")
    check_url(kind, url)
    zones = [zone["id"] for zone in call.several("zoneids", "zone")]
    single = call.maybe("zoneid", "zone")
    if zones and single is not None:
        raise invalid("Both zoneid and zoneids cannot be specified at the same time")
    if single is not None:
        zones = [single["id"]]
    if not zones:
        zones = [zone["id"] for zone in call.store.all("zone")]
    values = _common(call)
    mine = call.creator()
    check_limit(call.store, mine, "template")
    size = size_behind(call.store, url)
    check_limit(call.store, mine, "secondary_storage", size // GIB)
    doc = call.add(
        "template",
        mine,
        size=size,
        ready=True,
        zones=zones,
        url=url,
        format=kind,
        extractable=call.params.flag("isextractable"),
        **{name: call.params.flag(name) for name in _FLAGS if name in call.params},
        **values,
    )
    return {"count": 1, "template": [template(call.store, doc, zones[0])]}


_TOLD = (
    *("id", "name", "displaytext", "ispublic", "created", "format", "isfeatured", "crossZones"),
    *("ostypeid", "ostypename", "account", "project", "projectid", "templatetype", "hypervisor"),
    *("domain", "domainpath", "domainid", "details", "bits", "isdynamicallyscalable", "tags"),
)
"""What is told of a template that was changed, which is none of its zones'."""


@command("updateTemplate")
def update(call: Call) -> Answer:
    """Change what a template is called and said to be."""
    doc = own(call, call.one("id", "template"))
    changes: dict[str, Any] = {}
    for name in ("name", "displaytext", "templatetag", "arch", "format"):
        if name in call.params:
            changes[name] = call.params.text(name)
    system = call.maybe("ostypeid", "ostype")
    if system is not None:
        changes["ostypeid"] = system["id"]
    if "passwordenabled" in call.params:
        changes["passwordenabled"] = call.params.flag("passwordenabled")
    if call.params.flag("cleanupdetails"):
        changes["details"] = {}
    elif "details" in call.params:
        changes["details"] = call.params.merged("details")
    doc = call.store.update(doc, **changes)
    row = template(call.store, doc, in_zones(call.store, doc)[0])
    told = {name: row[name] for name in _TOLD if name in row}
    return wrapped(call, {**told, "isready": False, "bootable": True})


@command("copyTemplate")
def copy(call: Call) -> Answer:
    """Copy a template to further zones, where it has the same id."""
    doc = own(call, call.one("id", "template"))
    single = call.maybe("destzoneid", "zone")
    zones = [zone["id"] for zone in call.several("destzoneids", "zone")]
    if (single is None) == (not zones):
        raise invalid("Either destzoneid or destzoneids parameters have to be specified.")
    source = call.maybe("sourcezoneid", "zone")
    if source is None:
        raise invalid("Please specify the source zone")
    if source["id"] not in doc["zones"]:
        raise invalid(f"There is no template {doc['id']} in zone {source['id']}")
    wanted = zones or [single["id"]] if single else zones
    if source["id"] in wanted:
        raise invalid("Please specify different source and destination zones.")
    return submit(call, ("Template", doc), template=doc["id"], zones=wanted)


@end("copyTemplate")
def _end_copy(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("template", arguments["template"], "Unable to find template with id {id}")
    zones = [*doc["zones"], *(key for key in arguments["zones"] if key not in doc["zones"])]
    return _told(actor, actor.store.update(doc, zones=zones))


@command("deleteTemplate")
def delete(call: Call) -> Answer:
    """Delete a template, from one zone or from all."""
    doc = own(call, call.one("id", "template"))
    zone = call.maybe("zoneid", "zone")
    return submit(
        call,
        ("Template", doc),
        template=doc["id"],
        zone=zone and zone["id"],
        forced=call.params.flag("forced"),
    )


@beginning("deleteTemplate")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there("template", arguments["template"], "Unable to find template with id {id}")
    if not doc["ready"]:
        raise invalid("Please specify a template that is not currently being downloaded.")
    if arguments["zone"] is not None and arguments["zone"] not in doc["zones"]:
        raise invalid(f"There is no template {doc['id']} in zone {arguments['zone']}")
    users = [vm for vm in actor.store.all("vm") if vm["templateid"] == doc["id"]]
    if users and not arguments["forced"]:
        raise invalid(
            f"Unable to delete template: {dumps.template(doc)} because VM instances: "
            f"[{','.join(dumps.machine(vm) for vm in users)}] are using it."
        )


@end("deleteTemplate")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("template", arguments["template"])
    left = [key for key in doc["zones"] if arguments["zone"] not in (None, key)]
    if left:
        actor.store.update(doc, zones=left)
    else:
        remove_tagged(actor, doc)
    return success()
