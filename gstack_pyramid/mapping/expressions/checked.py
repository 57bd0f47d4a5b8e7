"""From a syntax tree to code: each name is followed along both models on the way.

A node becomes something that can write itself into a function. Mistakes go to the scope, with their
column; a node with a mistake is missing, so that all of them are found at once.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gstack_pyramid.mapping.context import Context
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions import calls, containers, operators
from gstack_pyramid.mapping.expressions.emission import get, text_from
from gstack_pyramid.mapping.expressions.node import MISSING, Checked
from gstack_pyramid.mapping.expressions.syntax import column_of
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.shapes import (
    ANY,
    NotedShape,
    ObjectShape,
    RowShape,
    Shape,
    body_paths,
)
from gstack_pyramid.mapping.suggestions import nearest

_CHAIN = (ast.Name, ast.Attribute, ast.Subscript)

ALWAYS_ROOTS = frozenset(
    {"path", "query", "body", "settings", "self", "zone", "region", "project", "this"}
)
"""The engine's own names, which mean no field: a field of that name is ``body.zone``."""

RESOURCE_KEY = "resource_key"
"""What the rows of one resource agree in: the root ``key``."""

GROUPED = frozenset({"key", "rows"})
"""Roots that are there in every ``read``. A field of that name is meant before them."""


class Checker:
    """Checks the nodes of one expression.

    Args:
        scope: what can be named; mistakes are reported there.
        place: where the expression stands.
        text: the expression.
        start: where in the text at ``place`` the expression begins.
    """

    def __init__(self, scope: Context, place: Place, text: str, start: int = 0) -> None:
        self.scope = scope
        self._place = place
        self._text = text
        self._start = start
        self.names: dict[str, tuple[str, Shape]] = {}
        self.count = 0
        self.depth = 0
        self.within: tuple[str, ...] = ()
        self.labels: dict[str, str] = {}
        self.given: dict[str, Checked] = {}

    def inside(self, scope: Context, place: Place, text: str) -> Checker:
        """A checker of an expression that is written out inside of this one."""
        inner = Checker(scope, place, text)
        inner.count, inner.depth = self.count, self.depth
        return inner

    def report(self, node: ast.AST, message: str) -> Checked:
        """Note a mistake at a node."""
        self.scope.report(self._place, message, self._start + column_of(node))
        return MISSING

    def report_at(self, column: int, message: str) -> None:
        """Note a mistake at a column of the expression."""
        self.scope.report(self._place, message, self._start + column)

    def source_of(self, node: ast.AST) -> str:
        """The text of a node."""
        return ast.unparse(node)

    def check(self, node: ast.expr) -> Checked:
        """Check a node, and note what it makes use of."""
        if isinstance(node, _CHAIN):
            return self._used(self._chain(node))
        checker = _CHECKERS.get(type(node))
        if checker is None:
            return self.report(node, "that can't stand here")
        return checker(self, node)

    def check_part(self, node: ast.expr, part: str) -> Checked:
        """Check a node of which only a hidden part is looked at."""
        if not isinstance(node, _CHAIN):
            return self.check(node)
        found = self._chain(node)
        whole = found.first if found.first is not None else part
        self._used(replace(found, first=whole))
        return found

    # names, fields and elements

    def _used(self, checked: Checked) -> Checked:
        scope = self.scope
        if checked.root is not None:
            scope.used.add(checked.root)
            scope.reached.add((checked.root, checked.first or None))
            if checked.root == "query" and checked.first:
                scope.query.add(checked.first)
        if isinstance(checked.shape, NotedShape):
            checked.shape.asked.add(None)
        scope.honoured.update(body_paths(checked.shape))
        return checked

    def _chain(self, node: ast.expr) -> Checked:
        match node:
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Attribute(value=value, attr=name):
                inner = self._chain(value) if isinstance(value, _CHAIN) else self.check(value)
                return self._field(node, inner, name)
            case ast.Subscript(value=value, slice=index):
                inner = self._chain(value) if isinstance(value, _CHAIN) else self.check(value)
                return self._element(node, inner, index)
        return self.check(node)

    def _name(self, node: ast.expr, name: str) -> Checked:
        if name in self.given:
            return replace(self.given[name], label=self.labels[name])
        if name in self.names:
            code, shape = self.names[name]
            return Checked(lambda writer: code, shape, label=self.labels.get(name, name))
        scope = self.scope
        if name == "self" and scope.current is scope.roots.get("self") is not ANY:
            return Checked(lambda writer: "c", scope.current, label=name)
        if name == RESOURCE_KEY and "key" in scope.roots:
            return Checked(lambda writer: writer.root("key"), ANY, root="key", label=name)
        field = None if name in ALWAYS_ROOTS else scope.current.field(name)
        root = scope.roots.get(name)
        if scope.current is ANY and root is not None:
            # Nothing is known of the current value, and something of what is called so.
            field = None
        if root is not None and field is not None and name not in GROUPED:
            return self.report(
                node,
                f"{name!r} could mean the field {name!r} of {scope.current.describe()} or what is"
                f" called so here; write body.{name} or self.{name} for the field, or take another"
                " name",
            )
        if field is not None:
            return Checked(
                lambda writer: get(writer, "c", name, sure=writer.row), field, label=name, own=True
            )
        if root is not None:
            return Checked(lambda writer: writer.root(name), root, root=name, label=name)
        return self.report(node, self._unknown(name))

    def _unknown(self, name: str) -> str:
        scope = self.scope
        if name in ("true", "false", "null", "none"):
            right = {"true": "True", "false": "False"}.get(name, "None")
            return f"{name!r} is written {right!r} in an expression"
        if name in scope.later:
            return f"{name!r} is made further down, and isn't there yet"
        known = [*self.names, *scope.roots, *scope.current.names()]
        said = f"there is no {name!r} here"
        if scope.current.names():
            said = f"{scope.current.describe()} has no field {name!r}"
            said += self._left_out(scope.current, name)
        elif isinstance(scope.current, ObjectShape):
            said += f"; a constant text is written {{value: {name}}}"
        return said + nearest(name, known)

    def _left_out(self, shape: Shape, name: str) -> str:
        """More about a field that is missing since nobody wants it of CloudStack."""
        if not isinstance(shape, RowShape) or shape.of not in self.scope.models.cloudstack.commands:
            return ""
        left_out = name in self.scope.models.cloudstack.command(shape.of).without
        return "; 'wanted' in _defaults.yaml leaves it out" if left_out else ""

    def _field(self, node: ast.expr, inner: Checked, name: str) -> Checked:
        if inner is MISSING:
            return MISSING
        shape = inner.shape.field(name)
        if shape is None:
            said = f"{inner.shape.describe()} has no field {name!r}"
            if inner.shape.is_list():
                said = (
                    f"{inner.label or inner.shape.describe()} is a list, and {name!r} is asked of"
                    " it: take one element, as [0], or go through it with 'for'"
                )
                return self.report(node, said)
            said += self._left_out(inner.shape, name)
            return self.report(node, said + nearest(name, inner.shape.names()))
        return Checked(
            lambda writer: get(writer, writer.named(inner.emit(writer)), name),
            shape,
            root=inner.root,
            first=inner.first if inner.first is not None or inner.root is None else name,
            label=f"{inner.label}.{name}",
        )

    def _element(self, node: ast.expr, inner: Checked, index: ast.expr) -> Checked:
        if inner is MISSING:
            return MISSING
        whole = inner.first if inner.first is not None else ""
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            found = self._field(node, inner, index.value)
            return replace(found, first=whole or index.value) if found is not MISSING else found
        at = self.check(index)
        label = f"{inner.label}[{self.source_of(index)}]"

        def emit(writer: Writer) -> str:
            return f"item({inner.emit(writer)}, {at.emit(writer)})"

        shape = inner.shape.element()
        if not isinstance(index, ast.Constant | ast.UnaryOp) and not inner.shape.is_list():
            # An entry of a map, by a key that is not known before.
            shape = ANY
        return Checked(emit, shape, root=inner.root, first=whole, label=label)

    # constants and texts

    def constant(self, node: ast.Constant) -> Checked:
        value = node.value
        if value is None:
            return Checked(lambda writer: "None")
        return Checked(
            lambda writer: repr(value),
            boolean=isinstance(value, bool),
            results=((value, column_of(node)),),
            literal=True,
        )

    def joined(self, node: ast.JoinedStr) -> Checked:
        parts: list[str | Checked] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                parts.append(self.check(part.value))
            elif isinstance(part, ast.Constant):
                parts.append(str(part.value))
        return text_from(parts)


_CHECKERS: dict[type[ast.expr], Callable[[Checker, Any], Checked]] = {
    ast.Constant: Checker.constant,
    ast.JoinedStr: Checker.joined,
    ast.BoolOp: operators.logic,
    ast.UnaryOp: operators.negated,
    ast.IfExp: operators.choice,
    ast.Compare: operators.comparison,
    ast.BinOp: operators.arithmetic,
    ast.List: containers.listed,
    ast.Tuple: containers.listed,
    ast.Dict: containers.made,
    ast.ListComp: containers.looped,
    ast.GeneratorExp: containers.looped,
    ast.DictComp: containers.looped,
    ast.Call: calls.check,
    ast.Starred: containers.starred,
}
