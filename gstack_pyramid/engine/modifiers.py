"""Modifiers: what happens to a value after it was found, always in the same order.

``after`` cuts a prefix, ``parse`` takes a text apart, ``table`` and ``enum`` translate, ``convert``
calls named converters, ``then`` follows a path in the result, ``default`` stands in for a missing
value, ``matches`` checks it, and ``link`` or ``id_of`` turn a CloudStack id into a GCE link or the
other way round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gstack_pyramid.engine.converters import CONVERTERS
from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.name_patterns import parse_pattern
from gstack_pyramid.engine.paths import Getter, Path, parse_format, text_of
from gstack_pyramid.engine.scope import Scope, field_name
from gstack_pyramid.engine.shapes import ANY, GceShape, Shape, resolve
from gstack_pyramid.engine.suggestions import nearest
from gstack_pyramid.errors import invalid_value

MODIFIERS = frozenset(
    {"after", "parse", "table", "enum", "convert", "then", "default", "matches", "link", "id_of"}
)


def apply_modifiers(
    getter: Getter, shape: Shape, spec: Mapping[str, Any], scope: Scope, place: Place
) -> Getter:
    """``getter`` with the modifiers of ``spec`` around it, in their fixed order."""
    field = _field_of(shape, spec, scope)
    if "after" in spec:
        getter = _after(getter, spec["after"])
    if "parse" in spec:
        with scope.catching((*place, "parse")):
            getter = _parse(getter, spec["parse"])
    if "table" in spec:
        table, _ = scope.path(spec["table"], (*place, "table"))
        getter = _table(getter, table)
    if "enum" in spec:
        getter = _enum(getter, spec["enum"], field, scope.writing)
        if isinstance(shape, GceShape) and (allowed := shape.words()):
            for word in spec["enum"]:
                if word not in ("*", *allowed):
                    message = f"GCE's {shape.describe()} has no value {word!r}"
                    scope.report((*place, "enum", word), message)
    if "convert" in spec:
        names = spec["convert"] if isinstance(spec["convert"], list) else [spec["convert"]]
        for name in names:
            if name not in CONVERTERS:
                near = nearest(name, CONVERTERS)
                scope.report((*place, "convert"), f"no converter {name!r}{near}")
                continue
            getter = _convert(getter, name, field, scope.writing)
    if "then" in spec:
        getter = _then(getter, spec["then"], scope, (*place, "then"))
    if "default" in spec and "find" not in spec:
        getter = _default(getter, spec["default"], scope, (*place, "default"))
    if "matches" in spec:
        with scope.catching((*place, "matches")):
            getter = _matches(getter, spec["matches"], field)
    if "link" in spec:
        getter = _link(getter, spec, scope, place)
    if "id_of" in spec:
        getter = _id_of(getter, spec["id_of"], field, scope, (*place, "id_of"))
    return getter


def _field_of(shape: Shape, spec: Mapping[str, Any], scope: Scope) -> str:
    """How an error names what a value was made from; of a format, its first placeholder."""
    parts: list[str | Path] = []
    # A wrong format is reported where it is compiled.
    with suppress(ValueError):
        parts = parse_format(spec.get("format", ""))
    for part in parts:
        if isinstance(part, Path):
            inner = resolve(part, scope.current, scope.roots)
            return field_name(ANY if isinstance(inner, str) else inner, str(part))
    return field_name(shape, spec.get("from", "value"))


def _after(getter: Getter, prefix: str) -> Getter:
    def after(current: Any, env: Any) -> Any:
        value = getter(current, env)
        return value[len(prefix) :] if isinstance(value, str) and value.startswith(prefix) else None

    return after


def _parse(getter: Getter, pattern: str) -> Getter:
    """The named parts of a text of the pattern's form; the last takes all that is left."""
    prefix, parts = parse_pattern(pattern)
    form = re.escape(prefix) + "".join(
        f"(?P<{name}>.{'*?' if after else '*'}){re.escape(after)}" for name, after in parts
    )
    try:
        compiled = re.compile(form, re.DOTALL)
    except re.error as error:
        raise ValueError(f"{pattern!r} does not say how to take a text apart: {error}") from error

    def parsed(current: Any, env: Any) -> dict[str, str] | None:
        found = compiled.fullmatch(text_of(getter(current, env) or ""))
        return found.groupdict() if found else None

    return parsed


def _table(getter: Getter, table: Getter) -> Getter:
    def look_up(current: Any, env: Any) -> Any:
        value = getter(current, env)
        return None if value is None else (table(current, env) or {}).get(value)

    return look_up


def _enum(getter: Getter, words: Mapping[Any, Any], field: str, writing: bool) -> Getter:
    translate = {text_of(key): value for key, value in words.items()}
    otherwise = translate.get("*")

    def translated(current: Any, env: Any) -> Any:
        value = getter(current, env)
        if value is None:
            return None
        result = translate.get(text_of(value), otherwise)
        if result is None and writing:
            allowed = ", ".join(key for key in translate if key != "*")
            raise invalid_value(field, value, f"Must be one of: {allowed}.")
        return result

    return translated


def _convert(getter: Getter, name: str, field: str, writing: bool) -> Getter:
    function = CONVERTERS[name]

    def converted(current: Any, env: Any) -> Any:
        value = getter(current, env)
        if value is None:
            return None
        try:
            return function(value)
        except ValueError as error:
            if writing:
                raise invalid_value(field, value, f"{error}.") from error
            return None

    return converted


def _then(getter: Getter, text: str, scope: Scope, place: Place) -> Getter:
    follow, _ = scope.entering(ANY).path(text, place)
    return lambda current, env: follow(getter(current, env), env)


def _default(getter: Getter, spec: Any, scope: Scope, place: Place) -> Getter:
    if isinstance(spec, dict):
        other = scope.value(spec, place)

        def computed(current: Any, env: Any) -> Any:
            value = getter(current, env)
            return other(current, env) if value is None else value

        return computed

    def constant(current: Any, env: Any) -> Any:
        value = getter(current, env)
        return spec if value is None else value

    return constant


def _matches(getter: Getter, pattern: str, field: str) -> Getter:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from error

    def checked(current: Any, env: Any) -> Any:
        value = getter(current, env)
        if value is not None and not compiled.fullmatch(text_of(value)):
            raise invalid_value(field, value, f"Must be a match of regex '{pattern}'")
        return value

    return checked


def _link(getter: Getter, spec: Mapping[str, Any], scope: Scope, place: Place) -> Getter:
    resource = spec["link"]
    scope.target(resource, (*place, "link"))
    if "name" in spec:
        name = scope.value(spec["name"], (*place, "name"))
        zone = scope.value(spec["zone"], (*place, "zone")) if "zone" in spec else None

        def named(current: Any, env: Any) -> Any:
            key = getter(current, env)
            raw = name(current, env)
            if key is None or raw is None:
                return None
            zone_id = None if zone is None else zone(current, env)
            return env.session.link_to_row(resource, key, raw, env, zone_id)

        return named
    parts = scope.fields(spec.get("parts", {}), (*place, "parts"))

    def linked(current: Any, env: Any) -> Any:
        key = getter(current, env)
        if key is None:
            return None
        link = env.session.links(resource, env).get(key)
        return link(parts(current, env)) if callable(link) else link

    return linked


def _id_of(getter: Getter, resource: str, field: str, scope: Scope, place: Place) -> Getter:
    scope.target(resource, place)

    def found(current: Any, env: Any) -> Any:
        reference = getter(current, env)
        if reference is None:
            return None
        return env.session.find(resource, reference, env, field).get("id")

    return found
