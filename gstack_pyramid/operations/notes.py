"""What is written down of an operation that runs, sealed: keys, bodies and passwords are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    credentials: Credentials
    state: Any
    reads: Mapping[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """What a note of it holds."""
        keys = [self.credentials.api_key, self.credentials.secret_key]
        return {"keys": keys, "state": self.state, "reads": self.reads}


class Notes:
    """Writes and reads notes.

    Args:
        sealing: how they are sealed.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def write(self, content: Mapping[str, Any]) -> str:
        """A note of anything that JSON can hold."""
        return self._sealing.seal(orjson.dumps(content))

    def read(self, note: str) -> dict[str, Any]:
        """What a note says.

        Raises:
            Exception: what the sealing raises when it can't be opened.
        """
        content: dict[str, Any] = orjson.loads(self._sealing.open(note))
        return content

    def asked(self, note: str) -> Asked:
        """What an operation began with; see :meth:`read` for what is raised."""
        told = self.read(note)
        return Asked(Credentials(*told["keys"]), told["state"], told["reads"])
