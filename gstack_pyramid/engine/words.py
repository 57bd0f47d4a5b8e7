"""The lint of what a mapping spells out: words and constants that become fields of GCE's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.scope import Scope
from gstack_pyramid.engine.shapes import GceShape
from gstack_pyramid.engine.targets import target_of

_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
}


def check_words(spec: Mapping[str, Any], scope: Scope, place: Place) -> None:
    """Report the words of a value that its GCE field does not take, and constants of another type.

    A word that is modified further is not the field's yet, and so is left alone.
    """
    target = target_of(scope.document, place, scope.models.gce)
    if target is None:
        return
    for where, word in _words(spec):
        if isinstance(word, dict | list):
            continue
        problem = _problem(word, target)
        if problem:
            scope.report((*place, *where), problem)


def _words(spec: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    later = spec.keys() & {"link", "id_of"}
    if "default" in spec and not later and "find" not in spec:
        yield ("default",), spec["default"]
    later |= spec.keys() & {"convert", "then"}
    if "enum" in spec and not later:
        yield from ((("enum", key), word) for key, word in spec["enum"].items())
    later |= spec.keys() & {"after", "table", "enum"}
    if "value" in spec and "each" not in spec and not later:
        yield ("value",), spec["value"]


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
