"""Answers of list methods: filtered, ordered, cut to a page, and put into GCE's envelope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.protocol.filter import compile_filter
from gstack_pyramid.protocol.paging import order_and_page

Resource = dict[str, Any]


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
        secret: authenticates page tokens.
    """

    kind: str
    fields: frozenset[str]
    items: str
    path: str
    base_url: str
    context: bytes
    secret: bytes

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

    def flat(self, items: Iterable[Resource], query: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of ``list``.

        Raises:
            GceError: 400; filter, orderBy, maxResults or pageToken can't be taken.
        """
        page = self._page([("", item) for item in _filtered(items, query)], query)
        answer = self._around(page.next_page_token)
        if page.items:
            answer[self.items] = [item for _, item in page.items]
        return answer

    def aggregated(
        self,
        scopes: Iterable[tuple[str, list[Resource]]],
        query: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The answer of ``aggregatedList``: items by scope, and a warning where there are none.

        Args:
            scopes: ``(zones/z, resources)``.
            query: the query parameters.

        Raises:
            GceError: 400; filter, orderBy, maxResults or pageToken can't be taken.
        """
        by_scope: dict[str, list[Resource]] = {}
        rows: list[tuple[str, Resource]] = []
        for scope, items in scopes:
            by_scope[scope] = []
            rows += [(scope, item) for item in _filtered(items, query)]
        page = self._page(rows, query)
        for scope, item in page.items:
            by_scope[scope].append(item)
        answer = self._around(page.next_page_token)
        answer["items"] = {
            scope: {self.items: items} if items else {"warning": _nothing_in(scope)}
            for scope, items in by_scope.items()
        }
        return answer

    def _page(self, rows: list[tuple[str, Resource]], query: Mapping[str, Any]) -> Any:
        return order_and_page(
            rows,
            key=lambda row: (
                str(row[1].get("name", "")),
                str(row[1].get("creationTimestamp") or row[1].get("insertTime") or ""),
                f"{row[0]}/{row[1].get('id', '')}",
            ),
            order_by=query.get("orderBy"),
            max_results=query.get("maxResults", 0),
            page_token=query.get("pageToken"),
            context=self.context + b"\0" + str(query.get("filter", "")).encode(),
            secret=self.secret,
        )


def _filtered(items: Iterable[Resource], query: Mapping[str, Any]) -> Iterable[Resource]:
    text = query.get("filter")
    return filter(compile_filter(text), items) if text else items


def _nothing_in(scope: str) -> dict[str, Any]:
    return {
        "code": "NO_RESULTS_ON_PAGE",
        "message": f"There are no results for scope '{scope}' on this page.",
        "data": [{"key": "scope", "value": scope}],
    }
