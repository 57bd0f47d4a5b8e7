"""Functions of a mapping's own: expressions with parameters, said once for all files.

They stand in ``_functions.yaml``, or in the file of a resource, for it and what is like it. A call
is written out where it stands, so that it costs nothing and that what is known of its arguments is
known inside. A function sees its parameters and the settings, and nothing else of where it is
called.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.expressions.node import MISSING, Checked
from gstack_pyramid.mapping.expressions.syntax import ExpressionError, parse
from gstack_pyramid.mapping.shapes import ANY, ObjectShape

if TYPE_CHECKING:
    from gstack_pyramid.mapping.expressions.checked import Checker
    from gstack_pyramid.mapping.expressions.writer import Writer
    from gstack_pyramid.mapping.scope import Scope

ENDLESS = "a function that calls itself has no end"


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """One function of the mapping files.

    Attributes:
        name: what it is called.
        takes: the names of its parameters.
        gives: the expression of what it comes to.
        document: where it stands.
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    document: Document

    @property
    def place(self) -> Place:
        """Where its expression stands."""
        return ("functions", self.name, "gives")


def functions_of(document: Document) -> dict[str, NamedFunction]:
    """The functions of a document, by name."""
    return {
        name: NamedFunction(name, tuple(spec.get("takes", ())), spec["gives"], document)
        for name, spec in document.data.get("functions", {}).items()
    }


def check_functions(
    scope: Scope, functions: Mapping[str, NamedFunction], taken: Container[str]
) -> None:
    """Report what is wrong with functions in themselves, whatever they are called with.

    Args:
        scope: a scope with the functions in its models; mistakes are reported there.
        functions: those to look at.
        taken: names of functions that are there already.
    """
    from gstack_pyramid.mapping.expressions.checked import Checker

    for function in functions.values():
        own = replace(scope, document=function.document)
        if function.name in taken:
            own.report(function.place[:-1], f"{function.name!r} is a function already")
        if not function.name.isidentifier() or function.name.startswith("_"):
            own.report(function.place[:-1], f"{function.name!r} can't be called: it is no name")
        _body(Checker(own, function.place, function.gives), function, None, own)


def call(checker: Checker, node: ast.Call, function: NamedFunction) -> Checked:
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
    codes, body = _body(checker, function, arguments, own)
    if findings:
        told, alone = findings[0].message, replace(own, findings=[])
        if told.endswith(ENDLESS):
            return checker.report(node, told)
        _body(checker, function, None, alone)
        # What is wrong with a function in itself is told where it stands.
        return MISSING if alone.findings else checker.report(node, f"{function.name}: {told}")

    def emit(writer: Writer) -> str:
        for code, argument in zip(codes, arguments, strict=True):
            writer.line(f"{code} = {argument.emit(writer)}")
        return body.emit(writer)

    constant = body.literal and not arguments
    return replace(body, emit=emit, root=None, first=None, literal=constant, own=False)


def _body(
    checker: Checker, function: NamedFunction, arguments: list[Checked] | None, scope: Scope
) -> tuple[list[str], Checked]:
    """The names of a function's parameters in the code, and its checked expression.

    Without arguments nothing is known of them.
    """
    from gstack_pyramid.mapping.expressions.checked import Checker

    alone = replace(
        scope,
        current=ObjectShape({}, "a function"),
        roots={"settings": scope.roots.get("settings", ANY)},
        later=frozenset(),
    )
    inner = Checker(alone, function.place, function.gives)
    inner.within = (*checker.within, function.name)
    inner.count, inner.depth = checker.count, checker.depth
    codes = []
    unknown = [MISSING] * len(function.takes)
    for name, argument in zip(function.takes, arguments or unknown, strict=True):
        inner.count += 1
        codes.append(f"v{inner.count}_{name}")
        inner.names[name] = (codes[-1], argument.shape)
        # An error names what the caller has given.
        inner.labels[name] = argument.label or name
    try:
        tree = parse(function.gives)
    except ExpressionError as error:
        alone.report(function.place, str(error), error.column)
        return codes, MISSING
    body = inner.check(tree)
    checker.count = inner.count
    return codes, body
