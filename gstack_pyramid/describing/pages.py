"""Pages of text: headings, paragraphs and tables in so many columns."""

from __future__ import annotations

import textwrap

_WIDTH = 96

_LABEL = 36
"""Columns of a table's first column at most; longer names push their own text aside."""


class Page:
    """A page as it grows.

    Attributes:
        lines: what stands on it so far.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def title(self, text: str) -> None:
        """The heading of a part."""
        self.lines += ["", text]

    def say(self, text: str, level: int = 0, label: str = "", *, column: int = 0) -> None:
        """A paragraph, indented; what follows a label hangs behind it, or in a given column."""
        lead = "    " * level + label
        hanging = " " * (4 * level + (column or len(label)))
        self.lines += textwrap.wrap(
            " ".join(text.split()),
            _WIDTH,
            initial_indent=lead,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [lead.rstrip()]

    def table(self, rows: list[tuple[str, str]], level: int) -> None:
        """Rows of a name and what is said of it, in two columns."""
        width = min(max((len(name) for name, _ in rows), default=0), _LABEL)
        for name, text in rows:
            self.say(text, level, f"{name:<{width}}  ", column=width + 2)
