"""In which order files run: what takes long goes first, so that no worker has it left at the end.

A file's tests stay with one worker. Those that wait most, for gateways that are killed or for what
pip fetches, go first; then what starts programs of others, then what is many small tests.
"""

from __future__ import annotations

import pytest

LONG = (
    "tests/torture/test_torture.py",
    "tests/clients/test_from_nothing.py",
    "tests/clients/test_schemathesis.py",
    "tests/http/test_pushdown_everywhere.py",
    "tests/clients/test_gcloud_every_list.py",
    "tests/http/test_round_trips.py",
    "tests/test_cases.py",
    "tests/torture/",
    "tests/clients/",
    "tests/http/",
    "tests/signin/",
    "tests/",
)
"""Beginnings of paths, those that go first at the top."""


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by where they stand; those of one file stay in their order."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((at for at, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))
