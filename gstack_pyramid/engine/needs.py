"""Which CloudStack commands a caller's role must allow for a method to work.

A role in CloudStack allows commands, not rights to single things. So what a caller may do in GCE's
terms follows from the commands that a mapped method sends.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do a method.

    Attributes:
        always: commands that each request sends.
        sometimes: commands that depend on the request. Where nothing is sent always, a way is of
            use as soon as one of them may be sent.
    """

    always: frozenset[str]
    sometimes: frozenset[str] = frozenset()

    def missing(self, allowed: Set[str]) -> frozenset[str]:
        """The commands that a role would have to allow besides; empty when it suffices."""
        if not self.always and not self.sometimes & allowed:
            return self.sometimes
        return self.always - allowed


@dataclass(frozen=True, slots=True)
class Needs:
    """What a method needs.

    Attributes:
        reads: commands that are read whatever the request.
        ways: the ways to do it, of which one is enough; none for a method that only reads.
        every: all commands that any request may send: those that depend on the request, that look
            for what was made, and that take it back.
    """

    reads: frozenset[str]
    ways: tuple[Way, ...] = ()
    every: frozenset[str] = frozenset()

    def missing(self, allowed: Set[str]) -> frozenset[str]:
        """The commands that a role lacks for this method; empty when it can be done.

        Args:
            allowed: the names of the commands that the role allows.
        """
        lacking = (way.missing(allowed) for way in self.ways)
        return (self.reads - allowed) | min(lacking, key=len, default=frozenset())

    def without(self, allowed: Set[str]) -> frozenset[str]:
        """The commands that some requests would miss, or whatever has to be taken back.

        Args:
            allowed: the names of the commands that the role allows.
        """
        return self.every - allowed

    def told(self, allowed: Set[str]) -> str:
        """How far a role can do it: complete, without something, or not at all."""
        missing = self.missing(allowed)
        if missing:
            return f"not for this role, which lacks {', '.join(sorted(missing))}"
        without = self.without(allowed)
        return f"without {', '.join(sorted(without))}" if without else "complete"


NOTHING = Needs(frozenset())
"""Of a method that gstack answers by itself."""
