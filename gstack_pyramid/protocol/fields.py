"""Partial responses: the ``fields`` parameter -> a function that leaves out the rest.

``a,b`` takes several fields, ``a/b`` and ``a(b,c)`` go into an object or into every element of a
list, ``*`` stands for any name (of the scopes of an aggregated list, for example).
Source: https://cloud.google.com/compute/docs/api/how-tos/performance#partial-response
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any, Final

from lark import Lark, Token, UnexpectedInput
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from gstack_pyramid.errors import invalid_parameter

Mask = Callable[[Any], Any]

MAX_LENGTH = 4096
MAX_DEPTH = 32

_ABSENT: Final = object()

# Names with what is taken below each; an empty tree takes the whole value.
_Tree = dict[str, "_Tree"]

_GRAMMAR: Final = r"""
start: selection
selection: field ("," field)*
field: NAME ("/" field | "(" selection ")")?
NAME: /\*|[^\s,()\/*]+/
%ignore /\s+/
"""


def compile_fields(
    text: str | None, *, exists: Callable[[Sequence[str]], bool] | None = None
) -> Mask:
    """Return the function that cuts a response down to the fields of a mask.

    Args:
        text: the parameter; None, blank or ``*`` keeps everything.
        exists: tells whether the response type has a field of this path; ``*`` is passed on as
            it stands. Without it a name that nothing bears just selects nothing.

    Raises:
        GceError: 400 ``invalidParameter`` at ``fields``.
    """
    if text is None or not text.strip():
        return _everything
    tree = _parse(text)
    if exists is not None:
        for path in _paths(tree, ()):
            if not exists(path):
                why = f"Invalid field selection {'/'.join(path)}"
                raise invalid_parameter("fields", text, why)
    return _mask(tree)


def shown_fields(text: str | None, *path: str) -> frozenset[str] | None:
    """The names that a mask takes below a path, None when it takes all.

    Args:
        text: the parameter.
        path: names from the top; ``*`` stands for a name that the mask may know or not.

    Raises:
        GceError: 400 ``invalidParameter`` at ``fields``.
    """
    trees = [_parse(text)] if text is not None and text.strip() else [{}]
    for name in path:
        if not all(trees):
            return None
        trees = [
            below
            for tree in trees
            for key, below in tree.items()
            if key in (name, "*") or name == "*"
        ]
    if not all(trees) or any("*" in tree for tree in trees):
        return None
    return frozenset(name for tree in trees for name in tree)


@lru_cache(maxsize=64)
def _parse(text: str) -> _Tree:
    if len(text) > MAX_LENGTH:
        raise invalid_parameter("fields", text, f"It is longer than {MAX_LENGTH} characters.")
    try:
        return _Merge(text).transform(_parser().parse(text))
    except UnexpectedInput as error:
        token = getattr(error, "token", None)
        at_end = token is not None and token.type == "$END"
        position = len(text) if at_end or error.pos_in_stream is None else error.pos_in_stream
        why = f"Invalid field selection at position {position + 1}."
        raise invalid_parameter("fields", text, why) from None
    except VisitError as error:
        # lark wraps what _Merge raises; that is its refusal and nothing else.
        raise error.orig_exc from None


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr")


class _Merge(Transformer_NonRecursive[Token, _Tree]):
    """Parse tree -> one tree of names. Later steps walk it by recursion, so depth is bounded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def start(self, children: list[_Tree]) -> _Tree:
        return children[0]

    def selection(self, children: list[_Tree]) -> _Tree:
        return reduce(_merged, children)

    def field(self, children: list[Any]) -> _Tree:
        tree: _Tree = {str(children[0]): children[1] if len(children) == 2 else {}}
        if _depth(tree) > MAX_DEPTH:
            raise invalid_parameter("fields", self.text, f"It is deeper than {MAX_DEPTH} levels.")
        return tree


def _depth(tree: _Tree) -> int:
    return 1 + max(map(_depth, tree.values())) if tree else 0


def _merged(one: _Tree, other: _Tree) -> _Tree:
    if not one or not other:  # one of them takes everything
        return {}
    both = one.keys() & other.keys()
    return one | other | {name: _merged(one[name], other[name]) for name in both}


def _paths(tree: _Tree, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, below in tree.items():
        yield (*above, name)
        yield from _paths(below, (*above, name))


def _everything(value: Any) -> Any:
    return value


def _mask(tree: _Tree) -> Mask:
    if not tree:
        return _everything
    masks: dict[str, Mask] = {}

    def mask_of(name: str) -> Mask:
        # Made when a response has the name: merged beforehand, stars within stars would grow
        # without bounds.
        if name not in masks:
            below = [tree[key] for key in (name, "*") if key in tree]
            masks[name] = _mask(reduce(_merged, below))
        return masks[name]

    def cut(value: Any) -> Any:
        if isinstance(value, list):
            return [kept for kept in map(cut, value) if kept is not _ABSENT]
        if not isinstance(value, Mapping):
            return _ABSENT  # the mask asks for a field of a scalar
        names = value if "*" in tree else [name for name in tree if name in value]
        found = {name: mask_of(name)(value[name]) for name in names}
        return {name: kept for name, kept in found.items() if kept is not _ABSENT}

    return cut
