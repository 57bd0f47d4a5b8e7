"""Walking a list in CloudStack's own order, a stretch at a time, while rows come and go.

CloudStack pages by offset, so a row that is deleted moves all later ones to the left, and what is
made at the front moves all to the right. A cursor therefore remembers rows, not only a number: the
last ones that were passed and the next ones to come. Where they are found again, the walk goes on.
So no row comes twice, and none that was there throughout is left out, as long as CloudStack keeps
its rows in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from gstack_pyramid.cloudstack.windows import Window
from gstack_pyramid.errors import invalid_value

Row = dict[str, Any]
Read = Callable[[int, int], Window]

SEEN = 32
"""Rows behind it that a cursor remembers."""

AHEAD = 8
"""Rows before it that a cursor remembers."""

MARKS = frozenset({"id", "created"})
"""The fields of a row that a walk goes by."""

_FAR = 500
"""Rows that are read at a time while looking for remembered ones."""

_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a walk has come to.

    Attributes:
        offset: how many rows of the list were behind it.
        seen: digests of the last rows behind it, in order.
        ahead: digests of the rows that followed.
        created: when the last row behind it was made, as CloudStack writes it.
    """

    offset: int
    seen: tuple[bytes, ...]
    ahead: tuple[bytes, ...]
    created: str

    def dump(self) -> dict[str, Any]:
        """The cursor as JSON; ``load`` takes it back."""
        return {
            "offset": self.offset,
            "seen": b"".join(self.seen).hex(),
            "ahead": b"".join(self.ahead).hex(),
            "created": self.created,
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Cursor:
        """The cursor that was dumped."""
        return cls(dumped["offset"], _cut(dumped["seen"]), _cut(dumped["ahead"]), dumped["created"])


def _cut(text: str) -> tuple[bytes, ...]:
    joined = bytes.fromhex(text)
    return tuple(joined[at : at + _DIGEST] for at in range(0, len(joined), _DIGEST))


def digest(row: Row) -> bytes:
    """What a cursor remembers of a row."""
    return blake2b(str(row.get("id")).encode(), digest_size=_DIGEST).digest()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that come next, in order.

    Attributes:
        rows: each with its place in the list.
        after: the place after the last row that was read.
        ended: whether the list ends there.
        before: the cursor it starts from.
    """

    rows: Sequence[tuple[int, Row]]
    after: int
    ended: bool
    before: Cursor | None

    def usable(self) -> int:
        """How many rows may be passed: the last ones only serve to find the place again."""
        return len(self.rows) if self.ended else len(self.rows) - AHEAD

    def cursor(self, count: int) -> Cursor | None:
        """Where the walk is behind the first ``count`` rows; None where the list ends."""
        if count == len(self.rows) and self.ended:
            return None
        passed, coming = self.rows[:count], self.rows[count : count + AHEAD]
        seen = self.before.seen if self.before else ()
        seen = (*seen, *(digest(row) for _, row in passed[-SEEN:]))[-SEEN:]
        created = self.before.created if self.before else ""
        if passed:
            created = str(passed[-1][1].get("created") or "")
        # The place of the next row, since rows that were passed before may lie between.
        offset = coming[0][0] if coming else self.after
        return Cursor(offset, seen, tuple(digest(row) for _, row in coming), created)


def stretch(read: Read, cursor: Cursor | None, size: int, *, newest_first: bool) -> Stretch:
    """The rows that come next: ``size`` and some more, or fewer where one page holds no more.

    Args:
        read: reads the list from one place up to another; rows before may come along.
        cursor: where the walk has come to; None at the beginning.
        size: how many rows are wanted.
        newest_first: whether CloudStack orders the rows by their age the other way round. It then
            compares whole seconds, and rows of one second may change places.

    Raises:
        GceError: 400 at ``pageToken``: nothing that the cursor remembers is left.
    """
    here = cursor or Cursor(0, (), (), "")
    found = _Found(read, here, SEEN if newest_first and cursor else 0)
    found.start(size)
    begin = 0 if cursor is None else found.place()
    while begin is None and found.grow():
        begin = found.place()
    new = found.new(begin, newest_first)
    while len(new) <= AHEAD and not found.ended:
        found.grow_right()
        new = found.new(begin, newest_first)
    return Stretch(new, found.after, found.ended, cursor)


def _placed(window: Window) -> Iterator[tuple[int, Row]]:
    """The rows of a window with their places, of each at least what tells one from the other."""
    return enumerate(window.rows.looks(MARKS), window.first)


class _Found:
    """What was read so far in search of a cursor's rows: one piece of the list that grows."""

    def __init__(self, read: Read, cursor: Cursor, overlap: int) -> None:
        self._read = read
        self._cursor = cursor
        self._overlap = overlap
        self._left_next = True
        self.rows: list[tuple[int, Row]] = []
        self.first = 0
        self.after = 0
        self.ended = False

    def start(self, size: int) -> None:
        """Read where the rows should be."""
        offset = max(0, self._cursor.offset - self._overlap)
        window = self._read(offset, self._cursor.offset + size + AHEAD)
        self.rows = list(_placed(window))
        # A page behind the end of the list is empty, and tells nothing of where the end is.
        self.first = window.first if window.rows else offset
        self.after = self.first + len(window.rows)
        self.ended = window.ended

    def place(self) -> int | None:
        """Where the walk goes on, if that can be told from what was read."""
        cursor = self._cursor
        if cursor.ahead and not self._overlap:
            for at, row in self.rows:
                if at == cursor.offset and digest(row) == cursor.ahead[0]:
                    return at
        seen, ahead = frozenset(cursor.seen), frozenset(cursor.ahead)
        coming = None
        for at, row in self.rows:
            mark = digest(row)
            if mark in seen or mark in cursor.ahead[:1]:
                return at
            if coming is None and mark in ahead:
                coming = at
        # Rows to the left might be the ones that come first, unless there are none.
        return coming if self.first == 0 else None

    def new(self, begin: int | None, newest_first: bool) -> list[tuple[int, Row]]:
        """The rows from a place on, or by their age, but for those already behind the cursor."""
        seen = frozenset(self._cursor.seen)
        return [
            (at, row)
            for at, row in self.rows
            if (_comes_after(row, self._cursor, newest_first) if begin is None else at >= begin)
            and digest(row) not in seen
        ]

    def grow(self) -> bool:
        """Read more, to the left and to the right by turns; False when all was read."""
        left, right = self.first > 0, not self.ended
        if not left and not right:
            return False
        if left and (self._left_next or not right):
            self._grow_left()
        else:
            self.grow_right()
        self._left_next = not self._left_next
        return True

    def _grow_left(self) -> None:
        start = max(0, self.first - _FAR)
        window = self._read(start, self.first)
        rows = [(at, row) for at, row in _placed(window) if at < self.first]
        reached = window.first + len(window.rows)
        if reached < self.first:
            # The list has become shorter than that: there is nothing to the right of it.
            if window.ended:
                self.rows, self.after, self.ended = [], reached, True
            else:
                rows += self._between(reached, self.first)
        self.rows = rows + self.rows
        self.first = window.first if window.rows else start

    def _between(self, start: int, stop: int) -> list[tuple[int, Row]]:
        rows: list[tuple[int, Row]] = []
        while start < stop:
            window = self._read(start, stop)
            part = [(at, row) for at, row in _placed(window) if at >= start]
            rows += [(at, row) for at, row in part if at < stop]
            if not part or window.ended:
                break
            start = part[-1][0] + 1
        return rows

    def grow_right(self) -> None:
        """Read what follows."""
        window = self._read(self.after, self.after + _FAR)
        rows = [(at, row) for at, row in _placed(window) if at >= self.after]
        self.rows += rows
        self.after += len(rows)
        self.ended = window.ended or not rows


def _comes_after(row: Row, cursor: Cursor, newest_first: bool) -> bool:
    """Whether a row comes behind the cursor by its age, the last thing to go by.

    Raises:
        GceError: 400 at ``pageToken``: the rows tell no age.
    """
    try:
        made = datetime.fromisoformat(str(row.get("created")))
        last = datetime.fromisoformat(cursor.created)
        return made <= last if newest_first else made >= last
    except (ValueError, TypeError):
        why = "What it pointed to is gone. Read the list again from its beginning."
        raise invalid_value("pageToken", "…", why) from None
