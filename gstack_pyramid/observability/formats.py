"""Formatters for the ini's logging sections: a line of text for people, or of JSON for programs.

``class = gstack_pyramid.observability.formats.Text`` or ``….Json``, in a ``[formatter_…]``.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

_RENAMED = {"levelname": "level", "name": "logger", "threadName": "thread"}

# What some readers take for the end of a line, and JSON doesn't.
_UNSAFE = re.compile(r"[\x7f-\x9f\u2028\u2029]")


def in_one_line(json: str) -> str:
    """JSON in which no sign is left that somebody takes for the end of a line."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


class Text(logging.Formatter):
    """As the ini's ``format`` says, with the request at the end that a record is about."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The line, without what comes after it."""
        line = super().formatMessage(record)
        request = getattr(record, "request_id", None)
        return f"{line} request={request}" if request else line


class Json(OrjsonFormatter):
    """``time`` (UTC), ``level``, ``logger``, ``thread``, ``message``, then what else is known.

    ``request_id`` is there where a record is about a request. The ini's ``format`` says nothing.
    """

    def __init__(
        self, fmt: str | None = None, datefmt: str | None = None, style: str = "%"
    ) -> None:
        del fmt, datefmt, style
        super().__init__(
            "%(time)s %(levelname)s %(name)s %(threadName)s %(message)s", rename_fields=_RENAMED
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """What is told of a record: a field that says nothing is left out."""
        return {name: value for name, value in log_data.items() if value not in ("", None)}

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        record.time = f"{seconds}.{int(record.msecs):03d}Z"  # RFC 3339
        return in_one_line(super().format(record))
