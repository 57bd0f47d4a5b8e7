"""What a part of an expression is, once it was checked: code, and what is known of its value."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gstack_pyramid.mapping.context import Context
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.shapes import ANY, Shape

Emit = Callable[[Writer], str]


@dataclass(frozen=True, slots=True)
class Checked:
    """A node that is right, as far as can be told.

    Attributes:
        emit: writes what it takes, and gives the code of its value.
        shape: what is known of the value.
        boolean: whether it is ``True`` or ``False``, never missing.
        results: constants that it may come to, each with its column.
        root: the root that it starts from; None for anything else.
        first: the field of the root that is used; None for all of it.
        label: how an error calls it.
        literal: whether it is a constant as it stands.
        own: whether it is a field of the current value, as it stands.
        made: whether it is an object or a list that is made here, never missing.
    """

    emit: Emit
    shape: Shape = ANY
    boolean: bool = False
    results: tuple[tuple[Any, int], ...] = ()
    root: str | None = None
    first: str | None = None
    label: str = ""
    literal: bool = False
    own: bool = False
    made: bool = False

    @property
    def there(self) -> bool:
        """Whether it is never missing."""
        return self.boolean or self.literal or self.made

    def test(self, writer: Writer) -> str:
        """The code of whether it holds."""
        if self.boolean:
            return self.emit(writer)
        name = writer.named(self.emit(writer))
        return f"({name} or {name} == 0 and {name} is not False)"


MISSING = Checked(lambda writer: "None")


@dataclass(frozen=True)
class InText(Shape):
    """A text made from a value of this shape, by which errors name the field of the request."""

    of: Shape


class Checking(Protocol):
    """What checks an expression, as the checks of its parts see it.

    Attributes:
        scope: what can be named; mistakes are reported there.
        names: the code and the shape of what loops and functions have named.
        labels: how errors call those, where that is another name.
        given: what some of those stand for, to be written in their place.
        count: how many names there were.
        depth: how many loops this stands in.
        within: the functions this stands in.
    """

    scope: Context
    names: dict[str, tuple[str, Shape]]
    labels: dict[str, str]
    given: dict[str, Checked]
    count: int
    depth: int
    within: tuple[str, ...]

    def report(self, node: ast.AST, message: str) -> Checked:
        """Note a mistake at a node."""

    def report_at(self, column: int, message: str) -> None:
        """Note a mistake at a column of the expression."""

    def source_of(self, node: ast.AST) -> str:
        """The text of a node."""

    def check(self, node: ast.expr) -> Checked:
        """Check a node, and note what it makes use of."""

    def check_part(self, node: ast.expr, part: str) -> Checked:
        """Check a node of which only a hidden part is looked at."""

    def inside(self, scope: Context, place: Place, text: str) -> Checking:
        """A checker of an expression that is written out inside of this one."""
