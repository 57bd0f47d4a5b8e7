"""Values that are objects, lists or loops of expressions, as parts of one generated function.

A form of YAML whose parts are all made of expressions is written into the function around it, so
that a resource with all its fields is one function, and not a tree of calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gstack_pyramid.engine.getters import Condition, Getter, Shaping, text_of
from gstack_pyramid.mapping.expressions.compiled import ARGUMENTS, node_of
from gstack_pyramid.mapping.expressions.emission import bounded
from gstack_pyramid.mapping.expressions.node import Checked
from gstack_pyramid.mapping.expressions.writer import SHAPED, Source, Writer

Fields = Sequence[tuple[str, Getter]]


def constant(value: Any) -> Checked:
    """A constant of any form; what is no scalar is one and the same object each time."""
    if value is None or isinstance(value, bool | int | float | str):
        return Checked(
            lambda writer: repr(value), boolean=isinstance(value, bool), literal=value is not None
        )
    return Checked(lambda writer: writer.keep(value, "constant"))


def made(constants: Mapping[str, Any], fields: Fields) -> Checked:
    """An object; its fields can look at those above them as ``this``."""

    def emit(writer: Writer) -> str:
        name = writer.temporary()
        kept = ", ".join(
            f"{key!r}: {constant(value).emit(writer)}" for key, value in constants.items()
        )
        writer.line(f"{name} = {{{kept}}}")
        with writer.making(name):
            for key, field in fields:
                put(writer, name, key, node_of(field))
        return name

    return Checked(emit, made=True)


def put(writer: Writer, made: str, key: str, field: Checked) -> None:
    """Lines that put a field into an object, unless it is missing."""
    code = field.emit(writer)
    if field.there:
        writer.line(f"{made}[{key!r}] = {code}")
        return
    item = writer.named(code)
    writer.line(f"if {item} is not None: {made}[{key!r}] = {item}")


def looped(
    loops: Fields, where: Condition | None, get: Getter, *, counted: bool, asked: bool
) -> Checked:
    """A list from named loops, the later inside the earlier.

    Args:
        loops: what they are called, and what each goes through.
        where: the condition on a turn.
        get: what a turn makes.
        counted: whether the number of a turn is asked for.
        asked: whether one goes through what is the request's, so that turns are bounded.
    """
    test, value = None if where is None else node_of(where), node_of(get)

    def emit(writer: Writer) -> str:
        name = writer.temporary()
        writer.line(f"{name} = []")
        number = writer.temporary() if counted else ""
        if counted:
            writer.line(f"{number} = -1")
        turn(writer, name, number, [(root, node_of(over)) for root, over in loops])
        return name

    def turn(writer: Writer, name: str, number: str, rest: list[tuple[str, Checked]]) -> None:
        if rest:
            (root, over), *inner = rest
            through = writer.named(over.emit(writer))
            item = writer.temporary()
            sure = over.made and over.shape.is_list()
            kept = (
                through if sure else f"{through} if type({through}) is list else entries({through})"
            )
            head = f"for {item} in {kept}:"
            with writer.block(head), writer.binding(root, item), bounded(writer, asked=asked):
                writer.line(writer.sharing.begins(item))
                turn(writer, name, number, inner)
            return
        with writer.binding("index", number):
            if counted:
                writer.line(f"{number} += 1")
            if test is not None:
                writer.line(f"if not {test.test(writer)}: continue")
            append(writer, name, value)

    return Checked(emit, made=True)


def append(writer: Writer, made: str, value: Checked) -> None:
    """Lines that append a value to a list, unless it is missing."""
    found = writer.named(value.emit(writer))
    writer.line(f"{'' if value.there else f'if {found} is not None: '}{made}.append({found})")


def guarded(when: Condition, getter: Getter) -> Checked:
    """A value under a condition."""
    condition, value = node_of(when), node_of(getter)

    def emit(writer: Writer) -> str:
        name, code = writer.temporary(), condition.test(writer)
        with writer.block(f"if {code}:"):
            writer.line(f"{name} = {value.emit(writer)}")
        with writer.block("else:"):
            writer.line(f"{name} = None")
        return name

    return Checked(emit)


def translated(value: Checked, words: Mapping[Any, Any] | None, default: Any) -> Checked:
    """A value through the table of an ``enum``, or with a constant that stands in for it."""
    table = {text_of(word): meant for word, meant in (words or {}).items()}
    otherwise = table.get("*")

    def emit(writer: Writer) -> str:
        name = writer.temporary()
        writer.line(f"{name} = {value.emit(writer)}")
        if words is not None:
            kept, other = writer.keep(table, "words"), constant(otherwise).emit(writer)
            looked_up = f"{kept}.get({name} if type({name}) is str else text_of({name}), {other})"
            writer.line(f"if {name} is not None: {name} = {looked_up}")
        if default is not None:
            writer.line(f"if {name} is None: {name} = {constant(default).emit(writer)}")
        return name

    return Checked(emit)


def shaping_of(fields: Fields, advice: Getter | None, about: str) -> tuple[Shaping, Source]:
    """One function for all fields of a resource, and its source.

    Args:
        fields: their names and values, in their order; later ones may look at earlier ones.
        advice: what the function gives besides.
        about: where they come from, for tracebacks.
    """
    writer = Writer()
    writer.row = True
    with writer.making(SHAPED):
        for name, getter in fields:
            put(writer, SHAPED, name, node_of(getter))
        told = "None" if advice is None else node_of(advice).emit(writer)
    return writer.function("shape", f"{ARGUMENTS}, {SHAPED}", told, about)
