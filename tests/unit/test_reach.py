"""CloudStack's absence is told in few lines, and a clock that is wrong is named."""

from __future__ import annotations

import logging

import pytest

from gstack_pyramid.cloudstack import transport
from gstack_pyramid.cloudstack.errors import CloudStackTimeout, CloudStackUnavailable
from gstack_pyramid.observability.reach import ClockWatch, DatabaseReach, Reach, wrong_clock

GONE = CloudStackUnavailable("listZones", "no connection to CloudStack: Connection refused", False)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def test_an_outage_is_one_line_one_a_minute_and_one_at_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [100.0]
    reach = Reach(lambda: now[0])
    reach.heard()
    for second in range(150):
        now[0] = 101.0 + second
        reach.lost(GONE.problem, 0.01, str(GONE))
        reach.lost(GONE.problem, 0.01, str(GONE))
    now[0] = 251.0
    for _ in range(5):
        reach.heard()
    assert told(caplog) == [
        "CloudStack does not answer: no connection to CloudStack: Connection refused",
        "CloudStack has not answered for 60 s, nor 121 commands:"
        " no connection to CloudStack: Connection refused",
        "CloudStack has not answered for 120 s, nor 241 commands:"
        " no connection to CloudStack: Connection refused",
        "CloudStack is back, after 150 s in which 300 commands had no answer",
    ]


def test_one_command_without_an_answer_among_others_is_no_outage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [100.0]
    reach = Reach(lambda: now[0])
    late = CloudStackTimeout("listVolumes", "no answer from CloudStack in time", True)
    for second in range(100):
        now[0] = 100.0 + second
        reach.heard()
        reach.lost(late.problem, 60.0, str(late))
    assert told(caplog) == ["listVolumes: no answer from CloudStack in time"] * 2


def test_a_database_that_is_away_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    reach = DatabaseReach(lambda: now[0])
    for second in (0, 1, 70):
        now[0] = 100.0 + second
        reach.lost("database is locked", 0.0, "one of many")
        # What needs no room is written all the same.
        reach.heard()
    now[0] += DatabaseReach.CALM
    reach.heard()
    reach.heard()
    assert told(caplog) == [
        "the database of operations can't be used: database is locked",
        "the database of operations can't be used since 70 s, 3 times: database is locked",
        "the database of operations is back, after 80 s in which it failed 3 times",
    ]


@pytest.mark.parametrize(
    ("behind", "problem"),
    [
        (None, ""),
        (0.0, ""),
        (599.0, ""),
        (-299.0, ""),
        (601.0, "this machine's clock is 601 s behind CloudStack's"),
        (-1200.0, "this machine's clock is 1200 s ahead of CloudStack's"),
    ],
)
def test_a_clock_is_wrong_when_signatures_are_over_or_too_far_ahead(
    behind: float | None, problem: str
) -> None:
    assert wrong_clock(behind, 600) == problem


def test_the_other_clock_is_read_from_the_answer_that_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_780_000_000.0)
    assert transport._behind("Thu, 28 May 2026 20:36:40 GMT") == 600.0
    assert transport._behind("Thu, 28 May 2026 20:16:40 GMT") == -600.0
    assert transport._behind("noon") is None
    assert transport._behind("") is None


def test_a_wrong_clock_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    watch = ClockWatch(600, lambda: now[0])
    for second in range(90):
        now[0] = float(second)
        watch.refused(3600.0)
    line = "CloudStack refuses what is signed here: this machine's clock is 3600 s behind"
    assert told(caplog) == [f"{line} CloudStack's"] * 2
