"""Functions of a mapping's own: expressions with parameters, said once for all files.

They stand in ``_functions.yaml``, or in the file of a resource, for it and what is like it. A call
is written out where it stands, so that it costs nothing and that what is known of its arguments is
known inside. A function sees its parameters and the settings, and nothing else of where it is
called.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gstack_pyramid.mapping.context import Context
from gstack_pyramid.mapping.document import Finding
from gstack_pyramid.mapping.expressions.node import MISSING, Checked, Checking
from gstack_pyramid.mapping.expressions.syntax import ExpressionError, parse
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.functions import NamedFunction
from gstack_pyramid.mapping.shapes import ANY, ObjectShape

ENDLESS = "a function that calls itself has no end"


@dataclass(frozen=True, slots=True)
class _Called(Checked):
    """What a call comes to: first its arguments get names, then it is what its function says.

    Attributes:
        given: writes the lines that name the arguments.
        body: the function's expression.
    """

    given: Callable[[Writer], None] = lambda writer: None
    body: Checked = MISSING

    def test(self, writer: Writer) -> str:
        self.given(writer)
        return self.body.test(writer)


def call(checker: Checking, node: ast.Call, function: NamedFunction) -> Checked:
    """A call of a function, written out."""
    if len(node.args) != len(function.takes):
        told = ", ".join(function.takes)
        said = f"{function.name} takes {len(function.takes)} values ({told}), not {len(node.args)}"
        return checker.report(node, said)
    if function.name in checker.within:
        return checker.report(node, f"{function.name}: {ENDLESS}")
    arguments = [checker.check(argument) for argument in node.args]
    findings: list[Finding] = []
    own = replace(checker.scope, findings=findings, document=function.document)
    plain = [_is_plain(at, found) for at, found in zip(node.args, arguments, strict=True)]
    codes, body = body_of(checker, function, arguments, own, plain)
    if findings:
        told, alone = findings[0].message, replace(own, findings=[])
        if told.endswith(ENDLESS):
            return checker.report(node, told)
        body_of(checker, function, None, alone)
        # What is wrong with a function in itself is told where it stands.
        return MISSING if alone.findings else checker.report(node, f"{function.name}: {told}")

    def given(writer: Writer) -> None:
        for code, argument, as_it_is in zip(codes, arguments, plain, strict=True):
            if not as_it_is:
                writer.line(f"{code} = {argument.emit(writer)}")

    def emit(writer: Writer) -> str:
        given(writer)
        return body.emit(writer)

    constant = body.literal and not arguments
    return _Called(
        emit,
        body.shape,
        body.boolean,
        body.results,
        None,
        None,
        body.label,
        constant,
        made=body.made,
        given=given,
        body=body,
    )


def _is_plain(node: ast.expr, found: Checked) -> bool:
    """Whether an argument is written where its parameter stands: a name, or a field of one.

    Who asks for the same field elsewhere shares it then.
    """
    named = isinstance(node.value, ast.Name) if isinstance(node, ast.Attribute) else False
    return (named or isinstance(node, ast.Name)) and found is not MISSING and found.root != "this"


def body_of(
    checker: Checking,
    function: NamedFunction,
    arguments: list[Checked] | None,
    scope: Context,
    plain: Sequence[bool] = (),
) -> tuple[list[str], Checked]:
    """The names of a function's parameters in the code, and its checked expression.

    Without arguments nothing is known of them; those that are plain are written in their places.
    """
    alone = replace(
        scope,
        current=ObjectShape({}, "a function"),
        roots={"settings": scope.roots.get("settings", ANY)},
        later=frozenset(),
    )
    inner = checker.inside(alone, function.gives.place, str(function.gives))
    inner.within = (*checker.within, function.name)
    codes = []
    unknown = [MISSING] * len(function.takes)
    for name, argument in zip(function.takes, arguments or unknown, strict=True):
        inner.count += 1
        codes.append(f"v{inner.count}_{name}")
        inner.names[name] = (codes[-1], argument.shape)
        # An error names what the caller has given.
        inner.labels[name] = argument.label or name
        if plain and plain[len(codes) - 1]:
            inner.given[name] = argument
    try:
        tree = parse(str(function.gives))
    except ExpressionError as error:
        alone.report(function.gives.place, str(error), error.column)
        return codes, MISSING
    body = inner.check(tree)
    checker.count = inner.count
    return codes, body
