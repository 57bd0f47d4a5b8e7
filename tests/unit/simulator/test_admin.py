"""The endpoint for faults: what it takes, what it tells, and from where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from gstack_pyramid.simulator import SimulatorServer, main

from .cloud import Cloud

ROOT = Path(__file__).parents[3]
FAULT = {"command": "listZones", "times": 3, "error": {"code": 530, "text": "No"}}


def test_faults_are_added_listed_and_removed(cloud: Cloud) -> None:
    made = cloud.admin("POST", body=FAULT)
    assert (made.status, made.json()) == (201, {"id": "1", **FAULT, "struck": 0})
    cloud.admin("POST", body={"command": "*", "latency": 0.001})
    cloud.refused("listZones")
    told = cloud.admin("GET").json()
    assert told["seed"] == 1
    assert [(fault["id"], fault["struck"]) for fault in told["faults"]] == [("1", 1), ("2", 1)]
    left = cloud.admin("DELETE", "/1")
    assert [fault["id"] for fault in left.json()["faults"]] == ["2"]
    assert cloud.admin("DELETE").json() == {"faults": []}
    assert cloud.admin("POST", body=FAULT).json()["id"] == "3"


def test_what_is_wrong_is_told_and_changes_nothing(cloud: Cloud) -> None:
    answers = [
        cloud.admin("POST", body={"command": "listZones"}),
        cloud.admin("POST", body=b"{"),
        cloud.admin("POST", body=b""),
        cloud.admin("POST", body=FAULT, CONTENT_TYPE="text/plain"),
        cloud.admin("POST", body=b"[" + b" " * 70_000 + b"]"),
        cloud.admin("POST", "/1", body=FAULT),
        cloud.admin("PUT", body=FAULT),
        cloud.admin("GET", "/1"),
        cloud.admin("DELETE", "/1"),
    ]
    assert [answer.status for answer in answers] == [400, 400, 400, 415, 413, 405, 405, 405, 404]
    assert all(answer.json()["error"] for answer in answers)
    assert cloud.admin("GET").json()["faults"] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8", 200),
        ("::1", 200),
        ("192.0.2.1", 403),
        ("2001:db8::1", 403),
        ("", 403),
    ],
)
def test_only_this_machine_may_ask(cloud: Cloud, address: str, status: int) -> None:
    assert cloud.admin("GET", REMOTE_ADDR=address).status == status


def test_a_dropped_connection_ends_without_a_byte_and_the_server_goes_on(cloud: Cloud) -> None:
    server = SimulatorServer(cloud.app)
    endpoint = server.start()
    admin = endpoint.replace("/client/api", "/admin/faults")
    try:
        with requests.Session() as session:
            session.trust_env = False
            for when, name in (("before", "one"), ("after", "two")):
                rule = {"command": "createSecurityGroup", "times": 1, "drop": when}
                assert session.post(admin, json=rule, timeout=5).status_code == 201
                sent = cloud.signed("createSecurityGroup", name=name)
                with pytest.raises(requests.ConnectionError, match="without response"):
                    session.post(endpoint, data=sent, timeout=5)
            rows = session.get(endpoint, params=cloud.signed("listSecurityGroups"), timeout=5)
            told = rows.json()["listsecuritygroupsresponse"]["securitygroup"]
            assert [row["name"] for row in told] == ["default", "two"]
            faults = session.get(admin, timeout=5).json()["faults"]
            assert [fault["struck"] for fault in faults] == [1, 1]
    finally:
        server.stop()


def test_the_ini_sets_faults_and_seed() -> None:
    text = "[{command: createVolume, probability: 0.5, drop: after},\n {command: '*', latency: 1}]"
    app = main({}, simulator_faults=text, simulator_seed="7")
    told = app.injection.told()
    assert [fault["command"] for fault in told] == ["createVolume", "*"]
    assert app.injection.seed == 7
    app.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "simulator_faults is not YAML"),
        ("[!!bool maybe]", "simulator_faults is not YAML: 'maybe' is no !!bool"),
        ("listZones", "simulator_faults is no list"),
        ("[{command: listZones}]", "needs one of"),
    ],
)
def test_wrong_faults_in_the_ini_stop_the_start(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        main({}, simulator_faults=text)


@pytest.mark.parametrize("file", ["development.ini", "docs/simulator.md"])
def test_the_examples_of_faults_in_an_ini_are_faults(file: str) -> None:
    text = (ROOT / file).read_text().replace("\n#", "\n")
    (example,) = re.findall(r"^simulator_faults = (.*(?:\n +.*)+)", text, re.MULTILINE)
    app = main({}, simulator_faults=example)
    assert len(app.injection.told()) == 4
    app.close()
