"""gcloud when the cloud fails: an error that says so, exit status 1, and the cloud as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from .faults import Faults, faults_of
from .gateway import Gateway
from .gcloud import Gcloud

pytestmark = pytest.mark.clients

CREATE = (
    "instances create {} --zone=ch-gva-2 --machine-type=micro "
    "--image=linux-ubuntu-24-04-lts-64-bit --labels=a=b"
)


@pytest.fixture
def faults(gateway: Gateway) -> Iterator[Faults]:
    with faults_of(gateway) as faults:
        yield faults


class Held:
    """What the project has, asked for without gcloud, which takes its time."""

    def __init__(self, exports: dict[str, str]) -> None:
        token = Path(exports["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]).read_text().strip()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._base = f"{exports['GSTACK_ENDPOINT']}/compute/v1/projects/demo-project"

    def __call__(self, name: str) -> list[str]:
        """The status of the instances and disks called ``name``."""
        found = []
        for kind in ("instances", "disks"):
            url = f"{self._base}/zones/ch-gva-2/{kind}"
            with requests.Session() as session:
                session.trust_env = False
                query = {"filter": f"name={name}"}
                answer = session.get(url, params=query, headers=self._headers, timeout=30)
            assert answer.status_code == 200, answer.text
            found += [item["status"] for item in answer.json().get("items", [])]
        return found


@pytest.fixture
def held(exports: dict[str, str]) -> Held:
    return Held(exports)


def test_a_machine_whose_job_fails_is_told_and_taken_away(
    gcloud: Gcloud, faults: Faults, held: Held
) -> None:
    faults.add("deployVirtualMachine", job={"code": 533, "text": "No room in the zone"})
    said = gcloud.refusal(CREATE.format("unlucky"))
    assert "ZONE_RESOURCE_POOL_EXHAUSTED" in said
    assert "No room in the zone" in said
    assert held("unlucky") == []


def test_a_refused_command_is_told_in_the_clouds_words(
    gcloud: Gcloud, faults: Faults, held: Held
) -> None:
    faults.add("deployVirtualMachine", times=1, error={"code": 530, "text": "The pod is on fire"})
    assert "The pod is on fire" in gcloud.refusal(CREATE.format("burnt"))
    assert held("burnt") == []

    faults.heal()
    faults.add("deployVirtualMachine", rate={"limit": 0, "seconds": 3600})
    assert "has reached his/her account api limit" in gcloud.refusal(CREATE.format("hasty"))
    assert held("hasty") == []


def test_a_cloud_that_is_gone_is_told_and_nothing_is_made(
    gcloud: Gcloud, faults: Faults, held: Held
) -> None:
    faults.add("*", drop="before")
    assert "CloudStack can't be reached" in gcloud.refusal(CREATE.format("nowhere"))
    faults.heal()
    assert held("nowhere") == []


def test_a_cloud_that_is_gone_for_a_while_only_takes_longer(
    gcloud: Gcloud, faults: Faults, held: Held
) -> None:
    faults.add("queryAsyncJobResult", times=2, drop="before")
    gcloud.run(CREATE.format("late"))
    assert faults.struck() == [2]
    assert held("late") == ["RUNNING", "READY"]


def test_a_machine_whose_answer_was_lost_is_found_and_made_once(
    gcloud: Gcloud, faults: Faults, held: Held
) -> None:
    for command in ("deployVirtualMachine", "createTags"):
        faults.add(command, times=1, drop="after")
    gcloud.run(CREATE.format("found"))
    assert faults.struck() == [1, 1]
    assert held("found") == ["RUNNING", "READY"]


def test_a_cloud_that_has_enough_of_us_for_a_while_only_takes_longer(
    gcloud: Gcloud, faults: Faults, held: Held
) -> None:
    for command in ("createTags", "queryAsyncJobResult"):
        faults.add(command, times=1, rate={"limit": 0, "seconds": 3600})
    gcloud.run(CREATE.format("patient"))
    assert faults.struck() == [1, 1]
    assert held("patient") == ["RUNNING", "READY"]
