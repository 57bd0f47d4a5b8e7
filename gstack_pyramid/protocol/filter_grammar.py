r"""Text of a list filter -> tree, for both kinds of filter that compute takes.

Legacy: ``field eq literal`` or ``field ne literal``, or several of them in parentheses, all of
which must hold. A literal is an RE2 pattern: in double quotes, in single quotes, or bare. It goes
to RE2 as it stands (``\"`` is a quote there, too). A bare one may hold spaces and balanced
parentheses, but no word that is an operator of either kind: that would be a mixture.

AIP-160: comparisons joined by AND, OR, NOT, ``-`` and juxtaposition (which is AND). OR binds
tighter than AND, juxtaposition between the two. Compute asks for field, operator and value, so a
bare value and a function call are refused. A value in parentheses, ``f:(a OR b)``, spreads the
comparison over its members.

Sources: the description of ``filter`` in the compute API reference; https://google.aip.dev/160
and its grammar, https://aip.dev/assets/misc/ebnf-filtering.txt.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import cast

from lark import Lark, Token, UnexpectedInput
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from gstack_pyramid.errors import GceError, invalid_value
from gstack_pyramid.protocol.filter_tree import And, Compare, Match, Node, Not, Operator, Or

MAX_LENGTH = 2048
MAX_DEPTH = 32

_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_FIELD_PART = rf"""(?:[^\s()\[\]"',.:<>=!*]+|{_QUOTED})"""
_KEYWORD = r"(?:AND|OR|NOT)(?:[\s()]|\Z)"
_OPERATOR = r"(?:eq|ne|[<>=!:]+)(?:[\s()]|\Z)"
_CHARACTER_CLASS = r"\[\^?\]?(?:\\.|[^\]\\])*\]"

# A field starts a comparison: something must part it from the value before it.
_SHARED = rf"""
FIELD.2: /(?<![^\s()\-])(?!-|{_KEYWORD}){_FIELD_PART}(?:\.{_FIELD_PART})*/s
STRING: /{_QUOTED}/s
%ignore /\s+/
"""

_AIP160 = rf"""
start: conjunction
conjunction: sequence ("AND" sequence)*
sequence: disjunction+                          -> conjunction
disjunction: _term ("OR" _term)*
_term: _simple | negation
negation: ("NOT" | "-") _simple
_simple: comparison | "(" conjunction ")"
comparison: FIELD OPERATOR _argument
_argument: value | "(" values ")"

values: value_sequence ("AND" value_sequence)*  -> conjunction
value_sequence: value_factor+                   -> conjunction
value_factor: _value_term ("OR" _value_term)*   -> disjunction
_value_term: _value_simple | value_negation
value_negation: "NOT" _value_simple             -> negation
_value_simple: member | "(" values ")"
value: TEXT | STRING

// A rule of its own keeps the lexer's state apart: after a member comes a member, not a field.
member: TEXT | STRING

OPERATOR: /<=|>=|!=|<|>|=|:/
TEXT.2: /(?!{_KEYWORD})[^\s()"',<>=!]+/
{_SHARED}
"""

_LEGACY = rf"""
start: match | conjunction
conjunction: _group+
_group: "(" match ")" | "(" conjunction ")"
match: FIELD KIND (STRING | _words)
_words: (WORD | LEFT _words RIGHT)+

KIND: /(?:eq|ne)(?=[\s)]|\Z)/
LEFT: "("
RIGHT: ")"
WORD.2: /(?!["']|{_KEYWORD}|{_OPERATOR})(?:\\.|{_CHARACTER_CLASS}|[^\s()\\\[])+/
{_SHARED}
"""

_IS_LEGACY = re.compile(
    rf"""[\s(]*{_FIELD_PART}(?:\.{_FIELD_PART})*\s+(?:eq|ne)(?=[\s)]|\Z)""", re.DOTALL
)
_PART = re.compile(rf"{_QUOTED}|[^.]+", re.DOTALL)
_PARENTHESES = re.compile(rf"\\.|{_QUOTED}|([()])", re.DOTALL)
_ESCAPE_OR_STAR = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))|\*", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


def parse_filter(text: str) -> Node:
    """Return the tree of a filter of either kind; a blank one is ``And(())``.

    Raises:
        GceError: 400 ``invalid`` at ``filter``; the message tells the position.
    """
    if len(text) > MAX_LENGTH:
        raise refused(text, f"The expression is longer than {MAX_LENGTH} characters.")
    return _parse(text)


def refused(text: str, why: str) -> GceError:
    """Return the error for a filter that cannot be used."""
    return invalid_value("filter", text, f"Invalid list filter expression. {why}")


# Clients page through lists with the same filter over and over.
@lru_cache(maxsize=256)
def _parse(text: str) -> Node:
    if not text.strip():
        return And(())
    _check_depth(text)
    legacy = _IS_LEGACY.match(text) is not None
    parser, builder = (_legacy_parser, _Legacy) if legacy else (_aip160_parser, _Aip160)
    try:
        return builder(text).transform(parser().parse(text))
    except UnexpectedInput as error:
        raise refused(text, _explained(text, error)) from None
    except VisitError as error:
        # lark wraps what a builder raises; those are refusals and nothing else.
        raise error.orig_exc from None


@lru_cache(maxsize=1)
def _aip160_parser() -> Lark:
    return Lark(_AIP160, parser="lalr")


@lru_cache(maxsize=1)
def _legacy_parser() -> Lark:
    return Lark(_LEGACY, parser="lalr")


def warm_up() -> None:
    """Make the parsers now, so that the first filters don't have everybody wait for that."""
    _aip160_parser()
    _legacy_parser()


def _check_depth(text: str) -> None:
    """Refuse what is nested too deeply to be walked by recursion later."""
    depth = 0
    for found in _PARENTHESES.finditer(text):
        if found[1]:
            depth += 1 if found[1] == "(" else -1
        if depth > MAX_DEPTH:
            why = f"More than {MAX_DEPTH} parentheses are open at position {found.end()}."
            raise refused(text, why)


def _explained(text: str, error: UnexpectedInput) -> str:
    token = getattr(error, "token", None)
    at_end = token is not None and token.type == "$END"
    position = len(text.rstrip()) if at_end or error.pos_in_stream is None else error.pos_in_stream
    return (
        f"The error is at position {position + 1}. A filter is made either of 'eq' and 'ne' "
        "(regular expressions) or of AIP-160 comparisons such as 'name = vm-1', not of both."
    )


class _Builder(Transformer_NonRecursive[Token, Node]):
    """The rules that both grammars share. It walks without recursion."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def conjunction(self, children: list[Node]) -> Node:
        return children[0] if len(children) == 1 else And(tuple(children))


class _Legacy(_Builder):
    def match(self, children: list[Token]) -> Node:
        field, kind, first = children[:3]
        if first.type == "STRING":
            pattern = str(first[1:-1])
        else:
            pattern = self.text[first.start_pos : children[-1].end_pos]
        position = (first.start_pos or 0) + 1
        return Match(_path(field), pattern, kind == "ne", position)


class _Aip160(_Builder):
    def disjunction(self, children: list[Node]) -> Node:
        return children[0] if len(children) == 1 else Or(tuple(children))

    def negation(self, children: list[Node]) -> Node:
        return Not(children[0])

    def value(self, children: list[Token]) -> Node:
        """Return a comparison that still lacks its field and operator."""
        token = children[0]
        if token.type == "STRING":
            return Compare((), "=", _pieces(token[1:-1]), quoted=True)
        return Compare((), "=", tuple(token.split("*")), quoted=False)

    member = value

    def comparison(self, children: list[Token | Node]) -> Node:
        field, operator = cast(list[Token], children[:2])
        values = cast(Node, children[2])
        single = isinstance(values, Compare)
        if not single and operator not in ("=", ":"):
            raise self.misused(operator, "one value, not values in parentheses")
        if isinstance(values, Compare) and operator[0] in "<>" and values.exact is None:
            raise self.misused(operator, "no wildcard")
        return _spread(values, _path(field), cast(Operator, str(operator)))

    def misused(self, operator: Token, why: str) -> GceError:
        position = (operator.start_pos or 0) + 1
        return refused(self.text, f"'{operator}' at position {position} takes {why}.")


def _spread(values: Node, path: tuple[str, ...], op: Operator) -> Node:
    match values:
        case Compare():
            return replace(values, path=path, op=op)
        case Not(item):
            return Not(_spread(item, path, op))
        case And(items):
            return And(tuple(_spread(item, path, op) for item in items))
        case Or(items):
            return Or(tuple(_spread(item, path, op) for item in items))
    raise AssertionError(values)


def _path(field: Token) -> tuple[str, ...]:
    return tuple(
        "*".join(_pieces(part[1:-1])) if part[0] in "\"'" else part for part in _PART.findall(field)
    )


def _pieces(inner: str) -> tuple[str, ...]:
    """Undo the escapes of what stood in quotes; cut it at the stars that are not escaped."""
    pieces, start = [""], 0
    for found in _ESCAPE_OR_STAR.finditer(inner):
        pieces[-1] += inner[start : found.start()]
        start = found.end()
        if found[0] == "*":
            pieces.append("")
        elif found[1]:
            pieces[-1] += chr(int(found[1], 16))
        else:
            pieces[-1] += _CONTROL.get(found[2], found[2])
    pieces[-1] += inner[start:]
    return tuple(pieces)
