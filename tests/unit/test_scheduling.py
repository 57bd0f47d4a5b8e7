"""Parts of batches take turns, lists let quick requests by, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.errors import GceError
from gstack_pyramid.scheduling import Patience, Scheduler, giving_way
from gstack_pyramid.shares import Shares

LONG = 30.0
SHORT = 0.01
PATIENT = Patience(turn=LONG, lately=LONG)
"""Waits for its turn, and long expects further requests."""


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_part_computes_while_a_single_request_is_under_way() -> None:
    scheduler, done = Scheduler(PATIENT), threading.Event()

    def part() -> None:
        with scheduler.batched():
            done.set()

    with scheduler.single():
        thread = started(part)
        assert done.wait(LONG)
    thread.join(LONG)


def test_single_requests_do_not_give_way_to_each_other() -> None:
    scheduler, done = Scheduler(Patience(quick=LONG)), threading.Event()

    def other() -> None:
        with scheduler.single():
            scheduler.give_way()
            done.set()

    with scheduler.single():
        thread = started(other)
        assert done.wait(LONG)
    thread.join(LONG)


def test_a_list_lets_a_quick_request_by() -> None:
    scheduler, order = Scheduler(Patience(quick=LONG)), []
    inside, there = threading.Event(), threading.Event()

    def listing() -> None:
        with scheduler.single(), scheduler.at_length():
            inside.set()
            assert there.wait(LONG)
            scheduler.give_way()
            order.append("list")

    thread = started(listing)
    assert inside.wait(LONG)
    with scheduler.single():
        there.set()
        thread.join(0.05)
        order.append("quick")
    thread.join(LONG)
    assert order == ["quick", "list"]


def test_a_list_does_not_give_way_to_a_quick_request_that_waits_for_the_cloud() -> None:
    scheduler, done = Scheduler(Patience(quick=LONG)), threading.Event()

    def listing() -> None:
        with scheduler.single(), scheduler.at_length():
            scheduler.give_way()
            done.set()

    with scheduler.single(), scheduler.waiting("me"):
        thread = started(listing)
        assert done.wait(LONG)
    thread.join(LONG)


def test_lists_do_not_give_way_to_each_other() -> None:
    scheduler, done = Scheduler(Patience(quick=LONG)), threading.Event()

    def listing() -> None:
        with scheduler.single(), scheduler.at_length():
            scheduler.give_way()
            done.set()

    with scheduler.single(), scheduler.at_length():
        thread = started(listing)
        assert done.wait(LONG)
    thread.join(LONG)


def test_a_request_that_has_stepped_aside_holds_up_no_list() -> None:
    scheduler, done = Scheduler(Patience(quick=LONG)), threading.Event()

    def listing() -> None:
        with scheduler.single(), scheduler.at_length():
            scheduler.give_way()
            done.set()

    with scheduler.single(), scheduler.aside("me"):
        thread = started(listing)
        assert done.wait(LONG)
    thread.join(LONG)


def test_a_caller_that_waits_for_the_cloud_too_often_is_refused_and_others_are_not() -> None:
    scheduler, release = Scheduler(places=Shares(4, 1.0)), threading.Event()
    arrived = threading.Semaphore(0)

    def stuck() -> None:
        with scheduler.single(), scheduler.waiting("hog"):
            arrived.release()
            assert release.wait(LONG)

    threads = [started(stuck) for _ in range(2)]
    for _ in threads:
        assert arrived.acquire(timeout=LONG)
    with scheduler.single():
        with pytest.raises(GceError) as refused, scheduler.waiting("hog"):
            pass
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
        with scheduler.aside("hog") as granted:
            assert not granted
        with scheduler.waiting("another"):
            pass
        with scheduler.aside("another") as granted:
            assert granted
    # What computes for long waits no less.
    with scheduler.single(), scheduler.at_length(), scheduler.aside("hog") as granted:
        assert not granted
    # Parts hold no thread of the server's.
    with scheduler.batched(), scheduler.waiting("hog"):
        pass
    release.set()
    for thread in threads:
        thread.join(LONG)
    with scheduler.single(), scheduler.waiting("hog"):
        pass


def test_parts_wait_for_the_cloud_together_once_nobody_else_has_come_for_a_while() -> None:
    now = [1000.0]
    scheduler = Scheduler(Patience(turn=LONG, lately=1.0), lambda: now[0])
    together = threading.Barrier(2)

    def part() -> None:
        with scheduler.batched(), scheduler.waiting("me"):
            together.wait(LONG)

    with scheduler.single():
        pass
    now[0] += 1.0
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(part) for _ in range(2)]:
            done.result(LONG)


def test_parts_wait_for_the_cloud_one_by_one_a_moment_after_a_single_request() -> None:
    scheduler, order = Scheduler(PATIENT, lambda: 1000.0), []
    first_waits = threading.Event()

    def first() -> None:
        with scheduler.batched(), scheduler.waiting("me"):
            first_waits.set()
            second_thread.join(0.05)
            order.append("first")

    def second() -> None:
        assert first_waits.wait(LONG)
        with scheduler.batched():
            order.append("second")

    with scheduler.single():
        pass
    second_thread = started(second)
    first_thread = started(first)
    first_thread.join(LONG)
    second_thread.join(LONG)
    assert order == ["first", "second"]


def test_one_part_computes_at_a_time_and_others_while_it_waits() -> None:
    scheduler = Scheduler(PATIENT)
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
        with scheduler.batched():
            compute()
            with scheduler.waiting("me"):
                together.wait(LONG)
            compute()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(part, range(8)))
    assert most == [1]


def test_while_a_single_request_is_under_way_parts_wait_for_the_cloud_one_by_one() -> None:
    scheduler, order = Scheduler(PATIENT), []
    first_waits = threading.Event()

    def first() -> None:
        with scheduler.batched(), scheduler.waiting("me"):
            first_waits.set()
            second_thread.join(0.05)
            order.append("first")

    def second() -> None:
        assert first_waits.wait(LONG)
        with scheduler.batched():
            order.append("second")

    second_thread = threading.Thread(target=second)
    with scheduler.single(), scheduler.waiting("me"):
        second_thread.start()
        first_thread = started(first)
        first_thread.join(LONG)
        second_thread.join(LONG)
    assert order == ["first", "second"]


def test_whoever_has_waited_long_enough_goes_on() -> None:
    scheduler, done = Scheduler(Patience(turn=SHORT)), threading.Event()

    def part() -> None:
        with scheduler.batched():
            done.set()

    with scheduler.batched():
        thread = started(part)
        assert done.wait(LONG)
    thread.join(LONG)


def test_threads_that_are_neither_may_wait_as_they_like() -> None:
    scheduler = Scheduler()
    with scheduler.waiting("me"):
        pass


def test_threads_of_a_server_take_short_turns_and_what_is_there_is_no_garbage() -> None:
    # In a process of its own, which this changes for good.
    program = (
        "import gc, sys\n"
        "from gstack_pyramid.scheduling import SWITCH, take_turns\n"
        "take_turns()\n"
        "assert round(sys.getswitchinterval(), 6) == SWITCH\n"
        "assert gc.get_freeze_count() > 1000\n"
        "assert len(gc.get_objects()) < 1000\n"
        # A decoded list of 500 machines is looked at once at most, not again and again.
        "before = sum(each['collections'] for each in gc.get_stats())\n"
        "rows = [{'id': number} for number in range(50_000)]\n"
        "assert sum(each['collections'] for each in gc.get_stats()) - before <= 1\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=LONG)


class Told:
    """Stands for an application, whose scheduler is all that the tween asks for."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler


def tween(
    scheduler: Scheduler, handler: Callable[[Request], Response]
) -> Callable[[Request], Response]:
    registry = Registry()
    registry["gstack"] = Told(scheduler)
    return giving_way(handler, registry)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_single_request_is_under_way_until_its_answer_is_sent(method: str) -> None:
    scheduler = Scheduler()
    request = Request.blank("/", method=method)
    response = tween(scheduler, lambda _: Response(body=b"told"))(request)
    assert response.content_length == 4
    sent: dict[str, str] = {}
    body = response(request.environ, lambda _, headers: sent.update(headers))
    assert b"".join(body) == (b"told" if method == "GET" else b"")
    assert scheduler.there == 1
    body.close()
    assert (scheduler.there, sent["Content-Length"]) == (0, "4")


def test_a_single_request_that_breaks_is_under_way_no_more() -> None:
    scheduler = Scheduler()

    def broken(_: Request) -> Response:
        raise LookupError

    with pytest.raises(LookupError):
        tween(scheduler, broken)(Request.blank("/"))
    assert scheduler.there == 0
