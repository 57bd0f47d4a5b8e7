"""Keeps keys and signatures out of logs and messages.

A signed URL is as good as a password until it expires, and urllib3 logs the URL of every request
at level DEBUG and of every retried one at WARNING.
"""

from __future__ import annotations

import logging
import re

_SECRET_PAIR = re.compile(
    r"\b(apikey|signature|secretkey|sessionkey|password|userdata)=[^&\s\"'<>]+", re.IGNORECASE
)


def redact(text: str) -> str:
    """``text`` with the values of telling ``name=value`` pairs replaced by ``…``."""
    return _SECRET_PAIR.sub(r"\1=…", text)


class RedactingFilter(logging.Filter):
    """Redacts the arguments of a log record; it lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the strings among the arguments of ``record``."""
        if isinstance(record.args, tuple):
            record.args = tuple(redact(a) if isinstance(a, str) else a for a in record.args)
        return True


_FILTER = RedactingFilter()
# A filter does not apply to the loggers below its own, so each that writes URLs is named.
_LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")


def keep_secrets_out_of_logs() -> None:
    """Attaches the filter to the loggers of urllib3 that write URLs; again is harmless."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
