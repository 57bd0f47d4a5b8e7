"""The client: one method a kind of use, the same for every command."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from gstack_pyramid.cloudstack.answers import read_answer, refuse_silence
from gstack_pyramid.cloudstack.commands import NO_PARAMS, Commands, Paging
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.parameters import encode_params
from gstack_pyramid.cloudstack.signature import SIGNATURE_VERSION, Form, expiry
from gstack_pyramid.cloudstack.telling import OnCall, OnLoss, told
from gstack_pyramid.cloudstack.transport import Answer, Begun, OnRetry, Transport
from gstack_pyramid.schemas.cloudstack import CloudStackModel

_FORMS = 1024
"""Reads whose forms are kept: half a kilobyte each."""

_READS = ("list", "get", "query", "find")
# These reserve something to upload to: asked twice, there are two of it.
_CHANGES_ALL_THE_SAME = ("getupload",)


def is_read(command: str) -> bool:
    """Whether ``command`` changes nothing, so that it may be sent twice."""
    name = command.lower()
    return name.startswith(_READS) and not name.startswith(_CHANGES_ALL_THE_SAME)


class _Ahead(NamedTuple):
    """A read that is on its way.

    Attributes:
        begun: what its answer is got by.
        since: when it was sent, by ``time.perf_counter``.
    """

    begun: Begun
    since: float


class Client(Commands):
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
        on_retry: told of each read that was answered after it was sent again: its name, and how
            often it was.
        on_loss: told of each command that had no answer: why, and the seconds since it was sent.
        waiting: entered while a thread waits for an answer; told whose command it is, by API key.

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
        on_retry: OnRetry | None = None,
        on_loss: OnLoss | None = None,
        waiting: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        super().__init__(model, Paging(page_size))
        self._transport = Transport(
            endpoint,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            pool_size=pool_size,
            read_retries=read_retries,
            verify=verify,
            on_retry=on_retry,
        )
        self._expires = expires
        self._clock = clock
        self._on_call = on_call
        self._on_loss = on_loss
        self._waiting = waiting
        self._mine = threading.local()

    def __repr__(self) -> str:
        return f"Client({self._transport.endpoint!r})"

    def call(
        self,
        credentials: Credentials,
        command: str,
        params: Mapping[str, object] = NO_PARAMS,
    ) -> dict[str, Any]:
        """As :meth:`Commands.call`."""
        with told(command, self._on_call, self._on_loss):
            return self.read(command, self.sent(credentials, command, params))

    def listed(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> dict[str, Any]:
        """As :meth:`Commands.listed`."""
        with told(command, self._on_call, self._on_loss):
            return self.read(command, self.sent(credentials, command, params), cut=True)

    def answer(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> Answer:
        """Sends a command; an answer that tells no error is not looked into, see :meth:`read`.

        Raises:
            ValueError, CloudStackError, CloudStackUnavailable: as :meth:`call`.
        """
        begun = (self._on_their_way or {}).get(id(params))
        since = begun.since if begun is not None else None
        with told(command, self._on_call, self._on_loss, since):
            answer = self.sent(credentials, command, params)
            if answer.status != HTTPStatus.OK:
                self.read(command, answer)
            return answer

    @contextmanager
    def ahead(
        self, credentials: Credentials, reads: Sequence[tuple[str, Mapping[str, object]]]
    ) -> Iterator[None]:
        """Within, this thread's reads are on their way before it waits for the first answer.

        So they take as long as the slowest of them. Those for which there is no connection to spare
        are sent in their turn, as are those behind one that can't be sent. What is not asked for by
        the end is given up. All that while the thread counts as one that waits.

        Args:
            credentials: whose keys to sign with.
            reads: of each its command and parameters, the very object that :meth:`answer` will be
                given.

        Raises:
            ValueError: a parameter cannot be sent.
        """
        begun: dict[int, _Ahead] = {}
        with self._waiting(credentials.api_key):
            self._mine.ahead = begun
            try:
                for command, params in reads:
                    since = time.perf_counter()
                    sent = self._transport.begin(self._signed(credentials, command, params))
                    if sent is None:
                        # A cloud that is away would be waited for as often as there are reads.
                        break
                    begun[id(params)] = _Ahead(sent, since)
                yield
            finally:
                self._mine.ahead = None
                for each in begun.values():
                    self._transport.drop(each.begun)

    @property
    def _on_their_way(self) -> dict[int, _Ahead] | None:
        """Reads of this thread that are, by the ids of their parameters; None without any."""
        return getattr(self._mine, "ahead", None)

    def sent(self, credentials: Credentials, command: str, params: Mapping[str, object]) -> Answer:
        """Sends a command, unless it is on its way; what came is not looked at.

        Raises:
            ValueError: a parameter cannot be sent; nothing was.
            CloudStackUnavailable: no answer came.
        """
        ahead = self._on_their_way
        begun = None if ahead is None else ahead.pop(id(params), None)
        if begun is not None:
            return self._transport.end(command, begun.begun)
        signed = self._signed(credentials, command, params)
        send = self._transport.read if is_read(command) else self._transport.change
        with self._waiting(credentials.api_key) if ahead is None else nullcontext():
            return send(command, signed)

    def waiting(self, credentials: Credentials) -> AbstractContextManager[object]:
        """Within, this thread waits for answers that other threads of its request ask for."""
        return self._waiting(credentials.api_key)

    @property
    def clock_behind(self) -> float | None:
        """Seconds that this machine's clock is behind CloudStack's, as of the last refused
        signature; None where that isn't known.
        """
        return self._transport.behind

    def close(self) -> None:
        """Closes the idle connections."""
        self._transport.close()

    def _signed(self, credentials: Credentials, command: str, params: Mapping[str, object]) -> str:
        expires = expiry(self._clock(), self._expires)
        form = None
        if is_read(command):
            with suppress(TypeError):  # no JSON: below it is told what is wrong with it
                form = _read_form(credentials.api_key, command, orjson.dumps(params))
        form = form or _form(credentials.api_key, command, params)
        return form.signed(expires, credentials.secret_key)

    def read(self, command: str, answer: Answer, *, cut: bool = False) -> dict[str, Any]:
        """The body of an answer.

        Args:
            command: what was answered.
            answer: the answer.
            cut: leave the elements of lists as they came.

        Raises:
            CloudStackError: CloudStack says no.
            CloudStackBadAnswer: it can't be read.
        """
        body = read_answer(command, answer.status, answer.content, answer.description, cut=cut)
        if not is_read(command):
            refuse_silence(command, body, asynchronous=self._has_job(command))
        return body

    def _has_job(self, command: str) -> bool:
        """Whether a command is known to be answered with a job."""
        try:
            return self.model.command(command).asynchronous
        except KeyError:
            return False


def _form(api_key: str, command: str, params: Mapping[str, object]) -> Form:
    return Form(
        {
            "command": command,
            "response": "json",
            **encode_params(params),
            "apikey": api_key,
            "signatureversion": SIGNATURE_VERSION,
        }
    )


@lru_cache(_FORMS)
def _read_form(api_key: str, command: str, params: bytes) -> Form:
    """The form of a read, which is likely to be sent again; its parameters are JSON."""
    return _form(api_key, command, orjson.loads(params))
