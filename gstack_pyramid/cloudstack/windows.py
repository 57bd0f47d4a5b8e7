"""Windows: a stretch of a long list, read with as few of CloudStack's pages as there can be.

CloudStack pages by number and size, so a stretch that begins anywhere needs a size whose pages do
not cut it. Source: ``org.apache.cloudstack.api.BaseListCmd.getStartIndex``, which begins a page at
``(page - 1) * pagesize``.
"""

from __future__ import annotations

from dataclasses import dataclass

from gstack_pyramid.cloudstack.table import Table


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring rows of a list.

    Attributes:
        first: how many rows of the list are before them.
        rows: the rows.
        ended: whether the list ends with them.
        total: how many rows the list has; None when CloudStack does not tell.
    """

    first: int
    rows: Table
    ended: bool
    total: int | None


def page_for(start: int, stop: int, limit: int) -> tuple[int, int]:
    """The page that holds the rows from ``start`` on, up to ``stop`` if one page can hold them.

    Args:
        start: how many rows are before the first one wanted.
        stop: how many are before the first one that is not wanted any more.
        limit: the largest page size.

    Returns:
        Page and page size: the smallest page with all of them, else the one that reaches furthest.
    """
    for size in range(min(max(stop - start, 1), limit), limit + 1):
        page = start // size
        if stop <= (page + 1) * size:
            return page + 1, size
    size = max(range(1, limit + 1), key=lambda size: (start // size + 1) * size)
    return start // size + 1, size
