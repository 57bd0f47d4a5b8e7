"""``gstack serve --reload`` is told of all that makes mappings others."""

from __future__ import annotations

from pathlib import Path

import hupper
import pytest

from ..conftest import MakeRouter


class Reloader:
    """Notes what it is to watch."""

    def __init__(self) -> None:
        self.watched: list[str] = []

    def watch_files(self, files: list[str]) -> None:
        self.watched += files


def test_files_that_come_and_go_are_seen_by_their_folder(
    make_router: MakeRouter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that isn't there yet can't be watched; its folder changes when it comes."""
    reloader = Reloader()
    monkeypatch.setattr(hupper, "is_active", lambda: True)
    monkeypatch.setattr(hupper, "get_reloader", lambda: reloader)
    own = tmp_path / "zones.yaml"
    own.write_text("resource: zones\nfields: {description: name}\n")
    make_router(mappings=str(tmp_path))
    assert {str(tmp_path), str(own)} <= set(reloader.watched)
