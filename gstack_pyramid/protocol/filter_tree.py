"""What a parsed list filter is made of; also read by those who push parts of it to CloudStack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">=", ":"]


@dataclass(frozen=True, slots=True)
class Compare:
    """One AIP-160 comparison, ``path op value``.

    Attributes:
        path: the names from the resource down, quotes taken off.
        op: the operator.
        pieces: the value, cut at each wildcard: ``vm-*`` is ``("vm-", "")``, a value without one
            is a single piece. A star that was escaped in quotes is no wildcard.
        quoted: the value stood in quotes, so it is text even if it looks like a number.
    """

    path: tuple[str, ...]
    op: Operator
    pieces: tuple[str, ...]
    quoted: bool

    @property
    def exact(self) -> str | None:
        """The value as text, or None if it holds a wildcard."""
        return self.pieces[0] if len(self.pieces) == 1 else None


@dataclass(frozen=True, slots=True)
class Match:
    """One legacy comparison: the whole field matches the RE2 pattern (``eq``) or not (``ne``).

    Attributes:
        path: the names from the resource down, quotes taken off.
        pattern: the RE2 pattern.
        negated: it is ``ne``.
        position: where the pattern stands in the filter's text, from 1; it is for messages only.
    """

    path: tuple[str, ...]
    pattern: str
    negated: bool
    position: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """True where the item is false."""

    item: Node


@dataclass(frozen=True, slots=True)
class And:
    """True where every item is; without items (the empty filter) always."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where at least one item is; it has two or more."""

    items: tuple[Node, ...]


Node = Compare | Match | Not | And | Or
