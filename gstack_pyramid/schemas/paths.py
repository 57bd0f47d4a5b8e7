"""Find the entries whose path template fits a concrete path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("entries", "literal", "parameter")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.entries: list[T] = []


class PathIndex(Generic[T]):
    """Entries by path template, such as ``projects/{project}/zones/{zone}``.

    A parameter is a whole segment and fits any text but an empty one.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._root: _Node[T] = _Node()
        for template, entry in entries:
            node = self._root
            for segment in template.split("/"):
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.literal.setdefault(segment, _Node())
            node.entries.append(entry)

    def find(self, path: str) -> list[T]:
        """The entries of the template that fits ``path`` with the earliest literal segments."""
        return list(_find(self._root, path.split("/"), 0))


def _find(node: _Node[T], segments: list[str], depth: int) -> list[T]:
    if depth == len(segments):
        return node.entries
    segment = segments[depth]
    literal = node.literal.get(segment)
    found = _find(literal, segments, depth + 1) if literal else []
    if not found and node.parameter and segment:
        found = _find(node.parameter, segments, depth + 1)
    return found
