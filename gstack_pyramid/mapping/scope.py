"""What the compiler knows while it compiles one value, and where it reports mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gstack_pyramid.engine.getters import Builder, Condition, Getter
from gstack_pyramid.mapping import inlining
from gstack_pyramid.mapping.context import Context
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.compiled import (
    compile_expression,
    compile_test,
    compile_text,
    function_of,
    known_as,
)
from gstack_pyramid.mapping.expressions.reading import names_of
from gstack_pyramid.mapping.forms.keys import Value
from gstack_pyramid.mapping.forms.nodes import Named, Text
from gstack_pyramid.mapping.forms.values import SOURCES, is_constant, texts_of
from gstack_pyramid.mapping.shapes import ANY, ObjectShape, Shape, body_paths
from gstack_pyramid.mapping.suggestions import nearest
from gstack_pyramid.mapping.targets import target_of
from gstack_pyramid.schemas.cloudstack import Command

Compiler = Callable[[Value, "Scope"], tuple[Getter, Shape]]
"""Compiles one value; handed in by :mod:`gstack_pyramid.mapping.values`, which knows all forms."""


RESERVED = frozenset(
    {"path", "query", "body", "settings", "project", "self", "rows", "key", "resource"}
    | {"parent", "index", "result", "this", "found", "advice"}
)
"""The roots that the engine sets: nothing else may be called so."""


@dataclass(slots=True, kw_only=True)
class Scope(Context):
    """A context in which values of any form can be compiled."""

    compiler: Compiler

    @contextmanager
    def catching(self, place: Place) -> Iterator[None]:
        """Turn a ValueError of a parser into a finding."""
        try:
            yield
        except ValueError as error:
            self.report(place, str(error))

    def text(self, text: Text) -> tuple[Getter, Shape]:
        """A function for an expression, and the shape of its result."""
        return compile_expression(str(text), self, text.place)

    def holds(self, text: Text) -> Condition:
        """A function that decides an expression which holds or doesn't."""
        return compile_test(str(text), self, text.place)

    def condition(self, text: Text | None) -> Condition | None:
        """The same, where there may be none."""
        return None if text is None else self.holds(text)

    def format(self, template: Text) -> Getter:
        """A function that fills in a text with ``{expressions}``."""
        return compile_text(str(template), self, template.place)[0]

    def value(self, value: Value) -> Getter:
        """A closure for any form of value."""
        return self.compiler(value, self)[0]

    def maybe(self, value: Value | None) -> Getter | None:
        """The same, where there may be none."""
        return None if value is None else self.value(value)

    def value_and_shape(self, value: Value) -> tuple[Getter, Shape]:
        """A closure for any form of value, and the shape of its result."""
        return self.compiler(value, self)

    def fields(self, given: Named) -> Builder:
        """A closure that makes an object of those fields that are not missing."""
        place = given.place
        target = target_of(self.document, place[:-1], self.models.gce)
        if target is not None and place[-1] == "fields":
            made = target.element() if target.is_list() else target
            for name in given:
                if made.field(name) is None:
                    message = f"GCE's {made.describe()} has no field {name!r}"
                    self.report((*place, name), message)
        constants = {name: value.value for name, value in given.items() if is_constant(value)}
        shapes = dict.fromkeys(given, ANY)
        for name in constants:
            # Nothing to run, but something to check.
            self.value(given[name])
        inner = self.entering(self.current, this=ObjectShape(shapes, "this object"))
        inner.used = set()
        getters = [
            (name, inner.value(value)) for name, value in given.items() if name not in constants
        ]
        self.used |= inner.used - {"this"}
        whole = inlining.made(constants, getters)
        if not getters:
            return known_as(lambda current, env: constants.copy(), whole)
        return function_of(whole, f"{{{', '.join(name for name, _ in getters)}}}", self, place)

    def naming(self, name: str, place: Place) -> None:
        """Report a name that a mapping gives to something although it means something already."""
        if name in RESERVED:
            self.report(place, f"{name!r} has a meaning of its own; take another name")
        elif name in SOURCES:
            self.report(place, f"{name!r} is a key of values; take another name")

    def command(self, name: str, place: Place) -> Command | None:
        """The CloudStack command called ``name``; an unknown one is reported."""
        try:
            return self.models.cloudstack.command(name)
        except KeyError:
            near = nearest(name, self.models.cloudstack.commands)
            self.report(place, f"CloudStack has no command {name!r}{near}")
            return None

    def target(self, resource: str, place: Place) -> None:
        """Report a link or reference to a resource without a mapping that reads it."""
        if resource not in self.models.row_shapes:
            near = nearest(resource, self.models.row_shapes)
            self.report(place, f"{resource!r} is not a mapped resource that can be read{near}")


POSITION = re.compile(r"\[\d+\]")
"""Which element of a list a path goes through."""


def field_name(shape: Shape, value: Value) -> str:
    """How an error names the request field behind a value, for example ``resource.machineType``."""
    path = next(iter(body_paths(shape)), None)
    if path:
        name = ".".join(path)
        if isinstance(value, Text) and POSITION.sub("", value) == name:
            name = str(value)
        return f"resource.{name}"
    # Of an expression, the parameter that it is about.
    texts = [str(text) for text in texts_of(value)]
    read = (pair for text in texts for pair in names_of(text))
    parameters = (field for name, field in read if name == "query" and field)
    return next(parameters, " ".join(texts)).removeprefix("path.").removeprefix("query.")
