"""Runs the parts of a batch through the application itself, each as a WSGI request of its own."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from webob import Request

from gstack_pyramid.errors import GceError, internal_error
from gstack_pyramid.protocol.batch import Part, PartAnswer, Pause, render_batch
from gstack_pyramid.protocol.errors import error_response

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)

# What a part shares with the request that brought it. Nothing else of the outer environ goes on:
# frameworks keep per-request state there.
_SHARED = (
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_PORT",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.errors",
    "wsgi.multiprocess",
)
# Outer headers that speak of the outer body or connection, not of the requests in it.
_OUTER_ONLY = frozenset(
    {
        "HTTP_ACCEPT_ENCODING",
        "HTTP_CONNECTION",
        "HTTP_EXPECT",
        "HTTP_TE",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_X_HTTP_METHOD_OVERRIDE",
    }
)
# Inner headers without effect: those that would tell lies about the way the request came, and
# compression, which the text of a multipart answer cannot carry.
_IGNORED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "proxy",
        "te",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    }
)
IN_BATCH = "gstack.in_batch"
"""The environ key that tells an application that its request is a part of a batch."""
_ANSWER_IGNORED = frozenset({"connection", "content-length", "date", "server", "set-cookie"})


def run_batch(
    app: WSGIApplication,
    environ: WSGIEnvironment,
    parts: Sequence[Part],
    executor: Executor,
    *,
    path_prefix: str = "/compute/",
    pause: Pause = lambda: None,
) -> tuple[bytes, str]:
    """Run the parts side by side; return body and ``Content-Type`` of the answer, in their order.

    A part inherits the outer headers, ``Authorization`` above all, and its own go before them.
    What fails in one part is the answer of that part alone.

    Args:
        app: the application that answers single requests.
        environ: the outer request's.
        parts: from ``parse_batch``.
        executor: bounds how many run at once. The caller must not itself run in it, or a full
            executor would wait for itself.
        path_prefix: a part whose path does not start with it is answered 404; so no part can be a
            batch itself.
        pause: called before each part is handed on, and before each answer is written.
    """
    shared = {name: environ[name] for name in _SHARED if name in environ}
    shared |= {
        name: value
        for name, value in environ.items()
        if name.startswith("HTTP_")
        and not name.startswith("HTTP_CONTENT_")
        and name not in _OUTER_ONLY
    }
    futures = []
    try:
        for part in parts:
            pause()
            futures.append(executor.submit(_answer, app, shared, part, path_prefix))
        answers = [future.result() for future in futures]
    finally:
        for future in futures:  # only has an effect when the wait was interrupted
            future.cancel()
    return render_batch(answers, pause=pause)


def _answer(
    app: WSGIApplication, shared: WSGIEnvironment, part: Part, path_prefix: str
) -> PartAnswer:
    path, _, query = part.target.partition("?")
    plain = unquote_to_bytes(path).decode("latin-1")
    try:
        if not plain.startswith(path_prefix) or {".", ".."} & set(plain.split("/")):
            response = error_response(_no_such_path(path))
        else:
            request = Request(_environ(shared, part, plain, query))
            response = request.get_response(app)
        body = response.body
    except Exception:
        _log.exception("a request of a batch failed: %s %r", part.method, path)
        response = error_response(internal_error())
        body = response.body
    headers = [
        (name, value) for name, value in response.headerlist if name.lower() not in _ANSWER_IGNORED
    ]
    headers.append(("Content-Length", str(len(body))))
    return PartAnswer(response.status, headers, body, part.content_id)


def _no_such_path(path: str) -> GceError:
    return GceError(404, "notFound", f"The requested URL {path} was not found on this server.")


def _environ(shared: WSGIEnvironment, part: Part, path: str, query: str) -> dict[str, Any]:
    environ = {
        "wsgi.version": (1, 0),
        IN_BATCH: True,
        **shared,
        "REQUEST_METHOD": part.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(part.body)),
        "wsgi.input": io.BytesIO(part.body),
        "wsgi.multithread": True,
        "wsgi.run_once": False,
    }
    for name, value in part.headers.items():
        # A header with an underscore would pass for another one once it is in the environ.
        if name in _IGNORED or name.startswith("x-forwarded") or "_" in name:
            continue
        text = value.encode("latin-1", "replace").decode("latin-1")
        if name == "content-type":
            environ["CONTENT_TYPE"] = text
        else:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = text
    return environ
