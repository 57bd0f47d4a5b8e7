"""Which fields of rows a generated function looks at, told by its Python.

What it is given of a row need hold no others then. Nothing is taken on trust: where a row goes
anywhere but into ``row.get("field")``, all of it is wanted.

It is told as well what else there is that a function looks at, so that what it makes of the same
rows can be known to be the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from gstack_pyramid.engine.getters import Reads

_WHOLE_ROW = frozenset({"self", "rows", "resource", "parent"})
"""Roots by which a row is known besides the function's own argument."""
_KEEPS_ROWS = re.compile(r"sorted_\d+")
"""Functions that give elements of their first argument in a list, by what generated code calls
them; the field that they may be told to look at is the second."""
_CURRENT = "c"


def reads_of(source: str, joins: Iterable[str]) -> Reads:
    """What a function that makes a resource looks at.

    Args:
        source: its Python.
        joins: the roots that are lists of joined rows.
    """
    (function,) = ast.parse(source).body
    nodes = list(ast.walk(function))
    if any(_hands_on(node) for node in nodes):
        return Reads(None, dict.fromkeys(joins), None)
    roots = dict(_roots(nodes))
    row = None if _WHOLE_ROW & set(roots.values()) else _Uses(nodes, {_CURRENT}, set()).fields
    joined = {}
    for join in joins:
        lists = {name for name, root in roots.items() if root == join}
        joined[join] = _Uses(nodes, set(), lists).fields
    return Reads(row, joined, frozenset(roots.values()) - _WHOLE_ROW - joined.keys())


def _hands_on(node: ast.AST) -> bool:
    """Whether another function is told all that this one knows, other than for a link."""
    match node:
        case ast.Attribute(value=ast.Name(id="env"), attr="naming"):
            return True
        case ast.Call(func=ast.Name(id=called), args=arguments):
            told = any(isinstance(each, ast.Name) and each.id == "env" for each in arguments)
            return told and called not in ("link", "link_to")
    return False


def _roots(nodes: Iterable[ast.AST]) -> Iterable[tuple[str, str]]:
    """Variables that are roots of the environment, each with the root's name."""
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="roots"), attr="get"),
                    args=[ast.Constant(value=str(root))],
                ),
            ):
                yield name, root


class _Uses:
    """What is done with rows, and with lists of rows, in one function.

    Args:
        nodes: the nodes of the function.
        rows: the variables that are a row.
        lists: the variables that are a list of rows.
    """

    def __init__(self, nodes: list[ast.AST], rows: set[str], lists: set[str]) -> None:
        self._rows, self._lists = rows, lists
        self._fields: set[str] = set()
        self._proper: set[int] = set()
        while self._spread(nodes):
            pass
        for node in nodes:
            self._look(node)
        named = (
            node
            for node in nodes
            if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and node.id in self._rows | self._lists
        )
        self._whole = any(id(node) not in self._proper for node in named)

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields that are looked at; None for all."""
        return None if self._whole else frozenset(self._fields)

    def _spread(self, nodes: list[ast.AST]) -> bool:
        """Find variables that are given what others are; whether there was any."""
        known = len(self._rows) + len(self._lists)
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if self._is_list(value):
                    self._lists.add(name)
                case ast.For(target=ast.Name(id=name), iter=through) if self._is_list(through):
                    self._rows.add(name)
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if self._is_row(value):
                    self._rows.add(name)
        return len(self._rows) + len(self._lists) > known

    def _is_list(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self._lists
            case ast.IfExp(body=body, orelse=other):
                return self._is_list(body) or self._is_list(other)
            case ast.Call(func=ast.Name(id="entries"), args=[inner]):
                return self._is_list(inner)
            case ast.Call(func=ast.Name(id=called), args=[inner, ast.Constant(value=str())]):
                return bool(_KEEPS_ROWS.fullmatch(called)) and self._is_list(inner)
        return False

    def _is_row(self, node: ast.expr) -> bool:
        """Whether it is a row, or an empty object in place of what is none."""
        match node:
            case ast.IfExp(body=ast.Name(id=name), orelse=ast.Dict(keys=[])):
                return name in self._rows
        return False

    def _look(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Name()], value=ast.IfExp(body=body) as value) if (
                self._is_row(value)
            ):
                self._proper.add(id(body))
            case ast.Call(
                func=ast.Attribute(value=ast.Name() as row, attr="get"),
                args=[ast.Constant(value=str(field))],
                keywords=[],
            ) if row.id in self._rows:
                self._fields.add(field)
                self._proper.add(id(row))
            case ast.Call(func=ast.Name(id="type"), args=[ast.Name() as asked]):
                self._proper.add(id(asked))
            case ast.Compare(left=ast.Name() as asked, comparators=[ast.Constant(value=None)]):
                self._proper.add(id(asked))
            case ast.Assign(targets=[ast.Name()], value=value) if self._is_list(value):
                self._pass(value)
            case ast.For(target=ast.Name(), iter=through) if self._is_list(through):
                self._pass(through)

    def _pass(self, node: ast.expr) -> None:
        """What goes from one variable to the next, or through a loop, is looked at there."""
        match node:
            case ast.Name():
                self._proper.add(id(node))
            case ast.IfExp(body=body, orelse=other):
                self._pass(body)
                self._pass(other)
            case ast.Call(args=[inner, *rest]) if self._is_list(node):
                self._pass(inner)
                self._fields.update(
                    field.value
                    for field in rest
                    if isinstance(field, ast.Constant) and isinstance(field.value, str)
                )
