"""One command being carried out, and the registry of those that the simulator knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.schemas.cloudstack import Command
from gstack_pyramid.simulator.faults import CommandError, denied, invalid
from gstack_pyramid.simulator.parameters import ALL_PROJECTS, Params, not_found
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_NOUNS = {
    "vm": "virtual machine",
    "acllist": "network ACL list",
    "aclitem": "network ACL item",
    "vpc": "VPC",
    "ip": "IP address",
    "securitygroup": "security group",
    "serviceoffering": "service offering",
    "diskoffering": "disk offering",
    "networkoffering": "network offering",
    "vpcoffering": "VPC offering",
    "fwrule": "firewall rule",
    "pfrule": "port forwarding rule",
    "lbrule": "load balancer rule",
    "staticroute": "static route",
    "vpngateway": "VPN gateway",
    "vpncustomer": "VPN customer gateway",
    "vpnconnection": "VPN connection",
    "sslcert": "SSL certificate",
    "aspolicy": "AutoScale Policy",
    "asprofile": "AutoScale Vm Profile",
    "asgroup": "AutoScale Vm Group",
}

_FORGOTTEN = frozenset(("sgrule", "fwrule", "pfrule", "lbrule", "aclitem"))
"""Kinds whose rows the real server deletes; of others it keeps them, marked as removed."""


@dataclass(slots=True)
class Call(Actor):
    """A command with its checked parameters, on behalf of an actor."""

    command: Command
    params: Params

    def resolve(self, name: str, kind: str) -> Doc | None:
        """The object, living or removed, that a UUID parameter names; None when it is absent.

        Raises:
            CommandError: 431 when nothing ever had that UUID.
        """
        key = self.params.text(name)
        return None if key is None else self.known(name, kind, key)

    def known(self, name: str, kind: str, key: str) -> Doc:
        """The object, living or removed, with a UUID that came in the parameter ``name``.

        Raises:
            CommandError: 431 when nothing ever had that UUID.
        """
        gone = kind in _FORGOTTEN and self.store.find(kind, key) is None
        if gone or not self.store.known(kind, key):
            raise not_found(self.command.name, name, key)
        return self.store.get(kind, key)

    def maybe(self, name: str, kind: str) -> Doc | None:
        """The living object that a UUID parameter names; None when the parameter is absent.

        Raises:
            CommandError: 431 when there is none, 531 when it is somebody else's.
        """
        doc = self.resolve(name, kind)
        return None if doc is None else self.usable(doc)

    def one(self, name: str, kind: str) -> Doc:
        """The living object that a required UUID parameter names.

        Raises:
            CommandError: 431 when there is none, 531 when it is somebody else's.
        """
        doc = self.maybe(name, kind)
        if doc is None:
            raise invalid(f"Unable to find {_NOUNS.get(kind, kind)}: {name} is not specified")
        return doc

    def several(self, name: str, kind: str) -> list[Doc]:
        """The living objects that a list of UUIDs names, each once.

        Raises:
            CommandError: 431 when there is none, 531 when one is somebody else's.
        """
        keys = dict.fromkeys(str(key).lower() for key in self.params.many(name))
        return [self.usable(self.known(name, kind, key)) for key in keys]

    def usable(self, doc: Doc) -> Doc:
        """The object, if it is alive and either the caller's or everybody's.

        Raises:
            CommandError: 431 when it has been removed, 531 when it is somebody else's.
        """
        if self.store.find(doc["kind"], doc["id"]) is None:
            noun = _NOUNS.get(doc["kind"], doc["kind"])
            raise invalid(f"Unable to find {noun} with ID: {doc['id']}")
        return doc if doc["owner"] is None else self.demand(doc)

    def project(self) -> Doc | None:
        """The project that ``projectid`` names.

        Raises:
            CommandError: 431 when there is none, 531 when it is somebody else's.
        """
        if self.params.text("projectid") in (None, ALL_PROJECTS):
            return None
        return self.maybe("projectid", "project")

    def creator(self) -> str:
        """Whose a new object will be: the account's, or the project's.

        Raises:
            CommandError: as for :meth:`project`; 431 and 531 for a wrong ``account``.
        """
        self._check_account()
        project = self.project()
        return str(project["id"] if project else self.account["id"])

    def audience(self) -> list[str]:
        """Whose objects a list shows: the account's, or with ``projectid`` a project's.

        Raises:
            CommandError: as for :meth:`creator`.
        """
        for name in ("listall", "isrecursive"):
            self.params.flag(name)
        if self.params.text("projectid") == ALL_PROJECTS:
            return [project["id"] for project in self.projects()]
        return [self.creator()]

    def _check_account(self) -> None:
        account, domain = self.params.text("account"), self.params.text("domainid")
        if domain is not None and domain != self.account["domainid"]:
            raise denied(
                f"Caller does not have permission to operate with provided domain {domain}"
            )
        if account is None:
            return
        if "projectid" in self.params:
            raise invalid("Account and projectId can't be specified together")
        if domain is None:
            raise invalid("Account must be specified with domainId")
        if account.lower() != self.account["name"].lower():
            raise denied(f"Caller does not have permission to operate with account {account}")


Handler = Callable[[Call], Answer]

HANDLERS: dict[str, Handler] = {}
"""What the simulator knows: a function for each command."""


def command(name: str) -> Callable[[Handler], Handler]:
    """Register the function that carries out a command."""

    def register(handler: Handler) -> Handler:
        if name in HANDLERS:
            raise ValueError(f"{name} has two functions")
        HANDLERS[name] = handler
        return handler

    return register


def success() -> Answer:
    """The answer of commands that have nothing to show."""
    return {"success": True}


def wrapped(call: Call, row: dict[str, Any]) -> Answer:
    """A synchronous answer around one object, under the key that the model names."""
    key = call.command.object_key
    if key is None:
        raise CommandError(530, f"The model knows no key for what {call.command.name} answers")
    return {key: row}
