"""``make torture``: the complete form, with figures.

Rounds print their seeds; ``--seed N --rounds 1`` repeats one, as far as threads allow. A round with
violations keeps its files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..support.postgres import programs, serving
from . import sweep, waiters
from .rounds import Round, run


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for a round; it stays when the block says so by leaving a file ``keep``."""
    folder = Path(tempfile.mkdtemp(prefix="gstack-torture-"))
    try:
        yield folder
    finally:
        if not (folder / "keep").exists():
            shutil.rmtree(folder)


def _told(done: Round, folder: Path) -> bool:
    print(done, flush=True)
    for violation in done.violations:
        print(f"  VIOLATION {violation}")
    if done.violations:
        (folder / "keep").touch()
        print(f"  the files are in {folder}", flush=True)
    return not done.violations


def _one_node(rounds: int, operations: int, seed: int) -> bool:
    print(f"One gateway on SQLite, killed and started again: {rounds} rounds of {operations}")
    well = True
    for number in range(rounds):
        with _folder() as folder:
            url = str(folder / "operations.sqlite")
            done = run(folder, seed + number, changes=operations, settings={"operations.url": url})
            well &= _told(done, folder)
    return well


def _two_nodes(rounds: int, operations: int, seed: int) -> bool:
    print(f"Two gateways on PostgreSQL, one killed for good: {rounds} rounds of {operations}")
    found = programs()
    if found is None:
        print("  PostgreSQL is not installed")
        return False
    well = True
    with serving(found) as server:
        for number in range(rounds):
            with _folder() as folder:
                settings = {"operations.url": server.database()}
                every = (operations // 4, operations // 2)
                done = run(
                    folder,
                    seed + number,
                    changes=operations,
                    nodes=2,
                    settings=settings,
                    every=every,
                )
                well &= _told(done, folder)
    return well


def _waiters(rounds: int, operations: int, seed: int) -> bool:
    print("Clients that wait for operations which don't end, and reads meanwhile")
    well = True
    for count in (100, 500):
        with _folder() as folder:
            settings = {"operations.url": str(folder / "operations.sqlite"), "waiters": "8"}
            waited = waiters.run(folder, waiters=count, reads=300, settings=settings)
            print(waited, flush=True)
            well &= waited.done == count
    return well


def _sweep(rounds: int, operations: int, seed: int) -> bool:
    print("One insert, with the gateway killed at each of its commands in turn")
    with _folder() as folder:
        url = str(folder / "operations.sqlite")
        found = sweep.run(folder, sweep.COMMANDS, {"operations.url": url})
        for violation in found:
            print(f"  VIOLATION {violation}")
        if found:
            (folder / "keep").touch()
            print(f"  the files are in {folder}", flush=True)
        print(f"  {len(sweep.COMMANDS) * len(sweep.FATES)} inserts, {len(found)} violations")
        return not found


_PARTS = {"sweep": _sweep, "one-node": _one_node, "two-nodes": _two_nodes, "waiters": _waiters}


@click.command(help=__doc__)
@click.option("--rounds", default=20, show_default=True, help="Rounds of each part.")
@click.option("--operations", default=200, show_default=True, help="Changes asked for in a round.")
@click.option("--seed", default=1, show_default=True, help="Of the first round; others count up.")
@click.option("--only", type=click.Choice(list(_PARTS)), help="One part alone.")
def main(rounds: int, operations: int, seed: int, only: str | None) -> None:
    """Run the parts."""
    well = True
    for name, part in _PARTS.items():
        if only in (None, name):
            well &= part(rounds, operations, seed)
    sys.exit(0 if well else 1)


main()
