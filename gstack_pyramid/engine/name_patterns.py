"""Names that carry values: resources that are not listed, and found by such a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.getters import Condition

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

Parts = tuple[tuple[str, str], ...]
"""The names of a pattern's values, and the text after each."""


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A name that carries values, such as ``custom-{guestCpus}-{memoryMb}``.

    Attributes:
        text: the pattern as the mapping gives it, the first of several.
        prefix: the text before the first value.
        parts: the values' names and the text after each.
        fits: whether a row can serve the values, which it holds beside its own fields.
        others: further forms that mean the same, each as a prefix and parts.
    """

    text: str
    prefix: str
    parts: Parts
    fits: Condition | None
    others: tuple[tuple[str, Parts], ...] = ()

    def parse(self, name: str) -> dict[str, int] | None:
        """The whole numbers in a name of one of the forms, or None."""
        for prefix, parts in ((self.prefix, self.parts), *self.others):
            values = _numbers(name, prefix, parts)
            if values is not None:
                return values
        return None

    def render(self, values: Mapping[str, Any]) -> str | None:
        """The name for these values; None when one is missing."""
        if any(values.get(part) is None for part, _ in self.parts):
            return None
        return self.prefix + "".join(f"{values[part]}{after}" for part, after in self.parts)


def _numbers(name: str, prefix: str, parts: Parts) -> dict[str, int] | None:
    """The whole numbers in a name of one form, or None."""
    if not name.startswith(prefix):
        return None
    rest, values = name[len(prefix) :], {}
    for part, after in parts:
        text, found, rest = rest.partition(after) if after else (rest, "", "")
        if not _NUMBER.fullmatch(text) or (after and not found):
            return None
        values[part] = int(text)
    return values if not rest else None
