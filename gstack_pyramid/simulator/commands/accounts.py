"""Accounts, users, CloudStack's projects, and limits. A user sees the own account only."""

from __future__ import annotations

import uuid
from typing import Any

from gstack_pyramid.schemas.roles import DOMAIN_ADMIN, ROOT_ADMIN, USER
from gstack_pyramid.simulator.calls import Call, command, wrapped
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.listing import containing, listed, owned, same, select
from gstack_pyramid.simulator.placement import limits, usage
from gstack_pyramid.simulator.rows import owner, tags
from gstack_pyramid.simulator.sample import RESOURCE_TYPES
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Answer

_PREFIXES = {
    "user_vm": "vm",
    "public_ip": "ip",
    "primary_storage": "primarystorage",
    "secondary_storage": "secondarystorage",
}

_TYPES = {USER: 0, DOMAIN_ADMIN: 2, ROOT_ADMIN: 1}
_ROLE_TYPES = {USER: "User", DOMAIN_ADMIN: "DomainAdmin", ROOT_ADMIN: "Admin"}


_UNUSED = ("backup", "backupstorage", "bucket", "objectstorage", "gpu")
"""What can be limited besides, and is not."""


def _quotas(call: Call, key: str) -> dict[str, Any]:
    """The limit, total and available fields of every resource."""
    row: dict[str, Any] = {}
    allowed, used = limits(call.store, key), usage(call.store, key)
    for name in RESOURCE_TYPES:
        prefix, limit, total = _PREFIXES.get(name, name), allowed[name], used[name]
        row[f"{prefix}limit"] = "Unlimited" if limit < 0 else str(limit)
        row[f"{prefix}total"] = total
        row[f"{prefix}available"] = "Unlimited" if limit < 0 else str(max(limit - total, 0))
    for prefix in _UNUSED:
        row.update({f"{prefix}limit": "Unlimited", f"{prefix}available": "Unlimited"})
        row[f"{prefix}total"] = 0
    row["secondarystoragetotal"] = float(row["secondarystoragetotal"])
    machines = call.store.by("vm", "owner", key)
    row["vmrunning"] = sum(vm["state"] == "Running" for vm in machines)
    row["vmstopped"] = sum(vm["state"] == "Stopped" for vm in machines)
    return row


@command("listAccounts")
def list_accounts(call: Call) -> Answer:
    """The caller's account."""
    call.audience()
    key = call.resolve("id", "account")
    docs = [] if key is not None and key["id"] != call.account["id"] else [call.account]
    docs = select(docs, same(call, "name"), containing(call, "keyword", "name"))
    if (call.params.text("state") or "enabled").lower() != "enabled":
        docs = []
    return listed(call, docs, lambda doc: _account(call, doc))


def _account(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "id": doc["id"],
        "name": doc["name"],
        **_role(doc),
        "domainid": doc["domainid"],
        "domain": doc["domain"],
        "domainpath": doc.get("domainpath", "ROOT"),
        "created": doc["created"],
        "state": "enabled",
        "isdefault": False,
        "groups": [],
        "user": [_user(call, user) for user in call.store.by("user", "owner", doc["id"])],
        "receivedbytes": 0,
        "sentbytes": 0,
        **_quotas(call, doc["id"]),
    }


def _role(account: Doc) -> dict[str, Any]:
    name = account.get("role") or USER
    return {
        "accounttype": _TYPES[name],
        "roleid": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "roletype": _ROLE_TYPES[name],
        "rolename": name,
    }


@command("listUsers")
def list_users(call: Call) -> Answer:
    """The users of the caller's account."""
    docs = select(owned(call, "user"), same(call, "username"))
    return listed(call, docs, lambda doc: _user(call, doc))


@command("getUser")
def get_user(call: Call) -> Answer:
    """The user with an API key, which may only be the account's own."""
    key = call.params.must("userapikey")
    for user in call.store.by("user", "apikey", key):
        if call.owns(user):
            return wrapped(call, _user(call, user))
    raise invalid("User does not exist in the system")


@command("getUserKeys")
def get_user_keys(call: Call) -> Answer:
    """Both keys of a user of the account; nothing for a user who has none."""
    return wrapped(call, _keys(call.one("id", "user")))


@command("registerUserKeys")
def register_user_keys(call: Call) -> Answer:
    """New keys for a user of the account. The old ones are void at once."""
    user = call.one("id", "user")
    keys = {"apikey": call.world.secret(86), "secretkey": call.world.secret(86)}
    return wrapped(call, _keys(call.store.update(user, **keys)))


def _keys(doc: Doc) -> dict[str, Any]:
    keys = {"apikey": doc["apikey"], "secretkey": doc["secretkey"]}
    return drop_nulls({**keys, "apikeyaccess": True})


def _user(call: Call, doc: Doc) -> dict[str, Any]:
    account = call.store.get("account", doc["owner"])
    return {
        "id": doc["id"],
        "username": doc["username"],
        "firstname": doc["firstname"],
        "lastname": doc["lastname"],
        "email": doc["email"],
        "created": doc["created"],
        "state": "enabled",
        "account": account["name"],
        "accountid": account["id"],
        **_role(account),
        "usersource": "native",
        "domainid": account["domainid"],
        "domain": account["domain"],
        **drop_nulls({"apikey": doc["apikey"]}),
        "iscallerchilddomain": False,
        "isdefault": False,
        "is2faenabled": False,
        "is2famandated": False,
    }


@command("listProjects")
def list_projects(call: Call) -> Answer:
    """The projects of the caller's account."""
    call.audience()
    docs = select(
        owned(call, "project"),
        same(call, "name"),
        same(call, "displaytext"),
        containing(call, "keyword", "name", "displaytext"),
    )
    if (call.params.text("state") or "active").lower() != "active":
        docs = []
    return listed(call, docs, lambda doc: _project(call, doc))


def _project(call: Call, doc: Doc) -> dict[str, Any]:
    account = call.store.get("account", doc["owner"])
    quotas = _quotas(call, doc["id"])
    return {
        "id": doc["id"],
        "name": doc["name"],
        "displaytext": doc["displaytext"],
        "domainid": account["domainid"],
        "domain": account["domain"],
        "created": doc["created"],
        "state": "Active",
        "owner": [{"account": account["name"]}],
        "projectaccountname": f"PrjAcct-{doc['name']}-1",
        "tags": tags(call.store, doc["id"]),
        **{key: value for key, value in quotas.items() if not key.startswith("project")},
    }


@command("listResourceLimits")
def list_resource_limits(call: Call) -> Answer:
    """What the account, or the project, is limited to; -1 is unlimited."""
    chosen = call.params.number("resourcetype")
    if chosen is not None and not 0 <= chosen < len(RESOURCE_TYPES):
        raise invalid(f"Please specify a valid resource type: {chosen}")
    name = call.params.text("resourcetypename")
    rows = []
    for key in call.audience():
        allowed = limits(call.store, key)
        for number, kind in enumerate(RESOURCE_TYPES):
            if chosen in (None, number) and name in (None, kind):
                told = {
                    "resourcetype": str(number),
                    "resourcetypename": kind,
                    "max": allowed[kind],
                    **owner(call.store, key),
                }
                rows.append(told)
    return listed(call, rows, dict)
