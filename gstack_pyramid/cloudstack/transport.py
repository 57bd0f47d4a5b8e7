"""HTTP to CloudStack: a pool of connections, timeouts, retries of reads, and what a failure means.

The pool is shared by all threads and by the credentials of all users, so it must keep nothing
between two requests: no cookies above all, since CloudStack hands out session cookies with API
answers and would take the next user for the last one's session. It is urllib3's own: what comes on
top of that in libraries for browsers' work, for cookies, redirects and the environment, is not
wanted here, and takes as long again.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import certifi
import requests
from urllib3 import Timeout, connection_from_url
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util import Retry, parse_url

from gstack_pyramid.cloudstack.errors import CloudStackTimeout, CloudStackUnavailable
from gstack_pyramid.cloudstack.redaction import keep_secrets_out_of_logs

LONGEST_URL = 2000
"""Characters; a read that needs more is sent by POST. Servers and proxies differ; all take this."""


OnRetry = Callable[[str, int], None]


class Answer(NamedTuple):
    """What came back. Not the library's response, which refers to the request and its pool."""

    status: int
    content: bytes
    description: str | None
    """The header ``X-Description``, in which CloudStack repeats the text of an error."""


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
        self._path = urlsplit(self.endpoint).path or "/"
        self._pool = connection_from_url(
            self.endpoint,
            maxsize=pool_size,
            timeout=Timeout(connect=connect_timeout, read=read_timeout),
            **(_trusting(verify) if self.endpoint.startswith("https:") else {}),
        )
        self._on_retry = on_retry
        self.behind: float | None = None
        self._read_retry = _read_retry(read_retries)
        self._headers = {
            "User-Agent": "gstack",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        self._form_headers = {
            **self._headers,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        keep_secrets_out_of_logs()

    def change(self, command: str, form: str) -> Answer:
        """Posts a command that may change something, once.

        Raises:
            CloudStackUnavailable: no answer came; ``sent`` tells whether it may have an effect.
        """
        return self._send(command, "POST", self._path, form, False)

    def read(self, command: str, form: str) -> Answer:
        """Sends a command that changes nothing, again if need be. ``form`` begins with it.

        Raises:
            CloudStackUnavailable: no answer came, in as many attempts as allowed.
        """
        if len(self.endpoint) + 1 + len(form) <= LONGEST_URL:
            return self._send(command, "GET", f"{self._path}?{form}", None, self._read_retry)
        query, _, body = form.partition("&")
        return self._send(command, "POST", f"{self._path}?{query}", body, self._read_retry)

    def close(self) -> None:
        """Closes the idle connections."""
        self._pool.close()

    def _send(
        self, command: str, method: str, target: str, body: str | None, retries: Retry | bool
    ) -> Answer:
        try:
            response = self._pool.urlopen(
                method,
                target,
                body=None if body is None else body.encode(),
                headers=self._headers if body is None else self._form_headers,
                retries=retries,
                redirect=False,
                assert_same_host=False,
            )
            again = len(response.retries.history) if response.retries else 0
            if again and self._on_retry is not None:
                self._on_retry(command, again)
            if response.status == HTTPStatus.UNAUTHORIZED:
                self.behind = _behind(response.headers.get("Date", ""))
            return Answer(response.status, response.data, response.headers.get("X-Description"))
        except HTTPError as error:
            failure = failure_of(command, error)
        # Raised here and not in the handler: the original's text holds the signed URL, and a
        # chained exception would carry it into tracebacks.
        raise failure


def _behind(date: str) -> float | None:
    """Seconds that this machine's clock is behind a header ``Date`` (RFC 9110, section 6.6.1)."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return None


def _trusting(verify: bool | str) -> dict[str, Any]:
    """What a pool is told about the certificates that it trusts."""
    if verify is False:
        return {"cert_reqs": ssl.CERT_NONE}
    authorities = certifi.where() if verify is True else verify
    place = "ca_cert_dir" if Path(authorities).is_dir() else "ca_certs"
    return {"cert_reqs": ssl.CERT_REQUIRED, place: authorities}


def failure_of(command: str, error: Exception) -> CloudStackUnavailable:
    """What ``error`` means: too slow, not reached, not trusted, or lost on the way."""
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
        return CloudStackUnavailable(command, "CloudStack's certificate is not trusted", False)
    return CloudStackUnavailable(command, "the connection to CloudStack was lost", True)


def _read_retry(times: int) -> Retry:
    return Retry(
        total=times,
        redirect=False,
        allowed_methods={"GET", "POST"},
        status_forcelist={503},
        raise_on_status=False,  # the last 503 is an answer to be read
        backoff_factor=0.1,  # nothing before the first repetition, then 0.2 s, 0.4 s
        respect_retry_after_header=False,  # a client of ours is waiting meanwhile
    )


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
