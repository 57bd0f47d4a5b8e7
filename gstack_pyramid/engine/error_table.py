"""CloudStack's errors in GCE's words, by the table in ``_errors.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gstack_pyramid.cloudstack.errors import (
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
)
from gstack_pyramid.errors import GceError


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: what it is about, and what becomes of it."""

    errorcode: frozenset[int]
    cserrorcode: frozenset[int]
    text: re.Pattern[str] | None
    problem: str | None
    status: int
    reason: str
    code: str
    message: str | None

    def fits(self, error: Exception) -> bool:
        """Whether the rule is about this error; one without conditions is about all."""
        if not (self.errorcode or self.cserrorcode or self.text or self.problem):
            return True
        if isinstance(error, CloudStackError):
            return (
                self.problem is None
                and (not self.errorcode or error.errorcode in self.errorcode)
                and (not self.cserrorcode or error.cserrorcode in self.cserrorcode)
                and (self.text is None or self.text.search(plain_text(error.errortext)) is not None)
            )
        return self.problem == problem_of(error)


_DUMP = re.compile(r"\s*\{[^{}]*\}")


def plain_text(text: str) -> str:
    """CloudStack's words without the objects in them, ``VM instance {"id":20,"state":"Running"}``.

    They are internals, numbers of rows among them, and say words that are none of the message's.
    """
    while (shorter := _DUMP.sub("", text)) != text:
        text = shorter
    return text


def problem_of(error: Exception) -> str:
    """What kind of trouble kept CloudStack from answering."""
    if isinstance(error, CloudStackTimeout):
        return "timeout"
    if isinstance(error, CloudStackBadAnswer):
        return "bad_answer"
    return "unavailable"


class ErrorTable:
    """The rules in their order; the first that fits decides."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules

    def translate(self, error: CloudStackError | CloudStackUnavailable) -> GceError:
        """The GCE error for a failed command.

        The error's ``details`` carry CloudStack's own code, and ``operation_code`` the code that
        an operation's ``error.errors[]`` would have.
        """
        text = plain_text(error.errortext) if isinstance(error, CloudStackError) else str(error)
        rule = next((rule for rule in self._rules if rule.fits(error)), None)
        if rule is None:
            return GceError(500, "internalError", f"CloudStack failed: {text}")
        translated = GceError(rule.status, rule.reason, rule.message or text, code=rule.code)
        if isinstance(error, CloudStackError):
            translated.details.append(
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": rule.code,
                    "domain": "cloudstack.apache.org",
                    "metadatas": {
                        "command": error.command,
                        "errorcode": str(error.errorcode),
                        "cserrorcode": str(error.cserrorcode or ""),
                    },
                }
            )
        return translated
