"""Compiling ``_errors.yaml``: CloudStack's errors in GCE's words."""

from __future__ import annotations

import re

from gstack_pyramid.engine.error_table import ErrorTable, Rule
from gstack_pyramid.mapping.document import Document, MappingError
from gstack_pyramid.mapping.forms.files import ErrorCondition, Errors
from gstack_pyramid.mapping.forms.keys import read_as


def compile_error_table(document: Document) -> ErrorTable:
    """Compile ``_errors.yaml``.

    Raises:
        MappingError: a pattern does not compile, or a condition can never hold.
    """
    rules, findings = [], []
    for spec in read_as(Errors, document.data, ()).errors:
        when, text = spec.when or _ALWAYS, None
        try:
            text = re.compile(when.text, re.IGNORECASE) if when.text is not None else None
        except re.error as error:
            message = f"{when.text!r} is no pattern: {error}"
            findings.append(document.finding(when.inside("text"), message))
        codes = _numbers(when.errorcode), _numbers(when.cserrorcode)
        if when.problem is not None and (when.text is not None or any(codes)):
            message = "a problem means that no answer came, so there is no code or text to look at"
            findings.append(document.finding(when.place, message))
        rules.append(
            Rule(*codes, text, when.problem, spec.status, spec.reason, spec.code, spec.message)
        )
    if findings:
        raise MappingError(findings)
    return ErrorTable(rules)


_ALWAYS = ErrorCondition(place=())


def _numbers(value: int | list[int] | None) -> frozenset[int]:
    if value is None:
        return frozenset()
    return frozenset(value if isinstance(value, list) else [value])
