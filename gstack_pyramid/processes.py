"""Several processes that serve one gateway on one port: ``gstack serve --processes N``.

The one that is started listens, answers nobody, and has no threads, so that it may fork at any
time. The others share its sockets: each takes connections as it is free for them, and what waits to
be taken is not lost with any of them. One that dies is started again. SIGTERM and Ctrl-C go to all
of them. At SIGHUP, new ones that have read the ini, the mapping files and all else anew come in
their place, one after the other.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gstack_pyramid.balance import Places, share

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds in which a process must end that was told to: longer than it waits for its requests."""

YOUNG = 10.0
"""Seconds of life below which a process that dies counts as one that can't live."""

DEATHS = 5
"""How many of those in a row are too many, where no process lives."""

SLOWEST = 30.0
"""Seconds at most until the next try to start one that can't live, while others do."""

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which prometheus_client has processes put their figures."""

_LOOK = 0.1
"""Seconds between looks at whether it is told to end, while a process starts."""

_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})

Serve = Callable[[Callable[[], None]], None]
"""Serves until the process is told to end; what it is given is called once it is ready."""


class Supervisor:
    """Starts processes, starts them again, puts new ones in their place, and ends them.

    Args:
        count: how many there are to be.
        serve: what each of them does.
        clock: seconds that only grow.

    Attributes:
        places: what processes know of each other.
        place: the place there of this process, within one of them.
    """

    def __init__(
        self, count: int, serve: Serve, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._serve, self._clock = count, serve, clock
        # While new ones come in the place of the old, there is one more; some may still be ending.
        self.places, self.place = Places(2 * count + 2), 0
        self._places: dict[int, int] = {}
        self._born: dict[int, float] = {}
        self._retired: set[int] = set()
        self._early = 0
        self._status = 0
        self._deadline: float | None = None
        self._again: float | None = None
        # Readable in the processes once this one is gone, since nobody else can write to it.
        self._life, self._alive = os.pipe()

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C. Gives the exit status: 1 when it can't be served."""
        # Taken one after the other, when there is time for each.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        # The first one by itself: it makes what is missing, and says what is wrong for all.
        _, is_up = self._start()
        if not is_up and not _told_to_end():
            return 1
        for _ in range(1, self._count):
            if not _told_to_end():
                self._start()
        if not _told_to_end():
            log.info("%d processes serve: %s", len(self._born), " ".join(map(str, self._born)))
        while self._born or self._again is not None:
            self._heed(self._next_signal())
        return self._status

    def _next_signal(self) -> int | None:
        """The next signal; None when it is time to look at what was to be done by now."""
        if (until := self._deadline or self._again) is None:
            return signal.sigwait(_SIGNALS)
        heard = signal.sigtimedwait(_SIGNALS, max(until - self._clock(), 0))
        return heard.si_signo if heard else None

    def _heed(self, number: int | None) -> None:
        ending = self._deadline is not None
        if number == signal.SIGCHLD:
            self._bury()
        elif number == signal.SIGHUP:
            if not ending:
                self._renew()
        elif number is None and not ending:
            self._fill()
        elif ending:
            # Too late, or told for the second time.
            self._send(signal.SIGKILL)
            self._deadline = self._clock() + PATIENCE
        else:
            self._end()

    def _end(self) -> None:
        self._deadline, self._again = self._clock() + PATIENCE, None
        self._send(signal.SIGTERM)

    def _renew(self) -> None:
        """Put a new process in the place of each, which reads all anew; the old one ends in order.

        One that doesn't come up has said why, and the old ones go on.
        """
        for pid in self._living():
            new, is_up = self._start()
            if not is_up:
                self._retired.add(new)
                if not _told_to_end():
                    log.error("nothing is read anew: a new process does not come up")
                return
            self._retired.add(pid)
            self.places.leave(self._places[pid])
            os.kill(pid, signal.SIGTERM)
        log.info("read anew: all that processes read at their start")

    def _bury(self) -> None:
        """See to the processes that have ended."""
        while self._born:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            born = self._born.pop(pid)
            self.places.leave(self._places.pop(pid))
            forget_figures(pid)
            if pid in self._retired or self._deadline is not None:
                self._retired.discard(pid)
                continue
            log.error("process %d has ended %s; it is started again", pid, _how(status))
            self._early = self._early + 1 if self._clock() - born < YOUNG else 0
            if self._early >= DEATHS and not self._living():
                log.critical("%d processes in a row have ended at once: giving up", DEATHS)
                self._status = 1
                self._end()
                return
            pause = min(0.1 * 2**self._early, SLOWEST) if self._early else 0.0
            self._again = self._clock() + pause

    def _living(self) -> list[int]:
        return [pid for pid in self._born if pid not in self._retired]

    def _fill(self) -> None:
        """Start those that are missing. One that doesn't come up counts as one that has died."""
        self._again = None
        for _ in range(self._count - len(self._living())):
            if not _told_to_end():
                self._start()

    def _start(self) -> tuple[int, bool]:
        """Start a process; gives its id, and whether it has come up.

        Who is told to end meanwhile starts no more, and tells this one.
        """
        ready, tell = os.pipe()
        # One that was told to end has its place until it has.
        self.place = self.places.free(self._places.values())
        self.places.take(self.place)
        pid = os.fork()
        if not pid:
            os.close(ready)
            os.close(self._alive)
            self._become(lambda: _tell(tell))
        os.close(tell)
        self._born[pid], self._places[pid] = self._clock(), self.place
        with os.fdopen(ready, "rb") as reading:
            while not select.select([reading], [], [], _LOOK)[0]:
                if _told_to_end():
                    # It hears of it once it is up, and then ends in order: a node signs off.
                    self._retired.add(pid)
                    return pid, False
            return pid, reading.read(1) == b"r"

    def _become(self, ready: Callable[[], None]) -> None:
        """Be one of the processes, to its end. Signals wait until it is ready."""
        # Of Ctrl-C the terminal tells all of them, and who has started them does so as well.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = 1
        try:
            threading.Thread(target=self._outlive_nobody, name="parent", daemon=True).start()
            self._serve(ready)
            status = 0
        except SystemExit as ending:
            if isinstance(ending.code, str):
                log.critical("%s", ending.code)
            status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        except BaseException:
            log.critical("the process broke", exc_info=True)
        finally:
            _leave(status)

    def _outlive_nobody(self) -> None:
        os.read(self._life, 1)
        log.error("the process that has started this one is gone: ending")
        os.kill(os.getpid(), signal.SIGTERM)

    def _send(self, number: int) -> None:
        for pid in list(self._born):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def _told_to_end() -> bool:
    """Whether a signal to end waits to be taken."""
    return bool(signal.sigpending() & {signal.SIGTERM, signal.SIGINT})


def _tell(pipe: int) -> None:
    """Say that this process is ready, and heed signals from now on."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    # Where nobody listens any more, this process is told to end by the same.
    with suppress(BrokenPipeError):
        os.write(pipe, b"r")
    os.close(pipe)


def _leave(status: int) -> None:
    """End a forked process: what runs at an interpreter's end, and nothing of its parent's."""
    import atexit

    try:
        # What is registered there by a gateway; before a fork nothing was that minds.
        atexit._run_exitfuncs()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"with status {os.waitstatus_to_exitcode(status)}"


@contextmanager
def figures_together(wanted: bool) -> Iterator[None]:
    """While processes put their figures together in a folder, if ``wanted`` and none is named."""
    if not wanted or os.environ.get(METRICS_FOLDER):
        yield
        return
    # A TemporaryDirectory would be removed by each forked process that ends.
    folder = os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="gstack-metrics-")
    try:
        yield
    finally:
        del os.environ[METRICS_FOLDER]
        shutil.rmtree(folder, ignore_errors=True)


def forget_figures(pid: int) -> None:
    """Let the figures of a process that has ended count no more, as far as they are of now.

    As prometheus_client's ``mark_process_dead``, which this process would load all of it for.
    """
    if folder := os.environ.get(METRICS_FOLDER):
        for file in Path(folder).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)


def listening(places: Sequence[Any], backlog: int) -> list[socket.socket]:
    """Sockets that listen.

    Args:
        places: each as waitress has them: family, type, protocol, address.
        backlog: how many connections may wait to be taken.

    Raises:
        OSError: an address can't be listened on; its ``filename`` is the address.
    """
    made = []
    for family, kind, protocol, where in places:
        each = socket.socket(family, kind, protocol)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            each.bind(where)
        except OSError as error:
            each.close()
            raise OSError(error.errno, error.strerror, f"{where[0]}:{where[1]}") from None
        each.listen(backlog)
        made.append(each)
    return made


def serve_ini(path: Path, server: Mapping[str, str], count: int, metrics: str) -> int:
    """Serve an ini's gateway by several processes, until SIGTERM or Ctrl-C.

    Args:
        path: of the ini.
        server: its ``[server:main]``, without ``use``: waitress's settings.
        count: how many processes.
        metrics: the address and port of ``/metrics``; empty for nowhere.

    Returns:
        The exit status.

    Raises:
        OSError: an address can't be listened on; its ``filename`` is the address.
        ValueError: a setting of the server is none of waitress's.
    """
    from waitress.adjustments import Adjustments

    adjustments = Adjustments(**server)
    sockets = listening(adjustments.listen, adjustments.backlog)
    shared = None
    if metrics:
        host, _, port = metrics.rpartition(":")
        (found, *_) = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        (shared,) = listening([(*found[:3], found[4])], 128)

    def serve(ready: Callable[[], None]) -> None:
        import plaster
        from waitress.server import create_server

        from gstack_pyramid.observability import exposition

        exposition.shared_socket = shared
        loader = plaster.get_loader(str(path), protocols=["wsgi"])
        loader.setup_logging()
        own = dict(loader.get_settings("server:main"))
        for key in ("use", "listen", "host", "port", "ipv4", "ipv6"):
            own.pop(key, None)
        made = create_server(loader.get_wsgi_app(), sockets=sockets, **own)
        share(made, supervisor.places, supervisor.place)
        ready()
        made.run()

    import plaster

    plaster.get_loader(str(path), protocols=["wsgi"]).setup_logging()
    with figures_together(bool(metrics)):
        supervisor = Supervisor(count, serve)
        return supervisor.run()
