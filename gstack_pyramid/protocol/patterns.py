r"""RE2 patterns of clients, bounded: RE2 holds Python's lock while it compiles one.

Matching takes linear time whatever the pattern is, and RE2 lets other threads run meanwhile. Not
so compiling: a class such as ``\pL`` costs as much as fifty ordinary ones, already while it is
read, and a short text may stand for a long program, as ``.{1000}`` does. So the number of such
classes, the size of each program and that of all programs of a filter are limited. What fits
compiles within a few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import re2

from gstack_pyramid.protocol.filter_tree import Match

MAX_UNICODE_CLASSES = 16
r"""Classes such as ``\pL`` or ``\P{Greek}`` in the patterns of one filter."""

MAX_INSTRUCTIONS = 10_000
"""Length of the programs that RE2 makes of the patterns of one filter, all together."""

# Bytes that one program may take; RE2 refuses a pattern whose program is longer. RE2's Python
# module keeps the last 128.
_MAX_MEMORY = 128 * 1024

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NO_PATTERN = re.compile(r"[\w /:-]*")


class PatternError(ValueError):
    """A pattern that is not taken; the text tells where it stands in the filter, and why."""


@dataclass(slots=True)
class Budget:
    """What the patterns of one filter may still cost."""

    unicode_classes: int = MAX_UNICODE_CLASSES
    instructions: int = MAX_INSTRUCTIONS

    def compiled(self, match: Match) -> Callable[[str], object]:
        """Return a test whether the pattern matches the whole of a text.

        Raises:
            PatternError: RE2 does not take the pattern, or it costs too much.
        """
        pattern = match.pattern
        if _NO_PATTERN.fullmatch(pattern):
            return pattern.__eq__
        self.unicode_classes -= sum(found[1] in "pP" for found in _ESCAPE.finditer(pattern))
        if self.unicode_classes < 0:
            raise _refused(match, rf"it has more than {MAX_UNICODE_CLASSES} classes like '\pL'.")
        options = re2.Options()
        options.max_mem = _MAX_MEMORY
        options.never_capture = True
        options.dot_nl = True
        options.log_errors = False
        try:
            program = re2.compile(pattern, options)
        except re2.error as error:
            why = error.args[0]
            text = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
            raise _refused(match, f"{text}.") from None
        except UnicodeError:
            raise _refused(match, "it is not valid Unicode.") from None
        self.instructions -= program.programsize
        if self.instructions < 0:
            raise _refused(match, "the patterns of this filter are too large together.")
        full: Callable[[str], object] = program.fullmatch
        return full


def _refused(match: Match, why: str) -> PatternError:
    return PatternError(f"The pattern at position {match.position} can't be used: {why}")
