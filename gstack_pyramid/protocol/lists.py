"""Answers of list methods: filtered, ordered, cut to a page, and put into GCE's envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gstack_pyramid.errors import invalid_value
from gstack_pyramid.protocol.filter import Predicate, compile_tree, parse_filter
from gstack_pyramid.protocol.filter_tree import And, Node
from gstack_pyramid.protocol.paging import Page, Pages, SortKey

Resource = dict[str, Any]

Rows = Sequence[tuple[str, Resource]]
"""Resources, each with its scope (``zones/z``); the scope of a flat list is ""."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A page in whatever order the rows come in.

    Attributes:
        rows: the page.
        cursor: where the next one begins, as JSON; None on the last page.
    """

    rows: Rows
    cursor: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Entries:
    """A list of which only a page needs to be made.

    Attributes:
        keys: what each is sorted by in an order by name, in any order.
        make: makes the resources of some of them, told by their places, in their order.
    """

    keys: Sequence[SortKey]
    make: Callable[[Sequence[int]], Rows]


class Listing(Protocol):
    """What a list is made from."""

    def rows(self) -> Rows:
        """All of it, in any order; what the filter refuses may be left out, but need not."""

    def walk(
        self, cursor: dict[str, Any] | None, size: int, keep: Predicate, order: str
    ) -> Walked | None:
        """One page of a list that is not to be read whole; None where it is.

        Args:
            cursor: what the page before gave; None for the first.
            size: the most rows that the page may have.
            keep: the filter.
            order: ``name`` or ``creationTimestamp desc``; "" where any will do.
        """

    def entries(self, size: int) -> Entries | None:
        """All of it before it is made, for a page by names; None where it is made as a whole.

        Args:
            size: how many will be on the page at most.
        """

    def scopes(self) -> Mapping[str, str | None]:
        """Of an aggregated list, every scope, and why it could not be read if it could not."""


@dataclass(slots=True)
class Whole:
    """A listing of which everything is there already."""

    all: Rows
    named: Mapping[str, str | None] = field(default_factory=dict)

    def rows(self) -> Rows:
        """All of it."""
        return self.all

    def walk(
        self, cursor: dict[str, Any] | None, size: int, keep: Predicate, order: str
    ) -> Walked | None:
        """Nothing: there is no need to."""

    def entries(self, size: int) -> Entries | None:
        """Nothing: all is made already."""

    def scopes(self) -> Mapping[str, str | None]:
        """The scopes as they were given."""
        return self.named


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for of a list.

    Attributes:
        tree: the filter, for those who can leave out rows early.
        keep: the filter.
        pages: the order and the page.
    """

    tree: Node
    keep: Predicate
    pages: Pages


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is around the items of one list method.

    Attributes:
        kind: the value of ``kind``, for example ``compute#zoneList``; "" where there is none.
        fields: the fields that the answer's type has; a few list types lack ``id`` or ``selfLink``.
        items: what the items are called: nearly always ``items``, and in a scope of an aggregated
            list what its type says, for example ``instances``.
        path: the list's path below ``/compute/v1/``.
        base_url: what links start with, up to and including ``/compute/v1``.
        context: what a page token is good for: the method, its path and the caller.
        secrets: authenticate page tokens; the first makes them.
    """

    kind: str
    fields: frozenset[str]
    items: str
    path: str
    base_url: str
    context: bytes
    secrets: Sequence[bytes]

    def wanted(self, query: Mapping[str, Any]) -> Wanted:
        """What the query parameters ask for; to be found out before anything is read.

        Raises:
            GceError: 400; filter, orderBy, maxResults or pageToken can't be taken.
        """
        text = str(query.get("filter") or "")
        tree = parse_filter(text) if text else And(())
        return Wanted(
            tree,
            compile_tree(tree, text),
            Pages(
                order_by=query.get("orderBy"),
                max_results=query.get("maxResults", 0),
                page_token=query.get("pageToken"),
                context=self.context + b"\0" + text.encode(),
                secrets=self.secrets,
            ),
        )

    def flat(self, listing: Listing, wanted: Wanted) -> dict[str, Any]:
        """The answer of ``list``.

        Raises:
            GceError: 400, the pageToken is of no use any more.
        """
        page = _page(listing, wanted)
        answer = self._around(page.next_page_token)
        if page.items:
            answer[self.items] = [item for _, item in page.items]
        return answer

    def aggregated(self, listing: Listing, wanted: Wanted) -> dict[str, Any]:
        """The answer of ``aggregatedList``: items by scope, and a warning where there are none.

        Raises:
            GceError: 400, the pageToken is of no use any more.
        """
        page = _page(listing, wanted)
        scopes = listing.scopes()
        by_scope: dict[str, list[Resource]] = {scope: [] for scope in scopes}
        for scope, item in page.items:
            by_scope.setdefault(scope, []).append(item)
        answer = self._around(page.next_page_token)
        answer["items"] = {
            scope: self._scoped(scope, items, scopes.get(scope))
            for scope, items in by_scope.items()
        }
        lost = [f"{self._project}/{scope}" for scope, why in scopes.items() if why is not None]
        if lost and "unreachables" in self.fields:
            answer["unreachables"] = lost
        return answer

    @property
    def _project(self) -> str:
        return "/".join(self.path.split("/")[:2])

    def _around(self, next_page_token: str | None) -> dict[str, Any]:
        around = {
            "kind": self.kind or None,
            "id": self.path,
            "nextPageToken": next_page_token,
            "selfLink": f"{self.base_url}/{self.path}",
        }
        return {
            name: value
            for name, value in around.items()
            if value is not None and name in self.fields
        }

    def _scoped(self, scope: str, items: list[Resource], why: str | None) -> dict[str, Any]:
        scoped: dict[str, Any] = {self.items: items} if items else {}
        if why is not None:
            scoped["warning"] = _unreachable(scope, why)
        elif not items:
            scoped["warning"] = _nothing_in(scope)
        return scoped


def _page(listing: Listing, wanted: Wanted) -> Page[tuple[str, Resource]]:
    pages = wanted.pages
    if not pages.by_key:
        walked = listing.walk(pages.cursor, pages.size, wanted.keep, pages.order)
        if walked is not None:
            token = None if walked.cursor is None else pages.resume(walked.cursor)
            return Page(walked.rows, token)
    if pages.cursor is not None:
        raise invalid_value("pageToken", "…", "The list is no longer read this way.")
    if wanted.tree == And(()) and pages.by_name:
        entries = listing.entries(pages.size)
        if entries is not None:
            chosen = pages.places(entries.keys)
            return Page(entries.make(chosen.items), chosen.next_page_token)
    kept = [row for row in listing.rows() if wanted.keep(row[1])]
    return pages.of(
        kept,
        lambda row: (
            str(row[1].get("name", "")),
            str(row[1].get("creationTimestamp") or row[1].get("insertTime") or ""),
            f"{row[0]}/{row[1].get('id', '')}",
        ),
    )


def _warning(code: str, message: str, scope: str) -> dict[str, Any]:
    return {"code": code, "message": message, "data": [{"key": "scope", "value": scope}]}


def _nothing_in(scope: str) -> dict[str, Any]:
    message = f"There are no results for scope '{scope}' on this page."
    return _warning("NO_RESULTS_ON_PAGE", message, scope)


def _unreachable(scope: str, why: str) -> dict[str, Any]:
    return _warning("UNREACHABLE", f"The scope '{scope}' could not be read: {why}", scope)
