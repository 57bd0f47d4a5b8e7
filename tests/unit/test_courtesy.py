"""Parts of batches give way to single requests, and never for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gstack_pyramid.courtesy import Courtesy

LONG = 30.0


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_part_begins_when_no_single_request_computes() -> None:
    courtesy, order = Courtesy(LONG), []

    def part() -> None:
        with courtesy.batched():
            order.append("part")

    with courtesy.single():
        thread = started(part)
        thread.join(0.05)
        order.append("single")
    thread.join(LONG)
    assert order == ["single", "part"]


def test_a_part_computes_while_a_single_request_waits() -> None:
    courtesy, done = Courtesy(LONG), threading.Event()

    def part() -> None:
        with courtesy.batched():
            done.set()

    with courtesy.single(), courtesy.waiting():
        thread = started(part)
        assert done.wait(LONG)
    thread.join(LONG)


def test_one_part_computes_at_a_time_and_others_while_it_waits() -> None:
    courtesy = Courtesy(LONG)
    together, lock, most, computing = threading.Barrier(4), threading.Lock(), [0], [0]

    def compute() -> None:
        with lock:
            computing[0] += 1
            most[0] = max(most[0], computing[0])
        for _ in range(1000):
            pass
        with lock:
            computing[0] -= 1

    def part(_: int) -> None:
        with courtesy.batched():
            compute()
            with courtesy.waiting():
                together.wait(LONG)
            compute()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(part, range(8)))
    assert most == [1]


def test_while_a_single_request_is_under_way_parts_wait_for_the_cloud_one_by_one() -> None:
    courtesy, order = Courtesy(LONG), []
    first_waits = threading.Event()

    def first() -> None:
        with courtesy.batched(), courtesy.waiting():
            first_waits.set()
            second_thread.join(0.05)
            order.append("first")

    def second() -> None:
        assert first_waits.wait(LONG)
        with courtesy.batched():
            order.append("second")

    second_thread = threading.Thread(target=second)
    with courtesy.single(), courtesy.waiting():
        second_thread.start()
        first_thread = started(first)
        first_thread.join(LONG)
        second_thread.join(LONG)
    assert order == ["first", "second"]


def test_whoever_has_waited_long_enough_goes_on() -> None:
    courtesy, done = Courtesy(0.01), threading.Event()

    def part() -> None:
        with courtesy.batched():
            done.set()

    with courtesy.single(), courtesy.batched():
        thread = started(part)
        assert done.wait(LONG)
    thread.join(LONG)


def test_threads_that_are_neither_may_wait_as_they_like() -> None:
    courtesy = Courtesy()
    with courtesy.waiting():
        pass
