"""Under which key CloudStack answers: derived from the models, as neither source tells all of it.

A list comes as ``{"count": 2, "zone": [...]}``, an object of a synchronous command or of a job as
``{"securitygroup": {...}}``. The key of a list is known for commands that a table lists; the key
of an object is the one under which the list command of the same response class lists it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ALIKE = 0.85
"""Share of common field names from which two responses count as the same class."""

_JOB_FIELDS = frozenset({"jobid", "jobstatus"})
_STATUS_FIELDS = frozenset({"success", "displaytext"})

# Objects that are called otherwise than their list (the server's setObjectName calls, and
# recorded answers).
_OBJECT_KEYS = {
    "associateIpAddress": "ipaddress",
    "authorizeSecurityGroupEgress": "securitygroup",
    "authorizeSecurityGroupIngress": "securitygroup",
    "createLoadBalancerRule": "loadbalancer",
    "updateLoadBalancerRule": "loadbalancer",
    "createSSHKeyPair": "keypair",
    "registerSSHKeyPair": "keypair",
    "registerUserKeys": "userkeys",
    "getUserKeys": "userkeys",
    "getVMPassword": "password",
    "updateConfiguration": "configuration",
    "createConsoleEndpoint": "consoleendpoint",
    "extractTemplate": "template",
    "createVlanIpRange": "vlan",
    "updateVlanIpRange": "vlan",
    "reserveIpAddress": "ipaddress",
    "updateIpAddress": "ipaddress",
    "updateBackupSchedule": "backupschedule",
    "scaleVirtualMachine": "virtualmachine",
    "uploadCustomCertificate": "customcertificate",
}
ANSWERED_AS = {
    "authorizeSecurityGroupEgress": "listSecurityGroups",
    "authorizeSecurityGroupIngress": "listSecurityGroups",
    "scaleVirtualMachine": "listVirtualMachines",
}
"""Commands whose job results hold a row of this list, whatever the command is annotated with."""

# Their answers are flat, with no key around the fields.
_FLAT = frozenset({"login", "oauthlogin", "logout", "queryAsyncJobResult"})


def guess_list_key(command: str) -> str | None:
    """The likely key of a list command's rows, for a command that no model knows."""
    if not command.startswith("list"):
        return None
    noun = command.removeprefix("list").removesuffix("UsageHistory").removesuffix("Metrics")
    return singular(noun.lower()) or None


def singular(noun: str) -> str:
    """A lower-case English plural's singular, by its ending alone."""
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if re.search(r"(ss|sh|ch|x)es$", noun):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us")) else noun


def answer_keys(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The object key of every command for which it can be known.

    Args:
        documents: command files by command; those with a ``list`` or ``object`` are left out.
    """
    lists: list[tuple[str, str, frozenset[str]]] = []
    for name, document in documents.items():
        if document.get("list") and name.startswith("list"):
            noun = singular(name.removeprefix("list").lower())
            lists.append((noun, document["list"], _fields(document)))
    keys: dict[str, str] = {}
    for name, document in documents.items():
        if "list" in document or "object" in document or name in _FLAT:
            continue
        key = _OBJECT_KEYS.get(name) or _key_of_twin(name.lower(), _fields(document), lists)
        if key is not None:
            keys[name] = key
    return keys


def _fields(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(document["response"]) - _JOB_FIELDS


def _key_of_twin(
    name: str, fields: frozenset[str], lists: list[tuple[str, str, frozenset[str]]]
) -> str | None:
    """The key of the list command whose rows look like ``fields``, best by the noun in ``name``."""
    if not fields - _STATUS_FIELDS:
        return None
    twins = [
        (noun, key)
        for noun, key, row in lists
        if row and len(row & fields) >= _ALIKE * len(row | fields)
    ]
    named = [(len(noun), key) for noun, key in twins if noun in name]
    if named:
        return max(named)[1]
    different = {key for _, key in twins}
    return different.pop() if len(different) == 1 else None
