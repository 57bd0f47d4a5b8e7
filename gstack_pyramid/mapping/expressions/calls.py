"""Calls in expressions: functions, the named converters, links, and texts held against patterns."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from gstack_pyramid.engine.getters import text_of
from gstack_pyramid.errors import invalid_value
from gstack_pyramid.mapping.converters import CONVERTERS
from gstack_pyramid.mapping.expressions import named
from gstack_pyramid.mapping.expressions.emission import shortcut
from gstack_pyramid.mapping.expressions.functions import FUNCTIONS, Function
from gstack_pyramid.mapping.expressions.node import MISSING, Checked, Checking, InText
from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.mapping.name_patterns import parse_pattern
from gstack_pyramid.mapping.shapes import (
    ANY,
    KEY_AND_VALUE,
    ListShape,
    ObjectShape,
    Shape,
    body_paths,
    union,
)
from gstack_pyramid.mapping.suggestions import nearest

_SPECIAL = ("enumerate", "link", "matching", "parts")

NAMES = frozenset({*FUNCTIONS, *CONVERTERS, *_SPECIAL})
"""Everything that can be called, and therefore is no name of a value."""

_NOT_FITTING = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)


def check(checker: Checking, node: ast.Call) -> Checked:
    """Check a call."""
    match node.func:
        case ast.Attribute(value=ast.Name(id="link"), attr=resource):
            return _link(checker, node, resource)
        case ast.Attribute(attr=name):
            said = f"a value has no {name}() here; functions stand alone, as len(labels)"
            return checker.report(node, said)
        case ast.Name(id=name) if name not in NAMES:
            functions = checker.scope.models.functions
            known = [*NAMES, *functions]
            if name not in functions:
                return checker.report(node, f"there is no function {name!r}{nearest(name, known)}")
            if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
                return checker.report(node, f"{name} takes neither named arguments nor '*'")
            return named.call(checker, node, functions[name])
        case ast.Name(id="enumerate" | "link" as name):
            right = {
                "enumerate": "'enumerate' stands behind 'in': for number, row in enumerate(rows)",
                "link": "a link names the resource that it leads to, as link.RESOURCE(id)",
            }
            return checker.report(node, right[name])
        case ast.Name(id=name):
            if node.keywords:
                return checker.report(node, f"{name} takes no named arguments")
            if any(isinstance(item, ast.Starred) for item in node.args):
                return checker.report(node, f"{name} takes no '*'")
            if name in ("matching", "parts"):
                return _pattern(checker, node, name)
            if name in FUNCTIONS:
                return _function(checker, node, name, FUNCTIONS[name])
            return _converter(checker, node, name)
    return checker.report(node, "a function is called by its name")


def _arguments(checker: Checking, node: ast.Call, name: str, least: int, most: int) -> Any:
    if least <= len(node.args) <= most:
        return [checker.check(argument) for argument in node.args]
    told = (
        str(least) if least == most else f"at least {least}" if most > 99 else f"{least} to {most}"
    )
    things = "value" if told == "1" else "values"
    checker.report(node, f"{name} takes {told} {things}, not {len(node.args)}")
    return None


def _function(checker: Checking, node: ast.Call, name: str, function: Function) -> Checked:
    if function.part and len(node.args) == 1:
        # Of what is asked for one hidden part, the rest need not be kept for a plan.
        arguments = [checker.check_part(node.args[0], function.part)]
    else:
        arguments = _arguments(checker, node, name, function.least, function.most)
    if arguments is None:
        return MISSING

    def emit(writer: Writer) -> str:
        short = shortcut(name, writer, arguments)
        if short is not None:
            return short
        called = writer.keep(function.call, name)
        if function.lenient:
            return f"{called}({', '.join(argument.emit(writer) for argument in arguments)})"
        names = [
            argument.emit(writer) if argument.literal else writer.named(argument.emit(writer))
            for argument in arguments
        ]
        code = _unless_missing(names, f"{called}({', '.join(names)})", arguments)
        alone = all(argument.literal for argument in arguments[1:])
        return writer.sharing.field(names[0], code) if alone else code

    shape: Shape = ANY
    if function.keeps:
        shape = ListShape(arguments[0].shape.element())
    elif name in ("first", "merged"):
        shape = union(argument.shape for argument in arguments)
    elif name == "groups":
        shape = ListShape(ListShape(arguments[0].shape.element()))
    elif name == "entries":
        shape = ListShape(KEY_AND_VALUE)
    elif name == "rows_of":
        shape = ListShape(arguments[0].shape)
    elif name == "changes":
        now, wanted = (
            argument.shape.element() if len(arguments) > 2 else KEY_AND_VALUE
            for argument in arguments[:2]
        )
        lists = {"remove": ListShape(now), "same": ListShape(now), "add": ListShape(wanted)}
        shape = ObjectShape(lists, "what changes")
    results = arguments[0].results if name == "first" else ()
    label = arguments[0].label
    return Checked(emit, shape, function.boolean, results, label=label, made=function.there)


def _unless_missing(names: list[str], code: str, arguments: list[Checked]) -> str:
    absent = [
        f"{name} is None"
        for name, argument in zip(names, arguments, strict=True)
        if not argument.there
    ]
    return f"(None if {' or '.join(absent)} else {code})" if absent else code


def field_of(argument: Checked, text: str) -> str:
    """How an error names the request field that a value was made from."""
    path = next(iter(body_paths(argument.shape)), None)
    if isinstance(argument.shape, InText):
        path = next(iter(body_paths(argument.shape.of)), None)
    if path:
        name = ".".join(path)
        plain = re.sub(r"\[\d+\]", "", argument.label).removeprefix("body.")
        return f"resource.{argument.label.removeprefix('body.') if plain == name else name}"
    label = argument.label or text
    return label.removeprefix("path.").removeprefix("query.")


def _converter(checker: Checking, node: ast.Call, name: str) -> Checked:
    arguments = _arguments(checker, node, name, 1, 1)
    if arguments is None:
        return MISSING
    (argument,) = arguments
    field = field_of(argument, checker.source_of(node.args[0]))
    writing = checker.scope.writing
    called = converting(CONVERTERS[name], field, writing)

    def emit(writer: Writer) -> str:
        code = argument.emit(writer)
        if not writing:
            # Of a field that is there for several, it is the same for all of them.
            once = f"(None if {code} is None else {writer.keep(called, name)}({code}))"
            if (shared := writer.sharing.of_field(code, once, "", once)) is not None:
                return shared
        given = writer.named(code)
        return f"(None if {given} is None else {writer.keep(called, name)}({given}))"

    return Checked(emit, label=argument.label)


def converting(function: Callable[[Any], Any], field: str, writing: bool) -> Callable[[Any], Any]:
    """A converter that takes any value: what it can't take is missing, or the client's mistake.

    Args:
        function: the converter.
        field: what the value was made from, for errors.
        writing: whether a request is being turned into a command.
    """
    if not writing:
        return _reading(function)

    def converted(value: Any) -> Any:
        try:
            return function(value)
        except _NOT_FITTING as error:
            said = str(error) if isinstance(error, ValueError) else "It has another form"
            raise invalid_value(field, value, f"{said}.") from error

    return converted


@cache
def _reading(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The one function that gives nothing for what a converter can't take."""

    def converted(value: Any) -> Any:
        try:
            return function(value)
        except _NOT_FITTING:
            return None

    return converted


def _pattern(checker: Checking, node: ast.Call, name: str) -> Checked:
    if _arguments(checker, node, name, 2, 2) is None:
        return MISSING
    argument = checker.check(node.args[0])
    match node.args[1]:
        case ast.Constant(value=str(pattern)):
            pass
        case other:
            return checker.report(other, f"the pattern of {name} is a text in quotes")
    shape: Shape
    try:
        if name == "parts":
            called, shape = taken_apart(pattern)
        else:
            field = field_of(argument, checker.source_of(node.args[0]))
            called, shape = matched(pattern, field), argument.shape
    except ValueError as error:
        return checker.report(node.args[1], str(error))

    def emit(writer: Writer) -> str:
        given = writer.named(argument.emit(writer))
        return f"(None if {given} is None else {writer.keep(called, name)}({given}))"

    return Checked(emit, shape, label=argument.label)


def matched(pattern: str, field: str) -> Callable[[Any], Any]:
    """A function that gives a value back which matches a pattern as a whole.

    Raises:
        ValueError: that is no pattern.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from error

    def matching(value: Any) -> Any:
        if not compiled.fullmatch(text_of(value)):
            raise invalid_value(field, value, f"Must be a match of regex '{pattern}'")
        return value

    return matching


def taken_apart(pattern: str) -> tuple[Callable[[Any], Any], ObjectShape]:
    """A function that gives the named parts of a text of a pattern's form, and their shape.

    Raises:
        ValueError: the pattern does not say how.
    """
    prefix, named = parse_pattern(pattern)
    form = re.escape(prefix) + "".join(
        f"(?P<{name}>.{'*?' if after else '*'}){re.escape(after)}" for name, after in named
    )
    try:
        compiled = re.compile(form, re.DOTALL)
    except re.error as error:
        said = f"{pattern!r} does not say how to take a text apart: {error}"
        raise ValueError(said) from error

    def parts(value: Any) -> dict[str, str] | None:
        found = compiled.fullmatch(text_of(value))
        return found.groupdict() if found else None

    return parts, ObjectShape(dict.fromkeys((name for name, _ in named), ANY), f"{pattern!r}")


def _link(checker: Checking, node: ast.Call, resource: str) -> Checked:
    known = checker.scope.models.row_shapes
    if checker.within:
        # What a method reads is told by looking at its own expressions.
        return checker.report(node, "a function can't link: link to what it gives")
    if resource not in known:
        said = f"{resource!r} is not a mapped resource that can be read{nearest(resource, known)}"
        return checker.report(node, said)
    if len(node.args) != 1 or any(word.arg is None for word in node.keywords):
        said = f"link.{resource} takes one id, and what else by its name: name=..., zone=..."
        return checker.report(node, said)
    key = checker.check(node.args[0])
    named = {str(word.arg): checker.check(word.value) for word in node.keywords}
    if "zone" in named and "name" not in named:
        return checker.report(node, "'zone' stands beside 'name', which says what is linked to")
    name, zone = named.pop("name", None), named.pop("zone", None)
    asked = named.pop("asked", None) if name is None else None
    if name is not None and named:
        return checker.report(node, f"{next(iter(named))!r} means nothing beside 'name'")

    def emit(writer: Writer) -> str:
        if key is MISSING:
            return "None"
        at = writer.named(key.emit(writer))
        if name is not None:
            where = zone.emit(writer) if zone is not None else "None"
            return f"link_to(env, {resource!r}, {at}, {name.emit(writer)}, {where})"
        if not named and asked is None:
            return _link_of(writer, resource, at)
        values = ", ".join(f"{part!r}: {value.emit(writer)}" for part, value in named.items())
        by = f", {asked.emit(writer)}" if asked is not None else ""
        return f"(None if {at} is None else link(env, {resource!r}, {at}, {{{values}}}{by}))"

    return Checked(emit, label=key.label)


def _link_of(writer: Writer, resource: str, key: str) -> str:
    """The code of a link by an id alone, which most often is one of those that are known here."""
    known, link = writer.once(f"env.links.get({resource!r})"), writer.temporary()
    fits = f"{known} is not None and type({key}) is str"
    writer.line(f"{link} = {known}.get({key}) if {fits} else None")
    with writer.block(f"if type({link}) is not str and {key} is not None:"):
        writer.line(f"{link} = link(env, {resource!r}, {key}, {{}})")
    return link
