r"""What a list filter means, worked out a second time: a reader and a judge of their own.

Nothing here is shared with the gateway. It is written from the description of ``filter`` in
GCE's API reference, from https://google.aip.dev/160 and, where those leave a choice, from
docs/requests.md. This file reads; ``filter_verdicts`` compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .filter_verdicts import (
    Judge,
    Literal,
    Row,
    Star,
    compared,
    every,
    leaves,
    matched,
    negated,
    some,
    unescaped,
    values_at,
)

OPERATORS = ["<=", ">=", "!=", "<", ">", "=", ":"]
WORDS = {"AND", "OR", "NOT"}
PLAIN = r"""[^\s()\[\]"',.:<>=!*]+"""
PART = rf"""{PLAIN}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""


class Refused(Exception):
    """The text is no filter.

    Attributes:
        position: the first character, from 1, that can't stand where it does.
    """

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def judge(text: str) -> Judge:
    """What a filter says of a row.

    Raises:
        Refused: it is no filter.
    """
    if not text.strip():
        return lambda row: True
    first = re.match(rf"[\s(]*(?:{PART})(?:\.(?:{PART}))*\s+(eq|ne)(?=[\s)]|\Z)", text, re.DOTALL)
    return (Legacy if first else Newer)(text).read()


class Reader:
    """A text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.operator_at = 0

    def blank(self) -> bool:
        """Pass over white space; whether there was any."""
        before = self.at
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at > before

    @property
    def rest(self) -> str:
        return self.text[self.at :]

    def wrong(self) -> Refused:
        self.blank()
        ended = self.at >= len(self.text)
        return Refused((len(self.text.rstrip()) if ended else self.at) + 1)

    def takes(self, text: str) -> bool:
        if not self.rest.startswith(text):
            return False
        self.at += len(text)
        return True

    def word(self) -> str | None:
        """The word AND, OR or NOT, when it is next; it is not passed."""
        found = re.match(r"[A-Z]+(?=[\s()]|\Z)", self.rest)
        return found[0] if found and found[0] in WORDS else None

    def quoted(self) -> str | None:
        """What stands between quotes, with its escapes; None when there is no quote."""
        if self.rest[:1] not in ("'", '"'):
            return None
        quote, end = self.text[self.at], self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise Refused(self.at + 1)
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        return inner

    def path(self) -> list[str]:
        """A field, and those below it."""
        if self.word() or (self.at > 0 and self.text[self.at - 1] not in " \t\n()-"):
            raise self.wrong()
        parts: list[str] = []
        while True:
            inner = self.quoted()
            if inner is not None:
                parts.append("".join(unescaped(inner)))
            else:
                found = re.match(PLAIN, self.rest)
                if found is None or (not parts and found[0].startswith("-")):
                    raise self.wrong()
                parts.append(found[0])
                self.at += len(found[0])
            if not re.match(rf"""\.(?:{PART})""", self.rest, re.DOTALL):
                return parts
            self.at += 1


class Newer(Reader):
    """AIP-160: OR binds tighter than AND, and what merely stands side by side between the two."""

    def read(self) -> Judge:
        found = self.conjunction()
        self.blank()
        if self.at < len(self.text):
            raise self.wrong()
        return found

    def conjunction(self) -> Judge:
        return self.joined("AND", self.sequence)

    def sequence(self) -> Judge:
        parts = [self.disjunction()]
        while True:
            self.blank()
            if not self.rest or self.rest[0] == ")" or self.word() in ("AND", "OR"):
                return every(parts)
            parts.append(self.disjunction())

    def disjunction(self) -> Judge:
        return self.joined("OR", self.term)

    def joined(self, word: str, part: Callable[[], Judge]) -> Judge:
        parts = [part()]
        while True:
            self.blank()
            if self.word() != word:
                return every(parts) if word == "AND" else some(parts)
            self.at += len(word)
            parts.append(part())

    def term(self) -> Judge:
        self.blank()
        if self.word() == "NOT":
            self.at += 3
            return negated(self.simple())
        return negated(self.simple()) if self.takes("-") else self.simple()

    def simple(self) -> Judge:
        self.blank()
        if self.takes("("):
            return self.closed(self.conjunction())
        return self.comparison()

    def closed(self, inner: Judge) -> Judge:
        self.blank()
        if not self.takes(")"):
            raise self.wrong()
        return inner

    def comparison(self) -> Judge:
        path = self.path()
        self.blank()
        for operator in OPERATORS:
            self.operator_at = self.at + 1
            if self.takes(operator):
                self.blank()
                return self.argument(path, operator)
        raise self.wrong()

    def argument(self, path: list[str], operator: str) -> Judge:
        if self.takes("("):
            if operator not in ("=", ":"):
                raise Refused(self.operator_at)
            return self.closed(self.members(path, operator))
        return self.value(path, operator)

    def members(self, path: list[str], operator: str) -> Judge:
        """Values in parentheses, over which the comparison is spread."""

        def simple() -> Judge:
            self.blank()
            if self.takes("("):
                return self.closed(self.members(path, operator))
            return self.value(path, operator)

        def term() -> Judge:
            self.blank()
            if self.word() == "NOT":
                self.at += 3
                return negated(simple())
            return simple()

        def sequence() -> Judge:
            parts = [self.joined("OR", term)]
            while self.rest and self.rest[0] != ")" and self.word() not in ("AND", "OR"):
                if re.match(r"[,<>=!]", self.rest):
                    break
                parts.append(self.joined("OR", term))
            return every(parts)

        return self.joined("AND", sequence)

    def value(self, path: list[str], operator: str) -> Judge:
        if self.word():
            raise self.wrong()
        inner = self.quoted()
        if inner is not None:
            pieces, is_quoted = unescaped(inner), True
        else:
            found = re.match(r"""[^\s()"',<>=!]+""", self.rest)
            if found is None:
                raise self.wrong()
            self.at += len(found[0])
            pieces = re.split(r"(\*)", found[0])
            pieces, is_quoted = [Star() if piece == "*" else piece for piece in pieces], False
        if self.rest and self.rest[0] not in " \t\n()":
            raise self.wrong()
        starred = any(isinstance(piece, Star) for piece in pieces)
        if starred and operator[0] in "<>":
            raise Refused(self.operator_at)
        literal = Literal([piece for piece in pieces if piece], quoted=is_quoted)
        return lambda row: compared(values_at(row, path), operator, literal)


class Legacy(Reader):
    """``field eq pattern``, or several of them in parentheses."""

    def read(self) -> Judge:
        self.blank()
        found = self.groups() if self.rest[0] == "(" else self.match(inside=False)
        self.blank()
        if self.at < len(self.text):
            raise self.wrong()
        return found

    def groups(self) -> Judge:
        parts = []
        while self.takes("("):
            self.blank()
            parts.append(self.groups() if self.rest[:1] == "(" else self.match(inside=True))
            self.blank()
            if not self.takes(")"):
                raise self.wrong()
            self.blank()
        return every(parts)

    def match(self, *, inside: bool) -> Judge:
        path = self.path()
        self.blank()
        kind = self.rest[:2]
        if not re.match(r"(?:eq|ne)(?=[\s)]|\Z)", self.rest):
            raise self.wrong()
        self.at += 2
        self.blank()
        pattern = self.quoted()
        if pattern is None:
            pattern = self.bare(inside=inside)
        elif self.rest and self.rest[0] not in " \t\n)":
            raise self.wrong()
        compiled = re.compile(pattern, re.DOTALL)

        def equal(row: Row) -> bool:
            return any(matched(compiled, leaf) for leaf in leaves(values_at(row, path)))

        return equal if kind == "eq" else negated(equal)

    def bare(self, *, inside: bool) -> str:
        """A pattern without quotes: to the end, or to the parenthesis that closes the group."""
        start, depth, end = self.at, 0, self.at
        while self.at < len(self.text):
            here = self.text[self.at]
            if here.isspace():
                self.at += 1
                continue
            if self.text[self.at - 1].isspace() or self.text[self.at - 1] in "()":
                found = re.match(r"(?:AND|OR|NOT|eq|ne|[<>=!:]+)(?=[\s()]|\Z)", self.rest)
                if found or here in "'\"":
                    raise self.wrong()
            if here == "\\":
                self.at += 1
            elif here == "[":
                closing = re.match(r"\[\^?\]?(?:\\.|[^\]\\])*\]", self.rest)
                if closing is None:
                    raise self.wrong()
                self.at += len(closing[0]) - 1
            elif here == "(":
                depth += 1
            elif here == ")":
                if depth == 0 and inside:
                    break
                depth -= 1
                if depth < 0:
                    raise self.wrong()
            self.at += 1
            end = self.at
        if start == end or depth:
            raise self.wrong()
        return self.text[start:end]
