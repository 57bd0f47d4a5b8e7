"""Lists of operations: of a hundred thousand of them, a page costs what a page costs.

The database orders, counts off, and leaves out what a filter excludes by an indexed field. The rest
of a filter is applied to what comes back, for so many rows a page: what goes beyond that, the next
page looks at, as GCE's lists do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.schema import OPERATIONS
from gstack_pyramid.operations.store import Store
from gstack_pyramid.protocol.filter import Predicate, compile_node
from gstack_pyramid.protocol.filter_tree import And, Compare, Match, Node, Not, Or
from gstack_pyramid.protocol.instants import parse_instant
from gstack_pyramid.protocol.lists import Entries, Rows, Walked
from gstack_pyramid.protocol.paging import MAX_RESULTS

_LOOKS = 5000
"""Rows that are looked at for one page of a filtered list, at the least."""
_GROWTH = 4
"""How many times as many are looked at in the next piece: what fits the database may be enough."""
_MILLISECOND = 0.001
"""What times are told in, so that a later one may be told as an earlier one."""

_STATES = {"DONE": True, "RUNNING": False}
_EQUAL = {
    "name": OPERATIONS.c.name,
    "user": OPERATIONS.c.user,
    "operationType": OPERATIONS.c.type,
    "clientOperationId": OPERATIONS.c.request_id,
}
# A text that equals nothing but itself: numbers and times can be written in several ways.
_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9@._-]*")

Shape = Callable[[Operation], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """The operations of one owner, in one scope or in all.

    Attributes:
        store: where they are kept; None where none has been kept yet.
        owner: CloudStack's id of the account or project.
        scope: ``zones/z``, ``regions/r`` or ``global``; None for all.
        tree: the filter, of which the database heeds what it can.
        shape: makes GCE's resource of an operation.
        more_scopes: further ones that are told of, of a list of all.
    """

    store: Store | None
    owner: str
    scope: str | None
    tree: Node
    shape: Shape
    more_scopes: Mapping[str, str | None]

    def rows(self) -> Rows:
        """All of them: for a page that goes on with one that another version has made."""
        if self.store is None:
            return []
        found = self.store.of_owner(self.owner, self.scope)
        return [(self._scope_of(kept), self.shape(kept)) for kept in found]

    def entries(self, size: int) -> Entries | None:
        """Nothing: the database chooses what is on a page."""

    def walk(
        self, cursor: dict[str, Any] | None, size: int, keep: Predicate, order: str
    ) -> Walked | None:
        """One page, in the database's order by name, or by age."""
        found: list[tuple[str, dict[str, Any]]] = []
        if self.store is None:
            return Walked(found, None)
        newest_first = order not in ("", "name")
        after = cursor["after"] if cursor else None
        conditions = pushed(self.tree)
        looked, piece = 0, size + 1
        while looked < _LOOKS:
            page = self.store.page(
                self.owner, self.scope, conditions, after, piece, newest_first=newest_first
            )
            for kept in page:
                shaped = self.shape(kept)
                if keep(shaped):
                    if len(found) == size:
                        return Walked(found, {"after": after})
                    found.append((self._scope_of(kept), shaped))
                after = [kept.inserted, kept.name]
            if len(page) < piece:
                return Walked(found, None)
            looked += piece
            piece = min(_GROWTH * piece, MAX_RESULTS)
        return Walked(found, {"after": after})

    def scopes(self) -> Mapping[str, str | None]:
        """The scopes that there are operations in, and the further ones."""
        kept = self.store.scopes(self.owner) if self.store is not None else []
        return {**dict.fromkeys(["global", *kept]), **self.more_scopes}

    def _scope_of(self, kept: Operation) -> str:
        return kept.scope if self.scope is None else ""


def pushed(tree: Node) -> list[sa.ColumnElement[bool]]:
    """What the database can leave out by a filter: nothing that fits is left out."""
    found = [_condition(part) for part in _conjuncts(tree)]
    return [condition for condition in found if condition is not None]


def _condition(part: Node) -> sa.ColumnElement[bool] | None:
    if set(_paths(part)) == {("status",)}:
        test = compile_node(part)
        fits = [done for word, done in _STATES.items() if test({"status": word})]
        if len(fits) == len(_STATES):
            return None
        if not fits:
            return sa.false()
        return OPERATIONS.c.done if fits[0] else sa.not_(OPERATIONS.c.done)
    if not isinstance(part, Compare) or len(part.path) != 1 or part.exact is None:
        return None
    if part.op == "=" and part.path[0] in _EQUAL and _TEXT.fullmatch(part.exact):
        return _EQUAL[part.path[0]] == part.exact
    instant = parse_instant(part.exact)
    if part.path == ("insertTime",) and instant is not None:
        moment = instant.timestamp()
        if part.op in ("<", "<="):
            return OPERATIONS.c.inserted <= moment + _MILLISECOND
        if part.op in (">", ">="):
            return OPERATIONS.c.inserted >= moment
    return None


def _conjuncts(tree: Node) -> Iterator[Node]:
    if isinstance(tree, And):
        for item in tree.items:
            yield from _conjuncts(item)
    else:
        yield tree


def _paths(node: Node) -> Iterator[tuple[str, ...]]:
    match node:
        case Compare() | Match():
            yield node.path
        case Not(item):
            yield from _paths(item)
        case And(items) | Or(items):
            for item in items:
                yield from _paths(item)
