"""Runs the parts of a batch through the application itself, each as a WSGI request of its own."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from webob import Request

from gstack_pyramid.errors import GceError, internal_error, shown
from gstack_pyramid.protocol.batch import Part, PartAnswer, render_batch
from gstack_pyramid.protocol.disconnects import Gone, never
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
"""The environ key of a part's :class:`InBatch`; other requests don't have it."""
_ANSWER_IGNORED = frozenset({"connection", "content-length", "date", "server", "set-cookie"})


@dataclass
class InBatch:
    """What a part of a batch tells those who run it.

    Attributes:
        awaits: the name of the operation that it would wait for if it were alone.
    """

    awaits: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a batch may take. Parts that come too late for it are not begun, and told so.

    Attributes:
        seconds: from its arrival to the beginning of its last part.
        answer_bytes: of all answers together.
        gone: tells whether its client has hung up.
        clock: seconds that only grow.
    """

    seconds: float = 120.0
    answer_bytes: int = 1 << 24
    gone: Gone = never
    clock: Callable[[], float] = time.monotonic


Submit = Callable[..., Future[Any]]
"""Has a function called with some arguments in a thread."""
WaitForAll = Callable[[Collection[str]], object]
"""Waits for operations by name, for a while."""


def run_batch(
    app: WSGIApplication,
    environ: WSGIEnvironment,
    parts: Sequence[Part],
    submit: Submit,
    *,
    bounds: Bounds | None = None,
    wait_for_all: WaitForAll = lambda names: None,
    path_prefix: str = "/compute/",
) -> tuple[bytes, str]:
    """Run the parts side by side; return body and ``Content-Type`` of the answer, in their order.

    A part inherits the outer headers, ``Authorization`` above all, and its own go before them.
    What fails in one part is the answer of that part alone.

    Args:
        app: the application that answers single requests.
        environ: the outer request's.
        parts: from ``parse_batch``.
        submit: bounds how many run at once. The caller must not itself run in those threads, or
            full ones would wait for themselves.
        bounds: what the batch may take.
        wait_for_all: waits for the operations that parts would wait for, all of them at once and
            in this thread; those parts are answered again after that.
        path_prefix: a part whose path does not start with it is answered 404; so no part can be a
            batch itself.
    """
    run = _Run(app, _shared(environ), path_prefix, bounds or Bounds())
    answers = run.all(parts, submit)
    waits = [number for number, answer in enumerate(answers) if answer.awaits is not None]
    if waits:
        wait_for_all({str(answers[number].awaits) for number in waits})
        again = run.all([parts[number] for number in waits], submit)
        for number, answer in zip(waits, again, strict=True):
            answers[number] = answer
    return render_batch([answer.told for answer in answers])


def _shared(environ: WSGIEnvironment) -> WSGIEnvironment:
    shared = {name: environ[name] for name in _SHARED if name in environ}
    return shared | {
        name: value
        for name, value in environ.items()
        if name.startswith("HTTP_")
        and not name.startswith("HTTP_CONTENT_")
        and name not in _OUTER_ONLY
    }


@dataclass(frozen=True, slots=True)
class _Answered:
    """A part's answer, and the operation that it would have waited for."""

    told: PartAnswer
    awaits: str | None = None


class _Run:
    """One batch on its way."""

    def __init__(
        self, app: WSGIApplication, shared: WSGIEnvironment, path_prefix: str, bounds: Bounds
    ) -> None:
        self._app, self._shared, self._path_prefix = app, shared, path_prefix
        self._bounds = bounds
        self._end = bounds.clock() + bounds.seconds
        self._bytes = 0

    def all(self, parts: Sequence[Part], submit: Submit) -> list[_Answered]:
        """The answers to some parts, in their order."""
        futures: list[Future[_Answered]] = []
        try:
            for part in parts:
                futures.append(submit(self._answer, part))
            return [future.result() for future in futures]
        finally:
            for future in futures:  # only has an effect when the wait was interrupted
                future.cancel()

    def _refusal(self) -> GceError | None:
        """Why no further part is begun; None as long as they are."""
        if self._bounds.gone():
            return _not_begun("the client has hung up")
        if self._bounds.clock() >= self._end:
            return _not_begun(f"the batch has taken {self._bounds.seconds:g} seconds")
        if self._bytes >= self._bounds.answer_bytes:
            return _not_begun(f"the answers before it have {self._bounds.answer_bytes} bytes")
        return None

    def _answer(self, part: Part) -> _Answered:
        path, _, query = part.target.partition("?")
        plain = unquote_to_bytes(path).decode("latin-1")
        state = InBatch()
        try:
            refusal = self._refusal()
            if refusal is not None:
                response = error_response(refusal)
            elif not plain.startswith(self._path_prefix) or {".", ".."} & set(plain.split("/")):
                response = error_response(_no_such_path(path))
            else:
                request = Request(_environ(self._shared, part, plain, query, state))
                response = request.get_response(self._app)
            body = response.body
        except Exception:
            _log.exception("a request of a batch failed: %s %r", part.method, path)
            response = error_response(internal_error())
            body = response.body
        # Several threads may add at the same time; a sum that misses some is still a bound.
        self._bytes += len(body)
        headers = [
            (name, value)
            for name, value in response.headerlist
            if name.lower() not in _ANSWER_IGNORED
        ]
        headers.append(("Content-Length", str(len(body))))
        told = PartAnswer(response.status, headers, body, part.content_id)
        return _Answered(told, state.awaits)


def _not_begun(why: str) -> GceError:
    message = f"This request was not begun, since {why}. Send it again in another batch."
    return GceError(503, "backendError", message)


def _no_such_path(path: str) -> GceError:
    told = f"The requested URL {shown(path, 500)} was not found on this server."
    return GceError(404, "notFound", told)


def _environ(
    shared: WSGIEnvironment, part: Part, path: str, query: str, state: InBatch
) -> dict[str, Any]:
    environ = {
        "wsgi.version": (1, 0),
        IN_BATCH: state,
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
