"""A bad answer to a question about a job destroys nothing that CloudStack goes on making."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import MakeGateway
from ..support.gateway import SG_ZONE, Gateway, instance_body

JOB = "queryAsyncJobResult"
INSTANCES = f"zones/{SG_ZONE}/instances"


@pytest.fixture
def patient(make_gateway: MakeGateway) -> Gateway:
    """A gateway that gives nothing up only because this machine is slow."""
    return make_gateway(patience=600.0)


def inject(gateway: Gateway, **rule: Any) -> None:
    gateway.cloud.app.injection.add(rule)


@pytest.mark.parametrize("code", [401, 429, 431, 500, 503, 530])
def test_an_insert_outlives_errors_of_the_question_about_its_job(
    patient: Gateway, code: int
) -> None:
    inject(patient, command=JOB, times=3, error={"code": code})
    made = patient.do("POST", INSTANCES, instance_body("web"))
    assert "error" not in made
    assert patient.get(f"{INSTANCES}/web")["status"] == "RUNNING"
    assert patient.cloud.app.injection.told()[-1]["struck"] == 3


def test_an_insert_outlives_lost_answers_about_its_job(patient: Gateway) -> None:
    inject(patient, command=JOB, times=2, drop="before")
    inject(patient, command=JOB, times=2, drop="after")
    patient.do("POST", INSTANCES, instance_body("web"))
    assert patient.get(f"{INSTANCES}/web")["status"] == "RUNNING"


@pytest.mark.parametrize("method", ["insert", "bulkInsert"])
def test_a_machine_whose_job_is_unknown_for_good_stays_and_that_is_told(
    gateway: Gateway, method: str
) -> None:
    inject(gateway, command=JOB, error={"code": 431, "text": "Unable to find the job"})
    if method == "insert":
        operation = gateway.ask("POST", INSTANCES, instance_body("web"))
    else:
        body = {key: value for key, value in instance_body("web").items() if key != "name"}
        body["machineType"] = body["machineType"].rpartition("/")[2]
        asked = {"count": "1", "namePattern": "web-#", "instanceProperties": body}
        operation = gateway.ask("POST", f"{INSTANCES}/bulkInsert", asked)
    done = gateway.finish(operation)
    (error,) = done["error"]["errors"]
    assert "CloudStack has taken deployVirtualMachine" in error["message"]
    assert "Unable to find the job" in error["message"]
    machine = gateway.machine("web" if method == "insert" else "web-1")
    assert machine["id"] in done["warnings"][0]["message"]
    assert machine["state"] in ("Starting", "Running")
