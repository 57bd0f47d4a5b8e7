"""Words that a mapping spells out: those that become others, and the lint of those of GCE's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.engine.getters import Getter, text_of
from gstack_pyramid.errors import invalid_value
from gstack_pyramid.mapping import inlining
from gstack_pyramid.mapping.document import Document, Place
from gstack_pyramid.mapping.expressions.compiled import function_of, node_of
from gstack_pyramid.mapping.forms.values import Constant, Words
from gstack_pyramid.mapping.scope import Scope, field_name
from gstack_pyramid.mapping.shapes import ANY, GceShape, Shape
from gstack_pyramid.mapping.targets import target_of

_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
}


def check_words(spec: Constant | Words, scope: Scope) -> None:
    """Report words that a value's GCE field does not take, and constants of another type."""
    target = target_of(scope.document, spec.place, scope.models.gce)
    if target is None:
        return
    for where, word in _words(spec):
        if isinstance(word, dict | list):
            continue
        problem = _problem(word, target)
        if problem:
            place = spec.inside(*where)
            # A list stands behind the word that its elements become.
            known = place in scope.document.lines or where[0] != "enum"
            scope.report(place if known else spec.inside("enum", word), problem)


def _words(spec: Constant | Words) -> Iterator[tuple[Place, Any]]:
    if isinstance(spec, Constant):
        yield ("value",), spec.value
        return
    if spec.default is not None:
        yield ("default",), spec.default
    for key, word in spec.enum.items():
        yield ("enum", key), word


def _told_twice(place: Place, document: Document) -> list[str]:
    """The words that stand twice, of which one would count for nothing.

    What is like something else says what becomes of a word there by that word.
    """
    listed: dict[str, str] = {}
    twice: list[str] = []
    table = document.at(place)
    files = {word: document.origin((*place, word))[0] for word in table}
    for word, becomes in table.items():
        for each in becomes if isinstance(becomes, list) else ():
            twice += [each] if each in listed else []
            listed[each] = files[word]
    twice += [
        word
        for word, becomes in table.items()
        if not isinstance(becomes, list) and listed.get(word) == files[word]
    ]
    return twice


def _problem(word: Any, target: GceShape) -> str | None:
    allowed = target.words()
    if allowed:
        return None if word in allowed else f"GCE's {target.describe()} has no value {word!r}"
    wanted = target.schema().get("type", "")
    expected = _TYPES.get(wanted)
    if expected is None or (
        isinstance(word, expected) and isinstance(word, bool) == (bool in expected)
    ):
        return None
    return f"GCE's {target.describe()} is a {wanted}, which {word!r} is not"


def compile_words(spec: Words, scope: Scope) -> tuple[Getter, Shape]:
    """``from`` with ``enum``: a word that becomes another one, and what stands in for none.

    A word that the table lacks is missing in an answer, and refused with 400 in a request.
    """
    check_words(spec, scope)
    if (table := spec.inside("enum")) in scope.document.lines:
        for word in _told_twice(table, scope.document):
            scope.report(table, f"{word!r} stands here twice")
    getter, shape = scope.value_and_shape(spec.from_)
    if isinstance(shape, GceShape) and (allowed := shape.words()):
        for word in spec.enum:
            if word not in ("*", *allowed):
                message = f"GCE's {shape.describe()} has no value {word!r}"
                scope.report(spec.inside("enum", word), message)
    words = {text_of(key): meant for key, meant in spec.enum.items()}
    otherwise, default = words.get("*"), spec.default
    if not scope.writing:
        node = inlining.translated(node_of(getter), spec.enum, default)
        return function_of(node, f"enum: {', '.join(words)}", scope, spec.place), ANY
    field = field_name(shape, spec.from_)

    def translated(current: Any, env: Any) -> Any:
        value = getter(current, env)
        if value is None:
            return default
        result = words.get(text_of(value), otherwise)
        if result is None:
            told = ", ".join(word for word in words if word != "*")
            raise invalid_value(field, value, f"Must be one of: {told}.")
        return result

    return translated, ANY
