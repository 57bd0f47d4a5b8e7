"""What the tests themselves stand on: programs of others, their order, versions of libraries."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..support import order, programs

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


def test_all_of_gclouds_files_go_to_one_worker_unless_each_command_is_a_process() -> None:
    def units(gcloud: str) -> list[str] | None:
        option = SimpleNamespace(dist="loadfile", gcloud=gcloud, tx=["popen"], numprocesses=1)
        config: Any = SimpleNamespace(option=option, getvalue=lambda name: getattr(option, name))
        if (scheduling := order.scheduling(config, None)) is None:
            return None
        names = (
            "clients/test_gcloud_lists.py",
            "clients/test_gcloud_groups.py",
            "http/test_vpn.py",
        )
        return [scheduling._split_scope(f"tests/{name}::test_a[x::y]") for name in names]

    assert units("fork") == ["gcloud", "gcloud", "tests/http/test_vpn.py"]
    assert units("exec") is None


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
