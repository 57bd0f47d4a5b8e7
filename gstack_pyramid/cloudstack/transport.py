"""HTTP to CloudStack: a pool of connections, timeouts, retries of reads, and what a failure means.

The pool is shared by all threads and by the credentials of all users, so it must keep nothing
between two requests: no cookies above all, since CloudStack hands out session cookies with API
answers and would take the next user for the last one's session. Nor are there redirects, proxies
or passwords out of the environment, as libraries for browsers' work have them.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import certifi
import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from gstack_pyramid.cloudstack.connections import (
    Asked,
    Connection,
    Connections,
    Place,
    Received,
)
from gstack_pyramid.cloudstack.errors import CloudStackTimeout, CloudStackUnavailable

LONGEST_URL = 2000
"""Characters; a read that needs more is sent by POST. Servers and proxies differ; all take this."""

UNTRUSTED = "CloudStack's certificate is not trusted"
LOST = "the connection to CloudStack was lost"

_BACKOFF = 0.1

OnRetry = Callable[[str, int], None]


class Answer(NamedTuple):
    """What came back. Not the library's response, which refers to the request and its pool."""

    status: int
    content: bytes
    description: str | None
    """The header ``X-Description``, in which CloudStack repeats the text of an error."""


class Begun(NamedTuple):
    """A read that was sent, and whose answer nobody has waited for yet.

    Attributes:
        request: the request.
        connection: what it was sent on.
    """

    request: Asked
    connection: Connection


class Transport:
    """Sends signed requests to one endpoint. Safe for use by many threads.

    Args:
        endpoint: the URL of the API, for example ``https://cloud.example.com/client/api``.
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for each part of an answer.
        pool_size: how many idle connections to keep; more are opened when needed.
        read_retries: how often a read is repeated.
        verify: True, False, or the path of a file or folder of CA certificates.
        on_retry: told of each read that was sent again: the command, and how often.

    Attributes:
        endpoint: the URL given.
        behind: seconds that this machine's clock is behind the server's, as of the last refused
            signature; None where it hasn't told.

    Raises:
        ValueError: the endpoint is not a plain http or https URL, or ``verify`` is no such path.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        connect_timeout: float,
        read_timeout: float,
        pool_size: int,
        read_retries: int,
        verify: bool | str,
        on_retry: OnRetry | None = None,
    ) -> None:
        if isinstance(verify, str) and not Path(verify).exists():
            raise ValueError(f"there are no CA certificates at {verify}")
        self.endpoint = _checked(endpoint)
        parts = urlsplit(self.endpoint)
        self._path = parts.path or "/"
        place = _place(parts, verify, connect_timeout, read_timeout)
        self._connections = Connections(place, pool_size)
        self._on_retry = on_retry
        self.behind: float | None = None
        self._read_tries = 1 + read_retries
        self._headers = {
            "User-Agent": "gstack",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        self._form_headers = {
            **self._headers,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }

    def change(self, command: str, form: str) -> Answer:
        """Posts a command that may change something, once.

        Raises:
            CloudStackUnavailable: no answer came; ``sent`` tells whether it may have an effect.
        """
        return self._send(command, self._posted(self._path, form), 1)

    def read(self, command: str, form: str) -> Answer:
        """Sends a command that changes nothing, again if need be. ``form`` begins with it.

        Raises:
            CloudStackUnavailable: no answer came, in as many attempts as allowed.
        """
        return self._send(command, self._reading(form), self._read_tries)

    def begin(self, form: str) -> Begun | None:
        """Sends a command that changes nothing, whose answer :meth:`end` waits for.

        Returns:
            What to give to :meth:`end` or :meth:`drop`; None where there is no connection to spare
            for it, or it can't be sent: what that means, :meth:`read` tells.
        """
        request = self._reading(form)
        connection = None
        try:
            connection = self._connections.spare()
            if connection is None:
                return None
            connection.send(request)
        except (OSError, UnicodeError, HTTPException):
            if connection is not None:
                self._connections.keep(connection)
            return None
        return Begun(request, connection)

    def end(self, command: str, begun: Begun) -> Answer:
        """The answer to what was begun; it is sent again if need be.

        Raises:
            CloudStackUnavailable: as :meth:`read`.
        """
        return self._send(command, begun.request, self._read_tries, begun.connection)

    def drop(self, begun: Begun) -> None:
        """Want no answer to what was begun."""
        # One whose answer is yet to come is closed.
        self._connections.keep(begun.connection)

    def _reading(self, form: str) -> Asked:
        if len(self.endpoint) + 1 + len(form) <= LONGEST_URL:
            return Asked("GET", f"{self._path}?{form}", self._headers)
        query, _, body = form.partition("&")
        return self._posted(f"{self._path}?{query}", body)

    def close(self) -> None:
        """Closes the idle connections."""
        self._connections.close()

    def _posted(self, target: str, form: str) -> Asked:
        return Asked("POST", target, self._form_headers, form.encode())

    def _send(
        self, command: str, request: Asked, tries: int, begun: Connection | None = None
    ) -> Answer:
        tried = 1
        outcome = self._attempt(command, request, begun)
        while tried < tries and _may_pass(outcome):
            if tried > 1:
                # Nothing before the first repetition, then 0.2 s, 0.4 s; whatever Retry-After
                # says: a client of ours is waiting meanwhile.
                time.sleep(_BACKOFF * 2 ** (tried - 1))
            tried += 1
            outcome = self._attempt(command, request)
        if isinstance(outcome, CloudStackUnavailable):
            # Raised here and not in a handler: the original may hold the signed URL, and a chained
            # exception would carry it into tracebacks.
            raise outcome
        if tried > 1 and self._on_retry is not None:
            self._on_retry(command, tried - 1)
        if outcome.status == HTTPStatus.UNAUTHORIZED:
            self.behind = _behind(outcome.headers.get("date", ""))
        return Answer(outcome.status, outcome.content, outcome.headers.get("x-description"))

    def _attempt(
        self, command: str, request: Asked, begun: Connection | None = None
    ) -> Received | CloudStackUnavailable:
        """The answer to a request that is sent once, or what its failure means.

        Args:
            command: what is asked.
            request: how it is asked.
            begun: the connection that it was sent on already.
        """
        try:
            connection = begun or self._connections.take()
        except TimeoutError:
            return CloudStackTimeout(command, "no connection to CloudStack in time", False)
        except ssl.SSLCertVerificationError:
            return CloudStackUnavailable(command, UNTRUSTED, False)
        except (OSError, UnicodeError) as error:
            why = f"no connection to CloudStack{_why([error])}"
            return CloudStackUnavailable(command, why, False)
        try:
            received = connection.receive() if begun else connection.ask(request)
        except TimeoutError:
            return CloudStackTimeout(command, "no answer from CloudStack in time", True)
        except (OSError, HTTPException):
            return CloudStackUnavailable(command, LOST, True)
        finally:
            # One that has not come to the end of its answer is closed.
            self._connections.keep(connection)
        return received


def _may_pass(outcome: Received | CloudStackUnavailable) -> bool:
    """Whether the same request may be answered when it is sent again."""
    if isinstance(outcome, Received):
        return outcome.status == HTTPStatus.SERVICE_UNAVAILABLE
    return True


def _behind(date: str) -> float | None:
    """Seconds that this machine's clock is behind a header ``Date`` (RFC 9110, section 6.6.1)."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return None


def _place(
    parts: SplitResult, verify: bool | str, connect_timeout: float, read_timeout: float
) -> Place:
    """Where an endpoint is, and what is trusted there."""
    secure = parts.scheme == "https"
    return Place(
        parts.hostname or "",
        parts.port or (443 if secure else 80),
        _trusting(verify) if secure else None,
        connect_timeout,
        read_timeout,
    )


def _trusting(verify: bool | str) -> ssl.SSLContext:
    """What says which certificates are trusted, with urllib3's choice of versions and ciphers."""
    if verify is False:
        context = create_urllib3_context(cert_reqs=ssl.CERT_NONE)
        context.check_hostname = False
        return context
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    authorities = certifi.where() if verify is True else verify
    if Path(authorities).is_dir():
        context.load_verify_locations(capath=authorities)
    else:
        context.load_verify_locations(cafile=authorities)
    return context


def failure_of(command: str, error: Exception) -> CloudStackUnavailable:
    """What an error of ``requests`` means: too slow, not reached, not trusted, or lost."""
    causes = list(_causes(error))

    def because(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    # NewConnectionError (refused, unknown host) is a kind of ConnectTimeoutError in urllib3.
    if because(NewConnectionError):
        return CloudStackUnavailable(command, f"no connection to CloudStack{_why(causes)}", False)
    if because(ConnectTimeoutError, requests.ConnectTimeout):
        return CloudStackTimeout(command, "no connection to CloudStack in time", False)
    if because(ReadTimeoutError, requests.ReadTimeout):
        return CloudStackTimeout(command, "no answer from CloudStack in time", True)
    if because(ssl.SSLCertVerificationError):
        return CloudStackUnavailable(command, UNTRUSTED, False)
    return CloudStackUnavailable(command, LOST, True)


def _checked(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the CloudStack endpoint must be an http or https URL")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the CloudStack endpoint must be a URL without user, query and fragment")
    return parse_url(endpoint).url


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and the errors in it: libraries put them in ``args``, ``reason``, ``__cause__``."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [*found.args, getattr(found, "reason", None), found.__cause__]


def _why(causes: list[BaseException]) -> str:
    """The system's own words for a refused connection, or nothing."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            return f": {os.strerror(cause.errno)}"
    return ""
