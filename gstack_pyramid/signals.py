"""SIGTERM and Ctrl-C end a gateway in order; SIGHUP has it read anew what may change meanwhile.

SIGTERM and SIGINT: ``/readyz`` fails from then on, the listening sockets are closed, so that a
proxy goes to another node, requests that wait for operations are answered with how far these are,
and once all requests are answered, operations are handed over and the server ends. A second signal
ends it at once.

Whoever serves the application may have handlers of its own; they stay.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from functools import partial
from inspect import isfunction
from select import select
from types import FrameType

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from gstack_pyramid.application import Application

log = logging.getLogger(__name__)

PATIENCE = 20.0
"""Seconds in which requests must be answered once the server is to end."""
NEW = 1.0
"""Seconds of a connection's life in which its first request may still be on its way."""
_LOOK = 0.05
_QUIET = 3
"""Looks in a row that must find no request: one may be on its way from the socket to a thread."""


def heed_signals(application: Application) -> None:
    """Have a process heed these signals, where nobody else does yet."""
    if threading.current_thread() is not threading.main_thread():
        return
    ending = Ending(application)
    for number, untouched in (
        (signal.SIGTERM, signal.SIG_DFL),
        # Else Ctrl-C would end the interpreter, and at its end no thread may be given the work that
        # handing over is.
        (signal.SIGINT, signal.default_int_handler),
    ):
        if signal.getsignal(number) is untouched:
            signal.signal(number, ending.signalled)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, Reloading(application).signalled)


class Ending:
    """Ends a server in order.

    Args:
        application: the gateway.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._begun = False

    def signalled(self, number: int, frame: FrameType | None) -> None:
        """One of the signals has come.

        Raises:
            SystemExit: for the second time.
        """
        if self._begun:
            sys.exit(0)
        self._begun = True
        # In a thread: the one that is interrupted has to go on sending answers.
        threading.Thread(target=self._end, name="ending", daemon=True).start()

    def _end(self) -> None:
        application = self._application
        application.ending = True
        log.info("ending: %d requests are still to be answered", application.scheduler.there)
        stop_listening(application)
        application.operations.answer_waiters()
        until, quiet = time.monotonic() + PATIENCE, 0
        while quiet < _QUIET and time.monotonic() < until:
            time.sleep(_LOOK)
            quiet = 0 if application.scheduler.there else quiet + 1
        if left := application.scheduler.there:
            log.warning("ending: %d requests were not answered in %d s", left, PATIENCE)
        # Here and not at the interpreter's end, when no thread may be given work any more.
        application.close()
        os.kill(os.getpid(), signal.SIGTERM)


def stop_listening(application: Application) -> None:
    """Close the sockets on which this process's waitress listens for a gateway.

    Connections on which a request is under way stay, and so do the sockets of others, such as a
    simulator beside it.
    """
    # Whoever serves the application has the server; nobody hands it on.
    for server in [found for found in gc.get_objects() if isinstance(found, BaseWSGIServer)]:
        if _leads_to(server.application, application) and server.socket is not None:
            # In the thread that waits for the sockets.
            server.trigger.pull_trigger(partial(_close, server))


def _close(server: BaseWSGIServer) -> None:
    """Close what a server listens on, and the connections on which nothing is under way.

    A proxy keeps connections for later. It must learn that these are none to send a request on
    before the process ends, and takes it from it; the others are told with their answers.
    """
    wasyncore.dispatcher.close(server)
    for channel in list(server.active_channels.values()):
        with channel.requests_lock:
            idle = not channel.requests and channel.request is None
        if _is_new(channel):
            # Its first request is on its way; what has not come once all are answered is cut off.
            continue
        if idle and not channel.total_outbufs_len and not select([channel.socket], [], [], 0)[0]:
            channel.handle_close()


def _is_new(channel: HTTPChannel) -> bool:
    """Whether a connection was made just now, and nothing has come on it."""
    untouched = channel.last_activity == channel.creation_time
    return bool(untouched and time.time() - channel.creation_time < NEW)


def _leads_to(served: object, application: Application, layers: int = 8) -> bool:
    """Whether what a server calls is the gateway, or middleware around it.

    Such as waitress's own, which heeds the headers of a proxy: a function within a function.
    """
    registry = getattr(served, "registry", None)
    if registry is not None:
        return registry.get("gstack") is application
    if isfunction(served):
        inner = [cell.cell_contents for cell in served.__closure__ or ()]
    else:
        inner = [*getattr(served, "__dict__", {}).values()]
    return layers > 0 and any(
        callable(each) and _leads_to(each, application, layers - 1) for each in inner
    )


class Reloading:
    """Reads anew what a gateway may change while it serves; all of it, or it says why not.

    Args:
        application: the gateway.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def signalled(self, number: int, frame: FrameType | None) -> None:
        """SIGHUP has come."""
        threading.Thread(target=self.reload, name="reloading", daemon=True).start()

    def reload(self) -> bool:
        """Read anew. Gives whether all could be read; what couldn't stays as it was."""
        fine = True
        for name, read in self._application.reloads.items():
            try:
                read()
            except (OSError, ValueError, SystemExit) as error:
                log.error("not read anew: %s: %s", name, error)
                fine = False
            else:
                log.info("as it is on disk: %s", name)
        return fine
