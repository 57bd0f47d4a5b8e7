"""Filters that CloudStack heeds itself: what of a list filter becomes parameters of the command.

What is pushed down only narrows the list. The whole filter is applied to what comes back, so a
parameter may let too much through, but nothing that fits may be held back. Therefore nothing is
taken out of an OR unless it holds in each of its arms, and nothing out of a NOT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.engine.getters import Builder, text_of
from gstack_pyramid.engine.names import ANY_NAME, Sought, search_word
from gstack_pyramid.protocol.filter import compile_node
from gstack_pyramid.protocol.filter_tree import And, Compare, Match, Node, Not, Or
from gstack_pyramid.protocol.instants import parse_instant

# A legacy pattern that asks for a text, maybe with anything around: what gcloud makes of its own
# `name=x`, `name:x` and `name~x`.
_LITERAL = re.compile(
    r"\^?(?P<open>\.\*)?(?:\\b)?(?P<text>(?:[A-Za-z0-9]|\\?-)+)(?:\\b)?(?P<close>\.\*)?\$?"
)
_PLAIN = re.compile(r"[A-Za-z0-9_ /:.-]{1,255}")
_NO_PATTERN = re.compile(r"[A-Za-z0-9_ /:-]*")
_NUMBER = re.compile(r"[+-]?[0-9.]")
_WORD = re.compile(r"[a-z0-9]+")
_SHORT_HEX = re.compile(r"[0-9a-f]{1,8}")


@dataclass(frozen=True, slots=True)
class Turned:
    """A field that translates words of CloudStack's: it is pushed down when one word is left.

    Attributes:
        field: the GCE field.
        parameter: the command's parameter that takes CloudStack's word.
        words: CloudStack's words and GCE's.
        otherwise: GCE's word for all others; None when they have none.
    """

    field: str
    parameter: str
    words: Mapping[str, str]
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Equal:
    """A field, or each entry of a map, that is pushed down when a filter says what it equals.

    Attributes:
        field: the GCE field.
        entries: whether it is a map, whose entries are compared.
        params: makes the command's parameters from ``{key, value}``.
    """

    field: str
    entries: bool
    params: Builder


@dataclass(frozen=True, slots=True)
class Push:
    """What a source of rows can push down."""

    turned: tuple[Turned, ...] = ()
    equal: tuple[Equal, ...] = ()

    def params(self, tree: Node, env: Any) -> dict[str, Any]:
        """The parameters that a filter comes down to, none for most filters."""
        found: dict[str, Any] = {}
        parts = tuple(_conjuncts(tree))
        for turned in self.turned:
            word = _only_word(turned, parts)
            if word is not None:
                found[turned.parameter] = word
        for equal in self.equal:
            pair = next(_pairs(equal, parts), None)
            if pair is not None:
                found |= equal.params(pair, env)
        return found


NOTHING = Push()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """By what the rows of one list are narrowed, besides the place where they are.

    Attributes:
        tree: the filter.
        sought: what the names of all rows that fit have in common.
    """

    tree: Node = field(default_factory=lambda: And(()))
    sought: Sought = ANY_NAME

    @classmethod
    def of(cls, tree: Node) -> Narrowing:
        """What a filter says about names."""
        whole = next(_names(tree), None)
        if whole is not None:
            return cls(tree, Sought.by(whole.lower()))
        return cls(tree, Sought(max(sorted(_words(tree)), key=len, default=None)))

    def is_about(self, name: str) -> bool:
        """Whether some part of the filter is about this field alone."""
        return any(fields_of(part) == {(name,)} for part in _conjuncts(self.tree))

    def fitting(self, name: str, values: Iterable[Any]) -> list[Any]:
        """Those values of a field that some row that fits may have.

        Args:
            name: the field.
            values: what it may be; None stands for a row without the field.
        """
        return _fitting(name, values, tuple(_conjuncts(self.tree)))


def _conjuncts(node: Node) -> Iterator[Node]:
    """The parts of a filter that all have to hold."""
    if isinstance(node, And):
        for item in node.items:
            yield from _conjuncts(item)
    elif isinstance(node, Not) and isinstance(node.item, Or):
        for item in node.item.items:
            yield from _conjuncts(Not(item))
    elif isinstance(node, Not) and isinstance(node.item, Not):
        yield from _conjuncts(node.item.item)
    else:
        yield node


def fields_of(node: Node) -> frozenset[tuple[str, ...]]:
    """The paths that a part of a filter looks at."""
    match node:
        case Compare() | Match():
            return frozenset([node.path])
        case Not(item):
            return fields_of(item)
        case And(items) | Or(items):
            return frozenset().union(*map(fields_of, items))


def _fitting(name: str, values: Iterable[Any], parts: tuple[Node, ...]) -> list[Any]:
    about: list[Callable[[Mapping[str, Any]], bool]] = [
        compile_node(part) for part in parts if fields_of(part) == {(name,)}
    ]
    return [
        value
        for value in values
        if all(test({} if value is None else {name: value}) for test in about)
    ]


def _only_word(turned: Turned, parts: tuple[Node, ...]) -> str | None:
    """CloudStack's word, when no row with another one can fit."""
    fitting = set(_fitting(turned.field, {*turned.words.values(), turned.otherwise}, parts))
    if turned.otherwise in fitting:
        return None
    words = [word for word, shown in turned.words.items() if shown in fitting]
    return words[0] if len(words) == 1 else None


def _pairs(equal: Equal, parts: tuple[Node, ...]) -> Iterator[dict[str, str]]:
    """What the filter says the field, or an entry of it, must be."""
    depth = 2 if equal.entries else 1
    for part in parts:
        if not isinstance(part, Compare | Match) or len(part.path) != depth:
            continue
        value = _equal_to(part)
        if part.path[0] == equal.field and value is not None:
            yield {"key": part.path[-1], "value": value}


def _equal_to(part: Compare | Match) -> str | None:
    """The one text that a comparison asks for, if there is one that it can only be."""
    if isinstance(part, Match):
        text = None if part.negated or not _NO_PATTERN.fullmatch(part.pattern) else part.pattern
    else:
        text = part.exact if part.op == "=" else None
    # Numbers and instants are equal in more than one spelling, and so are true and TRUE. A text
    # that is not plain may have another spelling in CloudStack, or be too long for it.
    if (
        not text
        or not _PLAIN.fullmatch(text)
        or _NUMBER.match(text)
        or text.lower() in ("true", "false")
    ):
        return None
    return None if parse_instant(text) else text


def _words(node: Node) -> frozenset[str]:
    """Texts, each of which the CloudStack name of every row that fits contains."""
    match node:
        case And(items):
            return frozenset().union(*map(_words, items))
        case Or(items):
            return frozenset.intersection(*map(_words, items))
        case Compare(path=("name",), op="="):
            whole = node.exact
            return _of_name(whole) if whole is not None else _of_parts(node.pieces)
        case Compare(path=("name",), op=":"):
            return _of_parts(tuple(piece.casefold() for piece in node.pieces))
        case Match(path=("name",), negated=False):
            return _of_pattern(node.pattern)
        case _:
            return frozenset()


def _names(node: Node) -> Iterator[str]:
    """Names, each of which every row that fits answers to."""
    for part in _conjuncts(node):
        match part:
            case Compare(path=("name",), op="="):
                whole = part.exact
            case Match(path=("name",), negated=False):
                found = _LITERAL.fullmatch(part.pattern)
                part_of = found is None or found["open"] or found["close"]
                whole = None if found is None or part_of else found["text"].replace("\\", "")
            case _:
                continue
        if whole is not None and _of_name(whole):
            yield whole


def _of_name(name: str) -> frozenset[str]:
    word = search_word(name)
    return frozenset([word]) if word is not None and _WORD.fullmatch(word) else frozenset()


def _of_parts(parts: Iterable[str]) -> frozenset[str]:
    """Words out of parts of a shown name; what may stand in its suffix or before it is left out."""
    words = {word for part in parts for word in part.split("-")}
    return frozenset(
        word
        for word in words
        if _WORD.fullmatch(word) and word != "x" and not _SHORT_HEX.fullmatch(word)
    )


def _of_pattern(pattern: str) -> frozenset[str]:
    found = _LITERAL.fullmatch(pattern)
    if found is None:
        return frozenset()
    text = found["text"].replace("\\", "")
    return _of_parts([text]) if found["open"] or found["close"] else _of_name(text)


def turned_from(name: str, parameter: str, enum: Mapping[str, Any], default: Any = None) -> Turned:
    """What turns a field around whose words follow from CloudStack's.

    Args:
        name: the GCE field.
        parameter: the parameter that takes CloudStack's word.
        enum: what each of CloudStack's words becomes; ``*`` stands for all others.
        default: the word where there is none.
    """
    words = {text_of(word): shown for word, shown in enum.items() if word != "*"}
    return Turned(name, parameter, words, enum.get("*", default))
