"""Who may take a new connection: one of those that have the fewest, and there is always one."""

from __future__ import annotations

import os
import select
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from waitress.server import create_server

from gstack_pyramid.balance import LOOK, STALE, Places, Share, share
from gstack_pyramid.connections import close_all


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def places(count: int = 2) -> tuple[Places, Clock]:
    clock = Clock()
    made = Places(count, clock)
    for number in range(count):
        made.take(number)
    return made, clock


def woken(found: Places, number: int) -> bool:
    ready, _, _ = select.select([found.woken_by(number)], [], [], 0)
    if ready:
        os.read(ready[0], 100)
    return bool(ready)


def test_who_has_more_leaves_it_to_the_other_and_wakes_it() -> None:
    found, _ = places()
    assert found.may_take(0, 0, True)
    assert found.may_take(1, 0, True)
    assert not found.may_take(0, 1, True)
    assert woken(found, 1)
    assert found.may_take(1, 1, True)
    assert not woken(found, 0)
    assert found.may_take(0, 1, True)


def test_who_is_full_has_ended_or_says_nothing_is_waited_for_by_nobody() -> None:
    found, clock = places()
    found.may_take(0, 0, False)
    assert found.may_take(1, 5, True)
    found.may_take(0, 0, True)
    assert not found.may_take(1, 5, True)
    clock.now += STALE + 1
    assert found.may_take(1, 5, True)
    found.may_take(0, 0, True)
    found.leave(0)
    assert found.may_take(1, 5, True)


def test_one_that_has_not_said_anything_yet_counts_for_nothing() -> None:
    found, _ = places()
    assert found.may_take(0, 3, True)
    found.may_take(1, 0, True)
    found.leave(1)
    # The next one in its place.
    assert found.free({0}) == 1
    found.take(1)
    assert found.may_take(0, 3, True)


@given(st.lists(st.integers(0, 3), max_size=60))
def test_connections_are_shared_evenly_whoever_is_quickest(quickest: list[int]) -> None:
    """Each time one process wakes; what it declines waits, and who is woken looks again."""
    found, _ = places(4)
    counts = [0] * 4
    for number in range(4):
        found.may_take(number, 0, True)
    for number in quickest:
        wakes = [number]
        while wakes:
            each = wakes.pop(0)
            if found.may_take(each, counts[each], True):
                counts[each] += 1
                found.may_take(each, counts[each], True)
                break
            wakes += [other for other in range(4) if counts[other] < counts[each]]
        assert max(counts) - min(counts) <= 1
    assert sum(counts) == len(quickest)


def test_a_process_looks_at_the_others_when_something_has_changed_or_it_is_woken() -> None:
    found, clock = places()
    share = Share(found, 1, clock)
    found.may_take(0, 0, True)
    assert not share.may_take(1, True)
    assert found.may_take(0, 1, True)
    # Nobody has woken it yet.
    assert not share.may_take(1, True)
    share.look_again()
    assert share.may_take(1, True)
    assert not share.may_take(2, True)
    assert share.may_take(1, True)
    assert not share.may_take(1, False)


def test_a_process_looks_at_the_others_now_and_then_whatever_happens() -> None:
    found, clock = places()
    share = Share(found, 1, clock)
    found.may_take(0, 0, True)
    assert not share.may_take(1, True)
    found.leave(0)
    clock.now += LOOK
    assert share.may_take(1, True)


def test_a_server_counts_from_the_moment_that_it_shares() -> None:
    """Its loop may begin late on a busy machine, and the others would take all there is by then."""
    found = Places(2)
    for number in range(2):
        found.take(number)
    sockets: dict[int, Any] = {}
    server = create_server(lambda *_: [], map=sockets, host="127.0.0.1", port=0)
    share(server, found, 1)
    assert not found.may_take(0, 1, True)
    assert woken(found, 1)
    server.task_dispatcher.shutdown()
    close_all(sockets)
