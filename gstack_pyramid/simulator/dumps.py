"""Objects as the real server puts them into its sentences: a word, and JSON of a few fields.

Source: ``toString`` of the value objects of CloudStack 4.22, and recorded errors. The numbers are
those of the database, which no answer tells otherwise.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from gstack_pyramid.simulator.store import Doc


def _dump(word: str, fields: dict[str, Any], *, spaced: bool = False) -> str:
    marks = (", ", ": ") if spaced else (",", ":")
    return f"{word} {json.dumps(fields, separators=marks)}"


def machine(doc: Doc) -> str:
    """An instance."""
    fields = {
        "id": doc["serial"],
        "instanceName": doc["instancename"],
        "state": doc["state"],
        "type": "User",
        "uuid": doc["id"],
    }
    return _dump("VM instance", fields)


def volume(doc: Doc, number: int | None) -> str:
    """A volume; ``number`` is that of the instance it is attached to."""
    fields = {
        "id": doc["serial"],
        "instanceId": number,
        "name": doc["name"],
        "uuid": doc["id"],
        "volumeType": doc["type"],
    }
    return _dump("Volume", fields)


def vpc(doc: Doc) -> str:
    """A VPC."""
    return _dump("VPC", {"id": doc["serial"], "name": doc["name"], "uuid": doc["id"]})


def network(doc: Doc, offering: Doc) -> str:
    """A network, which unlike all others is written with spaces."""
    fields = {
        "id": doc["serial"],
        "name": doc["name"],
        "uuid": doc["id"],
        "networkofferingid": offering["serial"],
    }
    return _dump("Network", fields, spaced=True)


def template(doc: Doc) -> str:
    """A template."""
    unique = uuid.uuid5(uuid.NAMESPACE_OID, doc["id"])
    fields = {
        "format": doc.get("format", "QCOW2"),
        "id": doc["serial"],
        "name": doc["name"],
        "uniqueName": f"{doc['serial']}-1-{unique}",
        "uuid": doc["id"],
    }
    return _dump("Template", fields)


_PURPOSES = {"fwrule": "Firewall", "pfrule": "PortForwarding", "lbrule": "LoadBalancing"}


def rule(doc: Doc, network: Doc) -> str:
    """A rule on a public address, of whatever kind."""
    fields = {
        "id": doc["serial"],
        "networkId": network["serial"],
        "purpose": _PURPOSES[doc["kind"]],
        "state": doc["state"],
        "uuid": doc["id"],
    }
    return _dump("FirewallRule", fields)
