"""YAML as plain data: what JSON has a type for, nothing that stands in itself, all keys texts.

PyYAML raises whatever its conversions stumble over, and recurses as deeply as a text asks it to.
Here a mistake is one of two exceptions, whatever it is.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import yaml

Place = tuple[str | int, ...]
"""Where something stands in a document: keys and list positions from the top."""

MOST = 100_000
"""Parts that a text may have, aliases written out; our files have some thousands at most."""

DEEPEST = 50
"""Lists and mappings that may stand in each other; in our files it is eight at most."""

_TAG = "tag:yaml.org,2002:"
_PLAIN = (f"{_TAG}map", f"{_TAG}seq")
_MERGE = f"{_TAG}merge"
_SCALARS = frozenset(f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str"))
_UNKNOWN_TO_JSON = {f"{_TAG}timestamp": "a date", f"{_TAG}binary": "bytes"}


class YamlMistake(ValueError):
    """YAML that is well formed, and no plain data.

    Attributes:
        line: where, counted from 1.
        message: what is wrong.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


class Reader:
    """Reads one text, and knows afterwards what stands where in it.

    Attributes:
        lines: the line of each place, counted from 1.
        texts: the nodes of the values that are texts, by their places.
    """

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.texts: dict[Place, yaml.ScalarNode] = {}
        self._scalars = yaml.SafeLoader("")
        self._around: set[int] = set()
        self._flat: set[int] = set()

    def read(self, text: str) -> Any:
        """What a text says; None where there is nothing in it.

        Raises:
            YamlMistake: it isn't plain data.
            yaml.YAMLError: it is no YAML.
        """
        node = _composed(text)
        return None if node is None else self._build(node, ())

    def _build(self, node: yaml.Node, place: Place) -> Any:
        if len(self.lines) > MOST:
            # Aliases of aliases multiply: some lines can stand for more than memory holds.
            raise _wrong(node, f"it has more than {MOST} parts, its aliases written out")
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            value = self._scalar(node)
            if isinstance(value, str):
                self.texts[place] = node
            return value
        if node.tag not in _PLAIN:
            raise _wrong(node, f"the tag {node.tag!r} means nothing here")
        if id(node) in self._around:
            raise _wrong(node, "an alias stands inside what it is an alias of")
        if len(place) >= DEEPEST and node.value:
            raise _too_deep(node)
        self._around.add(id(node))
        built: Any
        if isinstance(node, yaml.MappingNode):
            built = self._mapping(node, place)
        else:
            built = [self._build(item, (*place, index)) for index, item in enumerate(node.value)]
        self._around.remove(id(node))
        return built

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag in _PLAIN:
            raise _wrong(node, f"{node.value!r} is no {_short(node.tag)}")
        try:
            value = self._scalars.construct_object(node)
        except yaml.YAMLError:
            raise
        except ValueError as error:
            raise _wrong(node, f"{node.value!r} can't be read: {error}") from None
        except Exception:
            # "!!bool maybe" is a KeyError, "!!int ''" an IndexError, and so on.
            raise _wrong(node, f"{node.value!r} is no {_short(node.tag)}") from None
        if node.tag not in _SCALARS:
            kind = _UNKNOWN_TO_JSON.get(node.tag, _short(node.tag))
            raise _wrong(node, f"{node.value!r} is {kind} in YAML; for a text, put it in quotes")
        if isinstance(value, float) and not math.isfinite(value):
            raise _wrong(node, f"{node.value!r} is no number; for a text, put it in quotes")
        return value

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        if id(node) not in self._flat:
            # An aliased node comes by several times, and is as it is after the first.
            self._flat.add(id(node))
            self._flatten(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # YAML 1.1 reads a bare `on` or `no` as a boolean; nobody means that in a mapping, where
            # all keys are texts.
            key = key_node.value
            if key in ("True", "TRUE", "False", "FALSE"):
                key = key.lower()
            inner = (*place, key)
            result[key] = self._build(value_node, inner)
            self.lines[inner] = key_node.start_mark.line + 1
        return result

    def _flatten(self, node: yaml.MappingNode) -> None:
        # Twice the same key is a mistake; a key that overrides one merged in by `<<` is not, so
        # this looks before the merge.
        seen: set[str] = set()
        merges = False
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _wrong(key_node, "a key must be a text")
            if key_node.value in seen:
                raise _wrong(key_node, f"the key {key_node.value!r} is given twice")
            seen.add(key_node.value)
            merges = merges or key_node.tag == _MERGE
        if not merges:
            return
        try:
            self._scalars.flatten_mapping(node)
        except RecursionError:
            raise _too_deep(node) from None
        # What is merged in stands before what overrides it. Who merges this one in turn is to find
        # each key once: PyYAML 6.0.4 may keep the first of two.
        node.value = list(
            {key_node.value: (key_node, value) for key_node, value in node.value}.values()
        )


class _Composer(yaml.SafeLoader):
    """PyYAML's own, which composes what stands in itself by calling itself."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if parent is not None and self.depth > DEEPEST:
            raise _too_deep(parent)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _composed(text: str) -> yaml.Node | None:
    """The nodes of a document, with their lines; None if there is nothing in it.

    libyaml, where PyYAML was built with it, is ten times as fast. What it refuses is read once more
    by PyYAML itself, so that a mistake is told in the same words everywhere.
    """
    if yaml.__with_libyaml__:
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=_Composer)


def _too_deep(node: yaml.Node) -> YamlMistake:
    return _wrong(node, f"more than {DEEPEST} lists and mappings stand in each other")


def _wrong(node: yaml.Node, message: str) -> YamlMistake:
    return YamlMistake(node.start_mark.line + 1, message)


def _short(tag: str) -> str:
    """A tag as people write it."""
    return tag.replace(_TAG, "!!")
