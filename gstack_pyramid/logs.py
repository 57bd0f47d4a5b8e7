"""Log records of which each is one line, whatever is in it.

What clients send ends up in the log: paths, names, texts of errors. A line break in it must not
make another line, which would pass for one of ours; nor may it reach a terminal as a command.
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

from gstack_pyramid.observability.context import noted

_PACKAGE = __name__.partition(".")[0]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_INDENT = "    "


def escaped(text: str) -> str:
    """``text`` with its control characters and line breaks written out."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class OneLine(logging.LogRecord):
    """A record whose message is one line, and whose traceback is indented."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.exc_info and self.exc_info[0] is not None:
            lines = "".join(traceback.format_exception(*self.exc_info)).rstrip("\n").split("\n")
            # No line of a traceback looks like a record, not even one out of an error's text.
            self.exc_text = "\n".join(_INDENT + escaped(line) for line in lines)

    def getMessage(self) -> str:  # noqa: N802 - the name is logging's
        """The message."""
        return escaped(super().getMessage())


def one_line_each() -> None:
    """Let all records of this package be so, from now on, and all know the request they are about.

    A record's ``request_id`` is the request's; one that is about none has no such attribute.
    """
    others = logging.getLogRecordFactory()
    if getattr(others, "makes_one_line", False):
        return

    def make(name: str, *args: Any, **more: Any) -> logging.LogRecord:
        ours = name.partition(".")[0] == _PACKAGE
        record = OneLine(name, *args, **more) if ours else others(name, *args, **more)
        if (request := noted()) is not None:
            record.request_id = request.id
        return record

    make.makes_one_line = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make)
