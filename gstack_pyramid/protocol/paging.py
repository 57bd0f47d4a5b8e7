"""Order and paging of lists, by keyset: a page goes on after the last key of the one before.

So rows that appear or vanish between two pages neither repeat nor hide others, and no state is
kept. Source: ``orderBy``, ``maxResults`` and ``pageToken`` of the compute API's list methods.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import orjson

from gstack_pyramid.errors import invalid_value
from gstack_pyramid.protocol.instants import parse_instant

T = TypeVar("T")

PageKey = tuple[str, str, str]

MAX_RESULTS = 500

_NAME = "name"
_NEWEST_FIRST = "creationTimestamp desc"
_MAX_TOKEN = 4096
_MAC_BYTES = hashlib.sha256().digest_size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_TIMESTAMP = 1 << 62

# What is sorted by: a number (0 or the age), the name, the unique id.
_SortKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_page_token`` is None on the last one."""

    items: Sequence[T]
    next_page_token: str | None


def order_and_page(
    items: Sequence[T],
    *,
    key: Callable[[T], PageKey],
    order_by: str | None,
    max_results: int,
    page_token: str | None,
    context: bytes,
    secret: bytes,
) -> Page[T]:
    """Return the page of ``items`` that a list method asks for.

    Args:
        items: the whole list, already filtered, in any order.
        key: (name, RFC 3339 creation timestamp or "", unique id) of an item. No two items of a
            list may agree in both name and id.
        order_by: None, "" or ``name``: by name, then id. ``creationTimestamp desc``: newest
            first, then by name and id; items without a timestamp come last.
        max_results: items a page, 0 to 500; 0 stands for the default of 500.
        page_token: what the page before gave as ``next_page_token``; None or "" is the first.
        context: what the list depends on (method, path, filter, caller). A token that was made
            with another context, or in another order, is refused.
        secret: the key that authenticates tokens; the same on every node.

    Raises:
        GceError: 400 ``invalid`` at ``orderBy``, ``maxResults`` or ``pageToken``.
    """
    order = _order(order_by)
    if not 0 <= max_results <= MAX_RESULTS:
        why = f"Values must be within the range: [0, {MAX_RESULTS}]"
        raise invalid_value("maxResults", max_results, why)
    sort_key = _by_name if order == _NAME else _newest_first
    rows = sorted((sort_key(key(item)), index) for index, item in enumerate(items))
    mac_key = _mac(secret, b"\0".join((b"gstack page token 1", order.encode(), context)))
    start = 0
    if page_token:
        start = bisect_right(rows, _open(page_token, mac_key), key=lambda row: row[0])
    end = start + (max_results or MAX_RESULTS)
    token = _seal(rows[end - 1][0], mac_key) if end < len(rows) else None
    return Page([items[index] for _, index in rows[start:end]], token)


def _order(order_by: str | None) -> str:
    order = " ".join((order_by or _NAME).split())
    if order not in (_NAME, _NEWEST_FIRST):
        why = f"Only sorting by '{_NAME}' or '{_NEWEST_FIRST}' is supported."
        raise invalid_value("orderBy", order_by, why)
    return order


def _by_name(key: PageKey) -> _SortKey:
    return (0, key[0], key[2])


def _newest_first(key: PageKey) -> _SortKey:
    name, created, unique = key
    # The instant, not its text: two timestamps may be written in different zones.
    instant = parse_instant(created)
    return (_NO_TIMESTAMP if instant is None else (_EPOCH - instant) // _MICROSECOND, name, unique)


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.new(secret, message, hashlib.sha256).digest()


def _seal(last: _SortKey, mac_key: bytes) -> str:
    payload = orjson.dumps(last)
    return base64.urlsafe_b64encode(_mac(mac_key, payload) + payload).decode().rstrip("=")


def _open(token: str, mac_key: bytes) -> _SortKey:
    why = "The token is not one of this list, or has been altered."
    if len(token) > _MAX_TOKEN:
        raise invalid_value("pageToken", token, why)
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except ValueError:
        raise invalid_value("pageToken", token, why) from None
    mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(mac_key, payload)):
        raise invalid_value("pageToken", token, why)
    age, name, unique = orjson.loads(payload)
    return (age, name, unique)
