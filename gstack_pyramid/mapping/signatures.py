"""What functions and shared parts take, said behind their names: ``needed(field, what, why?)``."""

from __future__ import annotations

import re
from typing import Any

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.shared_parts import KINDS

SECTIONS = ("functions", *KINDS)
"""The sections of files whose entries may take something."""

_SIGNATURE = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_PARAMETER = re.compile(r"([a-z_]\w*)(\??)")


def take_signatures(document: Document) -> list[Finding]:
    """Let the keys of a file be names, and what stands behind them ``takes`` and ``may_take``.

    Returns:
        What is wrong with what stands behind them.
    """
    findings: list[Finding] = []
    names: dict[Place, str] = {}
    for section in SECTIONS:
        entries = document.data.get(section)
        if not isinstance(entries, dict) or not any("(" in key for key in entries):
            continue
        made: dict[str, Any] = {}
        for key, spec in entries.items():
            name, takes, wrong = _read(key, spec)
            if section == "functions" and "may_take" in takes:
                wrong = f"{key!r} is a function, which is given all that it takes: no '?'"
            if name in made:
                wrong = f"{section}.{name} stands here twice"
            if wrong:
                findings.append(document.finding((section, key), wrong))
            made[name] = {**spec, **takes} if isinstance(spec, dict) else spec
            names[section, key] = name
        document.data[section] = made
    if names:

        def moved(place: Place) -> Place:
            name = names.get(place[:2])
            return place if name is None else (place[0], name, *place[2:])

        document.lines = {moved(place): origin for place, origin in document.lines.items()}
        document.texts = {moved(place): text for place, text in document.texts.items()}
    return findings


def _read(key: str, spec: Any) -> tuple[str, dict[str, list[str]], str]:
    """A name, what it takes, and what is wrong with that."""
    if "(" not in key:
        return key, {}, ""
    found = _SIGNATURE.fullmatch(key)
    parameters = (
        [_PARAMETER.fullmatch(part.strip()) for part in found[2].split(",")] if found else []
    )
    told = [each for each in parameters if each is not None]
    takes = {
        word: [each[1] for each in told if each[2] == mark]
        for word, mark in (("takes", ""), ("may_take", "?"))
    }
    name = found[1] if found else key
    wrong = ""
    if not told or len(told) < len(parameters):
        wrong = f"{key!r} is no name with what it takes, such as {name}(one, other?)"
    elif len({each[1] for each in told}) < len(told):
        wrong = f"{key!r} takes something twice"
    elif isinstance(spec, dict) and spec.keys() & takes.keys():
        wrong = f"{key!r} says what it takes, and so need not 'takes' and 'may_take'"
    return name, {word: taken for word, taken in takes.items() if taken}, wrong
