"""Places and threads that callers share: nobody gets all of them."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.shares import FairThreads, Shares

LONG = 30.0


def taken(stack: ExitStack, shares: Shares, caller: str, tries: int) -> int:
    """How many places a caller gets that asks so many times; held until the stack ends."""
    return sum(stack.enter_context(shares.place(caller)) for _ in range(tries))


@pytest.mark.parametrize(
    ("places", "greed", "first", "second"),
    [(32, 3.0, 24, 6), (24, 1.0, 12, 6), (8, 1.0, 4, 2), (2, 1.0, 1, 1), (1, 3.0, 1, 0)],
)
def test_one_caller_gets_a_part_and_the_next_one_a_part_of_the_rest(
    places: int, greed: float, first: int, second: int
) -> None:
    with ExitStack() as stack:
        shares = Shares(places, greed)
        assert taken(stack, shares, "one", 100) == first
        assert taken(stack, shares, "two", 100) == second


def test_who_has_none_gets_the_last_place() -> None:
    with ExitStack() as stack:
        shares = Shares(4, 1.0)
        assert [taken(stack, shares, caller, 9) for caller in "abc"] == [2, 1, 1]
        assert taken(stack, shares, "d", 1) == 0


def test_places_are_free_again_after_the_block() -> None:
    shares = Shares(2)
    for _ in range(5):
        with shares.place("one") as granted, shares.place("one") as second:
            assert (granted, second) == (True, False)


@given(st.integers(1, 40), st.floats(0.5, 4.0), st.lists(st.integers(0, 3), max_size=120))
def test_as_long_as_there_are_two_places_one_caller_never_holds_all(
    places: int, greed: float, asking: list[int]
) -> None:
    shares, held = Shares(places, greed), [0] * 4
    with ExitStack() as stack:
        for caller in asking:
            held[caller] += stack.enter_context(shares.place(caller))
    assert sum(held) <= places
    assert places == 1 or max(held) < places


def test_callers_come_by_turns_whoever_has_asked_for_more() -> None:
    order: list[str] = []
    go_on, begun = threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        assert go_on.wait(LONG)

    threads = FairThreads(1, 1, "test")
    futures = [threads.submit("hog", first)]
    assert begun.wait(LONG)
    futures += [threads.submit("hog", order.append, "hog") for _ in range(50)]
    futures += [threads.submit("other", order.append, "other") for _ in range(2)]
    go_on.set()
    for future in futures:
        future.result(LONG)
    threads.shutdown()
    assert order[:4] == ["hog", "other", "hog", "other"]
    assert len(order) == 52


def test_no_caller_has_all_threads() -> None:
    threads, release = FairThreads(4, 2, "test"), threading.Event()
    stuck = [threads.submit("hog", release.wait, LONG) for _ in range(10)]
    assert threads.submit("other", lambda: "answered").result(LONG) == "answered"
    assert sum(future.running() for future in stuck) == 2
    release.set()
    assert all(future.result(LONG) for future in stuck)
    threads.shutdown()


@pytest.mark.parametrize(("threads", "expected"), [(8, [6, 1, 1]), (4, [3, 1]), (2, [1, 1])])
def test_greedy_callers_leave_threads_for_whoever_comes(threads: int, expected: list[int]) -> None:
    pool, release = FairThreads(threads, threads, "test", 3.0), threading.Event()
    stuck = {
        caller: [pool.submit(caller, release.wait, LONG) for _ in range(20)]
        for caller in range(len(expected))
    }
    busy = [sum(future.running() for future in futures) for futures in stuck.values()]
    release.set()
    assert all(future.result(LONG) for futures in stuck.values() for future in futures)
    pool.shutdown()
    assert busy == expected


def test_what_fails_fails_for_who_asked_and_the_threads_go_on() -> None:
    threads = FairThreads(1, 1, "test")

    def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        threads.submit("a", fail).result(LONG)
    assert threads.submit("a", lambda: 7).result(LONG) == 7
    threads.shutdown()


def test_what_has_not_begun_is_cancelled_at_the_end() -> None:
    threads, release, begun = FairThreads(1, 1, "test"), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert release.wait(LONG)

    first = threads.submit("a", work)
    second = threads.submit("a", work)
    assert begun.wait(LONG)
    ending = threading.Thread(target=threads.shutdown)
    ending.start()
    while not second.cancelled():
        ending.join(0.01)
    release.set()
    ending.join(LONG)
    assert first.result(LONG) is None
