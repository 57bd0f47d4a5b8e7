"""Keeps keys and signatures out of messages: a signed URL is a password until it expires."""

from __future__ import annotations

import re

_SECRET_PAIR = re.compile(
    r"\b(apikey|signature|secretkey|sessionkey|password|userdata)=[^&\s\"'<>]+", re.IGNORECASE
)


def redact(text: str) -> str:
    """``text`` with the values of telling ``name=value`` pairs replaced by ``…``."""
    return _SECRET_PAIR.sub(r"\1=…", text)
