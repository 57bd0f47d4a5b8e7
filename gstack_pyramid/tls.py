"""A server that speaks TLS by itself, for a gateway without a reverse proxy in front.

It is waitress, which serves the gateway otherwise and leaves TLS to others, with the connections of
:mod:`gstack_pyramid.tls_channel`.
"""

from __future__ import annotations

import signal
import ssl
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments

from gstack_pyramid.connections import close_all
from gstack_pyramid.server_threads import Dispatcher
from gstack_pyramid.tls_channel import TlsServer

CONNECTIONS = 800
"""Connections that may be open; below the usual limit of open files, 1024."""

CLEANUP_SECONDS = 2
"""Between two looks for connections that have taken too long."""

_KNOWN = frozenset(
    {"host", "port", "threads", "certificate", "private_key", "body_limit", "connection_limit"}
)


def serve_tls(app: Any, global_conf: Mapping[str, str], **settings: str) -> None:
    """Serve an application over https, until Ctrl-C or SIGTERM.

    A PasteDeploy server runner: ``use = egg:gstack_pyramid#tls``.

    Args:
        app: the WSGI application.
        global_conf: what PasteDeploy passes; relative paths are relative to its ``here``.
        settings: ``host``, ``port``, ``threads``; ``certificate``, a PEM file with the
            certificate and those that signed it; ``private_key``, the PEM file of its key;
            ``body_limit``, bytes of the longest request body that is read; ``connection_limit``,
            connections that may be open.

    Raises:
        SystemExit: the address is taken, or a file can't be used; the message says which.
        ValueError: a setting is unknown, missing or no number.
    """
    server = Server(app, global_conf, settings)
    exit_on_sigterm()
    application = getattr(app, "registry", {}).get("gstack")
    if application is not None:
        application.reloads["the certificate"] = server.renew
    print(f"Serving on {server.url}", flush=True)
    server.run()


def exit_on_sigterm() -> None:
    """Have SIGTERM end this process as Ctrl-C does, where nobody sees to an end in order."""
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


class Server:
    """The server. It listens from the beginning, and serves while :meth:`run` runs.

    Args:
        app: the WSGI application.
        global_conf: has ``here``, the folder that paths are relative to.
        settings: as those of :func:`serve_tls`.

    Raises:
        SystemExit, ValueError: as :func:`serve_tls`.
    """

    def __init__(
        self, app: Any, global_conf: Mapping[str, str], settings: Mapping[str, str]
    ) -> None:
        unknown = sorted(settings.keys() - _KNOWN)
        if unknown:
            raise ValueError(f"{unknown[0]}: the server has no such setting")
        here = Path(global_conf.get("here", "."))
        files = []
        for key in ("certificate", "private_key"):
            if key not in settings:
                raise ValueError(f"{key} is missing")
            files.append(here / Path(settings[key]).expanduser())
        host, port = settings.get("host", "127.0.0.1"), int(settings.get("port", "5000"))
        numbers = {
            "threads": int(settings.get("threads", "16")),
            "max_request_body_size": int(settings.get("body_limit", str(1 << 24))),
            "connection_limit": int(settings.get("connection_limit", str(CONNECTIONS))),
        }
        self._host = host
        self._certificate, self._private_key = files
        self.context = _context(self._certificate, self._private_key)
        adjustments = Adjustments(
            host=host,
            port=port,
            url_scheme="https",
            cleanup_interval=CLEANUP_SECONDS,
            # So that a client that has hung up is noticed.
            channel_request_lookahead=1,
            **numbers,
        )
        self._sockets: dict[int, Any] = {}
        self._tasks = Dispatcher()
        self._tasks.set_thread_count(adjustments.threads)
        self._ending = False
        self._closing = threading.Lock()
        try:
            self._servers = [
                TlsServer(
                    self.context,
                    app,
                    self._sockets,
                    dispatcher=self._tasks,
                    adj=adjustments,
                    sockinfo=each,
                )
                for each in adjustments.listen
            ]
        except OSError as error:
            self._close()
            raise SystemExit(f"{host}:{port}: {error}") from None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._servers[0].effective_port)

    @property
    def url(self) -> str:
        """Where it listens, by the name that it was given, which its certificate is for."""
        host = self._host
        return f"https://{f'[{host}]' if ':' in host else host}:{self.port}"

    def run(self) -> None:
        """Serve until :meth:`stop`, Ctrl-C or the end of the process."""
        try:
            while not self._ending:
                wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
        except (SystemExit, KeyboardInterrupt):
            pass
        finally:
            self._close()

    def renew(self) -> None:
        """Read the certificate and its key anew, for connections that come from now on.

        Raises:
            SystemExit: a file can't be used, and the old ones stay.
        """
        # Seen to fit before they are taken.
        _context(self._certificate, self._private_key)
        self.context.load_cert_chain(self._certificate, self._private_key)

    def stop(self) -> None:
        """Let :meth:`run` end, from another thread."""
        # What else wakes it may have it end at once, and what it is woken by is closed then.
        with self._closing:
            self._ending = True
            self._servers[0].pull_trigger()

    def _close(self) -> None:
        with self._closing:
            self._tasks.shutdown()
            close_all(self._sockets)


def _context(certificate: Path, private_key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        # OpenSSL's messages name no file.
        raise SystemExit(f"{certificate} and {private_key}: {error}") from None
    return context
