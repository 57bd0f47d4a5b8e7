"""In which order files run: what takes long goes first, so that no worker has it left at the end.

A file's tests stay with one worker. Those that wait most, for gateways that are killed or for what
pip fetches, go first; then what starts programs of others, then what is many small tests.

All that run gcloud stay with one worker as well, where it runs in forks of one process: each of its
commands is dear the first time that a process loads it. So do those with Google's library, which
takes 1.6 s of CPU to be imported.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

GCLOUD = ("tests/clients/test_gcloud_", "tests/clients/test_sign_in.py")
LIBRARY = ("tests/clients/test_google_cloud_", "tests/clients/test_long_lists.py")

LONG = (
    *GCLOUD,
    "tests/torture/test_torture.py",
    "tests/clients/test_from_nothing.py",
    "tests/clients/test_schemathesis.py",
    "tests/http/test_pushdown_everywhere.py",
    "tests/http/test_round_trips.py",
    "tests/test_cases.py",
    "tests/torture/",
    "tests/clients/",
    "tests/http/",
    "tests/signin/",
    "tests/",
)
"""Beginnings of paths, those that go first at the top."""


class Together(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives the tests of a file to one worker, and those of all files that load the same."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(GCLOUD) and self.config.option.gcloud == "fork":
            return "gcloud"
        return "library" if nodeid.startswith(LIBRARY) else nodeid.partition("::")[0]


def scheduling(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """What gives tests to workers; None for xdist's own."""
    return Together(config, log) if config.option.dist == "loadfile" else None


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by where they stand; those of one file stay in their order."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((at for at, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))
