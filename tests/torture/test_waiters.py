"""Clients that wait for operations keep nobody else from being answered, and cost no memory."""

from __future__ import annotations

from pathlib import Path

from .waiters import run

WAITERS = 150
READS = 40


def test_reads_are_answered_while_more_clients_wait_than_there_are_threads(tmp_path: Path) -> None:
    """``run`` fails when a read isn't answered, or when somebody can't even ask to wait."""
    settings = {"operations.url": str(tmp_path / "operations.sqlite"), "waiters": "8"}
    waited = run(tmp_path, waiters=WAITERS, reads=READS, settings=settings)
    assert waited.done == WAITERS
    assert len(waited.among) == READS
    before, during, after = waited.memory
    assert max(during, after) - before < 32 * 2**20
