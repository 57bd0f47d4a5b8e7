"""Expressions as functions of the current value and the environment."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from gstack_pyramid.engine.getters import Getter
from gstack_pyramid.mapping.context import Context
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.checked import Checker
from gstack_pyramid.mapping.expressions.emission import text_from
from gstack_pyramid.mapping.expressions.named import body_of
from gstack_pyramid.mapping.expressions.node import MISSING, Checked
from gstack_pyramid.mapping.expressions.syntax import ExpressionError, parse, placeholders
from gstack_pyramid.mapping.expressions.writer import Source, Writer
from gstack_pyramid.mapping.functions import NamedFunction
from gstack_pyramid.mapping.shapes import Shape

ARGUMENTS = "c, env"
"""What each generated function takes: the current value, and the environment."""


def compile_expression(text: str, scope: Context, place: Place) -> tuple[Getter, Shape]:
    """A function that computes an expression, and what is known of its result.

    Args:
        text: the expression.
        scope: what it can name; mistakes are reported there.
        place: where it stands.
    """
    checked = check(text, scope, place)
    return function_of(checked, text, scope, place), checked.shape


def compile_test(text: str, scope: Context, place: Place) -> Callable[[Any, Any], bool]:
    """A function that says whether an expression holds."""
    checked = check(text, scope, place)
    writer = Writer()
    code = checked.test(writer)
    if not checked.boolean:
        code = f"True if {code} else False"
    found: Callable[[Any, Any], bool] = _made(writer, code, checked, text, scope, place)
    return found


def compile_text(template: str, scope: Context, place: Place) -> tuple[Getter, Shape]:
    """A function that fills in a text with ``{expressions}``; missing when one of them is."""
    checked = check_text(template, scope, place)
    return function_of(checked, template, scope, place), checked.shape


def check(text: str, scope: Context, place: Place, start: int = 0) -> Checked:
    """What an expression is; mistakes are reported to the scope."""
    try:
        tree = parse(text)
    except ExpressionError as error:
        scope.report(place, str(error), start + error.column)
        return MISSING
    return Checker(scope, place, text, start).check(tree)


def check_text(template: str, scope: Context, place: Place) -> Checked:
    """What a text with ``{expressions}`` is; mistakes are reported to the scope."""
    parts: list[str | Checked] = []
    try:
        for fixed, expression, column in placeholders(template):
            if fixed:
                parts.append(fixed)
            if expression:
                parts.append(check(expression, scope, place, column))
    except ExpressionError as error:
        scope.report(place, str(error), error.column)
    return text_from(parts)


def check_functions(
    scope: Context, functions: Mapping[str, NamedFunction], taken: Container[str]
) -> None:
    """Report what is wrong with functions in themselves, whatever they are called with.

    Args:
        scope: a scope with the functions in its models; mistakes are reported there.
        functions: those to look at.
        taken: names of functions that are there already.
    """
    for function in functions.values():
        own = replace(scope, document=function.document)
        place = function.gives.place
        if function.name in taken:
            own.report(place[:-1], f"{function.name!r} is a function already")
        if not function.name.isidentifier() or function.name.startswith("_"):
            own.report(
                function.gives.place[:-1], f"{function.name!r} can't be called: it is no name"
            )
        body_of(Checker(own, place, str(function.gives)), function, None, own)


def function_of(checked: Checked, text: str, scope: Context, place: Place) -> Getter:
    """A function that computes a checked node."""
    writer = Writer()
    code = checked.emit(writer)
    getter: Getter = _made(writer, code, checked, text, scope, place)
    return getter


def node_of(getter: Getter) -> Checked:
    """What a function computes, to be written into another: its node, or else its call."""
    found: Checked | None = getattr(getter, "checked", None)
    if found is not None:
        return found
    return Checked(lambda writer: f"{writer.keep(getter, 'value')}(c, {writer.environment()})")


def known_as(getter: Getter, node: Checked) -> Getter:
    """A function of ours that computes the same as a node, which may be written into others."""
    getter.checked = node  # type: ignore[attr-defined]
    return getter


def source_of(getter: Getter) -> str | None:
    """The Python that was generated for a function, if it was."""
    found: Source | None = getattr(getter, "source", None)
    return None if found is None else found()


def _made(
    writer: Writer, code: str, checked: Checked, text: str, scope: Context, place: Place
) -> Any:
    file, line = scope.document.origin(place)
    function, source = writer.function("value", ARGUMENTS, code, f"<{file}:{line}>")
    function.checked, function.source = checked, source
    scope.generated.append((place, text, source))
    return function
