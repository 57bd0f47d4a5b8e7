"""The rows of a list, each decoded when somebody looks at it.

A list of 500 machines is a megabyte, and decoding it into objects takes as long as all that CPU has
to do for a page of it. So an answer is only cut into the bytes of its rows at first. Who wants to
know a few fields of all rows, to find those that are wanted, looks at these fields alone.

msgspec does both: it leaves any part of an answer as it came, and decodes the fields of an object
that are asked for, passing over the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypedDict, overload

import msgspec
import orjson

from gstack_pyramid.cloudstack.errors import CloudStackBadAnswer

Row = dict[str, Any]

_MOST_LOOKS = 1024
"""Sets of fields for which a decoder is kept: a mapping file has one or two."""


class Table(Sequence[Row]):
    """Rows in their order; nobody may change them.

    Safe for use by several threads: at worst a row is decoded twice.

    Args:
        rows: the rows, or the bytes of each, which are those of a JSON object as it seems.
        command: the command that was answered with them.

    Attributes:
        came: the rows as they came, in the same order.
    """

    __slots__ = ("_command", "_places", "_rows", "_seen", "_unread", "came")

    def __init__(self, rows: Iterable[Row | msgspec.Raw], command: str = "") -> None:
        self._rows: list[Any] = list(rows)
        self.came: Sequence[Any] = self._rows.copy()
        self._command = command
        self._unread = True
        self._places: dict[str, Mapping[Any, list[int]]] = {}
        self._seen: tuple[frozenset[str], list[Row]] = frozenset(), []

    @property
    def whole(self) -> list[Row]:
        """All rows.

        Raises:
            CloudStackBadAnswer: one can't be read.
        """
        rows = self._rows
        if self._unread:
            for place, row in enumerate(rows):
                if type(row) is msgspec.Raw:
                    rows[place] = self._read(row)
            self._unread = False
        return rows

    def looks(self, fields: frozenset[str], also: frozenset[str] = frozenset()) -> list[Row]:
        """Of each row at least these fields, as far as it has them.

        Args:
            fields: the fields.
            also: those that will be asked for next, so that the rows are gone through once.

        Raises:
            CloudStackBadAnswer: one can't be read.
        """
        if not self._unread:
            return self._rows
        known, seen = self._seen
        if not fields <= known or len(seen) < len(self._rows):
            known = fields | also
            seen = self._looked_at(self._rows, known)
            self._seen = known, seen
        return seen

    def some(self, places: Iterable[int], fields: frozenset[str]) -> list[Row]:
        """Of some rows at least these fields, as far as they have them.

        Args:
            places: which of the rows.
            fields: the fields.

        Raises:
            CloudStackBadAnswer: one can't be read.
        """
        rows = self._rows
        if self._unread:
            known, seen = self._seen
            if not fields <= known or len(seen) < len(rows):
                return self._looked_at([rows[place] for place in places], fields)
            rows = seen
        return [rows[place] for place in places]

    def _looked_at(self, rows: Iterable[Row | msgspec.Raw], fields: frozenset[str]) -> list[Row]:
        decode = _look(fields).decode
        try:
            return [decode(row) if type(row) is msgspec.Raw else row for row in rows]
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._bad() from error

    def by(
        self,
        field: str,
        looks: frozenset[str] | None = None,
        also: frozenset[str] = frozenset(),
        keys: Sequence[Any] = (),
    ) -> Mapping[Any, list[Row]]:
        """The rows by a field, each list in their order.

        Args:
            field: the field.
            looks: the fields that are wanted of rows; None for all.
            also: those that will be asked for next of all rows, as :meth:`looks` takes them.
            keys: the values of the field that alone will be asked for, so that their rows are
                looked at in one go; none where that isn't known.
        """
        if looks is None or not keys:
            return Groups(self, self.places(field, also))
        found: dict[Any, list[Row]] = {}
        if len(keys) * 2 > len(self):
            # To find out which rows are meant would be for nothing.
            for row in self.looks(looks | {field}, also):
                found.setdefault(row.get(field), []).append(row)
            return found
        places = self.places(field, also)
        meant = {key: places[key] for key in keys if key in places}
        rows = iter(self.some([place for each in meant.values() for place in each], looks))
        return {key: list(islice(rows, len(each))) for key, each in meant.items()}

    def places(self, field: str, also: frozenset[str] = frozenset()) -> Mapping[Any, list[int]]:
        """The places of the rows by a field.

        Args:
            field: the field.
            also: those that will be asked for next of all rows, as :meth:`looks` takes them.
        """
        places = self._places.get(field)
        if places is None:
            found: dict[Any, list[int]] = {}
            for place, row in enumerate(self.looks(frozenset((field,)), also)):
                found.setdefault(row.get(field), []).append(place)
            # Not before all of them are there: other threads look at kept rows, too.
            places = self._places[field] = found
        return places

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self._rows)))]
        row = self._rows[place]
        if type(row) is msgspec.Raw:
            row = self._rows[place] = self._read(row)
        found: Row = row
        return found

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.whole)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | Table) and self.whole == list(other)

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows>"

    def _read(self, row: msgspec.Raw) -> Row:
        try:
            found: Row = orjson.loads(memoryview(row))
        except orjson.JSONDecodeError as error:
            raise self._bad() from error
        return found

    def _bad(self) -> CloudStackBadAnswer:
        return CloudStackBadAnswer(self._command, "a row of the answer is no JSON", True, 200)


class Groups(Mapping[Any, list[Row]]):
    """The rows of a table by one of their fields."""

    __slots__ = ("_places", "_table")

    def __init__(self, table: Table, places: Mapping[Any, list[int]]) -> None:
        self._table = table
        self._places = places

    def __getitem__(self, key: Any) -> list[Row]:
        return self._rows(self._places[key])

    def get(self, key: Any, default: Any = None) -> Any:
        """The rows whose field is ``key``."""
        places = self._places.get(key)
        return default if places is None else self._rows(places)

    def _rows(self, places: list[int]) -> list[Row]:
        table = self._table
        return [table[place] for place in places]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@lru_cache(_MOST_LOOKS)
def _look(fields: frozenset[str]) -> msgspec.json.Decoder[Row]:
    """What decodes these fields of a row, whatever is in them."""
    wanted = dict.fromkeys(sorted(fields), Any)
    seen = TypedDict("seen", wanted, total=False)  # type: ignore[misc]  # mypy wants them spelled out
    return msgspec.json.Decoder(seen)
