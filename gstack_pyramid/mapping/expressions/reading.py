"""What an expression reads, for those who describe mappings: its names, and what it links to."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gstack_pyramid.mapping.expressions.syntax import ExpressionError, parse


def _tree(text: str) -> ast.expr | None:
    try:
        return parse(text)
    except ExpressionError:
        # It is reported where it is compiled.
        return None


def links_of(text: str, *, certain: bool = False) -> Iterator[tuple[str, bool]]:
    """The resources that an expression links to, and whether it knows their names.

    Args:
        text: the expression.
        certain: leave out what is linked to under a condition only.
    """
    if "link" not in text:
        return
    tree = _tree(text)
    if tree is not None:
        yield from _links(tree, certain)


def _links(node: ast.AST, certain: bool) -> Iterator[tuple[str, bool]]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="link"), attr=resource)):
            yield resource, any(word.arg == "name" for word in node.keywords)
    inner = list(ast.iter_child_nodes(node))
    if certain and isinstance(node, ast.IfExp):
        inner = [node.test]
    elif certain and isinstance(node, ast.BoolOp):
        inner = [node.values[0]]
    elif certain and isinstance(node, ast.ListComp | ast.DictComp | ast.GeneratorExp):
        inner = [node.generators[0].iter]
    for part in inner:
        yield from _links(part, certain)


def names_of(text: str) -> Iterator[tuple[str, str | None]]:
    """The names that an expression starts from, each with the field behind it, if there is one."""
    tree = _tree(text)
    if tree is None:
        return
    bound = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name)
    }
    keys = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    behind: dict[int, str] = {
        id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name)
            and node.id not in bound
            and node.id != "link"
            and id(node) not in keys | called
        ):
            yield node.id, behind.get(id(node))


def calls_of(text: str) -> set[str]:
    """The names of the functions that an expression calls."""
    tree = _tree(text) if "(" in text else None
    if tree is None:
        return set()
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {called.id for called in calls if isinstance(called, ast.Name)}
