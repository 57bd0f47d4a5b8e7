"""What several places of one generated function compute of the same variable, computed once.

While a function is written, nobody knows whether a field will be asked for again. So the code of a
field is a mark in the text; when the text is complete, a field that is asked for once stands where
it is asked for, and one that is asked for again is looked up where its variable begins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_MARK = re.compile("\x02([0-9]+)\x03")
_BEGINS = "\x04"
# No text of a mapping can be taken for these: it stands in the code as `repr` writes it, which
# spells control characters out.
_ASSIGNED = re.compile(r"\b([ts][0-9]+) \+?= ")
_ALIAS = re.compile(r"^ *(t[0-9]+) = (s[0-9]+)$", re.MULTILINE)
_TEXT = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
"""A text as `repr` writes it."""
_FORMS = 2
"""Texts of tags are looked up in an index of the tags, which is made of a field."""


@dataclass(frozen=True, slots=True)
class _Use:
    """One way to use a variable.

    Attributes:
        variable: its name.
        whole: the code that is worth computing once.
        part: what is written behind a name of that, such as ``.get('key')``.
        alone: the code in place of both where nothing else asks for the whole.
        form: 0 for a field, 1 for what is made of a field.
    """

    variable: str
    whole: str
    part: str
    alone: str
    form: int


class Sharing:
    """The uses of the variables of one function."""

    def __init__(self) -> None:
        self._numbers: dict[_Use, int] = {}
        self._uses: list[_Use] = []
        self._variables: set[str] = set()
        self._count = 0

    def begins(self, variable: str) -> str:
        """The line from which on a variable is there, to the end of its block."""
        self._variables.add(variable)
        return _BEGINS + variable

    def field(self, variable: str, code: str) -> str:
        """A field of a variable, by its code; as it stands where the variable isn't followed."""
        if variable not in self._variables:
            return code
        return self._mark(_Use(variable, code, "", code, 0))

    def of_field(self, field: str, whole: str, part: str, alone: str) -> str | None:
        """What is made of a field, and used in several ways; None if that is no field.

        Args:
            field: the code of the field.
            whole: what is made of it.
            part: what is written behind a name of the whole.
            alone: the code of both where nothing else asks for the whole.
        """
        found = _MARK.fullmatch(field)
        if found is None:
            return None
        use = self._uses[int(found[1])]
        if use.form:
            return None
        return self._mark(_Use(use.variable, whole, part, alone, use.form + 1))

    def _mark(self, use: _Use) -> str:
        number = self._numbers.setdefault(use, len(self._uses))
        if number == len(self._uses):
            self._uses.append(use)
        return f"\x02{number}\x03"

    def resolved(self, lines: list[str]) -> list[str]:
        """The lines of a complete function, without marks."""
        for form in reversed(range(_FORMS)):
            if self._is_shared(lines, form):
                lines = self._shared(lines, form)
        if self._uses:
            lines = self._alone(lines)
        return _without_aliases(_as_objects(lines))

    def _is_shared(self, lines: list[str], form: int) -> bool:
        """Whether anything may be asked for again; most functions are too small for that."""
        if not any(use.form == form for use in self._uses):
            return False
        asked = Counter(
            (use.variable, use.whole)
            for found in _MARK.finditer("\n".join(lines))
            if (use := self._uses[int(found[1])]).form == form
        )
        return any(times > 1 for times in asked.values())

    def _shared(self, lines: list[str], form: int) -> list[str]:
        result = list(lines)
        at = 0
        while at < len(result):
            text = result[at].lstrip()
            if text.startswith(_BEGINS):
                variable, indent = text.removeprefix(_BEGINS), len(result[at]) - len(text)
                end = _end(result, at, indent)
                block = "\n".join(result[at + 1 : end])
                made, block = self._once(block, variable, form)
                more = [" " * indent + line for line in made]
                result[at + 1 : end] = [*more, *(block.split("\n") if block else [])]
            at += 1
        return result

    def _once(self, block: str, variable: str, form: int) -> tuple[list[str], str]:
        """What is asked for again in a block, computed first, and the block with its names."""
        asked: Counter[str] = Counter()
        for found in _MARK.finditer(block):
            use = self._uses[int(found[1])]
            if use.variable == variable and use.form == form:
                asked[use.whole] += 1
        names = {}
        for whole, times in asked.items():
            if times > 1:
                self._count += 1
                names[whole] = f"s{self._count}"

        def told(found: re.Match[str]) -> str:
            use = self._uses[int(found[1])]
            if use.variable != variable or use.form != form:
                return found[0]
            return names[use.whole] + use.part if use.whole in names else use.alone

        return [f"{name} = {whole}" for whole, name in names.items()], _MARK.sub(told, block)

    def _alone(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        while "\x02" in text:
            text = _MARK.sub(lambda found: self._uses[int(found[1])].alone, text)
        return text.split("\n")


def _as_objects(lines: list[str]) -> list[str]:
    """The lines, in which a variable of several fields is asked once whether it is an object."""
    result = list(lines)
    at = 0
    while at < len(result):
        text = result[at].lstrip()
        if not text.startswith(_BEGINS):
            at += 1
            continue
        variable, indent = text.removeprefix(_BEGINS), len(result[at]) - len(text)
        end = _end(result, at, indent)
        block, times = _with_fields_of(variable, "\n".join(result[at + 1 : end]))
        del result[at]
        if times > 1:
            head = f"{variable}_ = {variable} if type({variable}) is dict else {{}}"
            result[at : end - 1] = [" " * indent + head, *block.split("\n")]
    return result


def _with_fields_of(variable: str, block: str) -> tuple[str, int]:
    """A block in which fields are looked up in what is known to be an object, and how often."""
    asked = rf"\({variable}\.get\(({_TEXT})\) if type\({variable}\) is dict else None\)"
    times = sum(1 for field in re.findall(f"{_TEXT}|{asked}", block) if field)
    return _replaced(asked, lambda found: f"{variable}_.get({found[1]})", block), times


def _without_aliases(lines: list[str]) -> list[str]:
    """The lines, without those that only give another name to what is computed once."""
    text = "\n".join(lines)
    assigned = Counter(_ASSIGNED.findall(text))
    others: dict[str, str] = {
        alias: name
        for alias, name in _ALIAS.findall(text)
        if assigned[alias] == 1 == assigned[name]
    }
    if not others:
        return lines
    kept = [line for line in lines if not (found := _ALIAS.match(line)) or found[1] not in others]
    named = _replaced(
        r"\b(t[0-9]+)\b", lambda found: others.get(found[1]) or found[1], "\n".join(kept)
    )
    return named.split("\n")


def _replaced(code: str, by: Callable[[re.Match[str]], str], text: str) -> str:
    """Python in which some code is replaced, other than in its texts.

    Args:
        code: a pattern with one group.
        by: what takes its place.
        text: the Python.
    """

    def told(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else by(found)

    return re.sub(f"{_TEXT}|{code}", told, text)


def _end(lines: list[str], at: int, indent: int) -> int:
    """Where the block ends that a line at ``at`` stands in."""
    for number in range(at + 1, len(lines)):
        if len(lines[number]) - len(lines[number].lstrip()) < indent:
            return number
    return len(lines)
