"""How the parts of expressions write themselves into a function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from gstack_pyramid.engine.getters import text_of
from gstack_pyramid.mapping.expressions.functions import FUNCTIONS
from gstack_pyramid.mapping.expressions.node import Checked, InText
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.shapes import ANY, body_paths
from gstack_pyramid.schemas.extent import check_combinations


@dataclass(frozen=True, slots=True)
class Logic(Checked):
    """``and`` or ``or`` of values; as a condition, its parts are asked one after the other."""

    parts: tuple[Checked, ...] = ()
    word: str = "or"

    def test(self, writer: Writer) -> str:
        return tested(writer, list(self.parts), self.word)


@dataclass(frozen=True, slots=True)
class Clause:
    """One ``for``: what it goes through, the names it gives, and its conditions."""

    over: Checked
    names: str
    how: str
    tests: list[Checked]


def loops(writer: Writer, clauses: list[Clause], turn: Callable[[], None]) -> None:
    """Loops in each other; where one is the request's, their turns are bounded."""
    asked = any(body_paths(clause.over.shape) for clause in clauses)
    _nested(writer, clauses, turn, asked)


def _nested(writer: Writer, clauses: list[Clause], turn: Callable[[], None], asked: bool) -> None:
    clause, *rest = clauses
    with _each(writer, clause, asked):
        if rest:
            _nested(writer, rest, turn, asked)
        else:
            turn()


def bounded(writer: Writer, *, asked: bool) -> AbstractContextManager[None]:
    """Lines of a loop's turn; where loops of the request stand in each other, it is counted.

    Args:
        writer: writes them.
        asked: whether the loop goes through what is the request's, or stands beside one that does.
    """
    return writer.turning(check_combinations if asked else None)


@contextmanager
def _each(writer: Writer, clause: Clause, asked: bool) -> Iterator[None]:
    over = clause.over.emit(writer)
    if clause.how == "entries":
        name = writer.named(over)
        if not (clause.over.made and clause.over.shape.is_list()):
            over = f"{name} if type({name}) is list else entries({name})"
    else:
        over = f"{clause.how}({over})"
        if clause.over.own and clause.how == "pairs":
            # Several fields go through the tags of one row.
            over = writer.once(over)
    with writer.block(f"for {clause.names} in {over}:"), bounded(writer, asked=asked):
        if clause.how == "entries":
            writer.line(writer.sharing.begins(clause.names))
        with writer.holding([_kept_by(writer, test) for test in clause.tests]):
            yield


def _kept_by(writer: Writer, test: Checked) -> str:
    """Lines that pass over a turn for which a condition doesn't hold; gives the condition."""
    code = test.test(writer)
    writer.line(f"if not {code}: continue")
    return code


def get(writer: Writer, code: str, name: str, *, sure: bool = False) -> str:
    """The code of a field."""
    sure = sure or (code == "c" and writer.row) or code == writer.this
    found = f"{code}.get({name!r})"
    return writer.sharing.field(
        code, found if sure else f"({found} if type({code}) is dict else None)"
    )


def tested(writer: Writer, parts: list[Checked], word: str) -> str:
    """Whether all parts hold, or one does; a part that takes lines waits for its turn."""
    return _go_on(writer, parts[0].test(writer), parts[1:], word)


def _go_on(writer: Writer, code: str, rest: list[Checked], word: str) -> str:
    for number, part in enumerate(rest):
        lines, further = writer.captured(part, Checked.test)
        if not lines:
            code = f"({code} {word} {further})"
            continue
        name = writer.temporary()
        writer.line(f"{name} = {code}")
        with writer.block(f"if {'' if word == 'and' else 'not '}{name}:"):
            writer.put(lines)
            writer.line(f"{name} = {_go_on(writer, further, rest[number + 1 :], word)}")
        return name
    return code


def equal(writer: Writer, left: Checked, right: Checked) -> str:
    for one, other in ((left, right), (right, left)):
        if other.literal and isinstance(other.results[0][0], str):
            name, text = writer.named(one.emit(writer)), other.results[0][0]
            return (
                f"({name} == {text!r} or {name} is not None and type({name}) is not str"
                f" and same({name}, {text!r}))"
            )
        if other.literal and type(other.results[0][0]) is int:
            name, known = writer.named(one.emit(writer)), other.results[0][0]
            return f"({name} == {known} if type({name}) is int else same({name}, {known}))"
    name = writer.named(left.emit(writer))
    return f"({name} is not None and same({name}, {right.emit(writer)}))"


def shortcut(function: str, writer: Writer, arguments: list[Checked]) -> str | None:
    """The code of a function where it takes no call, most often as its last argument is constant.

    Rows have a dozen tags, which half of a resource's fields go through: these calls are what most
    of a list's time was spent on.
    """
    *before, last = arguments
    if function == "first":
        names = [writer.named(argument.emit(writer)) for argument in before]
        code = last.emit(writer)
        for name in reversed(names):
            code = f"({name} if {name} is not None else {code})"
        return code
    if len(arguments) != 2 or not last.literal:
        return None
    known = last.results[0][0]
    if type(known) is not str:
        return None
    if function == "value_of":
        tags = arguments[0].emit(writer)
        called = f"{writer.keep(FUNCTIONS[function].call, function)}({tags}, {known!r})"
        part = f".get({known!r})"
        return writer.sharing.of_field(tags, f"tag_values({tags})", part, called) or called
    if function not in ("starts_with", "after"):
        return None
    name = writer.named(arguments[0].emit(writer))
    # Whether it is in the text at all is found out in a fifth of the time, and most often it isn't.
    fits = f"(type({name}) is str and {known!r} in {name} and {name}.startswith({known!r}))"
    if function == "starts_with":
        return fits
    rest = f"{name}[{len(known)}:]"
    if not writer.holds(fits):
        return f"({rest} if {fits} else None)"
    return writer.text(rest)


def words_of(node: ast.expr) -> frozenset[str] | None:
    """The texts of a list of constants."""
    if not isinstance(node, ast.List) or not all(
        isinstance(item, ast.Constant) and item.value is not None for item in node.elts
    ):
        return None
    return frozenset(text_of(item.value) for item in node.elts if isinstance(item, ast.Constant))


def within(writer: Writer, left: Checked, right: Checked, words: frozenset[str] | None) -> str:
    if words is None:
        return f"contains({right.emit(writer)}, {left.emit(writer)})"
    name = writer.named(left.emit(writer))
    kept = writer.keep(words, "words")
    return f"({name} is not None and {spelt(name)} in {kept})"


def spelt(name: str) -> str:
    """The code of the text of what is called so, and isn't missing; most often it is one."""
    return f"({name} if type({name}) is str else text_of({name}))"


def text_from(parts: list[str | Checked]) -> Checked:
    """A text with values in it; missing when one of them is."""

    def emit(writer: Writer) -> str:
        codes, names = [], []
        for part in parts:
            if isinstance(part, str):
                codes.append(repr(part))
                continue
            name = writer.named(part.emit(writer))
            names.append(name)
            codes.append(spelt(name))
        joined = " + ".join(codes) or "''"
        if not names:
            return joined
        absent = " or ".join(f"{name} is None" for name in dict.fromkeys(names))
        return f"(None if {absent} else {joined})"

    label = next((part.label for part in parts if isinstance(part, Checked)), "")
    shape = next((part.shape for part in parts if isinstance(part, Checked)), ANY)
    # What is known of the first value tells which field of the request a bad text comes from.
    return Checked(emit, ANY if not body_paths(shape) else InText(shape), label=label)
