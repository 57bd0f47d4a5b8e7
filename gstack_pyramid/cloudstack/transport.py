"""HTTP to CloudStack: one pooled session, timeouts, retries of reads, and what a failure means.

The session is shared by all threads and by the credentials of all users, so it must keep nothing
between two requests: no cookies above all, since CloudStack hands out session cookies with API
answers and would take the next user for the last one's session.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util import Retry

from gstack_pyramid.cloudstack.errors import CloudStackTimeout, CloudStackUnavailable
from gstack_pyramid.cloudstack.redaction import keep_secrets_out_of_logs

LONGEST_URL = 2000
"""Characters; a read that needs more is sent by POST. Servers and proxies differ; all take this."""


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
    ) -> None:
        if isinstance(verify, str) and not Path(verify).exists():
            raise ValueError(f"there are no CA certificates at {verify}")
        self.endpoint = _checked(endpoint)
        self._timeouts = (connect_timeout, read_timeout)
        session = requests.Session()
        session.trust_env = False
        session.verify = verify
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = "gstack"
        session.headers["Accept"] = "application/json"
        # The address tells reads and changes apart, so the retry rules can be mounted: a read has
        # its command in the query, by GET and by POST, a change has everything in the body. (By
        # HTTP method it would not do: urllib3 repeats a POST after some TLS failures.)
        changes = HTTPAdapter(pool_maxsize=pool_size)
        reads = HTTPAdapter(pool_maxsize=pool_size, max_retries=_read_retry(read_retries))
        changes.poolmanager = reads.poolmanager
        session.mount(self.endpoint, changes)
        session.mount(f"{self.endpoint}?", reads)
        self._session = session
        self._verify = verify
        self._headers = {name: str(value) for name, value in session.headers.items()}
        keep_secrets_out_of_logs()

    def change(self, command: str, form: str) -> Answer:
        """Posts a command that may change something, once.

        Raises:
            CloudStackUnavailable: no answer came; ``sent`` tells whether it may have an effect.
        """
        return self._send(command, "POST", self.endpoint, form)

    def read(self, command: str, form: str) -> Answer:
        """Sends a command that changes nothing, again if need be. ``form`` begins with it.

        Raises:
            CloudStackUnavailable: no answer came, in as many attempts as allowed.
        """
        url = f"{self.endpoint}?{form}"
        if len(url) <= LONGEST_URL:
            return self._send(command, "GET", url, None)
        query, _, body = form.partition("&")
        return self._send(command, "POST", f"{self.endpoint}?{query}", body)

    def close(self) -> None:
        """Closes the idle connections."""
        self._session.close()

    def _send(self, command: str, method: str, url: str, body: str | None) -> Answer:
        # Put together by hand and given to the adapter: what requests' session does on the way, for
        # cookies, redirects and the environment, is not wanted, and takes as long as all the rest.
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = method, url
        prepared.headers = CaseInsensitiveDict(self._headers)
        if body is not None:
            prepared.body = body.encode()
            prepared.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            prepared.headers["Content-Length"] = str(len(prepared.body))
        try:
            response = self._session.get_adapter(url).send(
                prepared, stream=True, timeout=self._timeouts, verify=self._verify
            )
            # In one piece: requests itself reads 10 KiB at a time, and long lists are megabytes.
            content = response.raw.read(decode_content=True)
            response.raw.release_conn()
            description = response.headers.get("X-Description")
            return Answer(response.status_code, content, description)
        except (requests.RequestException, HTTPError) as error:  # some of urllib3's slip through
            failure = failure_of(command, error)
        # Raised here and not in the handler: the original's text holds the signed URL, and a
        # chained exception would carry it into tracebacks.
        raise failure


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
    # As requests will write it, because adapters are found by comparing the text.
    return str(requests.Request("GET", endpoint).prepare().url)


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
