"""Only CloudStack's own word about a job ends it; everything else is about the question alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gstack_pyramid.cloudstack.errors import (
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
)
from gstack_pyramid.engine.plans import LostSight, Plan, PlannedCommand, StepError
from gstack_pyramid.operations.runner import Operations

from .fakes import (
    MACHINE,
    Cloud,
    Session,
    came,
    command,
    done,
    ended,
    failed,
    pending,
    prepared,
    refusal,
    start,
    steps,
)

DESTROY = PlannedCommand(
    "destroy", {"id": MACHINE["id"]}, False, True, undoing=True, repeat="safe", leaves="machine 'a'"
)

TROUBLE: list[Any] = [
    refusal(500),
    refusal(530),
    refusal(431),
    refusal(401),
    refusal(429),
    refusal(503),
    CloudStackBadAnswer("queryAsyncJobResult", "HTTP 200 with HTML", True, 200),
    CloudStackTimeout("queryAsyncJobResult", "no answer in time", True),
    CloudStackUnavailable("queryAsyncJobResult", "the connection was lost", True),
]


def machine(after: PlannedCommand | None = None) -> Plan:
    """Makes a machine, and takes it back when something fails that may be taken back."""
    try:
        yield command("deploy", makes=True)
        if after is not None:
            yield after
        return came()
    except LostSight as lost:
        lost.left.append(DESTROY)
        raise
    except StepError:
        yield DESTROY
        raise


@pytest.mark.parametrize("trouble", TROUBLE, ids=str)
def test_a_bad_answer_about_a_job_says_nothing_about_the_job(
    patient: Operations, cloud: Cloud, trouble: Exception
) -> None:
    cloud.answers.append({"jobid": "j1", **MACHINE})
    cloud.jobs += [trouble, pending(), trouble, trouble, done({"virtualmachine": MACHINE})]
    operation = ended(patient, start(patient, prepared(machine())))
    assert operation.error is None
    assert cloud.asked == ["j1"] * 5
    assert [name for name, _ in cloud.sent] == ["deploy"]


@pytest.mark.parametrize("trouble", TROUBLE, ids=str)
def test_a_job_that_nothing_is_heard_of_for_too_long_is_given_up_and_nothing_is_undone(
    operations: Operations, cloud: Cloud, trouble: Exception
) -> None:
    cloud.answers.append({"jobid": "j1", **MACHINE})
    cloud.jobs.append(trouble)
    operation = ended(operations, start(operations, prepared(machine())))
    assert operation.error is not None
    assert operation.error["status"] == 500
    assert "does not tell what became of it" in operation.error["message"]
    assert str(trouble) in operation.error["message"]
    assert [name for name, _ in cloud.sent] == ["deploy"]
    (warning,) = operation.warnings
    assert warning["message"] == f"Machine 'a' was not taken back (destroy {MACHINE['id']})."


def test_what_a_job_itself_says_is_believed_at_once(patient: Operations, cloud: Cloud) -> None:
    cloud.answers += [{"jobid": "j1", **MACHINE}, {"jobid": "j2"}]
    cloud.jobs += [failed(refusal(530)), done({}, "j2")]
    operation = ended(patient, start(patient, prepared(machine())))
    assert operation.error is not None
    assert [name for name, _ in cloud.sent] == ["deploy", "destroy"]


def test_an_undo_that_nothing_is_heard_of_is_warned_of_and_the_others_follow(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [{"jobid": "j1", **MACHINE}, refusal(), {"jobid": "j2"}, {"jobid": "j3"}]
    cloud.jobs += [done(MACHINE), refusal(530), done({}, "j3")]
    first, second = command("detach", undo=True), command("release", undo=True)
    plan = steps(command("deploy"), command("tag"), first, second)
    operation = ended(operations, start(operations, prepared(plan)))
    assert [name for name, _ in cloud.sent] == ["deploy", "tag", "detach", "release"]
    assert ["detach" in warning["message"] for warning in operation.warnings] == [True]


def watched() -> PlannedCommand:
    """A read that waits for a state."""
    reads = command("listTemplates", is_list=True, job=False)
    return replace(reads, awaited=lambda rows: rows[0]["state"] == "there")


@pytest.mark.parametrize("trouble", TROUBLE, ids=str)
def test_a_bad_look_at_what_is_waited_for_says_nothing_about_it(
    patient: Operations, cloud: Cloud, trouble: Exception
) -> None:
    cloud.answers += [{"jobid": "j1", **MACHINE}, trouble, [{"state": "on its way"}], trouble]
    cloud.answers.append([{"state": "there"}])
    cloud.jobs.append(done(MACHINE))
    operation = ended(patient, start(patient, prepared(machine(watched()))))
    assert operation.error is None
    assert [name for name, _ in cloud.sent] == ["deploy", *["listTemplates"] * 4]


def test_what_is_waited_for_without_an_answer_is_given_up_and_nothing_is_undone(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [{"jobid": "j1", **MACHINE}, refusal(401)]
    cloud.jobs.append(done(MACHINE))
    operation = ended(operations, start(operations, prepared(machine(watched()))))
    assert operation.error is not None
    assert "CloudStack has taken listTemplates" in operation.error["message"]
    assert [name for name, _ in cloud.sent] == ["deploy", "listTemplates"]


@pytest.mark.parametrize("trouble", TROUBLE, ids=str)
def test_a_bad_answer_to_a_read_between_two_commands_undoes_nothing(
    patient: Operations, cloud: Cloud, trouble: Exception
) -> None:
    cloud.answers += [{"jobid": "j1", **MACHINE}, trouble, trouble, [{"id": "nic"}]]
    cloud.jobs.append(done(MACHINE))
    looks = command("listNics", is_list=True, job=False)
    operation = ended(patient, start(patient, prepared(machine(looks))))
    assert operation.error is None
    assert [name for name, _ in cloud.sent] == ["deploy", *["listNics"] * 3]


def test_a_read_that_is_refused_again_and_again_fails(patient: Operations, cloud: Cloud) -> None:
    cloud.answers += [{"jobid": "j1", **MACHINE}, *[refusal(431)] * 5, {"jobid": "j2"}]
    cloud.jobs += [done(MACHINE), done({}, "j2")]
    looks = command("listNics", is_list=True, job=False)
    operation = ended(patient, start(patient, prepared(machine(looks))))
    assert operation.error is not None
    assert [name for name, _ in cloud.sent] == ["deploy", *["listNics"] * 5, "destroy"]


def test_what_the_engine_reads_for_a_plan_under_way_is_tried_as_well(
    patient: Operations, cloud: Cloud
) -> None:
    session, tries = Session(), []

    def read() -> list[dict[str, Any]]:
        tries.append(1)
        if len(tries) < 3:
            raise CloudStackError("listNetworks", 530, "internal error")
        return []

    def plan() -> Plan:
        yield command("deploy")
        session.insist(read)
        return came()

    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(done(MACHINE))
    assert ended(patient, start(patient, prepared(plan(), session))).error is None
    assert len(tries) == 3


def test_a_job_is_followed_although_the_model_knows_of_none(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(failed(refusal(533)))
    operation = ended(operations, start(operations, prepared(steps(command("a", job=False)))))
    assert operation.error is not None
    assert operation.error["code"] == "CODE_533"
