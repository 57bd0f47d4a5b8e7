"""Parsing: the part of Python's expression syntax that a mapping file may use.

Python's own parser reads the text. What comes out is held against a list of node types; whatever
is not on it is refused with its column. So no attribute, call or statement of Python's is reached
that this list does not name.
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
import warnings
from collections.abc import Callable
from functools import lru_cache
from types import EllipsisType

LONGEST = 4_000
"""Characters of an expression at most."""

DEEPEST = 40
"""Levels of nodes within nodes at most."""

_ALLOWED = {
    *(ast.Expression, ast.Load, ast.Store, ast.Constant, ast.Name, ast.Attribute, ast.Subscript),
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.IfExp),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
    *(ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
    *(ast.Is, ast.IsNot, ast.List, ast.Dict, ast.Tuple, ast.Starred, ast.Call, ast.keyword),
    *(ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.comprehension),
    *(ast.JoinedStr, ast.FormattedValue),
}

_INSTEAD = {
    ast.Lambda: "functions are made in _functions.yaml",
    ast.NamedExpr: "a value gets a name under 'with'",
    ast.Pow: "powers are not computed",
    ast.Slice: "take one element, as [0]",
    ast.SetComp: "write a list: unique([... for ...])",
    ast.Set: 'write a list in brackets; a text with values in it is f"...", as f"{name}-1"',
    ast.BitAnd: "write 'and'",
    ast.BitOr: "write 'or'",
    ast.Await: "nothing is waited for in an expression",
}
"""What to do instead of some of what is not allowed."""

_PROSE = re.compile(r"\w[\w' -]*[.!?]?")
"""What looks like words that were meant as they stand."""


class ExpressionError(ValueError):
    """An expression that can't be used.

    Attributes:
        column: where in its text, counted from 0.
    """

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> ast.expr:
    """The checked syntax tree of an expression; nobody may change it.

    Raises:
        ExpressionError: the text is too long or too deep, no Python, or more than is allowed.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    try:
        with warnings.catch_warnings():
            # Python warns of odd comparisons; what they mean here, the page of expressions says.
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({one_line(text)}\n)", mode="eval").body
    except SyntaxError as error:
        # The text stands in brackets, so that it may have several lines.
        column = max((error.offset or 1) - 2, 0)
        if "$" in text:
            raise ExpressionError("a name is written without '$'", text.index("$")) from None
        said = (error.msg or "it can't be read").removesuffix(" (<unknown>, line 1)")
        if _PROSE.fullmatch(text):
            said += "; a text stands in quotes of its own, as '\"a text\"' in YAML"
        raise ExpressionError(f"no expression: {said}", min(column, len(text))) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise ExpressionError("no expression: it can't be read") from None
    _check(tree, 0)
    return tree


def one_line(text: str) -> str:
    """The same text with spaces for its line breaks, so that a position is a column."""
    return text.replace("\r", " ").replace("\n", " ")


def column_of(node: ast.AST) -> int:
    """Where in the text a node stands, in characters from 0."""
    return max(int(getattr(node, "col_offset", 1)) - 1, 0)


def _check(node: ast.AST, depth: int) -> None:
    if depth > DEEPEST:
        raise ExpressionError(f"an expression has at most {DEEPEST} levels", column_of(node))
    kind = type(node)
    if kind not in _ALLOWED:
        said = _INSTEAD.get(kind, "that is no part of the mapping language")
        raise ExpressionError(f"{_called(kind)} can't be used: {said}", column_of(node))
    if kind in _CHECKS:
        _CHECKS[kind](node)
    for inner in ast.iter_child_nodes(node):
        _check(inner, depth + 1)


def _check_constant(node: ast.AST) -> None:
    match node:
        case ast.Constant(value=bytes() | complex()) | ast.Constant(value=EllipsisType()):
            raise ExpressionError(f"{node.value!r} is no constant of JSON", column_of(node))
        case ast.Constant(value=int(value)) if abs(value) >= 1 << 64:
            raise ExpressionError("a number has at most 64 bits", column_of(node))
        case ast.Constant(value=float(value)) if not math.isfinite(value):
            raise ExpressionError("a number must be finite", column_of(node))


def _check_name(node: ast.AST) -> None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.startswith("_"):
            raise ExpressionError(f"{name!r}: no name starts with '_'", column_of(node))


def _check_inner(node: ast.AST) -> None:
    match node:
        case ast.FormattedValue() if node.format_spec is not None or node.conversion != -1:
            raise ExpressionError(
                "a placeholder holds a value only, without ':' or '!'", column_of(node)
            )
        case ast.comprehension() if node.is_async:
            raise ExpressionError("'async' can't be used", column_of(node.target))
        case ast.Call(func=func) if not isinstance(func, ast.Name | ast.Attribute):
            raise ExpressionError("a function is called by its name", column_of(node))


_CHECKS: dict[type[ast.AST], Callable[[ast.AST], None]] = {
    ast.Constant: _check_constant,
    ast.Name: _check_name,
    ast.Attribute: _check_name,
    ast.FormattedValue: _check_inner,
    ast.comprehension: _check_inner,
    ast.Call: _check_inner,
}
"""What is asked of a node of some kinds besides."""


def _called(kind: type[ast.AST]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()
    return {"named expr": "':='", "pow": "'**'", "slice": "':'"}.get(words, f"a {words}")


def placeholders(text: str) -> list[tuple[str, str, int]]:
    """The parts of ``text with {expressions}``: each a text, an expression behind it, its column.

    An expression may hold braces and quotes of its own. The last part has an empty expression.

    Raises:
        ExpressionError: a brace is alone.
    """
    parts = []
    fixed, at = "", 0
    while at < len(text):
        sign = text[at]
        if sign == "}":
            raise ExpressionError(f"{text!r}: a brace without its other half", at)
        if sign != "{":
            fixed += sign
            at += 1
            continue
        end = _closing(text, at)
        parts.append((fixed, text[at + 1 : end], at + 1))
        fixed, at = "", end + 1
    return [*parts, (fixed, "", at)]


def _closing(text: str, start: int) -> int:
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(one_line(text[start:])).readline):
            depth += (token.string == "{") - (token.string == "}")
            if depth == 0:
                return start + token.start[1]
    except (tokenize.TokenError, SyntaxError):
        pass
    # What is behind the expression need not be Python.
    at = text.find("}", start)
    if at < 0 or "{" in text[start + 1 : at]:
        raise ExpressionError(f"{text!r}: a brace without its other half", start)
    return at
