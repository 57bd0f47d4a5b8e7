"""What is noted of a request while it is answered, for those who tell of it afterwards."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from gstack_pyramid.observability.tracing import trace_id

_P = ParamSpec("_P")
_T = TypeVar("_T")

# As proxies and tracing libraries make them: it stands in log lines, and goes back in a header.
_ID = re.compile(r"[A-Za-z0-9._:+=/@-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header: version, trace id, parent id, flags.
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_NO_TRACE = "0" * 32


@dataclass(slots=True)
class Noted:
    """A request, as far as it is known so far.

    Attributes:
        id: names the request in log lines, and in the answer's ``X-Request-Id``.
        method: GCE's name of the method; empty for what is none of GCE's.
        key: tells callers apart without telling their keys; empty without one.
        user: who calls, as far as their token or an operation says it.
        commands: how many commands CloudStack was sent for it.
        operation: the name of the operation that it has begun; empty for none.
        done: whether that operation was over already.
        resource: the path of what it has changed, from ``projects/`` on; empty where unknown.
        problem: what its caller was told went wrong.
        began: when it came, in seconds that only grow (``time.monotonic``).
    """

    id: str
    method: str = ""
    key: str = ""
    user: str = ""
    commands: int = 0
    operation: str = ""
    done: bool = False
    resource: str = ""
    problem: str = ""
    began: float = field(default_factory=time.monotonic)


_current: ContextVar[Noted | None] = ContextVar("gstack_noted", default=None)


def noted() -> Noted | None:
    """The request that this thread, or this task, is at work for; None for none."""
    return _current.get()


def command_sent() -> None:
    """Count a command of the request's."""
    if (request := _current.get()) is not None:
        request.commands += 1


@contextmanager
def noting(request: Noted) -> Iterator[Noted]:
    """Within, what is done is done for a request."""
    before = _current.set(request)
    try:
        yield request
    finally:
        _current.reset(before)


def carried(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """``function`` for other threads, where it is at work for the same request as here."""
    context = copy_context()

    def call(*arguments: _P.args, **named: _P.kwargs) -> _T:
        # A copy each time: two threads can't be in one context.
        return context.copy().run(function, *arguments, **named)

    return call


def request_id(environ: Mapping[str, Any]) -> str:
    """The id that a proxy or client has given a request, or a new one.

    It is taken from ``X-Request-Id``, else it is the trace id of ``traceparent``, or of the trace
    that is under way.
    """
    given = environ.get("HTTP_X_REQUEST_ID", "")
    if _ID.fullmatch(given):
        return str(given)
    trace = _TRACE.fullmatch(environ.get("HTTP_TRACEPARENT", ""))
    if trace and trace[1] != _NO_TRACE:
        return trace[1]
    return trace_id() or secrets.token_hex(16)
