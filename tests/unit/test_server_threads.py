"""Which of the server's threads takes the next request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from waitress import server

from gstack_pyramid.server_threads import Dispatcher, wake_latest_first

LONG = 20.0
THREADS = 4


class Task:
    """Tells by which thread it was done, and waits before that until it may."""

    def __init__(self, go_on: Callable[[], object] = lambda: None) -> None:
        self._go_on = go_on
        self.begun = threading.Event()
        self.thread = ""

    def service(self) -> None:
        self.thread = threading.current_thread().name
        self.begun.set()
        self._go_on()


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    made = Dispatcher()
    made.set_thread_count(THREADS)
    yield made
    assert made.shutdown(timeout=LONG)
    assert not made.threads


def await_idle(dispatcher: Dispatcher) -> None:
    """Wait until all threads wait for work: each counts itself out with the lock held."""
    while True:
        with dispatcher.lock:
            if not dispatcher.active_count:
                return


def test_requests_one_after_the_other_are_all_served_by_one_thread(dispatcher: Dispatcher) -> None:
    tasks = [Task() for _ in range(2 * THREADS)]
    for task in tasks:
        await_idle(dispatcher)
        dispatcher.add_task(task)
        assert task.begun.wait(LONG)
    assert len({task.thread for task in tasks}) == 1


def test_requests_at_the_same_time_are_each_served_by_a_thread(dispatcher: Dispatcher) -> None:
    together = threading.Barrier(THREADS)
    tasks = [Task(lambda: together.wait(LONG)) for _ in range(THREADS)]
    await_idle(dispatcher)
    for task in tasks:
        dispatcher.add_task(task)
    for task in tasks:
        assert task.begun.wait(LONG)
    assert len({task.thread for task in tasks}) == THREADS


def test_servers_get_such_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ThreadedTaskDispatcher", server.ThreadedTaskDispatcher)
    wake_latest_first()
    made = server.create_server(lambda *_: [], map={}, host="127.0.0.1", port=0, threads=1)
    try:
        assert isinstance(made.task_dispatcher, Dispatcher)
    finally:
        made.task_dispatcher.shutdown()
        made.close()
