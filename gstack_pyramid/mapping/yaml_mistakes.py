"""What is wrong with a file that is no YAML, told where somebody would mend it.

A parser tells where it can't go on. A missing quote or bracket is noticed some lines later, at the
next one; what was meant is said here.
"""

from __future__ import annotations

import re
from contextlib import suppress

import yaml

_KEY = re.compile(r"\s*(?:- )*(['\"]?)(?P<key>[\w.]+)\1\s*(?::|$)")

_INDENTED = "is indented otherwise than what it stands beside or below"


def told(text: str, error: yaml.MarkedYAMLError) -> tuple[int, int, str]:
    """The line and the column of a mistake, counted from 1, and what it is.

    Args:
        text: the file.
        error: what the parser says of it.
    """
    lines = text.split("\n")
    mark, begin = error.problem_mark or error.context_mark, error.context_mark
    problem, context = error.problem or "", error.context or ""
    if mark is None:
        return 1, 0, problem
    line, column = mark.line, mark.column
    before = lines[line][:column] if line < len(lines) else ""
    sign = lines[line][column : column + 1] if line < len(lines) else ""
    quoted = _long_quote(text, line)
    if "quoted scalar" in context and begin is not None:
        return _at(begin, _of(lines, begin.line) + "the quote that begins here has no end")
    if quoted is not None:
        said = f"the quote that begins here ends in line {line + 1}; is one missing?"
        return _at(quoted, _of(lines, quoted.line) + said)
    if "flow " in context and begin is not None:
        opened = text[begin.index : begin.index + 1] if begin.index is not None else ""
        said = f"the {opened!r} that begins here has no end, or lacks a comma or quotes inside"
        return _at(begin, _of(lines, begin.line) + said)
    if "cannot start any token" in problem:
        tab = "a tab is no indentation; YAML takes spaces"
        return _at(mark, tab if sign == "\t" else f"a text that begins with {sign!r} needs quotes")
    if problem.startswith("mapping values"):
        if ": " in before or before.lstrip().startswith("- "):
            return _at(mark, _of(lines, line) + "a text that holds ': ' needs quotes")
        above = next((at for at in range(line - 1, -1, -1) if lines[at].strip()), line)
        if ":" not in lines[above]:
            return above + 1, 0, f"{lines[above].strip()!r} has no ':' behind its key"
        return line + 1, 0, f"{_key(lines, line) or sign!r} {_INDENTED}"
    if "<block mapping start>" in problem or "<block sequence start>" in problem:
        return _at(mark, f"{_key(lines, line) or sign!r} {_INDENTED}")
    if "<scalar>" in problem:
        return _at(mark, _of(lines, line) + "what begins with a bracket or a quote needs quotes")
    return _at(mark, problem)


def _at(mark: yaml.Mark, said: str) -> tuple[int, int, str]:
    return mark.line + 1, mark.column + 1, said


def _key(lines: list[str], line: int) -> str:
    found = _KEY.match(lines[line]) if line < len(lines) else None
    return found["key"] if found else ""


def _of(lines: list[str], line: int) -> str:
    key = _key(lines, line)
    return f"{key!r}: " if key else ""


def _long_quote(text: str, line: int) -> yaml.Mark | None:
    """Where a quote begins that ends in another line, at which the parser stops."""
    found: yaml.Mark | None = None
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if token.start_mark.line > line:
                break
            if (
                isinstance(token, yaml.ScalarToken)
                and token.style in ("'", '"')
                and token.start_mark.line < token.end_mark.line == line
            ):
                found = token.start_mark
    return found
