"""Programs of others that tests need: where they are, and what isn't tested without them.

A run says at its start which are missing, and at its end what was left out for that. With
``GSTACK_REQUIRE_CLIENTS=1``, as CI sets it, a test whose program is missing fails.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import postgres

_MISSING = "not installed: "


def _on_path(name: str, more: str = "") -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = shutil.which(name) or (shutil.which(name, path=more) if more else None)
        return Path(found) if found else None

    return find


def _python2() -> Path | None:
    """Python 2.7: one of pyenv's, whose shim on the PATH may stand for nothing, or on the PATH."""
    own = sorted(Path.home().glob(".pyenv/versions/2.7.*/bin/python2.7"))
    return own[-1] if own else _on_path("python2.7")()


PROGRAMS: dict[str, Callable[[], Path | None]] = {
    "gcloud": _on_path("gcloud"),
    "chromium": _on_path("chromium"),
    "chromedriver": _on_path("chromedriver"),
    "PostgreSQL": postgres.programs,
    # Debian has it where only root looks by default.
    "nginx": _on_path("nginx", "/usr/sbin"),
    "fail2ban-regex": _on_path("fail2ban-regex"),
    "prometheus": _on_path("prometheus"),
    "promtool": _on_path("promtool"),
    # Clients that only `make test-all` runs.
    "packer": _on_path("packer"),
    "node": _on_path("node"),
    "npm": _on_path("npm"),
    "go": _on_path("go"),
    "python2.7": _python2,
    # It was part of Google's Cloud SDK until 2015, and is in no registry.
    "gcutil": _on_path("gcutil"),
}
"""name -> what finds it: its path, or None. Who needs a further program adds a line."""


def required(name: str) -> Path:
    """Where a program is; without it the test is skipped, or fails where CI asks for it."""
    found = PROGRAMS[name]()
    if found is None:
        if os.environ.get("GSTACK_REQUIRE_CLIENTS") == "1":
            pytest.fail(f"{name} is missing, and GSTACK_REQUIRE_CLIENTS=1 asks for it")
        pytest.skip(f"{_MISSING}{name}")
    return found


class Missing:
    """Says what is missing, in the process that a person looks at."""

    def pytest_report_header(self) -> list[str]:
        missing = [name for name, find in PROGRAMS.items() if find() is None]
        if not missing:
            return []
        return [f"NOT INSTALLED: {', '.join(missing)}. Tests that need them will be left out."]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        left_out: Counter[str] = Counter()
        for report in terminalreporter.stats.get("skipped", ()):
            # A skip is told as (file, line, reason).
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            _, found, name = reason.partition(_MISSING)
            if found:
                left_out[name] += 1
        for name, count in left_out.items():
            message = f"NOT TESTED, since {name} is not installed: {count} tests"
            terminalreporter.write_line(message, yellow=True, bold=True)


def say_what_is_missing(config: pytest.Config) -> None:
    """Have a run say it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Missing(), "missing-programs")
