"""An operation that another node has taken over, or an operator ended, while this one ran it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.runner import Operations

from .fakes import LONG, Cloud, command, done, prepared, start, steps


def lose(operations: Operations, operation: Operation) -> None:
    """Another node takes over, because this one has shown no sign of life."""
    assert operations.store.take(operation.name, operations.node, "another node")


def end(operations: Operations, operation: Operation) -> None:
    """An operator ends it."""
    assert operations.store.save(finished(operation, 1.0, {"code": "ABORTED", "message": "x"}))


@pytest.mark.parametrize("by", [lose, end])
def test_whoever_has_an_operation_no_more_sends_nothing_more(
    operations: Operations, cloud: Cloud, by: Callable[[Operations, Operation], None]
) -> None:
    """The other one does, and what is sent twice is there twice."""
    happened = threading.Event()
    cloud.before_job = lambda: happened.wait(LONG)
    cloud.answers += [{"jobid": "j1"}, {}]
    cloud.jobs.append(done({}))
    operation = start(operations, prepared(steps(command("deploy"), command("tag", job=False))))
    by(operations, operation)
    told = operations.store.load(operation.name)
    happened.set()
    for _ in range(400):
        if not operations.running():
            break
        threading.Event().wait(0.05)
    assert [sent for sent, _ in cloud.sent] == ["deploy"]
    assert operations.store.load(operation.name) == told
