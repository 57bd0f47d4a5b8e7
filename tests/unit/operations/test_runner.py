from __future__ import annotations

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from dbos import DBOS

from gstack_pyramid.cloudstack.errors import (
    CloudStackError,
    CloudStackTimeout,
)
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.plans import Plan, PlannedCommand
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.runner import Operations

from .fakes import (
    LONG,
    MACHINE,
    Cloud,
    Session,
    asked,
    command,
    done,
    ended,
    failed,
    kept,
    pending,
    prepared,
    refusal,
    start,
    steps,
)


def test_a_command_that_is_refused_at_once_is_the_answer_and_nothing_is_kept(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers.append(refusal())
    with pytest.raises(CloudStackError, match="refused with 431"):
        start(operations, prepared(steps(command("deploy"))), request=asked())
    assert kept(operations, "me", None) == []
    cloud.answers.append({})
    again = start(operations, prepared(steps(command("deploy"))), request=asked())
    assert again.done


def test_dbos_keeps_nothing_of_what_was_refused(operations: Operations, cloud: Cloud) -> None:
    cloud.answers.append(refusal())
    with pytest.raises(CloudStackError):
        start(operations, prepared(steps(command("deploy"))), request=asked())
    for _ in range(200):
        host = Host.current()
        assert host is not None
        of_ours = [
            workflow
            for workflow in host.run(DBOS.list_workflows_async(load_output=False))
            # What others have sealed with other keys can't be read here.
            if isinstance(workflow.input, dict) and operations.service in workflow.input["args"]
        ]
        if not of_ours:
            return
        threading.Event().wait(0.05)
    raise AssertionError("the workflow of a refused operation stays")


def test_a_lookup_before_the_first_change_that_fails_is_the_answer_too(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [[{"id": "1"}], CloudStackTimeout("x", "no answer", True)]
    with pytest.raises(CloudStackTimeout):
        start(operations, prepared(steps(command("listThings", is_list=True), command("deploy"))))
    assert kept(operations, "me", None) == []


def test_a_plan_without_commands_is_done_at_once(operations: Operations) -> None:
    operation = start(operations, prepared(steps(), target_id="7"))
    assert (operation.done, operation.progress, operation.error) == (True, 100, None)
    assert (operation.inserted, operation.started, operation.ended) == (1000.0, 1000.0, 1000.0)
    assert operation.target_id == "7"


def test_synchronous_commands_are_done_within_the_request(
    operations: Operations, cloud: Cloud
) -> None:
    results: list[Any] = []
    cloud.answers += [{"volume": MACHINE}, {"success": True}]
    volume = command("createVolume", job=False, makes=True)
    plan = steps(volume, command("other", job=False), results=results)
    operation = start(operations, prepared(plan))
    assert operation.done
    assert results == [MACHINE, {"success": True}]
    assert operation.target_id == numeric_id(MACHINE["id"])


def awaited(*states: str) -> PlannedCommand:
    """A command that reads until a row has one of these states."""
    reads = command("listVolumes", is_list=True, job=False)
    return replace(reads, awaited=lambda rows: rows[0]["state"] in states)


def test_a_read_is_repeated_until_what_is_awaited_is_there(
    patient: Operations, cloud: Cloud
) -> None:
    operations, results = patient, list[Any]()
    lost, busy = CloudStackTimeout("x", "no answer", True), refusal(503)
    cloud.answers += [{}, [{"state": "a"}], lost, busy, [{"state": "b"}], {}]
    plan = steps(
        command("upload", job=False), awaited("b"), command("tag", job=False), results=results
    )
    operation = start(operations, prepared(plan))
    assert ended(operations, operation).error is None
    assert results == [{}, [{"state": "b"}], {}]
    assert [sent for sent, _ in cloud.sent] == ["upload", *["listVolumes"] * 4, "tag"]


def test_a_job_is_asked_about_until_it_is_done(operations: Operations, cloud: Cloud) -> None:
    results: list[Any] = []
    cloud.answers.append({"jobid": "j1", **MACHINE})
    cloud.jobs += [pending(), pending(), done({"virtualmachine": {**MACHINE, "password": "x"}})]
    meanwhile: list[Operation] = []
    cloud.before_job = lambda: meanwhile.extend(kept(operations, "me", None))
    deploy = command("deploy", makes=True)
    operation = start(operations, prepared(steps(deploy, results=results)))
    assert operation.target_id == numeric_id(MACHINE["id"])
    assert ended(operations, operation).error is None
    assert cloud.asked == ["j1", "j1", "j1"]
    # Whoever asks, here or elsewhere, is told what is being made.
    assert {told.target_id for told in meanwhile} == {operation.target_id}
    assert results == [{**MACHINE, "password": "x"}]


def test_a_job_that_names_only_its_object_gives_the_objects_id(
    operations: Operations, cloud: Cloud
) -> None:
    results: list[Any] = []
    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(done({"success": True}, instance="i-7"))
    ended(operations, start(operations, prepared(steps(command("deploy"), results=results))))
    assert results == [{"success": True, "id": "i-7"}]


def test_the_commands_of_a_plan_are_sent_one_after_the_other(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [{"jobid": "j1"}, [{"id": "v"}], {"jobid": "j2"}]
    cloud.jobs += [done({}), pending("j2"), done({}, "j2")]
    results: list[Any] = []
    session = Session()
    plan = steps(
        command("deploy"), command("listVolumes", is_list=True), command("tag"), results=results
    )
    ended(operations, start(operations, prepared(plan, session)))
    assert [name for name, _ in cloud.sent] == ["deploy", "listVolumes", "tag"]
    assert cloud.asked == ["j1", "j2", "j2"]
    assert results[1] == [{"id": "v"}]
    assert set(session.changes) == {"deploy", "tag"}


def test_a_job_that_fails_is_the_operations_error(operations: Operations, cloud: Cloud) -> None:
    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(failed(refusal(533)))
    operation = ended(operations, start(operations, prepared(steps(command("deploy")))))
    assert operation.error is not None
    assert operation.error["code"] == "CODE_533"
    assert (operation.error["status"], operation.error["reason"]) == (400, "invalid")
    assert "refused with 533" in operation.error["message"]


def test_a_job_that_fails_without_a_reason_is_an_error_all_the_same(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(failed(None))
    operation = ended(operations, start(operations, prepared(steps(command("deploy")))))
    assert operation.error is not None
    assert operation.error["code"] == "CODE_530"


def test_a_later_command_that_fails_undoes_the_earlier_ones_and_waits_for_that(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [{"jobid": "j1"}, refusal(), {"jobid": "j2"}, refusal(530)]
    cloud.jobs += [done(MACHINE), pending("j2"), done({}, "j2")]
    undo = [command("destroy", undo=True), command("release", undo=True)]
    plan = steps(command("deploy"), command("tag"), *undo)
    operation = ended(operations, start(operations, prepared(plan)))
    assert [name for name, _ in cloud.sent] == ["deploy", "tag", "destroy", "release"]
    assert operation.error is not None
    assert operation.error["code"] == "CODE_431"
    assert cloud.asked == ["j1", "j2", "j2"]


def test_a_later_command_that_fails_at_once_is_the_operations_error_not_the_answer(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [{"volume": MACHINE}, refusal()]
    operation = start(operations, prepared(steps(command("a", job=False), command("b"))))
    assert operation.done
    assert operation.error is not None
    assert operation.error["code"] == "CODE_431"


def test_a_bug_of_ours_ends_the_operation_and_tells_no_more_than_that(
    operations: Operations, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Plan:
        yield command("deploy")
        raise ZeroDivisionError("secret")

    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(done({}))
    operation = ended(operations, start(operations, prepared(broken())))
    assert operation.error is not None
    assert (operation.error["code"], operation.error["message"]) == (
        "INTERNAL_ERROR",
        "Internal error.",
    )
    assert operation.name in caplog.text


def test_the_same_request_is_sent_once_even_while_it_is_on_its_way(
    operations: Operations, cloud: Cloud
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        assert go_on.wait(LONG)

    cloud.before_answer = hold
    cloud.answers.append({})
    more: dict[str, Any] = {"request": asked()}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(start, operations, prepared(steps(command("deploy"))), **more)
        assert arrived.wait(LONG)
        try:
            second = start(operations, prepared(steps(command("deploy"))), **more)
        finally:
            go_on.set()
        assert second.name == first.result(LONG).name
    assert not second.done
    third = start(operations, prepared(steps(command("deploy"))), **more)
    assert third.done
    assert len(cloud.sent) == 1


def test_another_request_under_the_same_id_is_a_conflict(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers.append({})
    start(operations, prepared(steps(command("a"))), request=asked())
    with pytest.raises(GceError) as refused:
        start(operations, prepared(steps(command("a"))), request=asked(name="b"))
    assert refused.value.status == 409
    assert len(cloud.sent) == 1


@pytest.mark.parametrize("other", [{"owner": "them"}, {"method": "m2"}, {"path": "p2"}])
def test_request_ids_of_others_and_of_other_methods_do_not_count(
    operations: Operations, cloud: Cloud, other: dict[str, str]
) -> None:
    cloud.answers += [{}, {}]
    one = start(operations, prepared(steps(command("a"))), request=asked())
    assert operations.repeated(asked()) == one
    assert operations.repeated(asked(**other)) is None
    two = start(operations, prepared(steps(command("a"))), request=asked(**other))
    assert one.name != two.name
    assert len(cloud.sent) == 2


@pytest.fixture
def held(cloud: Cloud) -> Generator[threading.Event]:
    """Jobs give no answer until this is set."""
    release = threading.Event()
    cloud.before_job = lambda: release.wait(LONG)
    cloud.answers.append({"jobid": "j1"})
    cloud.jobs.append(done({}))
    yield release
    release.set()


def test_more_requests_than_may_wait_are_answered_at_once(
    operations: Operations, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = start(operations, prepared(steps(command("deploy"))))
    looked, store = threading.Event(), operations.store
    get = store.get

    def noting(*key: str) -> Operation | None:
        found = get(*key)
        looked.set()
        return found

    monkeypatch.setattr(store, "get", noting)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(operations.wait, "me", "zones/z", operation.name, LONG)
        assert looked.wait(LONG)
        second = operations.wait("me", "zones/z", operation.name, LONG)
        held.set()
        first = waiting.result(LONG)
    assert second is not None
    assert not second.done
    assert first is not None
    assert first.done
    third = operations.wait("me", "zones/z", operation.name, LONG)
    assert third is not None
    assert third.done


def test_what_is_closed_hears_the_answer_to_a_command_and_sends_no_further_one(
    operations: Operations, cloud: Cloud
) -> None:
    cloud.answers += [{}, {}]
    execution, at_work, pause = operations._open().execution, threading.Event(), threading.Event()
    told: list[bool] = []

    def until_it_is_closed() -> None:
        at_work.set()
        for _ in range(int(LONG) * 50):
            if execution.stopping:
                told.append(True)
                return
            pause.wait(0.01)

    cloud.before_answer = until_it_is_closed
    plan = steps(command("deploy", job=False), command("tag", job=False))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(start, operations, prepared(plan))
        assert at_work.wait(LONG)
        operations.close()
        answer.exception(LONG)
    assert told == [True]
    assert [name for name, _ in cloud.sent] == ["deploy"]


def test_nobody_waits_for_a_client_that_has_hung_up(
    operations: Operations, held: threading.Event
) -> None:
    operation = start(operations, prepared(steps(command("deploy"))))
    seen = operations.wait("me", "zones/z", operation.name, LONG, lambda: True)
    assert seen is not None
    assert not seen.done
    operations.wait_for_all([operation.name], LONG, "me", lambda: True)
    assert operations.waiters == 0


def test_several_operations_are_waited_for_in_one_place(
    operations: Operations, held: threading.Event
) -> None:
    running = start(operations, prepared(steps(command("deploy"))))
    names = [running.name, "operation-that-is-not-there"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(operations.wait_for_all, names, LONG, "me")
        while not operations.waiters:
            assert not waiting.done()
        assert operations.waiters == 1
        held.set()
        waiting.result(LONG)
    assert ended(operations, running).done
    operations.wait_for_all(names, LONG, "me")


def test_waiting_no_time_gives_the_operation_as_it_is(
    operations: Operations, held: threading.Event
) -> None:
    operation = start(operations, prepared(steps(command("deploy"))))
    try:
        seen = operations.wait("me", "zones/z", operation.name, 0.0)
        assert seen is not None
        assert not seen.done
    finally:
        held.set()
    ended(operations, operation)


@pytest.mark.parametrize(
    ("owner", "scope"), [("them", "zones/z"), ("me", "zones/y"), ("me", "global")]
)
def test_nobody_waits_for_an_operation_that_is_not_there(
    operations: Operations, owner: str, scope: str
) -> None:
    operation = start(operations, prepared(steps()))
    assert operations.wait(owner, scope, operation.name, LONG) is None
    assert operations.get(owner, scope, operation.name) is None


def test_operations_of_one_owner_are_listed_by_scope(operations: Operations) -> None:
    operation = start(operations, prepared(steps()))
    assert kept(operations, "me", "zones/z") == [operation]
    assert kept(operations, "me", "global") == []
    assert kept(operations, "them", None) == []


def test_a_bug_after_something_was_accepted_is_told_by_the_operation(
    operations: Operations, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Plan:
        yield command("createVolume", job=False)
        raise KeyError("a mistake of ours")

    cloud.answers.append({"volume": MACHINE})
    operation = start(operations, prepared(broken()))
    assert kept(operations, "me", None) == [operation]
    assert operation.done
    assert operation.error is not None
    assert operation.error["status"] == 500
    assert "a mistake of ours" not in operation.error["message"]
    assert "a mistake of ours" in caplog.text


def test_a_bug_before_anything_was_accepted_leaves_no_operation(
    operations: Operations, cloud: Cloud
) -> None:
    def broken() -> Plan:
        yield command("listVolumes", is_list=True)
        raise KeyError("a mistake of ours")

    cloud.answers.append([])
    with pytest.raises(KeyError):
        start(operations, prepared(broken()))
    assert kept(operations, "me", None) == []
