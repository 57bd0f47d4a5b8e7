from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gstack_pyramid.health import Readiness, Seen, Unfit


@pytest.fixture
def open_gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_look_that_hangs_is_told_as_failing_and_not_begun_again(
    open_gate: threading.Event,
) -> None:
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        open_gate.wait(60)

    readiness = Readiness({"slow": hang, "quick": lambda: None}, patience=0.01, fresh=0)
    for _ in range(5):
        seen = readiness.seen()
        assert seen["slow"].problem == "no answer yet"
        assert not seen["quick"].problem
    assert begun == [1]
    readiness.close()


def test_many_probes_are_one_look_while_it_is_fresh() -> None:
    now, looks = [0.0], [0]

    def look() -> None:
        looks[0] += 1

    readiness = Readiness({"it": look}, fresh=1, clock=lambda: now[0])
    for second in (0.0, 0.3, 0.9):
        now[0] = second
        readiness.seen()
    assert looks == [1]
    now[0] = 1.0
    readiness.seen()
    assert looks == [2]
    readiness.close()


def test_one_probe_waits_for_a_look_that_hangs_and_no_other(open_gate: threading.Event) -> None:
    now, hanging = [0.0], threading.Event()

    def look() -> None:
        if now[0]:
            hanging.set()
            open_gate.wait(60)

    readiness = Readiness({"it": look}, patience=60, fresh=1, clock=lambda: now[0])
    before = readiness.seen()
    now[0] = 2.0
    waits = threading.Thread(target=readiness.seen)
    waits.start()
    assert hanging.wait(60)
    others = threading.Thread(target=lambda: told.append(readiness.seen()))
    told: list[dict[str, Seen]] = []
    others.start()
    others.join(10)
    assert told == [before]
    open_gate.set()
    waits.join(60)
    readiness.close()


def test_what_is_wrong_is_told_in_words_of_ours_only() -> None:
    def unfit() -> None:
        raise Unfit("it holds no key")

    def broken() -> None:
        raise OSError("/secret/place")

    readiness = Readiness({"unfit": unfit, "broken": broken})
    seen = readiness.seen()
    assert seen["unfit"].problem == "it holds no key"
    assert seen["broken"].problem == "OSError"
    assert Seen(0.12345, "x").told() == {"status": "failing", "seconds": 0.1235, "problem": "x"}
    readiness.close()
