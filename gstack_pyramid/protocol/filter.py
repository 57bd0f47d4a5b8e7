"""List filters: text -> predicate on a GCE resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.protocol.filter_grammar import parse_filter, refused
from gstack_pyramid.protocol.filter_match import equals, has, has_path, is_ordered, matches
from gstack_pyramid.protocol.filter_tree import And, Compare, Match, Node, Not, Or
from gstack_pyramid.protocol.patterns import Budget, PatternError

__all__ = ["Predicate", "compile_filter", "compile_node", "compile_tree", "parse_filter"]

Predicate = Callable[[Mapping[str, Any]], bool]


def compile_filter(text: str) -> Predicate:
    """Return the predicate of a filter of either kind; a blank filter lets everything through.

    A field that a resource lacks makes every comparison false, but ``!=`` and ``ne`` true.

    Raises:
        GceError: 400 ``invalid`` at ``filter``; the message tells what is wrong and where.
    """
    return compile_tree(parse_filter(text), text)


def compile_tree(tree: Node, text: str) -> Predicate:
    """Return the predicate of a filter that is parsed already; ``text`` is for the message.

    Raises:
        GceError: 400 ``invalid`` at ``filter``: a legacy pattern is no RE2 pattern, or costs too
            much. The message tells its position.
    """
    try:
        return compile_node(tree)
    except PatternError as error:
        raise refused(text, str(error)) from None


def compile_node(node: Node, budget: Budget | None = None) -> Predicate:
    """Return the predicate of a tree, for example of a part of a filter.

    Raises:
        PatternError: a legacy pattern is no RE2 pattern, or costs more than the budget has.
    """
    budget = budget or Budget()
    match node:
        case Match():
            found = has_path(node.path, matches(node, budget))
            return _negated(found) if node.negated else found
        case Compare(op="!="):
            return _negated(has_path(node.path, equals(node)))
        case Compare(op="="):
            return has_path(node.path, equals(node))
        case Compare(op=":"):
            return has_path(node.path, has(node))
        case Compare():
            return has_path(node.path, is_ordered(node))
        case Not(item):
            return _negated(compile_node(item, budget))
        case And(items):
            return _all(tuple(compile_node(item, budget) for item in items))
        case Or(items):
            return _any(tuple(compile_node(item, budget) for item in items))


def _negated(test: Predicate) -> Predicate:
    return lambda row: not test(row)


def _all(tests: tuple[Predicate, ...]) -> Predicate:
    return lambda row: all(test(row) for test in tests)


def _any(tests: tuple[Predicate, ...]) -> Predicate:
    return lambda row: any(test(row) for test in tests)
