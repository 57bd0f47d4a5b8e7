"""Answers that are good again as long as everything that they were made of is the same.

Programs ask the same things over and over: Terraform refreshes, Prometheus looks each minute,
gcloud polls. An answer is a pure function of the request, of the settings and mappings, which stay
as they are while a server runs, and of what CloudStack answered. So it is kept together with the
digests of those answers. The next time the same commands are sent, with the caller's own keys, and
if each is answered the same, to the byte, then what was made of them is sent again.

It can't go stale: nothing is given without having asked CloudStack for all of it just now, but for
the catalogues, which are as old as they may be anyway. It can't leak: what is kept is found by the
caller's whole key pair, and is only given where CloudStack itself has just given that caller what
it is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.kept import Kept
from gstack_pyramid.engine.reader import MadeOf, Trace

_EACH = 256
"""Bytes that are counted for each read besides the answer's own, and for the entry itself."""


class Asked(NamedTuple):
    """What tells one question from another.

    Attributes:
        credentials: the caller's keys.
        base_url: what links in the answer start with.
        path: the path of the request.
        query: its query parameters, as JSON.
    """

    credentials: Credentials
    base_url: str
    path: str
    query: bytes


class _Answer(NamedTuple):
    made_of: MadeOf
    content: bytes

    @property
    def size(self) -> int:
        reads = len(self.made_of.kept) + len(self.made_of.seen)
        return len(self.content) + _EACH * (1 + reads)


class Answers(Kept[Asked, _Answer]):
    """Answers with what they were made of."""

    def recall(self, asked: Asked, confirms: Callable[[MadeOf], bool]) -> bytes | None:
        """The answer to a question, if it is known and still good.

        Args:
            asked: the question.
            confirms: whether something is answered by CloudStack as it was.
        """
        kept = self.get(asked)
        good = kept is not None and confirms(kept.made_of)
        self.count(good, not good)
        return kept.content if kept is not None and good else None

    def keep(self, asked: Asked, trace: Trace, content: bytes) -> None:
        """Keep an answer, if the trace tells all that it was made of."""
        if trace.whole:
            # orjson leaves room behind what it writes, which would be kept as well.
            self.put(asked, _Answer(trace.made_of, bytes(memoryview(content))))
