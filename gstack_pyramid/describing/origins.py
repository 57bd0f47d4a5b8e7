"""Where what a mapping says of a method comes from, in words: what it is like, whose functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.reading import calls_of
from gstack_pyramid.mapping.forms.keys import Node
from gstack_pyramid.mapping.functions import NamedFunction, functions_of
from gstack_pyramid.mapping.loader import Mappings
from gstack_pyramid.mapping.merging import Likeness


def likenesses(mappings: Mappings, resource: str, method: str) -> Iterator[str]:
    """What a resource and one of its methods are like, and what is different, a sentence each."""
    known = mappings.likeness[resource]
    for like in known.resource_like:
        yield _said(
            resource,
            like,
            [place for place in like.differs if place[0] != "methods" or place[1] == method],
        )
    if method in known.methods_like:
        like = known.methods_like[method]
        yield _said(f"{resource}.{method}", like, like.differs)


def _said(what: str, like: Likeness, places: Iterable[Place]) -> str:
    file, line = like.origin
    differs = ", ".join(".".join(str(part) for part in place) for place in places)
    but = f", but for: {differs}" if differs else " in all"
    return f"{what} is like {like.of} ({file}:{line}){but}."


def functions_used(mappings: Mappings, resource: str, spec: Any) -> list[tuple[str, str]]:
    """The functions of the mapping files that something calls, each with what it is about.

    Args:
        mappings: the merged mapping files.
        resource: whose expressions they are.
        spec: what is looked through, of any form.
    """
    document = mappings.resources[resource]
    known = {**mappings.functions, **functions_of(document)}
    called: dict[str, None] = {}
    _call(spec, known, called)
    return [
        (f"{name}({', '.join(known[name].takes)})", _about(known[name])) for name in sorted(called)
    ]


def _call(spec: Any, known: Mapping[str, NamedFunction], called: dict[str, None]) -> None:
    if isinstance(spec, str):
        for name in calls_of(str(spec)):
            if name in known and name not in called:
                called[name] = None
                _call(known[name].gives, known, called)
    elif isinstance(spec, Node):
        for _, part in spec.said():
            _call(part, known, called)
    elif isinstance(spec, Mapping):
        for part in spec.values():
            _call(part, known, called)
    elif isinstance(spec, list):
        for part in spec:
            _call(part, known, called)


def _about(function: NamedFunction) -> str:
    file, line = function.document.origin(function.gives.place[:-1])
    return f"{function.about} ({file}:{line})"
