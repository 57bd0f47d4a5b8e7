"""One caller's creations, one after the other, and what waits for its turn meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.engine.creation_locks import CreationLocks

LONG = 30.0
ME, ANOTHER = Credentials("me", "x"), Credentials("another", "y")


def test_one_caller_creates_one_thing_of_a_kind_at_a_time() -> None:
    turns, order, inside = CreationLocks(), [], threading.Event()

    def second() -> None:
        with turns.of(ME, "disks"):
            order.append("second")

    with turns.of(ME, "disks"):
        thread = threading.Thread(target=second)
        thread.start()
        for other in (turns.of(ME, "networks"), turns.of(ANOTHER, "disks")):
            with other:
                inside.set()
        thread.join(0.05)
        order.append("first")
    thread.join(LONG)
    assert inside.is_set()
    assert order == ["first", "second"]


def test_who_waits_for_a_turn_is_told_of_and_may_be_refused() -> None:
    """Else one caller's creations, which wait for each other, would hold all threads."""
    waited: list[str] = []

    @contextmanager
    def refused(caller: str) -> Iterator[None]:
        waited.append(caller)
        raise LookupError
        yield

    turns = CreationLocks(refused)
    with turns.of(ME, "disks"):
        with pytest.raises(LookupError), turns.of(ME, "disks"):
            pass
        with turns.of(ANOTHER, "disks"):
            pass
    assert waited == ["me"]
    with turns.of(ME, "disks"):
        pass
