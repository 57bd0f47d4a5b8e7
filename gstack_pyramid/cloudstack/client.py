"""The client: one method a kind of use, the same for every command."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Any

from gstack_pyramid.cloudstack.answers import read_answer, refuse_silence, rows_of, total_of
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import (
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackUnavailable,
)
from gstack_pyramid.cloudstack.jobs import (
    JOB_COMMAND,
    JOBS_COMMAND,
    Job,
    newest_job_of,
    read_job,
)
from gstack_pyramid.cloudstack.parameters import encode_params
from gstack_pyramid.cloudstack.signature import SIGNATURE_VERSION, expiry, form, sign
from gstack_pyramid.cloudstack.transport import Transport
from gstack_pyramid.cloudstack.windows import Window, page_for
from gstack_pyramid.schemas.cloudstack import CloudStackModel

OnCall = Callable[[str, float, str], None]

MOST_PAGES = 1000
"""No list is longer; a server that never ends one must not hold a thread for ever."""

_READS = ("list", "get", "query", "find")
# These reserve something to upload to: asked twice, there are two of it.
_CHANGES_ALL_THE_SAME = ("getupload",)
_PAGE_SIZE_WORDS = re.compile(r"page\s*size|default\.page\.size", re.IGNORECASE)
_LARGEST_ALLOWED = re.compile(r"value:?\s*(\d{1,9})\b")
_NO_PARAMS: Mapping[str, object] = MappingProxyType({})


def is_read(command: str) -> bool:
    """Whether ``command`` changes nothing, so that it may be sent twice."""
    name = command.lower()
    return name.startswith(_READS) and not name.startswith(_CHANGES_ALL_THE_SAME)


class Client:
    """Sends commands to one CloudStack for many users. Safe for use by many threads.

    Reads go by GET, or by POST when the URL would be too long, and are repeated when there is no
    connection, no answer in time, or a 503. Everything else goes by POST, once: servers can be
    set to take changes by POST only (``enforce.post.requests.and.timestamps``).

    Args:
        endpoint: the URL of the API, for example ``https://cloud.example.com/client/api``.
        model: what is known of the commands; used for the rows of lists.
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for each part of an answer.
        expires: seconds that a signature is valid. The server's clock counts, and where it
            enforces timestamps it takes 900 at most.
        pool_size: idle connections to keep.
        page_size: rows to ask for at once; it shrinks for good when the server refuses it.
        read_retries: how often a read is repeated.
        clock: the present as Unix time.
        verify: check the server's certificate; or the path of CA certificates to check it with.
        on_call: told of every command: its name, the seconds that it took (with repetitions),
            and ``ok``, an error code, ``unavailable``, ``timeout`` or ``bad-answer``.
        waiting: entered while a thread waits for an answer; told whose command it is, by API key.

    Attributes:
        model: the model given.

    Raises:
        ValueError: ``endpoint`` or ``verify`` cannot be used.
    """

    def __init__(
        self,
        endpoint: str,
        model: CloudStackModel,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        expires: float = 600,
        pool_size: int = 32,
        page_size: int = 500,
        read_retries: int = 2,
        clock: Callable[[], float] = time.time,
        verify: bool | str = True,
        on_call: OnCall | None = None,
        waiting: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._transport = Transport(
            endpoint,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            pool_size=pool_size,
            read_retries=read_retries,
            verify=verify,
        )
        self.model = model
        self._expires = expires
        self._page_size = page_size
        self._clock = clock
        self._on_call = on_call
        self._waiting = waiting

    def __repr__(self) -> str:
        return f"Client({self._transport.endpoint!r})"

    def call(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = _NO_PARAMS,
    ) -> dict[str, Any]:
        """Sends ``command`` once and returns the body inside ``<command>response``.

        ``params``: see :mod:`gstack_pyramid.cloudstack.parameters`.

        Raises:
            ValueError: a parameter cannot be sent; nothing was.
            CloudStackError: CloudStack says no.
            CloudStackUnavailable: no answer, none in time, or none that can be read.
        """
        signed = self._signed(credentials, command, params)
        started = time.perf_counter()
        outcome = "failed"
        try:
            body = self._exchange(command, signed)
            outcome = "ok"
        except (CloudStackError, CloudStackUnavailable) as error:
            outcome = error.outcome
            raise
        finally:
            if self._on_call is not None:
                self._on_call(command, time.perf_counter() - started, outcome)
        return body

    def rows(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = _NO_PARAMS,
    ) -> list[dict[str, Any]]:
        """Sends a list command for every page and returns all rows.

        A command that takes no page, or a caller that asks for one page, is sent once. While
        pages are being read others may create and delete: a row can then come twice or be missed,
        as with every client of CloudStack; rows are returned as they came.

        Raises:
            KeyError: the model does not know ``command``.
            ValueError, CloudStackError, CloudStackUnavailable: as :meth:`call`.
            CloudStackBadAnswer: also when the pages never end.
        """
        known = self.model.command(command)
        paging = {"page", "pagesize"}
        if not paging <= known.params.keys() or paging & {name.lower() for name in params}:
            return rows_of(command, self.call(credentials, command, params), known.list_key)
        while True:
            size = self._page_size
            try:
                return self._pages(credentials, command, params, known.list_key, size)
            except CloudStackError as error:
                smaller = _smaller_page(error, size)
                if smaller is None:
                    raise
                self._page_size = min(self._page_size, smaller)

    def window(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object],
        start: int,
        stop: int,
    ) -> Window:
        """Sends a list command once, for the page that holds the rows from ``start`` on.

        Rows before ``start`` may come along. Those up to ``stop`` may not all be there: ask again.
        For commands that take pages and count the rows of all of them.

        Raises:
            KeyError, ValueError, CloudStackError, CloudStackUnavailable: as :meth:`rows`.
        """
        list_key = self.model.command(command).list_key
        while True:
            limit = self._page_size
            page, size = page_for(start, stop, limit)
            try:
                body = self.call(credentials, command, {**params, "page": page, "pagesize": size})
                break
            except CloudStackError as error:
                smaller = _smaller_page(error, size)
                if smaller is None:
                    raise
                self._page_size = min(self._page_size, smaller)
        rows, first = rows_of(command, body, list_key), (page - 1) * size
        total = total_of(body)
        if total is not None and total < first + len(rows):
            total = None  # of this page only
        # Fewer than asked for is the end; so is everything at once, where there are no pages.
        ended = len(rows) != size or total == first + len(rows)
        if ended and (rows or not first):
            total = first + len(rows)
        return Window(first, rows, ended, total)

    def job(self, credentials: Credentials, job_id: str | int) -> Job:
        """The present state of an asynchronous job; a failed job is returned, not raised.

        Raises:
            CloudStackError, CloudStackUnavailable: as :meth:`call`; an unknown job is error 431.
        """
        text = str(job_id)
        return read_job(self.call(credentials, JOB_COMMAND, {"jobid": text}), text)

    def newest_job(self, credentials: Credentials, instance_id: str) -> str | None:
        """The id of the last job that worked on an object; None when CloudStack knows of none.

        Raises:
            CloudStackError, CloudStackUnavailable: as :meth:`call`.
        """
        return newest_job_of(self.rows(credentials, JOBS_COMMAND), instance_id)

    def close(self) -> None:
        """Closes the idle connections."""
        self._transport.close()

    def _signed(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> dict[str, str]:
        sent = {
            "command": command,
            "response": "json",
            **encode_params(params),
            "apikey": credentials.api_key,
            "signatureversion": SIGNATURE_VERSION,
            "expires": expiry(self._clock(), self._expires),
        }
        return {**sent, "signature": sign(sent, credentials.secret_key)}

    def _exchange(self, command: str, signed: Mapping[str, str]) -> dict[str, Any]:
        send = self._transport.read if is_read(command) else self._transport.change
        with self._waiting(signed["apikey"]):
            answer = send(command, form(signed))
        body = read_answer(command, answer.status, answer.content, answer.description)
        if not is_read(command):
            refuse_silence(command, body, asynchronous=self._has_job(command))
        return body

    def _has_job(self, command: str) -> bool:
        """Whether a command is known to be answered with a job."""
        try:
            return self.model.command(command).asynchronous
        except KeyError:
            return False

    def _pages(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object],
        list_key: str | None,
        size: int,
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        before: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            body = self.call(credentials, command, {**params, "page": page, "pagesize": size})
            found = rows_of(command, body, list_key)
            if page > 1 and found == before:
                # This command ignores the page: it has told everything already.
                return rows
            rows += found
            if len(found) < size:
                return rows
            total = total_of(body)
            # Some commands count this page only. Such a count says nothing about the end.
            if total is not None and len(found) < total <= len(rows):
                return rows
            before = found
        problem = f"the list had not ended after {MOST_PAGES} pages of {size} rows"
        raise CloudStackBadAnswer(command, problem, True, 200)


def _smaller_page(error: CloudStackError, size: int) -> int | None:
    """The page size to try after ``error``; None when the error is about something else.

    Source: ``org.apache.cloudstack.api.BaseListCmd.getPageSize``, which names the largest size.
    """
    if error.errorcode not in (430, 431) or not _PAGE_SIZE_WORDS.search(error.errortext):
        return None
    told = _LARGEST_ALLOWED.search(error.errortext)
    allowed = int(told.group(1)) if told else size // 2
    if allowed >= size:
        allowed = size // 2
    return allowed or None
