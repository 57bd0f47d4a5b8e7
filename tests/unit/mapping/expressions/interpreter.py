"""What an expression means, said as plainly as possible: a tree that is walked.

The generated code is held against this. It is slow, knows no shapes, and uses nothing of the
program's but Python's parser.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

MISSING = None


def evaluate(text: str, row: Any, names: Mapping[str, Any]) -> Any:
    """The value of an expression for a current row, and what else has a name."""
    return _Reference(row, names).value(ast.parse(f"({text})", mode="eval").body)


def stands_for_something(value: Any) -> bool:
    """Whether it holds as a condition: 0 does, what is missing, False or empty doesn't."""
    if value is None or value is False:
        return False
    return not (isinstance(value, str | list | dict) and len(value) == 0)


def spelt(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return bool(one == other)
    return spelt(one) == spelt(other)


def as_number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        if len(value) > 40 or not value.isascii():
            return None
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    return value if math.isfinite(value) else None


def elements(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{"key": key, "value": item} for key, item in value.items()]
    return [value]


class _Reference:
    def __init__(self, row: Any, names: Mapping[str, Any]) -> None:
        self.row, self.names = row, dict(names)

    def value(self, node: ast.AST) -> Any:
        found = getattr(self, f"on_{type(node).__name__}")(node)
        assert not isinstance(found, tuple)
        return found

    def holds(self, node: ast.AST) -> bool:
        return stands_for_something(self.value(node))

    def on_Constant(self, node: ast.Constant) -> Any:  # noqa: N802
        return node.value

    def on_Name(self, node: ast.Name) -> Any:  # noqa: N802
        if node.id in self.names:
            return self.names[node.id]
        return self.row.get(node.id) if isinstance(self.row, dict) else MISSING

    def on_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        inner = self.value(node.value)
        return inner.get(node.attr) if isinstance(inner, dict) else MISSING

    def on_Subscript(self, node: ast.Subscript) -> Any:  # noqa: N802
        inner, at = self.value(node.value), self.value(node.slice)
        if isinstance(inner, list) and isinstance(at, int) and not isinstance(at, bool):
            return inner[at] if -len(inner) <= at < len(inner) else MISSING
        if isinstance(inner, dict) and at is not None and not isinstance(at, list | dict):
            return inner.get(spelt(at))
        return MISSING

    def on_BoolOp(self, node: ast.BoolOp) -> Any:  # noqa: N802
        stop = isinstance(node.op, ast.Or)
        for part in node.values:
            value = self.value(part)
            if stands_for_something(value) == stop:
                break
        return value

    def on_UnaryOp(self, node: ast.UnaryOp) -> Any:  # noqa: N802
        if isinstance(node.op, ast.Not):
            return not self.holds(node.operand)
        number = as_number(self.value(node.operand))
        return None if number is None else -number

    def on_IfExp(self, node: ast.IfExp) -> Any:  # noqa: N802
        return self.value(node.body if self.holds(node.test) else node.orelse)

    def on_Compare(self, node: ast.Compare) -> bool:  # noqa: N802
        values = [self.value(part) for part in (node.left, *node.comparators)]
        return all(
            self._compare(operator, *values[at : at + 2]) for at, operator in enumerate(node.ops)
        )

    def _compare(self, operator: ast.cmpop, one: Any, other: Any) -> bool:
        match operator:
            case ast.Is():
                return one is None
            case ast.IsNot():
                return one is not None
            case ast.Eq():
                return equal(one, other)
            case ast.NotEq():
                return not equal(one, other)
            case ast.In():
                return self._inside(one, other)
            case ast.NotIn():
                return not self._inside(one, other)
        first, second = as_number(one), as_number(other)
        if first is None or second is None:
            return False
        match operator:
            case ast.Lt():
                return first < second
            case ast.LtE():
                return first <= second
            case ast.Gt():
                return first > second
        return first >= second

    def _inside(self, value: Any, container: Any) -> bool:
        if value is None:
            return False
        match container:
            case list():
                return any(equal(item, value) for item in container)
            case dict():
                return not isinstance(value, list | dict) and spelt(value) in container
            case str():
                return isinstance(value, str) and value in container
        return False

    def on_BinOp(self, node: ast.BinOp) -> Any:  # noqa: N802
        one, other = as_number(self.value(node.left)), as_number(self.value(node.right))
        if one is None or other is None:
            return MISSING
        try:
            match node.op:
                case ast.Add():
                    result = one + other
                case ast.Sub():
                    result = one - other
                case ast.Mult():
                    result = one * other
                case ast.Div():
                    result = one / other
                case ast.FloorDiv():
                    result = one // other
                case _:
                    result = one % other
        except (ZeroDivisionError, OverflowError):
            return MISSING
        too_much = abs(result) >= 2**128 if isinstance(result, int) else not math.isfinite(result)
        return MISSING if too_much else result

    def on_JoinedStr(self, node: ast.JoinedStr) -> Any:  # noqa: N802
        texts = []
        for part in node.values:
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
            if value is None:
                return MISSING
            texts.append(spelt(value))
        return "".join(texts)

    def on_List(self, node: ast.List) -> list[Any]:  # noqa: N802
        found = []
        for part in node.elts:
            if isinstance(part, ast.Starred):
                found += elements(self.value(part.value))
            elif (value := self.value(part)) is not None:
                found.append(value)
        return found

    def on_Dict(self, node: ast.Dict) -> dict[str, Any]:  # noqa: N802
        found: dict[str, Any] = {}
        for key, part in zip(node.keys, node.values, strict=True):
            value = self.value(part)
            if key is None:
                found |= value if isinstance(value, dict) else {}
            elif isinstance(key, ast.JoinedStr):
                at = self.value(key)
                found |= {} if at is None or value is None else {at: value}
            elif value is not None:
                name = key.id if isinstance(key, ast.Name) else key.value  # type: ignore[attr-defined]
                found[name] = value
        return found

    def _turns(self, clauses: list[ast.comprehension]) -> Any:
        if not clauses:
            yield
            return
        clause, *rest = clauses
        for values in self._through(clause):
            before = dict(self.names)
            targets = (
                clause.target.elts if isinstance(clause.target, ast.Tuple) else [clause.target]
            )
            for target, value in zip(targets, values, strict=True):
                self.names[target.id] = value  # type: ignore[attr-defined]
            if all(self.holds(test) for test in clause.ifs):
                yield from self._turns(rest)
            self.names = before

    def _through(self, clause: ast.comprehension) -> list[tuple[Any, ...]]:
        match clause.iter, clause.target:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner]), _:
                return list(enumerate(elements(self.value(inner))))
            case inner, ast.Tuple():
                value = self.value(inner)
                if isinstance(value, dict):
                    return list(value.items())
                return [
                    (item.get("key"), item.get("value")) if isinstance(item, dict) else (item, None)
                    for item in elements(value)
                ]
        return [(item,) for item in elements(self.value(clause.iter))]

    def on_ListComp(self, node: ast.ListComp) -> list[Any]:  # noqa: N802
        return [
            value
            for _ in self._turns(node.generators)
            if (value := self.value(node.elt)) is not None
        ]

    on_GeneratorExp = on_ListComp  # noqa: N815

    def on_DictComp(self, node: ast.DictComp) -> dict[str, Any]:  # noqa: N802
        found = {}
        for _ in self._turns(node.generators):
            key, value = self.value(node.key), self.value(node.value)
            if key is not None and not isinstance(key, list | dict) and value is not None:
                found[spelt(key)] = value
        return found

    def on_Call(self, node: ast.Call) -> Any:  # noqa: N802
        values = [self.value(part) for part in node.args]
        match node.func.id:  # type: ignore[attr-defined]
            case "first":
                return next((value for value in values if value is not None), MISSING)
            case "bool":
                return stands_for_something(values[0])
            case "any":
                return any(stands_for_something(item) for item in elements(values[0]))
            case "all":
                return all(stands_for_something(item) for item in elements(values[0]))
        if any(value is None for value in values):
            return MISSING
        match node.func.id:  # type: ignore[attr-defined]
            case "len":
                is_sized = isinstance(values[0], str | list | dict)
                return len(values[0]) if is_sized else MISSING
            case "number":
                return as_number(values[0])
            case "text":
                return MISSING if isinstance(values[0], list | dict) else spelt(values[0])
            case "value_of":
                return next(
                    (
                        item.get("value")
                        for item in elements(values[0])
                        if isinstance(item, dict)
                        and isinstance(item.get("key"), str | bool | int | float)
                        and spelt(item["key"]) == values[1]
                    ),
                    MISSING,
                )
            case "unique":
                found: list[Any] = []
                for item in elements(values[0]):
                    found += [] if item in found else [item]
                return found
        raise AssertionError(ast.dump(node))
