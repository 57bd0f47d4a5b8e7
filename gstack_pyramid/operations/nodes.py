"""Nodes that share a database: each shows that it lives, and takes over from those that don't."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.store import Store

log = logging.getLogger(__name__)

_PRUNE_SECONDS = 3600.0
_PRUNE_BATCH = 200


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
        self._pruned = float("-inf")
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="operations-watch", daemon=True)

    def start(self) -> None:
        """Show that this node lives, and take over what nobody runs."""
        self.look()
        self._thread.start()

    def close(self) -> None:
        """Leave the watch: what this node ran may be taken over at once."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._store.leave(self._runner.node)
        except sa.exc.SQLAlchemyError as error:
            log.warning("the database of operations can't be reached: %s", error)

    def look(self) -> list[str]:
        """One round. Gives the names of the operations that were taken over."""
        node = self._runner.node
        live = self._living(self._store.beat(node))
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
        moment = self._clock() - self._watch.retention
        while names := self._store.ended_before(moment, _PRUNE_BATCH):
            self._host.forget(names)
            self._store.forget(names)
            count += len(names)
        return count

    def _living(self, beats: dict[str, int]) -> set[str]:
        """The nodes that live, for all that this one has seen of them."""
        now = self._ticks()
        live = set()
        for name, beat in beats.items():
            if name == self._runner.node:
                live.add(name)
                continue
            if not self._host.database.shared:
                # Only one process at a time uses a SQLite file: whoever else did has ended.
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

    def _serve(self) -> None:
        while not self._closing.wait(self._watch.heartbeat):
            try:
                self.look()
                if self._ticks() - self._pruned > _PRUNE_SECONDS:
                    self._pruned = self._ticks()
                    self.prune()
            except sa.exc.SQLAlchemyError as error:
                log.warning("the database of operations can't be reached: %s", error)
