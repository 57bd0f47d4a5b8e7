"""What the tests cost: CPU time and time in all, by folder, file and test (``pytest --costs``).

CPU time is that of the test process and of all that it starts, whether that still runs or not. What
is left of the time is waiting: for jobs, for other processes, or for a core that others use.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import forks

_TICKS = os.sysconf("SC_CLK_TCK")
_DEAREST = 60


def cpu_seconds() -> float:
    """CPU time in seconds of this process and of its children, theirs, and so on.

    What another process starts for this one counts as well: see ``forks.py``.
    """
    own = os.times()
    elsewhere = forks.elsewhere()
    ended = own.user + own.system + own.children_user + own.children_system + elsewhere.spent
    begun = (os.getpid(), *elsewhere.running)
    running = [*elsewhere.running, *(pid for each in begun for pid in _descendants(each))]
    return ended + sum(_seconds(pid) for pid in running)


def _descendants(pid: int) -> Iterator[int]:
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, listed.read_text().split()):
                yield child
                yield from _descendants(child)


def _seconds(pid: int) -> float:
    with suppress(OSError):
        # The name in parentheses may hold blanks. utime, stime, cutime, cstime: fields 14 to 17.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    return 0.0


@dataclass
class Cost:
    """What some tests cost together; all times are in seconds."""

    tests: int = 0
    cpu: float = 0.0
    time: float = 0.0

    def add(self, tests: int, cpu: float, time: float) -> None:
        """Add to it."""
        self.tests += tests
        self.cpu += cpu
        self.time += time

    def line(self, name: str) -> str:
        """A line of the table."""
        waiting = max(self.time - self.cpu, 0.0)
        return f"{name:56} {self.tests:6} {self.cpu:8.1f} {waiting:8.1f} {self.time:8.1f}"


class Meter:
    """Measures in the processes that run tests: what each phase of a test cost."""

    def __init__(self) -> None:
        self._cpu, self._time = 0.0, 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        self._cpu, self._time = cpu_seconds(), time.monotonic()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        report = yield
        cpu, now = cpu_seconds(), time.monotonic()
        # xdist sends plain attributes along.
        report.cost = (max(cpu - self._cpu, 0.0), now - self._time)
        self._cpu, self._time = cpu, now
        return report


class Table:
    """Adds up, where the results come together, and prints."""

    def __init__(self) -> None:
        self.folders: dict[str, Cost] = {}
        self.files: dict[str, Cost] = {}
        self.tests: dict[str, Cost] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        cost = getattr(report, "cost", None)
        if cost is None:
            return
        file = report.nodeid.partition("::")[0]
        folder = "/".join(file.split("/")[:2])
        for table, key in (
            (self.folders, folder),
            (self.files, file),
            (self.tests, report.nodeid),
        ):
            table.setdefault(key, Cost()).add(report.when == "call", *cost)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("costs")
        head = f"{'':56} {'tests':>6} {'CPU s':>8} {'waited s':>8} {'time s':>8}"
        terminalreporter.write_line(head)
        for name, cost in sorted(self.folders.items()):
            terminalreporter.write_line(cost.line(name))
        whole = Cost()
        for cost in self.folders.values():
            whole.add(cost.tests, cost.cpu, cost.time)
        terminalreporter.write_line(whole.line("all"))
        for table in (self.files, self.tests):
            terminalreporter.write_line("")
            dearest = sorted(table.items(), key=lambda each: -each[1].cpu)[:_DEAREST]
            for name, cost in dearest:
                terminalreporter.write_line(cost.line(name))


def add_option(parser: pytest.Parser) -> None:
    """Make ``--costs`` known to pytest."""
    what = "what the tests cost, by folder, file and test"
    parser.addoption("--costs", action="store_true", help=what)


def measure(config: pytest.Config) -> None:
    """Measure if the command line asks for it."""
    if not config.getoption("--costs"):
        return
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(), "costs-table")
    if hasattr(config, "workerinput") or getattr(config.option, "dist", "no") == "no":
        config.pluginmanager.register(Meter(), "costs-meter")
