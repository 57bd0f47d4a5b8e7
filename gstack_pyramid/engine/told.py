"""Resources that are told as they were told before, where all that they are made of is the same.

A list of 500 machines of which one has changed is made of 499 that have not. So each resource of
a list is kept as JSON, together with what it was made of: the bytes of its row and of the rows
joined to it, its name, and what all resources of its place are made of besides, which is where they
are and the links there. CloudStack is asked for all of it anew. What has the same parts, to the
byte, is told by the same JSON, and neither shaped, nor checked, nor encoded again.

It can't go stale, since nothing is taken from it whose parts CloudStack has not just told. It can't
leak for the same reason, and is found by the caller's whole key pair besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import orjson

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.kept import Kept
from gstack_pyramid.engine.records import Record, firsts
from gstack_pyramid.engine.resources import Resource

_EACH = 512
"""Bytes that are counted for each resource besides its JSON and its rows."""

_A_LINK = 256
"""Bytes that are counted for each link that may be in one."""

_NOTHING: dict[str, Any] = {}

_FIRST_ROW = 3
"""The place in the parts of a resource from which on they are rows, and numbers of rows."""

_ROWS = frozenset({int, msgspec.Raw})
"""The types of these; rows that others have put together or decoded are of another one."""

_PLAIN: tuple[type[Any], ...] = (str, dict, list, int)

Named = Sequence[tuple[str, Record]]
Parts = list[Any]
"""What a resource is made of: its source, its name, its project if that is a foreign one, and rows
as they came."""


class Piece(dict[str, Any]):
    """A resource in an answer; one that was told before is empty, and known by its JSON alone.

    Args:
        shaped: the resource.
        content: its JSON as it stands in the answer; None where it is yet to be made.
    """

    __slots__ = ("content",)

    def __init__(self, shaped: Mapping[str, Any], content: bytes | None = None) -> None:
        super().__init__(shaped)
        self.content = content


class Place(NamedTuple):
    """What tells one collection of told resources from another.

    Attributes:
        credentials: the caller's keys.
        prefix: what links to them start with.
        depth: how many lists and objects of the answer are around each; None where that doesn't
            show.
    """

    credentials: Credentials
    prefix: str
    depth: int | None


class Around(NamedTuple):
    """What all resources of a place are made of.

    Attributes:
        names: where they are, and what is called by a name there.
        links: the links of other resources by CloudStack's ids.
        row_links: what makes links of ids and CloudStack's names.
    """

    names: Mapping[str, Any]
    links: Mapping[str, Mapping[str, Any]]
    row_links: Mapping[Any, Any]

    @classmethod
    def of(cls, resource: Resource, env: Env) -> Around:
        """What an environment has come to know."""
        used = {name for source in resource.sources for name in source.reads().roots or ()}
        where = {"": (env.project, env.zone, env.region)}
        names = {name: env.roots.get(name) for name in used} | where
        return cls(names, dict(env.links), dict(env.row_links))

    def holds(self, resource: Resource, env: Env) -> bool:
        """Whether it is the same now; what has to be read for that is read."""
        try:
            for name in self.links:
                env.session.links(name, env)
            for name, zone in self.row_links.keys() - env.row_links.keys():
                env.session.row_link(name, env, zone)
        except (CloudStackError, CloudStackUnavailable, KeyError):
            # Or it is read, and has no id: the resources that still have such links will tell.
            return False
        now = Around.of(resource, env)
        return self.names == now.names and all(
            found.get(name) == value
            for known, found in ((self.links, now.links), (self.row_links, now.row_links))
            for name, value in known.items()
        )


_NOWHERE = Around({}, {}, {})


class Told(NamedTuple):
    """A resource as it was told, what it was made of, and how many bytes both are."""

    parts: Parts
    piece: Piece
    size: int


class Collection(NamedTuple):
    """What is kept of one place: by the keys of records, and how many bytes that is."""

    around: Around
    told: Mapping[str, Told]
    size: int


class KeptResources(Kept[Place, Collection]):
    """Told resources by place: what is kept of one is never changed, but replaced."""

    def note(self, place: Place) -> None:
        """Let it be known that a place was asked for."""
        if self.get(place) is None:
            self.put(place, Collection(_NOWHERE, {}, _EACH))

    def keep(
        self, place: Place, around: Around, told: Mapping[str, Told], new: Mapping[str, Told]
    ) -> None:
        """Keep more of a place.

        Args:
            place: the place.
            around: what all of it is made of.
            told: what is good of that which was kept.
            new: what comes to that.
        """
        links = _A_LINK * sum(map(len, around.links.values()))
        # Where it is too much, what was there before makes room: much of it may be gone by now.
        for all_ in ({**told, **new}, new):
            size = links + sum(each.size for each in all_.values())
            if size <= self.largest:
                self.put(place, Collection(around, all_, size))
                return


class Pieces:
    """Makes the resources of one answer, as pieces.

    Args:
        kept: what was told before.
        credentials: the caller's keys.
        depth: how many lists and objects of the answer are around each; None for an answer that is
            not indented.
    """

    def __init__(self, kept: KeptResources, credentials: Credentials, depth: int | None) -> None:
        self._kept = kept
        self._credentials = credentials
        self._depth = depth
        self._keeping: list[Callable[[], None]] = []

    def knows(self, resource: Resource, env: Env) -> bool:
        """Whether anything is kept of the place of ``env``."""
        collection = self._kept.get(self._place(resource, env))
        return collection is not None and bool(collection.told)

    def of(self, resource: Resource, named: Named, env: Env) -> Sequence[dict[str, Any]]:
        """GCE resources of records that are all in the scope of ``env``, as :meth:`Resource.shape`.

        Raises:
            CloudStackError, CloudStackUnavailable: something can't be read.
        """
        place = self._place(resource, env)
        collection = self._kept.get(place)
        if collection is None:
            # To keep resources costs something, and most lists are never asked for again.
            self._kept.count(0, len(named))
            self._kept.note(place)
            return resource.shape(list(named), env)
        told = collection.told
        if len(named) > env.budget:
            # Some must not be joined to other rows than all were: those of pages can be kept ones.
            env = env.reading(page=env.page)
        # Before the links are asked for, so that joined rows are looked at once, for both.
        parts = _parts_of(named, env) if told else {}
        if told and not collection.around.holds(resource, env):
            told = {}
        pieces: list[dict[str, Any]] = []
        others: dict[int, tuple[str, Record]] = {}
        for at, each in enumerate(named):
            key = each[1].key
            known = told.get(key)
            if known is not None and known.parts == parts.get(key):
                pieces.append(known.piece)
            else:
                pieces.append(_NOTHING)
                others[at] = each
        self._kept.count(len(named) - len(others), len(others))
        if not others:
            return pieces
        made: dict[str, Piece] = {}
        shaped = resource.shape(list(others.values()), env)
        for (at, (_, record)), item in zip(others.items(), shaped, strict=True):
            made[record.key] = pieces[at] = Piece(item)
        parts = parts or _parts_of(named, env)
        around = Around.of(resource, env)
        kept = self._kept  # not self: all this would wait for the collector of garbage then
        self._keeping.append(lambda: kept.keep(place, around, told, _told(made, parts)))
        return pieces

    def json(self, value: Any) -> Any:
        """What orjson is to write for a value of a class of ours; its ``default``.

        Raises:
            TypeError: it is no JSON.
        """
        if isinstance(value, Piece):
            if value.content is None:
                value.content = _json(value, self._depth)
            return orjson.Fragment(value.content)
        # A text of a mapping file, which knows where it stands, for one.
        for kind in _PLAIN:
            if isinstance(value, kind):
                return kind(value)
        raise TypeError(f"{type(value)} is no JSON")

    def keep(self) -> None:
        """Keep what was made, once the answer is known to be right and encoded."""
        for keep in self._keeping:
            keep()

    def _place(self, resource: Resource, env: Env) -> Place:
        return Place(self._credentials, resource.prefix(env), self._depth)


def _parts_of(named: Named, env: Env) -> dict[str, Parts]:
    """What resources are made of, by the keys of records."""
    by_source: dict[int, list[tuple[str, Record]]] = {}
    for each in named:
        by_source.setdefault(id(each[1].source), []).append(each)
    found: dict[str, Parts] = {}
    for some in by_source.values():
        source = some[0][1].source
        joins = source.fields_for(None)[1]
        rows = firsts([record for _, record in some], frozenset(join.ours for join in joins))
        joined = [(join.ours, *join.parts(env, rows)) for join in joins]
        called = source.name
        for (name, record), row in zip(some, rows, strict=True):
            parts = [called, name, record.home, record.content]
            for ours, places, came in joined:
                theirs = places.get(row.get(ours), ())
                # So that it can be told where the rows of one join end.
                parts.append(len(theirs))
                for at in theirs:
                    parts.append(came[at])
            found[record.key] = parts
    return found


def _told(made: Mapping[str, Piece], parts: Mapping[str, Parts]) -> dict[str, Told]:
    """Resources as they are kept: those of which all rows are as they came."""
    found = {}
    for key, piece in made.items():
        made_of, content = parts[key], piece.content
        if content is None or not _ROWS.issuperset(map(type, made_of[_FIRST_ROW:])):
            continue
        # A row as it came is a part of all that came with it, which would stay with it.
        own = [part.copy() if type(part) is msgspec.Raw else part for part in made_of]
        rows = sum(memoryview(part).nbytes for part in own if type(part) is msgspec.Raw)
        # What orjson has written stands in several times the room that it takes.
        content = bytes(memoryview(content))
        found[key] = Told(own, Piece(_NOTHING, content), _EACH + len(content) + rows)
    return found


def _json(shaped: Mapping[str, Any], depth: int | None) -> bytes:
    """A resource as it stands in an answer, below so many lists and objects."""
    if depth is None:
        return orjson.dumps(shaped)
    around: Any = shaped
    for _ in range(depth):
        around = [around]
    lines, indent = depth * (depth + 1), 2 * depth
    return orjson.dumps(around, option=orjson.OPT_INDENT_2)[lines + indent : -lines]
