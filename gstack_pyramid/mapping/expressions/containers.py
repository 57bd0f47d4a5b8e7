"""Lists, objects and loops: checked, and made to code."""

from __future__ import annotations

import ast

from gstack_pyramid.mapping.expressions import calls
from gstack_pyramid.mapping.expressions.emission import Clause, loops
from gstack_pyramid.mapping.expressions.node import MISSING, Checked, Checking
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.shapes import ANY, ListShape, ObjectShape, Shape, union

DEEPEST_LOOPS = 8
"""Loops within loops at most; Python itself allows 20."""


def listed(checker: Checking, node: ast.List | ast.Tuple) -> Checked:
    if isinstance(node, ast.Tuple):
        return checker.report(node, "a list stands in brackets")
    parts = [
        (True, checker.check(item.value))
        if isinstance(item, ast.Starred)
        else (False, checker.check(item))
        for item in node.elts
    ]

    def emit(writer: Writer) -> str:
        name = writer.temporary()
        writer.line(f"{name} = []")
        for spread, part in parts:
            code = part.emit(writer)
            if spread:
                writer.line(f"{name} += entries({code})")
            elif part.there:
                writer.line(f"{name}.append({code})")
            else:
                item = writer.named(code)
                writer.line(f"if {item} is not None: {name}.append({item})")
        return name

    shapes = [part.shape.element() if spread else part.shape for spread, part in parts]
    results = tuple(result for spread, part in parts if not spread for result in part.results)
    return Checked(emit, ListShape(union(shapes)), results=results, made=True)


def made(checker: Checking, node: ast.Dict) -> Checked:
    """An object; what is missing is left out, and so is what has no key."""
    parts: list[tuple[str | Checked | None, Checked]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        match key:
            case None:
                parts.append((None, checker.check(value)))
            case ast.Name(id=name) | ast.Constant(value=str(name)):
                if name in (given for given, _ in parts):
                    return checker.report(key, f"{name!r} stands here twice")
                parts.append((name, checker.check(value)))
            case ast.JoinedStr():
                parts.append((checker.check(key), checker.check(value)))
            case _:
                return checker.report(key, "a key is a name, a text in quotes, or f'...'")

    def emit(writer: Writer) -> str:
        made = writer.temporary()
        writer.line(f"{made} = {{}}")
        for name, part in parts:
            if name is None:
                spread = writer.named(part.emit(writer))
                writer.line(f"if type({spread}) is dict: {made}.update({spread})")
                continue
            tests = []
            at = repr(name)
            if isinstance(name, Checked):
                at = writer.named(name.emit(writer))
                tests.append(f"{at} is not None")
            code = part.emit(writer)
            if not part.there:
                code = writer.named(code)
                tests.append(f"{code} is not None")
            test = f"if {' and '.join(tests)}: " if tests else ""
            writer.line(f"{test}{made}[{at}] = {code}")
        return made

    shapes = {name: part.shape for name, part in parts if isinstance(name, str)}
    if len(shapes) < len(parts):
        return Checked(emit, made=True)
    return Checked(emit, ObjectShape(shapes, "this object"), made=True)


def looped(checker: Checking, node: ast.ListComp | ast.GeneratorExp | ast.DictComp) -> Checked:
    outer = dict(checker.names)
    checker.depth += len(node.generators)
    if checker.depth > DEEPEST_LOOPS:
        return checker.report(node, f"loops stand in each other {DEEPEST_LOOPS} deep at most")
    clauses = [_clause(checker, clause) for clause in node.generators]
    if isinstance(node, ast.DictComp):
        key, value = checker.check(node.key), checker.check(node.value)
        shape: Shape = ANY
    else:
        key, value = None, checker.check(node.elt)
        shape = ListShape(value.shape)
    checker.names = outer
    checker.depth -= len(node.generators)

    def emit(writer: Writer) -> str:
        made = writer.temporary()
        writer.line(f"{made} = {'[]' if key is None else '{}'}")

        def turn() -> None:
            if key is None:
                item = writer.named(value.emit(writer))
                sure = value.there or writer.is_text(item)
                writer.line(f"{'' if sure else f'if {item} is not None: '}{made}.append({item})")
                return
            name = writer.named(key.emit(writer))
            if writer.is_text(name):
                put(name)
                return
            spelt = writer.named(f"{name} if type({name}) is str else key_of({name})")
            with writer.block(f"if {spelt} is not None:"):
                put(spelt)

        def put(name: str) -> None:
            item = writer.named(value.emit(writer))
            writer.line(f"if {item} is not None: {made}[{name}] = {item}")

        loops(writer, clauses, turn)
        return made

    return Checked(emit, shape, results=value.results if key is None else (), made=True)


def _clause(checker: Checking, clause: ast.comprehension) -> Clause:
    through, counted = clause.iter, False
    match through:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[]):
            through, counted = inner, True
    over = checker.check(through)
    element = over.shape.element()
    target = clause.target
    if counted:
        match target:
            case ast.Tuple(elts=[ast.Name(id=number), ast.Name(id=name)]):
                names = _bind(checker, target, [(number, ANY), (name, element)])
                return Clause(over, ", ".join(names), "numbered", _tests(checker, clause))
        checker.report(target, "enumerate gives two names: for number, thing in enumerate(things)")
        return _unclear(checker, target)
    match target:
        case ast.Name(id=name):
            (code,) = _bind(checker, target, [(name, element)])
            return Clause(over, code, "entries", _tests(checker, clause))
        case ast.Tuple(elts=[ast.Name(id=key), ast.Name(id=value)]):
            if element.field("key") is None or element.field("value") is None:
                said = (
                    f"{over.label or 'this'} has no keys and values, which two names need;"
                    " for numbers write enumerate(...)"
                )
                checker.report(through, said)
            names = _bind(
                checker,
                target,
                [(key, element.field("key") or ANY), (value, element.field("value") or ANY)],
            )
            return Clause(over, ", ".join(names), "pairs", _tests(checker, clause))
    checker.report(target, "a loop gives one name, or two for the keys and values of a map")
    return _unclear(checker, target)


def _unclear(checker: Checking, target: ast.expr) -> Clause:
    """What stands for a loop with a mistake in its names, so that only that one is told."""
    for name in ast.walk(target):
        if isinstance(name, ast.Name):
            checker.names[name.id] = ("None", ANY)
    return Clause(MISSING, "_", "entries", [])


def _tests(checker: Checking, clause: ast.comprehension) -> list[Checked]:
    return [checker.check(test) for test in clause.ifs]


def _bind(checker: Checking, node: ast.expr, names: list[tuple[str, Shape]]) -> list[str]:
    codes = []
    for name, shape in names:
        if name in checker.scope.roots and name not in ("key", "rows", "index", "resource"):
            checker.report(node, f"{name!r} means something here already; take another name")
        elif name in calls.NAMES or name in checker.scope.models.functions:
            checker.report(node, f"{name!r} is a function; take another name")
        checker.count += 1
        code = f"v{checker.count}_{name}" if name.isascii() else f"v{checker.count}"
        checker.names[name] = (code, shape)
        codes.append(code)
    return codes


def starred(checker: Checking, node: ast.Starred) -> Checked:
    """``*`` outside of a list."""
    return checker.report(node, "'*' joins lists, inside of a list: [*one, *another]")
