"""Templates: listing them, and who may use them.

The catalogue's templates belong to the cloud and are in every zone. Those that users make belong
to them, and are in the zones that they were made in or copied to.
"""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.faults import denied, invalid, parameter
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.listing import (
    Test,
    containing,
    flagged,
    listed,
    public,
    referring,
    same,
    select,
    tagged,
)
from gstack_pyramid.simulator.rows import Row, named_tags, owner, zone_of
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import NOT_YOURS, Actor, Answer

_FILTERS = frozenset(
    ("featured", "self", "selfexecutable", "sharedexecutable", "executable", "community", "all")
)
_FILTER_CLASS = "com.cloud.template.VirtualMachineTemplate.TemplateFilter"
_ONLY_READY = frozenset(("featured", "selfexecutable", "sharedexecutable", "community"))
_OPERATIONS = ("add", "remove", "reset")


def in_zones(store: Store, doc: Doc) -> list[str]:
    """The ids of the zones that a template is in."""
    if doc["owner"] is None:
        return [zone["id"] for zone in store.all("zone")]
    return list(doc["zones"])


def template(store: Store, doc: Doc, zone: str) -> Row:
    """The row of a template in one of its zones."""
    system = store.get("ostype", doc["ostypeid"])
    whose = {
        "account": "admin",
        "domain": store.all("domain")[0]["name"],
        "domainid": store.all("domain")[0]["id"],
        "domainpath": "ROOT",
    }
    if doc["owner"] is not None:
        whose = owner(store, doc["owner"])
    ready = doc.get("ready", True)
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "displaytext": doc["displaytext"],
            "ispublic": doc.get("public", True),
            "created": doc["created"],
            "isready": ready,
            "passwordenabled": doc["passwordenabled"],
            "format": doc.get("format", "QCOW2"),
            "isfeatured": doc.get("featured", True),
            "crossZones": doc["owner"] is None,
            "ostypeid": system["id"],
            "ostypename": system["name"],
            **whose,
            **zone_of(store, zone),
            # Of the catalogue's templates nothing is said of their download.
            "status": _status(doc, ready),
            "size": doc["size"] if ready else None,
            "physicalsize": doc["size"] // 8 if ready and doc["owner"] is None else None,
            "templatetype": doc.get("templatetype", "USER"),
            "hypervisor": "KVM",
            "arch": doc.get("arch", "x86_64"),
            "isextractable": doc.get("extractable", False),
            "bits": 64,
            "sshkeyenabled": doc.get("sshkeyenabled", True),
            "isdynamicallyscalable": doc.get("isdynamicallyscalable", True),
            "forcks": False,
            "downloaddetails": [
                {"downloadState": "DOWNLOADED", "datastore": "secondary", "downloadPercent": "100"}
            ]
            if ready
            else [],
            "directdownload": False,
            "deployasis": False,
            "requireshvm": doc.get("requireshvm", True),
            "url": doc.get("url"),
            "templatetag": doc.get("templatetag"),
            "sourcetemplateid": doc.get("sourcetemplateid"),
            "details": doc.get("details") or {},
            "tags": named_tags(store, doc["id"]),
            "hasannotations": False,
        }
    )


def _status(doc: Doc, ready: bool) -> str | None:
    if not ready:
        return "0% Downloaded"
    return None if doc["owner"] is None else "Download Complete"


def shared_with(actor: Actor, doc: Doc) -> bool:
    """Whether a template's permissions name the caller's account or one of its projects."""
    projects = {project["id"] for project in actor.projects()}
    return actor.account["name"] in doc.get("accounts", ()) or bool(
        projects & set(doc.get("projects", ()))
    )


def _filtered(call: Call, wanted: str) -> list[Test]:
    mine = set(call.audience())

    def test(doc: Doc) -> bool:
        if wanted in _ONLY_READY and not doc.get("ready", True):
            return False
        everybody, featured = bool(doc.get("public", True)), bool(doc.get("featured", True))
        if wanted == "featured":
            return everybody and featured
        if wanted == "community":
            return everybody and not featured
        if wanted in ("self", "selfexecutable"):
            return doc["owner"] in mine
        if wanted == "sharedexecutable":
            return doc["owner"] not in mine and shared_with(call, doc)
        return everybody or doc["owner"] in mine

    return [test]


@command("listTemplates")
def list_templates(call: Call) -> Answer:
    """Templates; each comes once for every zone that it is in, with the same id."""
    wanted = call.params.must("templatefilter").lower()
    if wanted not in _FILTERS:
        raise parameter(f"No enum constant {_FILTER_CLASS}.{call.params.must('templatefilter')}")
    if wanted == "all":
        raise invalid("Filter all can be specified by admin only")
    call.params.many("details")
    docs = select(
        public(call, "template"),
        _filtered(call, wanted),
        containing(call, "name", "name"),
        containing(call, "keyword", "name", "displaytext"),
        same(call, "arch"),
        flagged(call, "isready", "ready"),
        tagged(call),
    )
    hypervisor = call.params.text("hypervisor")
    if hypervisor is not None and hypervisor.lower() not in ("kvm", "any"):
        docs = []
    zones = {zone["id"] for zone in select(call.store.all("zone"), _zone(call))}
    pairs = [(doc, zone) for doc in docs for zone in in_zones(call.store, doc) if zone in zones]
    return listed(call, pairs, lambda pair: template(call.store, *pair))


def _zone(call: Call) -> list[Test]:
    return referring(call, "zoneid", "zone", "id")


@command("listTemplatePermissions")
def list_permissions(call: Call) -> Answer:
    """Who may use a template besides its owner, as the one object that it is."""
    doc = own(call, call.one("id", "template"))
    return {
        "templatepermission": {
            "id": doc["id"],
            "ispublic": doc["public"],
            "account": doc["accounts"],
            **({"projectids": doc["projects"]} if doc["projects"] else {}),
        }
    }


@command("updateTemplatePermissions")
def update_permissions(call: Call) -> Answer:
    """Publish a template, or share it with accounts and projects of the same domain.

    Source: ``TemplateManagerImpl.updateTemplateOrIsoPermissions`` of CloudStack.
    """
    doc = own(call, call.one("id", "template"))
    operation = (call.params.text("op") or "").lower()
    accounts, projects = call.params.many("accounts"), call.params.many("projectids")
    if (accounts or projects) and not operation:
        raise invalid("Please specify op: add, remove or reset")
    if operation and operation not in _OPERATIONS:
        raise invalid(
            f"Invalid operation on accounts: {operation}. "
            "Please specify one of add, remove, or reset"
        )
    changes: dict[str, object] = {}
    for name, field in (("ispublic", "public"), ("isextractable", "extractable")):
        if name in call.params:
            changes[field] = call.params.flag(name)
    if call.params.flag("isfeatured"):
        raise denied("Only root admins can make templates featured")
    if operation == "reset":
        changes.update(public=False, accounts=[], projects=[])
    elif operation:
        changes["accounts"] = _after(operation, doc["accounts"], _known(call, accounts))
        keys = [project["id"] for project in call.several("projectids", "project")]
        changes["projects"] = _after(operation, doc["projects"], keys)
    call.store.update(doc, **changes)
    return success()


def _after(operation: str, now: list[str], named: list[str]) -> list[str]:
    if operation == "add":
        return [*now, *(name for name in named if name not in now)]
    return [name for name in now if name not in named]


def _known(call: Call, names: list[str]) -> list[str]:
    there = {doc["name"] for doc in call.store.all("account")}
    for name in names:
        if name not in there:
            raise invalid(
                f"Unable to grant a launch permission to account {name} in domain "
                f"id={call.account['domainid']}, account not found.  No permissions updated, "
                "please verify the account names and retry."
            )
    return names


def own(actor: Actor, doc: Doc) -> Doc:
    """The template, if it is the caller's: what belongs to the cloud is nobody's to change.

    Raises:
        CommandError: 531.
    """
    if doc["owner"] is None:
        raise denied(NOT_YOURS)
    return actor.demand(doc)
