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
        kind: the value of ``kind``, for example ``compute#zoneList``.
        path: the list's path below ``/compute/v1/``.
        base_url: what links start with, up to and including ``/compute/v1``.
        context: what a page token is good for: the method, its path and the caller.
        secret: authenticates page tokens.
    """

    kind: str
    path: str
    base_url: str
    context: bytes
    secret: bytes

    def _around(self, next_page_token: str | None) -> dict[str, Any]:
        answer: dict[str, Any] = {"kind": self.kind, "id": self.path}
        if next_page_token is not None:
            answer["nextPageToken"] = next_page_token
        answer["selfLink"] = f"{self.base_url}/{self.path}"
        return answer

    def flat(self, items: Iterable[Resource], query: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of ``list``.

        Raises:
            GceError: 400; filter, orderBy, maxResults or pageToken can't be taken.
        """
        page = self._page([("", item) for item in _filtered(items, query)], query)
        answer = self._around(page.next_page_token)
        if page.items:
            answer["items"] = [item for _, item in page.items]
        return answer

    def aggregated(
        self,
        scopes: Iterable[tuple[str, list[Resource]]],
        key: str,
        query: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The answer of ``aggregatedList``: items by scope, and a warning where there are none.

        Args:
            scopes: ``(zones/z, resources)``.
            key: what the items of a scope are called, for example ``instances``.
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
            scope: {key: items} if items else {"warning": _nothing_in(scope)}
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
