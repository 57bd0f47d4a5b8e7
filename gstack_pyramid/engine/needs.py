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
    """

    reads: frozenset[str]
    ways: tuple[Way, ...] = ()

    def missing(self, allowed: Set[str]) -> frozenset[str]:
        """The commands that a role lacks for this method; empty when it can be done.

        Args:
            allowed: the names of the commands that the role allows.
        """
        lacking = (way.missing(allowed) for way in self.ways)
        return (self.reads - allowed) | min(lacking, key=len, default=frozenset())


NOTHING = Needs(frozenset())
"""Of a method that gstack answers by itself."""
