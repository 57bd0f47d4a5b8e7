"""gcutil of 2014, by its requests, for where gcutil isn't: it is Python 2, and in no registry.

``tests/clients/test_gcutil.py`` runs gcutil itself. With ``--fetch_discovery
--api_host=http://HOST:PORT/`` it makes its methods from the discovery document, so each request
here is built from the gateway's own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest

from ..support.gateway import Gateway, instance_body

ZONE = "ch-gva-2"


class Gcutil:
    """A client as gcutil's library makes one."""

    def __init__(self, gateway: Gateway) -> None:
        # No token: it asks for the document before it signs in.
        self.document = gateway.web.get("/discovery/v1/apis/compute/v1/rest").json
        self.gateway = gateway

    def __call__(self, resource: str, method: str, body: Any = None, **given: Any) -> Any:
        """The answer to a method with its parameters; ``project`` goes without saying."""
        entry = self.document["resources"][resource]["methods"][method]
        given = {"project": "demo-project", **given}
        assert set(entry["parameterOrder"]) <= given.keys() <= entry["parameters"].keys()
        path, query = entry["path"], {"alt": "json"}
        for name, value in given.items():
            if entry["parameters"][name]["location"] == "path":
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            else:
                query[name] = value
        url = f"{self.document['baseUrl']}{path}?{urlencode(query)}".removeprefix(
            "http://localhost"
        )
        return self.gateway.ask(entry["httpMethod"], url, body)

    def follow(self, operation: dict[str, Any]) -> None:
        """Ask about an operation, as it does again and again, when it is done."""
        self.gateway.finish(operation)
        name = operation["name"]
        if "zone" in operation:
            done = self("zoneOperations", "get", zone=ZONE, operation=name)
        else:
            done = self("globalOperations", "get", operation=name)
        assert done["status"] == "DONE"
        assert "error" not in done


@pytest.fixture
def gcutil(gateway: Gateway) -> Gcutil:
    return Gcutil(gateway)


def test_it_finds_a_zone_by_its_name(gcutil: Gcutil) -> None:
    (zone,) = gcutil("zones", "list", filter=f"name eq {ZONE}", maxResults=2)["items"]
    assert (zone["name"], zone["status"]) == (ZONE, "UP")
    assert "items" not in gcutil("zones", "list", filter="name eq nosuch", maxResults=2)


def test_it_adds_and_deletes_an_instance(gcutil: Gcutil, gateway: Gateway) -> None:
    (machine_type,) = gcutil("machineTypes", "list", zone=ZONE, filter="name eq small")["items"]
    wanted = {"filter": "name eq ^linux-ubuntu.*", "maxResults": 100}
    images = gcutil("images", "list", project="ubuntu-os-cloud", **wanted)["items"]
    assert gcutil("projects", "get")["name"] == "demo-project"
    network = gcutil("networks", "get", network="default")
    body = instance_body("from-2014") | {
        "kind": "compute#instance",
        "machineType": machine_type["selfLink"],
        "disks": [
            {
                "type": "PERSISTENT",
                "mode": "READ_WRITE",
                "boot": True,
                "autoDelete": True,
                "initializeParams": {"sourceImage": images[0]["selfLink"]},
            }
        ],
        "networkInterfaces": [
            {
                "network": network["selfLink"],
                "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "External NAT"}],
            }
        ],
    }
    operation = gcutil("instances", "insert", body, zone=ZONE)
    gcutil.follow(operation)
    # It follows the absolute link, and says alt=json nowhere.
    instance = gateway.ask("GET", operation["targetLink"].removeprefix("http://localhost"))
    assert (instance["name"], instance["status"]) == ("from-2014", "RUNNING")
    listed = gcutil("instances", "list", zone=ZONE, filter="name eq from-2014", maxResults=100)
    assert [each["name"] for each in listed["items"]] == ["from-2014"]
    gcutil.follow(gcutil("instances", "delete", zone=ZONE, instance="from-2014"))
    assert "items" not in gcutil("instances", "list", zone=ZONE, filter="name eq from-2014")


def test_it_adds_and_deletes_a_firewall(gcutil: Gcutil) -> None:
    network = gcutil("networks", "get", network="default")["selfLink"]
    body = {
        "kind": "compute#firewall",
        "name": "from-2014",
        "network": network,
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{"IPProtocol": "6", "ports": ["22"]}],
    }
    operation = gcutil("firewalls", "insert", body)
    assert operation["operationType"] == "insert"
    gcutil.follow(operation)
    firewall = gcutil("firewalls", "get", firewall="from-2014")
    assert firewall["allowed"] == [{"IPProtocol": "tcp", "ports": ["22"]}]
    gcutil.follow(gcutil("firewalls", "delete", firewall="from-2014"))
    assert "items" not in gcutil("firewalls", "list", filter="name eq from-2014")
