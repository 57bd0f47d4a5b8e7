"""A way to CloudStack that takes down what each read of a request was answered.

Who repeats the same reads and gets the same answers, to the byte, knows that whatever was made of
them still holds. It needs no knowledge of what is in the answers, and no rule about what may have
changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from blake3 import blake3

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.commands import NO_PARAMS, Commands
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.cloudstack.transport import Answer

_Key = tuple[str, bytes]

_AT_ONCE = 4
"""Reads that are sent at the same time: as many as a get of a machine takes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One read and what it was answered.

    Attributes:
        command: the command.
        params: its parameters.
        digest: the digest of the answer.
    """

    command: str
    params: Mapping[str, object]
    digest: bytes


class Witness(Commands):
    """Reads for one request of one caller. Safe for use by the threads of that request.

    Args:
        client: the way to CloudStack.
        credentials: the caller's keys.

    Attributes:
        whole: whether all that was read can be repeated: nothing has failed.
    """

    def __init__(self, client: Client, credentials: Credentials) -> None:
        super().__init__(client.model, client.paging)
        self._client = client
        self._credentials = credentials
        self._seen: dict[_Key, Seen] = {}
        self._early: dict[_Key, tuple[Answer, bytes] | Exception] = {}
        self.whole = True

    @property
    def seen(self) -> list[Seen]:
        """What was read, in the order in which it first was."""
        return list(self._seen.values())

    @property
    def digest(self) -> bytes:
        """The digest of all that was answered."""
        return blake3(b"".join(read.digest for read in self._seen.values())).digest()

    def call(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = NO_PARAMS,
    ) -> dict[str, Any]:
        """As :meth:`Commands.call`; what :meth:`confirms` has read is not read once more."""
        return self._read(credentials, command, params, cut=False)

    def listed(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> dict[str, Any]:
        """As :meth:`Commands.listed`; what :meth:`confirms` has read is not read once more."""
        return self._read(credentials, command, params, cut=True)

    def _read(
        self, credentials: Credentials, command: str, params: Mapping[str, object], *, cut: bool
    ) -> dict[str, Any]:
        if credentials != self._credentials:
            raise ValueError("a witness reads for one caller")
        key = _key(command, params)
        early = self._early.pop(key, None)
        try:
            if isinstance(early, Exception):
                raise early
            if early is not None:
                answer, digest = early
            else:
                answer = self._client.answer(credentials, command, params)
                digest = _digest(answer)
            body = self._client.read(command, answer, cut=cut)
        except (CloudStackError, CloudStackUnavailable):
            self.whole = False
            raise
        self._seen[key] = Seen(command, dict(params), digest)
        return body

    def confirms(self, seen: Sequence[Seen]) -> bool:
        """Whether the same reads are answered the same now.

        They are sent a few at a time, and no more of them once one is answered otherwise. What it
        has read, :meth:`call` gives without asking again: an answer, or the failure.
        """
        for start in range(0, len(seen), _AT_ONCE):
            reads = seen[start : start + _AT_ONCE]
            asked = [(read.command, read.params) for read in reads]
            with self._client.ahead(self._credentials, asked) if len(asked) > 1 else nullcontext():
                same = True
                for read in reads:
                    digest = self._asked_again(read)
                    if digest is None:
                        return False
                    # The others are on their way, and what they are answered is needed.
                    same &= digest == read.digest
            if not same:
                return False
        return True

    def _asked_again(self, read: Seen) -> bytes | None:
        """The digest of what a read is answered now; None where it fails."""
        key = _key(read.command, read.params)
        try:
            answer = self._client.answer(self._credentials, read.command, read.params)
        except (CloudStackError, CloudStackUnavailable) as error:
            self._early[key] = error
            return None
        digest = _digest(answer)
        self._early[key] = answer, digest
        return digest


def _key(command: str, params: Mapping[str, object]) -> _Key:
    return command, orjson.dumps(params, option=orjson.OPT_SORT_KEYS)


def _digest(answer: Answer) -> bytes:
    # Nobody can make two answers of one digest, and of a list it is most of what telling takes.
    return blake3(answer.content).digest()
