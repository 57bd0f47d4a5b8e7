"""What the tests themselves stand on: programs of others, their order, workers, versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import execnet
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..support import garbage, order, programs, workers

ROOT = Path(__file__).parents[2]


class Terminal:
    """What a run has skipped, and what is written below it."""

    def __init__(self, *reasons: str) -> None:
        skipped = [SimpleNamespace(longrepr=("test_x.py", 1, reason)) for reason in reasons]
        self.stats: dict[str, Any] = {"skipped": skipped}
        self.lines: list[str] = []

    def write_line(self, line: str, **markup: bool) -> None:
        self.lines.append(line)


def test_a_run_says_what_is_missing_and_what_was_left_out_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", {"there": lambda: ROOT, "gone": lambda: None})
    monkeypatch.delenv("GSTACK_REQUIRE_CLIENTS", raising=False)
    missing = programs.Missing()
    assert missing.pytest_report_header() == [
        "NOT INSTALLED: gone. Tests that need them will be left out."
    ]
    assert programs.required("there") == ROOT
    with pytest.raises(pytest.skip.Exception) as skipped:
        programs.required("gone")
    terminal = Terminal(f"Skipped: {skipped.value}", f"Skipped: {skipped.value}", "Skipped: else")
    missing.pytest_terminal_summary(terminal)
    assert terminal.lines == ["NOT TESTED, since gone is not installed: 2 tests"]


def test_where_nothing_may_be_missing_a_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", {"gone": lambda: None})
    monkeypatch.setenv("GSTACK_REQUIRE_CLIENTS", "1")
    with pytest.raises(pytest.fail.Exception, match="gone is missing"):
        programs.required("gone")


def test_what_takes_long_runs_first_and_a_files_tests_stay_together() -> None:
    assert all(list(ROOT.glob(f"{path.rstrip('/')}*")) for path in order.LONG)
    ids = (
        "tests/unit/test_ids.py::test_b",
        "tests/http/test_names.py::test_a",
        "tests/unit/test_ids.py::test_a",
        "tests/torture/test_torture.py::test_a",
        "tests/clients/test_serving.py::test_a",
    )
    tests: list[Any] = [SimpleNamespace(nodeid=each) for each in ids]
    order.longest_first(tests)
    assert [test.nodeid for test in tests] == [ids[at] for at in (3, 4, 1, 0, 2)]


def test_files_that_load_the_same_go_to_one_worker_unless_each_command_is_a_process() -> None:
    def units(gcloud: str) -> list[str]:
        option = SimpleNamespace(dist="loadfile", gcloud=gcloud, tx=["popen"], numprocesses=1)
        config: Any = SimpleNamespace(option=option, getvalue=lambda name: getattr(option, name))
        scheduling = order.scheduling(config, None)
        assert scheduling is not None
        names = (
            "clients/test_gcloud_lists.py",
            "clients/test_gcloud_groups.py",
            "clients/test_google_cloud_groups.py",
            "clients/test_long_lists.py",
            "http/test_vpn.py",
        )
        return [scheduling._split_scope(f"tests/{name}::test_a[x::y]") for name in names]

    assert units("fork") == ["gcloud", "gcloud", "library", "library", "tests/http/test_vpn.py"]
    assert units("exec")[:2] == [
        "tests/clients/test_gcloud_lists.py",
        "tests/clients/test_gcloud_groups.py",
    ]


def test_every_group_of_files_is_there() -> None:
    assert all(list(ROOT.glob(f"{path}*")) for path in (*order.GCLOUD, *order.LIBRARY))


class Collected:
    """Stands for the module gc: what was asked of it, and how many objects there are."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.new = 0

    def __getattr__(self, name: str) -> Any:
        return lambda: self.asked.append(name)

    def get_count(self) -> tuple[int, int, int]:
        return self.new, 0, 0


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Collected:
    stand_in = Collected()
    monkeypatch.setattr(garbage, "gc", stand_in)
    return stand_in


def over(collector: Any, test: str, then: str | None) -> None:
    """Have a test over that is in one file, and is followed by one of another."""
    item, following = (path and SimpleNamespace(path=Path(path)) for path in (test, then))
    running = collector.pytest_runtest_protocol(item, following)
    next(running)
    with pytest.raises(StopIteration):
        running.send(True)


@pytest.mark.parametrize(
    ("then", "new", "asked"),
    [
        ("test_a.py", 0, []),
        ("test_b.py", 0, ["collect", "freeze"]),
        (None, 0, ["collect", "freeze"]),
        ("test_a.py", 1_000_000, ["collect", "freeze"]),
    ],
    ids=["within a file", "at a file's end", "at the end", "where there is much"],
)
def test_garbage_is_looked_for_between_files_or_when_there_is_much(
    collected: Collected, then: str | None, new: int, asked: list[str]
) -> None:
    plugins: list[Any] = []
    garbage.between_files(
        cast(
            "pytest.Config", SimpleNamespace(pluginmanager=SimpleNamespace(register=plugins.append))
        )
    )
    assert collected.asked == ["disable"]
    collected.new = new
    over(plugins[0], "test_a.py", then)
    assert collected.asked == ["disable", *asked]


class Run:
    """What pytest knows of a run; its end."""

    def __init__(self, folder: Path) -> None:
        self.args = [str(folder)]
        self.invocation_params = SimpleNamespace(dir=folder)
        self.ends: list[Callable[[], None]] = []
        self.add_cleanup = self.ends.append


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Callable[[str], str | None]]:
    """What workers of the tests in a text are to be started by; None where xdist decides."""
    runs = []

    def fork(text: str) -> str | None:
        (tmp_path / "test_it.py").write_text(text)
        spec = SimpleNamespace(python=None)
        runs.append(Run(tmp_path))
        workers.fork(cast("pytest.Config", runs[-1]), [spec])
        python: str | None = spec.python
        return python

    yield fork
    for run in runs:
        for end in run.ends:
            end()


# Each run of the tests with several workers does it all the time.
@pytest.mark.matrix
def test_a_worker_is_a_fork_of_what_has_read_the_tests(
    forked: Callable[[str], str | None],
) -> None:
    python = forked("def test_it(): pass")
    group = execnet.Group()
    try:
        worker = group.makegateway(f"popen//python={python}")
        asking = worker.remote_exec("import sys; channel.send('test_it' in sys.modules)")
        assert asking.receive(60)
    finally:
        group.terminate(timeout=60)


def test_what_can_not_be_imported_is_left_to_workers_of_xdists_own(
    forked: Callable[[str], str | None],
) -> None:
    assert forked("import nothing_of_that_name") is None


def pinned() -> dict[str, list[str]]:
    """The versions in constraints.txt, by package; one may differ by Python's version."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            told = re.fullmatch(r"([A-Za-z0-9._-]+)==([^ ;]+)( ; .+)?", line)
            assert told, f"no exact version: {line}"
            found.setdefault(canonicalize_name(told[1]), []).append(told[2])
    return found


def needed() -> set[str]:
    """All that gstack and its development need here, directly and indirectly."""
    waiting = [("gstack_pyramid", frozenset({"dev"}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            told = requires(name) or []
        except PackageNotFoundError:
            continue  # of another platform
        for requirement in map(Requirement, told):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in ("", *extras)):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in seen if name != "gstack_pyramid"}


def test_the_version_of_all_that_is_needed_is_written_down() -> None:
    assert needed() - pinned().keys() == set()
