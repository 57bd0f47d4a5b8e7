"""Logic, comparisons and arithmetic: checked, and made to code."""

from __future__ import annotations

import ast

from gstack_pyramid.mapping.expressions.emission import Logic, equal, tested, within, words_of
from gstack_pyramid.mapping.expressions.node import Checked, Checking
from gstack_pyramid.mapping.expressions.syntax import column_of
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.shapes import ANY, GceShape, union
from gstack_pyramid.mapping.suggestions import nearest

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


def logic(checker: Checking, node: ast.BoolOp) -> Checked:
    parts = [checker.check(value) for value in node.values]
    word = "and" if isinstance(node.op, ast.And) else "or"
    boolean = all(part.boolean for part in parts)
    if word == "or":
        _look_for_what_is_passed_over(checker, node, parts)
    if boolean:
        return Checked(lambda writer: tested(writer, parts, word), boolean=True)

    def emit(writer: Writer) -> str:
        name = writer.temporary()
        writer.line(f"{name} = {parts[0].emit(writer)}")

        def go_on(rest: list[Checked]) -> None:
            if not rest:
                return
            fails = "" if word == "and" else "not "
            with writer.block(f"if {fails}({name} or {name} == 0 and {name} is not False):"):
                writer.line(f"{name} = {rest[0].emit(writer)}")
                go_on(rest[1:])

        go_on(parts[1:])
        return name

    last = parts if word == "or" else parts[-1:]
    return Logic(
        emit,
        union(part.shape for part in parts),
        results=tuple(result for part in last for result in part.results),
        label=parts[0].label,
        parts=tuple(parts),
        word=word,
    )


_STATE = frozenset({"self", "resource", "rows"})
"""The roots that hold what is there before a change."""


def _look_for_what_is_passed_over(
    checker: Checking, node: ast.BoolOp, parts: list[Checked]
) -> None:
    """Report a text, a boolean or a list of a request behind which what was there is taken.

    ``""``, ``false`` and ``[]`` are what a client says to clear a field, and ``or`` passes over
    them.
    """
    for number, (value, part) in enumerate(zip(node.values, parts, strict=True)):
        if not (isinstance(part.shape, GceShape) and part.shape.body):
            continue
        schema = part.shape.schema()
        plain = not schema.keys() & {"enum", "format"} and schema.get("type") in _CLEARED
        if plain and any(map(_reads_state, node.values[number + 1 :])):
            empty = _CLEARED[schema["type"]]
            said = f"'or' passes over {empty} in {part.label!r}, and what was there stays"
            checker.report(value, f"{said}; first(a, b) takes it")


def _reads_state(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and part.id in _STATE for part in ast.walk(node))


_CLEARED = {"string": "an empty text", "boolean": "false", "array": "an empty list"}


def negated(checker: Checking, node: ast.UnaryOp) -> Checked:
    inner = checker.check(node.operand)
    if isinstance(node.op, ast.Not):
        return Checked(lambda writer: f"(not {inner.test(writer)})", boolean=True)
    if isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, int | float):
        value = -node.operand.value
        results = ((value, column_of(node)),)
        return Checked(lambda writer: f"({value!r})", results=results, literal=True)
    return Checked(lambda writer: f"compute('-', 0, {inner.emit(writer)})")


def choice(checker: Checking, node: ast.IfExp) -> Checked:
    test, then, other = (checker.check(part) for part in (node.test, node.body, node.orelse))

    def emit(writer: Writer) -> str:
        name, code = writer.temporary(), test.test(writer)
        with writer.block(f"if {code}:"):
            writer.line(f"{name} = {then.emit(writer)}")
        with writer.block("else:"):
            writer.line(f"{name} = {other.emit(writer)}")
        return name

    return Checked(
        emit,
        union([then.shape, other.shape]) if other.shape is not ANY else then.shape,
        then.boolean and other.boolean,
        (*then.results, *other.results),
        label=then.label,
    )


def comparison(checker: Checking, node: ast.Compare) -> Checked:
    operands = [node.left, *node.comparators]
    checked = [checker.check(operand) for operand in operands]
    parts = [
        _compare(checker, node, operator, operands[at : at + 2], checked[at], checked[at + 1])
        for at, operator in enumerate(node.ops)
    ]
    if len(parts) == 1:
        return parts[0]
    return Checked(lambda writer: tested(writer, parts, "and"), boolean=True)


def _compare(
    checker: Checking,
    node: ast.Compare,
    operator: ast.cmpop,
    operands: list[ast.expr],
    left: Checked,
    right: Checked,
) -> Checked:
    absent = [isinstance(part, ast.Constant) and part.value is None for part in operands]
    if isinstance(operator, ast.Is | ast.IsNot):
        if absent != [False, True]:
            return checker.report(operands[1], "'is' asks for None only; write == or !=")
        sign = "is" if isinstance(operator, ast.Is) else "is not"
        return Checked(lambda writer: f"({left.emit(writer)} {sign} None)", boolean=True)
    if any(absent):
        return checker.report(node, "whether something is missing is asked by 'is None'")
    _check_words(checker, left, right)
    _check_words(checker, right, left)
    no = "not " if isinstance(operator, ast.NotEq | ast.NotIn) else ""
    if isinstance(operator, ast.Eq | ast.NotEq):
        return Checked(lambda writer: f"({no}{equal(writer, left, right)})", boolean=True)
    if isinstance(operator, ast.In | ast.NotIn):
        words = words_of(operands[1])
        return Checked(lambda writer: f"({no}{within(writer, left, right, words)})", boolean=True)
    name, first, second = {
        ast.Lt: ("less", left, right),
        ast.LtE: ("at_most", left, right),
        ast.Gt: ("less", right, left),
        ast.GtE: ("at_most", right, left),
    }[type(operator)]
    return Checked(
        lambda writer: f"{name}({first.emit(writer)}, {second.emit(writer)})", boolean=True
    )


def _check_words(checker: Checking, field: Checked, other: Checked) -> None:
    """Report a word that is compared with an enumeration of GCE's that doesn't have it."""
    shape = field.shape
    allowed = shape.words() if isinstance(shape, GceShape) else []
    for word, column in other.results:
        if allowed and isinstance(word, str) and word and word not in allowed:
            said = f"GCE's {shape.describe()} has no value {word!r}{nearest(word, allowed)}"
            checker.report_at(column, said)


def arithmetic(checker: Checking, node: ast.BinOp) -> Checked:
    left, right = checker.check(node.left), checker.check(node.right)
    sign = _SIGNS[type(node.op)]
    for operand, part in ((node.left, left), (node.right, right)):
        if any(isinstance(value, str) for value, _ in part.results):
            said = f'{sign!r} is for numbers; texts are joined as f"...{{value}}..."'
            return checker.report(operand, said)
        if isinstance(operand, ast.List | ast.ListComp):
            return checker.report(operand, "lists are joined as [*one, *another]")
    return Checked(lambda writer: f"compute({sign!r}, {left.emit(writer)}, {right.emit(writer)})")
