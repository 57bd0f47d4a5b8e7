"""Nodes that share a database: each shows that it lives, and takes over from those that don't.

Three threads, since none may keep the other ones: a node that takes over a thousand operations, or
deletes what a year has left behind, goes on showing that it lives.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from gstack_pyramid.operations.database import reason_of
from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.store import Store

log = logging.getLogger(__name__)

_PRUNE_SECONDS = 3600.0
_PRUNE_PIECE = 50
"""Operations that are deleted in one transaction; where it is SQLite, others wait for that."""
_PRUNE_PAUSE = 0.05
"""Seconds between two pieces, in which others come first."""
_HELD_LATELY = 3600.0
"""Seconds that it is known who had what for itself: longer than any request takes."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How nodes watch each other. All in seconds.

    Attributes:
        heartbeat: between two signs of life.
        takeover: without a sign after which a node counts as dead.
        retention: for which operations that have ended are kept.
    """

    heartbeat: float = 5.0
    takeover: float = 30.0
    retention: float = 14 * 24 * 3600.0


class Runner(Protocol):
    """Who runs operations here."""

    node: str
    service: str

    def running(self) -> frozenset[str]:
        """The names of the operations that this process runs."""


class Membership:
    """One node's part in the watch.

    Args:
        runner: who runs operations here.
        store: where they are kept.
        host: resumes them.
        watch: the times.
        clock: the present as Unix time.
        ticks: seconds that pass, from any beginning.
    """

    def __init__(
        self,
        runner: Runner,
        store: Store,
        host: Host,
        watch: Watch,
        clock: Callable[[], float],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner, self._store, self._host = runner, store, host
        self._watch, self._clock, self._ticks = watch, clock, ticks
        self._seen: dict[str, tuple[int, float]] = {}
        self._resumed: dict[str, float] = {}
        self._closing = threading.Event()
        self._threads = [
            self._repeatedly("operations-heartbeat", watch.heartbeat, self.beat),
            self._repeatedly("operations-watch", watch.heartbeat, self.take_over),
            self._repeatedly("operations-pruning", _PRUNE_SECONDS, self.prune, watch.heartbeat),
        ]

    def start(self) -> None:
        """Show that this node lives, and take over what nobody runs."""
        self.look()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Leave the watch: what this node ran may be taken over at once."""
        self._closing.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        try:
            self._store.leave(self._runner.node)
        except sa.exc.SQLAlchemyError as error:
            log.warning("this node can't sign off: %s", reason_of(error))

    def look(self) -> list[str]:
        """One round. Gives the names of the operations that were taken over."""
        self.beat()
        return self.take_over()

    def beat(self) -> None:
        """Show that this node lives."""
        self._store.beat(self._runner.node)

    def take_over(self) -> list[str]:
        """Take over what nobody runs. Gives the names of the operations."""
        node = self._runner.node
        try:
            beats = self._store.beats()
        except sa.exc.SQLAlchemyError:
            # Nobody can show that it lives meanwhile: look anew once the database is back.
            self._seen.clear()
            raise
        live = self._living(beats)
        running = self._runner.running()
        # What was resumed begins to run a little later.
        now = self._ticks()
        self._resumed = {
            name: since
            for name, since in self._resumed.items()
            if now - since < self._watch.takeover
        }
        taken = []
        for operation in self._store.everything(unfinished=True):
            if self._closing.is_set():
                break
            name = operation.name
            if operation.node == node:
                # Stopped by something that is over, such as a database that was away.
                young = self._clock() - operation.inserted < self._watch.takeover
                if young or name in running or name in self._resumed:
                    continue
            elif operation.node in live:
                continue
            if self._store.take(name, operation.node, node):
                log.info("operation %s is taken over from %s", name, operation.node)
                self._host.resume(name, self._runner.service)
                self._resumed[name] = now
                taken.append(name)
        return taken

    def prune(self) -> int:
        """Delete what ended long ago. Gives how many operations that were."""
        count = 0
        self._store.forget_holds(self._clock() - _HELD_LATELY)
        moment = self._clock() - self._watch.retention
        while names := self._store.ended_before(moment, _PRUNE_PIECE):
            self._host.forget(names)
            self._store.forget(names)
            count += len(names)
            if self._closing.wait(_PRUNE_PAUSE):
                break
        return count

    def _living(self, beats: dict[str, int]) -> set[str]:
        """The nodes that live, for all that this one has seen of them."""
        now = self._ticks()
        live = set()
        for name, beat in beats.items():
            if name == self._runner.node:
                live.add(name)
                continue
            if self._host.database.exclusive:
                # Only this process uses the SQLite file: whoever else did has ended.
                self._store.leave(name)
                continue
            known = self._seen.get(name)
            if known is None or known[0] != beat:
                self._seen[name] = (beat, now)
                live.add(name)
            elif now - known[1] < self._watch.takeover:
                live.add(name)
            else:
                log.warning("node %s has shown no sign of life and counts as dead", name)
                self._store.leave(name)
                del self._seen[name]
        return live

    def _repeatedly(
        self, name: str, seconds: float, task: Callable[[], object], first: float | None = None
    ) -> threading.Thread:
        """A thread that does something again and again, first after ``first`` seconds."""

        def serve() -> None:
            pause = seconds if first is None else first
            while not self._closing.wait(pause):
                pause = seconds
                try:
                    task()
                except sa.exc.SQLAlchemyError as error:
                    self._host.database.lost(error)

        return threading.Thread(target=serve, name=name, daemon=True)
