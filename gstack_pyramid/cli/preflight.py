"""What would keep a server from starting: addresses, folders, files and databases that don't serve.

Nothing is made and nothing changed by the looks at them.
"""

from __future__ import annotations

import ast
import errno
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:
    from gstack_pyramid.settings import Settings

_PATIENCE = 3.0
"""Seconds in which a server that listens already has to say what it is."""
_MEMORY = ":memory:"


class Problem(Exception):
    """Something would keep the server from starting; the message names it and says why."""


def listening(listen: str, metrics: str) -> str:
    """Whether a server can listen: what there is to say of it.

    Args:
        listen: those of ``[server:main]``, separated by white space.
        metrics: ``gstack.metrics.listen``; empty for nowhere.

    Raises:
        Problem: an address can't be listened on, and no gateway does so.
    """
    served = False
    for address in listen.split():
        try:
            _bind(address)
        except OSError as error:
            served = error.errno == errno.EADDRINUSE and _is_gateway(address)
            if not served:
                raise Problem(f"{address}: {error.strerror or error}") from None
    if metrics and not served:
        try:
            _bind(metrics)
        except OSError as error:
            raise Problem(f"gstack.metrics.listen: {metrics}: {error.strerror or error}") from None
    return f"{listen}: a gateway answers there" if served else listen


def _bind(address: str) -> None:
    parts = urlsplit(f"//{address}")
    found = socket.getaddrinfo(
        None if parts.hostname in ("*", "") else parts.hostname,
        parts.port or 0,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )
    family, kind, protocol, _, where = found[0]
    with socket.socket(family, kind, protocol) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(where)


def _is_gateway(address: str) -> bool:
    try:
        parts = urlsplit(f"//{address}")
        every = ("*", "", None, "0.0.0.0")  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if parts.hostname in every else parts.hostname
        url = f"http://{f'[{host}]' if ':' in host else host}:{parts.port}/healthz"
        with build_opener(ProxyHandler({})).open(url, timeout=_PATIENCE) as answer:
            return bool(json.load(answer) == {"status": "ok"})
    except (URLError, OSError, ValueError):
        return False


def database(what: str, url: str) -> str:
    """Whether a database, of operations or the ledger, can be used: what there is to say of it.

    Args:
        what: the setting that names it.
        url: ``:memory:``, the path of a SQLite file, or a URL.

    Raises:
        Problem: it can't.
    """
    from gstack_pyramid.database_urls import shown, url_of
    from gstack_pyramid.operations.database import Database, DatabaseError

    if url == _MEMORY:
        return "in memory: a restart forgets it"
    try:
        place = url_of(url)
        if place.get_backend_name() == "sqlite" and place.database:
            path = Path(place.database).absolute()
            writable(what, path)
            if not path.exists():
                return f"{path}: to be made"
        # Of the ledger, that it can be read is all there is to see: it has no versions.
        made = Database(url)
        try:
            versions = made.versions()
        finally:
            made.close()
    except (DatabaseError, ValueError) as error:
        raise Problem(f"{what}: {error}") from None
    if what == OPERATIONS and versions.there not in (None, versions.wanted):
        told = "is older: run 'gstack db upgrade'" if not versions.newer else "is newer than gstack"
        raise Problem(f"{what}: {shown(place)}: version {versions.there} {told}")
    return shown(place)


def writable(what: str, path: Path) -> None:
    """See whether a file can be written, or made where it is missing.

    Args:
        what: the setting that names it.
        path: absolute.

    Raises:
        Problem: it can't.
    """
    where = path
    while not where.exists() and where != where.parent:
        where = where.parent
    beside = path.parent if path.exists() else where
    if where != path and not where.is_dir():
        raise Problem(f"{what}: {path}: {os.strerror(errno.ENOTDIR)}")
    for each in (where, beside):
        if not os.access(each, os.W_OK):
            raise Problem(f"{what}: {path}: {each} can't be written by this user")


OPERATIONS, LEDGER = "gstack.operations.url", "gstack.signin.ledger"


def log_files(section: Callable[[str], dict[str, str]]) -> str:
    """Whether the files of the ini's log handlers can be written; what there is to say of them.

    Args:
        section: gives a section of the ini; an empty one where there is none.

    Raises:
        Problem: one can't.
    """
    files = []
    for name in section("handlers").get("keys", "").replace(",", " ").split():
        handler = section(f"handler_{name}")
        if not handler.get("class", "").endswith(("PrivateFile", "FileHandler")):
            continue
        try:
            path = ast.literal_eval(handler.get("args", "()"))[0]
        except (ValueError, SyntaxError, IndexError):
            # What only the handler understands, only the server can tell.
            continue
        path = Path(path).absolute()
        writable(f"[handler_{name}]", path)
        if not path.parent.is_dir():
            # Handlers make no folders.
            raise Problem(f"[handler_{name}]: {path}: there is no folder {path.parent}")
        files.append(str(path))
    return ", ".join(files) or "none: to standard error"


def looks(
    settings: Settings, listen: str, section: Callable[[str], dict[str, str]]
) -> Iterator[tuple[str, Callable[[], str]]]:
    """What there is to look at, by name."""
    yield "listens on", lambda: listening(listen, settings.metrics.listen)
    yield "operations", lambda: database(OPERATIONS, settings.operations.url)
    yield "ledger", lambda: database(LEDGER, settings.signin.ledger)
    yield "log files", lambda: log_files(section)
