"""One caller's way to CloudStack's rows: each command is sent once for a request."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple, TypeVar

import orjson

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.commands import Commands
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.table import Row, Table
from gstack_pyramid.cloudstack.windows import Window
from gstack_pyramid.cloudstack.witness import Seen, Witness
from gstack_pyramid.engine.catalogue import CLOCKS_APART, Catalogue, Kept
from gstack_pyramid.observability.context import carried

Rows = list[Row]

Read = tuple[str, str, Rows]
"""A reading command, its parameters as JSON, and its rows."""

Key = tuple[str, bytes]
"""A reading command and its parameters as JSON, by which its rows are found."""


class MadeOf(NamedTuple):
    """What an answer was made of.

    Attributes:
        kept: the reads whose rows are kept, by what these are found by.
        seen: the other reads.
        owner: the account or project that it was about.
    """

    kept: tuple[tuple[Key, Seen], ...]
    seen: tuple[Seen, ...]
    owner: str | None


_T = TypeVar("_T")

_VERB = re.compile(r"^[a-z]+")

_FOR_PAGES = b"pages "

_TOGETHER = 4
"""Commands that one request sends at the same time."""


class Trace:
    """Takes down what an answer is made of: reads that its request sent, and kept rows.

    Args:
        client: the way to CloudStack.
        credentials: the caller's keys.

    Attributes:
        witness: sends the request's own reads.
        kept: the reads whose rows were kept, each with the digest of those rows.
        owner: the account or project that the request is about, once that is known.
    """

    def __init__(self, client: Client, credentials: Credentials) -> None:
        self.witness = Witness(client, credentials)
        self.kept: dict[Key, Seen] = {}
        self.owner: str | None = None
        self.hidden = False
        """Whether the answer is made of something else as well."""

    @property
    def made_of(self) -> MadeOf:
        """What it has taken down."""
        return MadeOf(tuple(self.kept.items()), tuple(self.witness.seen), self.owner)

    @property
    def whole(self) -> bool:
        """Whether it tells all that the answer is made of."""
        return self.witness.whole and not self.hidden


class Reader:
    """Reads on behalf of one caller, each command at most once per request.

    Args:
        client: the way to CloudStack.
        credentials: the caller's keys.
        catalogue: the cache for marked reads.
        trace: takes down what is read, if that is wanted.
        changeable: the commands whose rows change when some mapped method is called.

    Attributes:
        afresh: commands of which no rows will do that an earlier request has read.
        scope_params: parameters that say which project the request is in.
        insist: calls what reads from CloudStack, again if need be.
    """

    def __init__(
        self,
        client: Client,
        credentials: Credentials,
        catalogue: Catalogue,
        trace: Trace | None = None,
        changeable: Set[str] = frozenset(),
    ) -> None:
        self.client = client
        self.credentials = credentials
        self._trace = trace
        self._through: Commands = client if trace is None else trace.witness
        self.scope_params: dict[str, Any] = {}
        self.afresh: Set[str] = frozenset()
        self._changeable = changeable
        self._owner: str | None = None
        self._ended: float | None = None
        self.insist: Callable[[Callable[[], Any]], Any] = lambda read: read()
        self._catalogue = catalogue
        self._memo: dict[Key, Table] = {}
        self._noted: dict[Key, Table] = {}
        self._old: set[Key] = set()

    def within(self, owner: str) -> None:
        """Let it be known which account or project the request is about."""
        self._owner, self._ended = owner, None
        if self._trace is not None:
            self._trace.owner = owner

    def begin(self, reads: Sequence[Read] = ()) -> None:
        """Begin a part of a plan: what it reads from here on is noted, to be repeated elsewhere.

        Args:
            reads: what the same part has read before, in another process.
        """
        for command, params, rows in reads:
            self._memo[command, params.encode()] = Table(rows, command)
        self._noted = {}

    @property
    def reads(self) -> list[Read]:
        """What was read since :meth:`begin`."""
        return [
            (name, params.decode(), table.whole) for (name, params), table in self._noted.items()
        ]

    def fetch(self, command: str, params: Mapping[str, Any], *, cached: bool = False) -> Rows:
        """The rows of :meth:`table`, all decoded.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        return self.table(command, params, cached=cached).whole

    def table(self, command: str, params: Mapping[str, Any], *, cached: bool = False) -> Table:
        """All rows of a reading command, read once per request, or kept longer when ``cached``.

        A command that answers with one object gives one row.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        full, key = self._key(command, params)
        rows = self._memo.get(key)
        if rows is None:
            if cached:
                rows = self._kept(command, full, key).rows
            else:
                rows = self._read(command, full, self._through)
        self._memo[key] = self._noted[key] = rows
        return rows

    def _kept(self, command: str, params: Mapping[str, Any], key: Key) -> Kept:
        """The rows of a read that is kept for longer than a request, read now if need be."""
        return self._remembered(command, params, key) or self._anew(command, params, key)

    def _remembered(self, command: str, params: Mapping[str, Any], key: Key) -> Kept | None:
        kept = self._catalogue.get((self.credentials, *key))
        if kept is None or self._is_outdated(command, kept):
            return None
        self._old.add(key)
        if self._trace is not None:
            self._trace.kept[key] = Seen(command, params, kept.digest)
        return kept

    def _anew(self, command: str, params: Mapping[str, Any], key: Key) -> Kept:
        changes = self._catalogue.changes(self.credentials)
        witness, now = Witness(self.client, self.credentials), time.time()
        kept = Kept(self._read(command, params, witness), witness.digest, now)
        self._catalogue.put((self.credentials, *key), kept, changes)
        if self._trace is not None:
            self._trace.kept[key] = Seen(command, params, kept.digest)
        return kept

    def _is_outdated(self, command: str, kept: Kept) -> bool:
        """Whether kept rows won't do: a change needs them as they are, or one has ended since.

        Changes of this process and caller make the catalogue forget; others are told by the
        operations that they share.
        """
        if command in self.afresh:
            return True
        if command not in self._changeable or self._owner is None:
            return False
        if self._ended is None:
            since = time.time() - self._catalogue.ttl - CLOCKS_APART
            self._ended = self._catalogue.ended(self._owner, since) or 0.0
        return self._ended > kept.moment - CLOCKS_APART

    def confirms(self, made_of: MadeOf) -> bool:
        """Whether all that an earlier answer was made of is the same now.

        What has to be read for that is read through the trace, and for the kept rows into the
        catalogue, so that it is there already when the answer has to be made anew.

        Args:
            made_of: what the trace of that answer told.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        if made_of.owner is not None:
            self.within(made_of.owner)
        late = []
        for key, read in made_of.kept:
            kept = self._remembered(read.command, read.params, key)
            if kept is None:
                late.append((read, key))
            elif kept.digest != read.digest:
                return False

        def is_same(read: Seen, key: Key) -> bool:
            return self._anew(read.command, read.params, key).digest == read.digest

        # Rows are kept for the same time, so those that were read together are late together.
        if not all(_at_once(is_same, late, self.client.waiting(self.credentials))):
            return False
        return self._trace is not None and self._trace.witness.confirms(made_of.seen)

    def renew(self, commands: Set[str]) -> bool:
        """Let some commands be read again whose rows an earlier request has read.

        Returns:
            Whether there are any: what this request has read itself is as it is.
        """
        old = {key for key in self._old if key[0] in commands}
        for key in old:
            self._memo.pop(key, None)
        self._old -= old
        if old:
            self._catalogue.forget(self.credentials, lambda command: command in commands)
        return bool(old)

    def fetch_each(self, command: str, reads: Sequence[Mapping[str, Any]]) -> Rows:
        """The rows of a command with several parameters, one after the other's.

        Some of them are read at the same time.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        waiting = self.client.waiting(self.credentials)
        found = _at_once(partial(self.fetch, command), [(each,) for each in reads], waiting)
        return [row for rows in found for row in rows]

    def _key(self, command: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], Key]:
        full = self.with_scope(command, params)
        return full, (command, orjson.dumps(full, option=orjson.OPT_SORT_KEYS))

    def window(self, command: str, params: Mapping[str, Any], start: int, stop: int) -> Window:
        """Rows of a long list from one place on, as :meth:`Client.window`.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        full = self.with_scope(command, params)
        return self._through.window(self.credentials, command, full, start, stop)

    def remember(self, command: str, params: Mapping[str, Any], rows: Table) -> None:
        """Let :meth:`table` give these rows for the rest of the request."""
        self._memo[self._key(command, params)[1]] = rows

    def knows(self, command: str, params: Mapping[str, Any]) -> bool:
        """Whether this request has read the rows of a command."""
        return self._key(command, params)[1] in self._memo

    def fetch_for_pages(
        self,
        command: str,
        params: Mapping[str, Any],
        *,
        first: bool,
        fits: Callable[[Table], bool],
    ) -> Table:
        """Rows that go with every page of a long list: read for the first, kept for the others.

        Args:
            command: what lists them.
            params: its parameters.
            first: whether this is the first page.
            fits: whether kept rows will do; else they are read again.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        _, (name, text) = self._key(command, params)
        key = (self.credentials, name, _FOR_PAGES + text)
        kept = self._memo.get((name, text))
        if kept is None and not first:
            found = self._catalogue.get(key)
            kept = found.rows if found is not None else None
            if self._trace is not None:
                self._trace.hidden = True
        if kept is None or not fits(kept):
            changes = self._catalogue.changes(self.credentials)
            kept = self.table(command, params)
            self._catalogue.put(key, Kept(kept, b""), changes)
        self._memo[name, text] = kept
        return kept

    def _read(self, command: str, params: Mapping[str, Any], through: Commands) -> Table:
        who = self.credentials
        if through.model.command(command).list_key is not None:
            rows: Table = self.insist(lambda: through.table(who, command, params))
            return rows
        return Table([unwrap(self.insist(lambda: through.call(who, command, params)))])

    def with_scope(self, command: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters together with those of the project, where the command takes them, and with
        those that always go with the command.
        """
        known = self.client.model.command(command)
        scope = {k: v for k, v in self.scope_params.items() if k in known.params}
        return {**scope, **known.asked, **params}

    def changed(self, command: str) -> None:
        """Drop kept answers that a command of this caller may have made wrong.

        Commands are a verb and a noun, and what lists the noun has it in its name: createNetwork
        makes listNetworks stale, and listVPCs, whose rows have the networks of each in them. Tags
        show in the rows of nearly everything.
        """
        noun = _VERB.sub("", command)

        def stale(read: str) -> bool:
            inside = self.client.model.command(read).response.get(noun.lower())
            return noun == "Tags" or noun in read or isinstance(inside, (dict, list))

        self._catalogue.forget(self.credentials, stale)
        self._memo.clear()


def _at_once(
    read: Callable[..., _T],
    reads: Sequence[tuple[Any, ...]],
    waiting: AbstractContextManager[object],
) -> list[_T]:
    """What a function gives for several arguments, a few of them at the same time.

    Args:
        read: the function.
        reads: the arguments of each call.
        waiting: entered while this thread waits for those that call it.

    Raises:
        CloudStackError, CloudStackUnavailable: what it raises; it is called no more then.
    """
    if len(reads) < 2:
        return [read(*each) for each in reads]
    found: dict[int, _T] = {}
    # A few threads take one after the other: handing over each by itself takes more than it.
    left, failed = iter(enumerate(reads)), threading.Event()

    def take() -> None:
        for place, each in left:
            if failed.is_set():
                return  # after a failure nobody wants the rest
            try:
                found[place] = read(*each)
            except BaseException:
                failed.set()
                raise

    together = min(_TOGETHER, len(reads))
    with waiting, ThreadPoolExecutor(together, thread_name_prefix="reads") as pool:
        taking = [pool.submit(carried(take)) for _ in range(together)]
    for each_taken in taking:
        each_taken.result()
    return [found[place] for place in range(len(reads))]
