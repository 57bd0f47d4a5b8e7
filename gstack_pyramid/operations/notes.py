"""What is written down of an operation that runs, sealed: keys, bodies and passwords are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from gstack_pyramid.cloudstack.credentials import Credentials


class Sealing(Protocol):
    """Encrypts what is kept."""

    def seal(self, plain: bytes) -> str:
        """The text that holds ``plain``."""

    def open(self, note: str) -> bytes:
        """What a text holds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation began with.

    Attributes:
        credentials: the caller's keys.
        state: the prepared plan's, as JSON or a fragment of it.
        reads: what was read before the first command.
        trace: the trace that it belongs to, as headers tell it; empty for none.
    """

    credentials: Credentials
    state: Any
    reads: Mapping[str, Any]
    trace: Mapping[str, str] = field(default_factory=dict)


class Notes:
    """Writes and reads what operations began with.

    Args:
        sealing: how they are sealed.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def write_asked(self, operation: str, asked: Asked) -> str:
        """A note of what the operation of this name began with."""
        keys = [asked.credentials.api_key, asked.credentials.secret_key]
        content = {
            "operation": operation,
            "keys": keys,
            "state": asked.state,
            "reads": asked.reads,
            "trace": asked.trace,
        }
        return self._sealing.seal(orjson.dumps(content))

    def asked(self, operation: str, note: str) -> Asked:
        """What the operation of this name began with.

        Raises:
            ValueError: it is the note of another operation.
            Exception: what the sealing raises when it can't be opened.
        """
        told = orjson.loads(self._sealing.open(note))
        if told.get("operation") != operation:
            raise ValueError("this is the note of another operation")
        # Those of earlier versions tell of no trace.
        trace = told.get("trace", {})
        return Asked(Credentials(*told["keys"]), told["state"], told["reads"], trace)
