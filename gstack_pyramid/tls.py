"""A server that speaks TLS by itself, for a gateway without a reverse proxy in front.

Waitress, which serves the gateway otherwise, leaves TLS to others. This is cheroot, CherryPy's
server: threads in one process, as waitress.
"""

from __future__ import annotations

import signal
import ssl
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

_KNOWN = frozenset({"host", "port", "threads", "certificate", "private_key", "body_limit"})


def serve_tls(app: Any, global_conf: Mapping[str, str], **settings: str) -> None:
    """Serve an application over https, until Ctrl-C or SIGTERM.

    A PasteDeploy server runner: ``use = egg:gstack_pyramid#tls``.

    Args:
        app: the WSGI application.
        global_conf: what PasteDeploy passes; relative paths are relative to its ``here``.
        settings: ``host``, ``port``, ``threads``; ``certificate``, a PEM file with the
            certificate and those that signed it; ``private_key``, the PEM file of its key;
            ``body_limit``, bytes of the longest request body that is read.

    Raises:
        SystemExit: the address is taken, or a file can't be used; the message says which.
        ValueError: a setting is unknown, missing or no number.
    """
    server = make_server(app, global_conf, settings)
    name = f"[{server.bind_addr[0]}]" if ":" in server.bind_addr[0] else server.bind_addr[0]
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.prepare()
        print(f"Serving on https://{name}:{server.bind_addr[1]}", flush=True)
        server.serve()
    except OSError as error:
        raise SystemExit(f"{name}:{server.bind_addr[1]}: {error}") from None
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def make_server(app: Any, global_conf: Mapping[str, str], settings: Mapping[str, str]) -> Server:
    """The server, not started yet; see :func:`serve_tls`."""
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
    server = Server((host, port), app, numthreads=int(settings.get("threads", "16")))
    server.max_request_body_size = int(settings.get("body_limit", str(1 << 24)))
    server.ssl_adapter = _adapter(*files)
    return server


def _adapter(certificate: Path, private_key: Path) -> BuiltinSSLAdapter:
    try:
        adapter = BuiltinSSLAdapter(str(certificate), str(private_key))
    except (OSError, ssl.SSLError) as error:
        # OpenSSL's messages name no file.
        raise SystemExit(f"{certificate} and {private_key}: {error}") from None
    adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
    return adapter
