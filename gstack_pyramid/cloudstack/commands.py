"""What can be read through a way to CloudStack, whichever way that is: lists, pages, jobs."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from gstack_pyramid.cloudstack.answers import rows_of, total_of
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackBadAnswer, CloudStackError
from gstack_pyramid.cloudstack.jobs import (
    JOB_COMMAND,
    JOBS_COMMAND,
    Job,
    newest_job_of,
    read_job,
)
from gstack_pyramid.cloudstack.table import Row, Table
from gstack_pyramid.cloudstack.windows import Window, page_for
from gstack_pyramid.schemas.cloudstack import CloudStackModel

MOST_PAGES = 1000
"""No list is longer; a server that never ends one must not hold a thread for ever."""

NO_PARAMS: Mapping[str, object] = MappingProxyType({})

_PAGE_SIZE_WORDS = re.compile(r"page\s*size|default\.page\.size", re.IGNORECASE)
_LARGEST_ALLOWED = re.compile(r"value:?\s*(\d{1,9})\b")


@dataclass(slots=True)
class Paging:
    """How many rows to ask for at once; it shrinks for good when the server refuses it."""

    size: int


class Commands(ABC):
    """A way to send commands to one CloudStack.

    Args:
        model: what is known of the commands; used for the rows of lists.
        paging: how many rows to ask for at once.

    Attributes:
        model: the model given.
        paging: the paging given.
    """

    def __init__(self, model: CloudStackModel, paging: Paging) -> None:
        self.model = model
        self.paging = paging

    @abstractmethod
    def call(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = NO_PARAMS,
    ) -> dict[str, Any]:
        """Sends ``command`` once and returns the body inside ``<command>response``.

        ``params``: see :mod:`gstack_pyramid.cloudstack.parameters`.

        Raises:
            ValueError: a parameter cannot be sent; nothing was.
            CloudStackError: CloudStack says no.
            CloudStackUnavailable: no answer, none in time, or none that can be read.
        """

    @abstractmethod
    def listed(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> dict[str, Any]:
        """As :meth:`call`, but the elements of lists may be as they came, not decoded."""

    def rows(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = NO_PARAMS,
    ) -> list[Row]:
        """The rows of :meth:`table`, all decoded.

        Raises:
            KeyError, ValueError, CloudStackError, CloudStackUnavailable: as :meth:`table`.
        """
        return self.table(credentials, command, params).whole

    def table(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = NO_PARAMS,
    ) -> Table:
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
            body = self.listed(credentials, command, params)
            return Table(rows_of(command, body, known.list_key), command)
        while True:
            size = self.paging.size
            try:
                return self._pages(credentials, command, params, known.list_key, size)
            except CloudStackError as error:
                smaller = _smaller_page(error, size)
                if smaller is None:
                    raise
                self.paging.size = min(self.paging.size, smaller)

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
            limit = self.paging.size
            page, size = page_for(start, stop, limit)
            try:
                asked = {**params, "page": page, "pagesize": size}
                body = self.listed(credentials, command, asked)
                break
            except CloudStackError as error:
                smaller = _smaller_page(error, size)
                if smaller is None:
                    raise
                self.paging.size = min(self.paging.size, smaller)
        rows, first = rows_of(command, body, list_key), (page - 1) * size
        total = total_of(body)
        if total is not None and total < first + len(rows):
            total = None  # of this page only
        # Fewer than asked for is the end; so is everything at once, where there are no pages.
        ended = len(rows) != size or total == first + len(rows)
        if ended and (rows or not first):
            total = first + len(rows)
        return Window(first, Table(rows, command), ended, total)

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

    def _pages(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object],
        list_key: str | None,
        size: int,
    ) -> Table:
        rows: list[Row | msgspec.Raw] = []
        before: list[Row | msgspec.Raw] = []
        for page in range(1, MOST_PAGES + 1):
            asked = {**params, "page": page, "pagesize": size}
            body = self.listed(credentials, command, asked)
            found = rows_of(command, body, list_key)
            if page > 1 and found == before:
                # This command ignores the page: it has told everything already.
                return Table(rows, command)
            rows += found
            if len(found) < size:
                return Table(rows, command)
            total = total_of(body)
            # Some commands count this page only. Such a count says nothing about the end.
            if total is not None and len(found) < total <= len(rows):
                return Table(rows, command)
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
