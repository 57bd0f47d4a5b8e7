"""Durable workflows that no database keeps: the least that operations need of any provider."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson

from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.notes import Sealing
from gstack_pyramid.operations.workflows import Record, Run

_here: contextvars.ContextVar[_Course] = contextvars.ContextVar("_here")


class Elsewhere(BaseException):
    """Another course of the same workflow was quicker."""


@dataclass
class Kept:
    """What is kept of a workflow."""

    service: str
    steps: list[bytes] = field(default_factory=list)
    over: bool = False


@dataclass
class _Course:
    name: str
    kept: Kept
    step: int = 0


class MemoryWorkflows:
    """Keeps workflows as long as the process lives."""

    def __init__(self, database: Database, node: str, sealing: Sealing, run: Run) -> None:
        self._run = run
        self.kept: dict[str, Kept] = {}
        self._lock = threading.Lock()

    async def launch(self, *, upgrade: bool) -> None:
        pass

    async def start(self, name: str, service: str) -> Callable[[], Awaitable[None]]:
        kept = self.kept[name] = Kept(service)
        task = self._begin(name, kept)

        async def ended() -> None:
            await asyncio.wait([task])

        return ended

    def _begin(self, name: str, kept: Kept) -> asyncio.Task[None]:
        return asyncio.create_task(self._serve(name, kept))

    async def _serve(self, name: str, kept: Kept) -> None:
        _here.set(_Course(name, kept))
        try:
            await self._run(name, kept.service)
        except (asyncio.CancelledError, Elsewhere):
            return
        kept.over = True

    async def step(self, kind: str, do: Callable[[], Coroutine[Any, Any, Record]]) -> Record:
        course = _here.get()
        number, course.step = course.step, course.step + 1
        if number >= len(course.kept.steps):
            written = orjson.dumps(await do())
            if number != len(course.kept.steps):
                raise Elsewhere
            course.kept.steps.append(written)
        record: Record = orjson.loads(course.kept.steps[number])
        return record

    async def recorded(self, name: str) -> list[Any]:
        return [orjson.loads(step) for step in self.kept[name].steps]

    async def resume(self, name: str, service: str) -> bool:
        kept = self.kept.get(name)
        if kept is None:
            await self.start(name, service)
        elif kept.over or kept.service != service:
            return False
        else:
            self._begin(name, kept)
        return True

    async def forget(self, names: list[str]) -> None:
        for name in names:
            self.kept.pop(name, None)

    def end(self) -> None:
        self.kept.clear()
