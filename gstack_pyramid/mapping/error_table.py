"""Compiling ``_errors.yaml``: CloudStack's errors in GCE's words."""

from __future__ import annotations

import re
from typing import Any

from gstack_pyramid.engine.error_table import ErrorTable, Rule
from gstack_pyramid.mapping.document import Document, MappingError


def compile_error_table(document: Document) -> ErrorTable:
    """Compile ``_errors.yaml``.

    Raises:
        MappingError: a pattern does not compile, or a condition can never hold.
    """
    rules = []
    findings = []
    for index, spec in enumerate(document.data["errors"]):
        when: dict[str, Any] = spec.get("when", {})
        text = None
        try:
            text = re.compile(when["text"], re.IGNORECASE) if "text" in when else None
        except re.error as error:
            message = f"{when['text']!r} is no pattern: {error}"
            findings.append(document.finding(("errors", index, "when", "text"), message))
        if "problem" in when and len(when) > 1:
            message = "a problem means that no answer came, so there is no code or text to look at"
            findings.append(document.finding(("errors", index, "when"), message))
        rules.append(
            Rule(
                _numbers(when.get("errorcode")),
                _numbers(when.get("cserrorcode")),
                text,
                when.get("problem"),
                spec["status"],
                spec["reason"],
                spec["code"],
                spec.get("message"),
            )
        )
    if findings:
        raise MappingError(findings)
    return ErrorTable(rules)


def _numbers(value: int | list[int] | None) -> frozenset[int]:
    if value is None:
        return frozenset()
    return frozenset(value if isinstance(value, list) else [value])
