"""Order and paging of lists, without state.

By keyset: a page goes on after the last key of the one before, so rows that appear or vanish
between two pages neither repeat nor hide others. Or by a position that whoever reads the rows
makes out. Tokens are authenticated by the key ring's newest key, and those of its older keys are
taken as well. Source: ``orderBy``, ``maxResults`` and ``pageToken`` of the compute API's lists.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

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

SortKey = tuple[int, str, str]
"""What is sorted by: a number (0, or the age), the name, the unique id."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_page_token`` is None on the last one."""

    items: Sequence[T]
    next_page_token: str | None


class Pages:
    """What a client asks for of a list: which order, how many, and from where on.

    Args:
        order_by: None, "" or ``name``: by name, then id. ``creationTimestamp desc``: newest
            first, then by name and id; items without a timestamp come last.
        max_results: items a page, 0 to 500; 0 stands for the default of 500.
        page_token: what the page before gave as ``next_page_token``; None or "" is the first.
        context: what the list depends on (method, path, filter, caller). A token that was made
            with another context, or in another order, is refused.
        secrets: the keys that authenticate tokens, the same on every node. The first makes them.

    Attributes:
        order: ``name`` or ``creationTimestamp desc``; "" where none was asked for, so that a long
            list need not be sorted.
        by_key: the token is one of :meth:`of`, so that the page is, too.
        size: the most items that the page may have.
        cursor: the position in a token of :meth:`resume`; None where the token has none.

    Raises:
        GceError: 400 ``invalid`` at ``orderBy``, ``maxResults`` or ``pageToken``.
    """

    def __init__(
        self,
        *,
        order_by: str | None,
        max_results: int,
        page_token: str | None,
        context: bytes,
        secrets: Sequence[bytes],
    ) -> None:
        order = _order(order_by)
        if not 0 <= max_results <= MAX_RESULTS:
            why = f"Values must be within the range: [0, {MAX_RESULTS}]"
            raise invalid_value("maxResults", max_results, why)
        self.order = order
        self.size = max_results or MAX_RESULTS
        self._newest_first = order == _NEWEST_FIRST
        about = b"\0".join((b"gstack page token 2", order.encode(), context))
        self._keys = [_mac(secret, about) for secret in secrets]
        self.cursor: dict[str, Any] | None = None
        self._last: SortKey | None = None
        if page_token:
            payload = _open(page_token, self._keys)
            if isinstance(payload, dict):
                self.cursor = payload
            else:
                age, name, unique = payload
                self._last = (age, name, unique)

    @property
    def by_name(self) -> bool:
        """Whether the names and ids of the rows are all that they are ordered by."""
        return not self._newest_first

    @property
    def by_key(self) -> bool:
        """Whether the page goes on after the key of a row, and not at a position."""
        return self._last is not None

    def of(self, items: Sequence[T], key: Callable[[T], PageKey]) -> Page[T]:
        """The page, cut out of the whole list.

        Args:
            items: the whole list, already filtered, in any order.
            key: (name, RFC 3339 creation timestamp or "", unique id) of an item. No two items of
                a list may agree in both name and id.
        """
        sort_key = _newest_first if self._newest_first else _by_name
        chosen = self.places([sort_key(key(item)) for item in items])
        return Page([items[place] for place in chosen.items], chosen.next_page_token)

    def places(self, keys: Sequence[SortKey]) -> Page[int]:
        """The page as places in a list of which this is what it is sorted by.

        Args:
            keys: of each item; for an order by name a 0, its name, and its unique id.
        """
        order = sorted(range(len(keys)), key=keys.__getitem__)
        start = 0
        if self._last is not None:
            start = bisect_right(order, self._last, key=keys.__getitem__)
        end = start + self.size
        token = _seal(keys[order[end - 1]], self._keys[0]) if end < len(order) else None
        return Page(order[start:end], token)

    def resume(self, cursor: dict[str, Any]) -> str:
        """The token of a page that goes on at a position, which is JSON."""
        return _seal(cursor, self._keys[0])


def _order(order_by: str | None) -> str:
    order = " ".join((order_by or "").split())
    if order not in ("", _NAME, _NEWEST_FIRST):
        why = f"Only sorting by '{_NAME}' or '{_NEWEST_FIRST}' is supported."
        raise invalid_value("orderBy", order_by, why)
    return order


def _by_name(key: PageKey) -> SortKey:
    return (0, key[0], key[2])


def _newest_first(key: PageKey) -> SortKey:
    name, created, unique = key
    # The instant, not its text: two timestamps may be written in different zones.
    instant = parse_instant(created)
    return (_NO_TIMESTAMP if instant is None else (_EPOCH - instant) // _MICROSECOND, name, unique)


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.new(secret, message, hashlib.sha256).digest()


def _seal(payload: Any, key: bytes) -> str:
    content = orjson.dumps(payload)
    return base64.urlsafe_b64encode(_mac(key, content) + content).decode().rstrip("=")


def _open(token: str, keys: Sequence[bytes]) -> Any:
    why = "The token is not one of this list, or has been altered."
    if len(token) > _MAX_TOKEN:
        raise invalid_value("pageToken", token, why)
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except ValueError:
        raise invalid_value("pageToken", token, why) from None
    mac, content = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not any(hmac.compare_digest(mac, _mac(key, content)) for key in keys):
        raise invalid_value("pageToken", token, why)
    return orjson.loads(content)
