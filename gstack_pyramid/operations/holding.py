"""Who has what for itself: changes of one thing happen one after the other, whoever asks where.

A change looks at the state, compares, and writes later. So that what it compared is still so when
it writes, it holds what it is about from then on, by a row in the database of operations, which
ends with the operation, on whatever node that is. The row also says who had it last: when that is
somebody else than before the state was read, the state is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from time import monotonic
from typing import TypeVar

from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.errors import GceError, already_exists, condition_not_met
from gstack_pyramid.operations.identity import hold_of
from gstack_pyramid.operations.store import Contested, Hold, Holds, Store

_T = TypeVar("_T")


class Holding:
    """Prepares changes, and begins them when nobody is in their way.

    Args:
        store: gives where it is kept who has what; None while there have been no operations.
        await_end: waits until an operation, by name, holds nothing any more, for some seconds, on
            behalf of a caller, and tells whether that is so.
    """

    def __init__(
        self, store: Callable[[], Store | None], await_end: Callable[[str, float, Hashable], bool]
    ) -> None:
        self._store, self._await_end = store, await_end

    def carry(
        self,
        asked: Iterable[str],
        prepare: Callable[[], Prepared],
        begin: Callable[[Prepared, Holds], _T],
        seconds: float,
        waiting: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),
    ) -> _T:
        """Prepare a change and begin it, again if others come in between.

        Args:
            asked: what it will hold, by :func:`hold_of`, as far as that is known before anything
                is read.
            prepare: reads the state, and checks the change.
            begin: begins it; it raises :class:`Contested` when somebody was quicker.
            seconds: how long to wait for others.
            waiting: entered while it waits; tells whether it may.

        Raises:
            GceError: 409, a name is about to be taken; 412, what the fingerprint is of is being
                changed; 400, something is being changed for too long; what ``prepare`` raises.
        """
        deadline = monotonic() + seconds
        known = self._holds(asked)
        while True:
            prepared = prepare()
            paths = (*prepared.alone, *prepared.takes)
            wanted = {hold_of(prepared.owner, path): path for path in paths}
            # Of these nobody could know before: if they are not untouched, the state is read again.
            late = self._holds(wanted.keys() - known.keys())
            if not any(late.values()):
                known |= late
                try:
                    return begin(prepared, {key: known[key] for key in wanted})
                except Contested:
                    pass
            with waiting() as granted:
                self._let_pass(prepared, wanted, deadline if granted else monotonic())
            known = self._holds(wanted.keys() | known.keys())

    def _let_pass(self, prepared: Prepared, wanted: Mapping[str, str], deadline: float) -> None:
        """Wait until nobody has any of this, as long as there is time."""
        for key, hold in self._holds(wanted.keys()).items():
            left = deadline - monotonic()
            if hold is None or not hold.held:
                if left <= 0:
                    raise _not_ready(prepared, wanted[key])
            elif wanted[key] in prepared.takes:
                raise already_exists(wanted[key])
            elif left <= 0 or not self._await_end(hold.operation, left, prepared.owner):
                raise _not_ready(prepared, wanted[key])

    def _holds(self, keys: Iterable[str]) -> dict[str, Hold | None]:
        keys, store = list(keys), self._store()
        return dict.fromkeys(keys) if store is None or not keys else store.holds(keys)


def _not_ready(prepared: Prepared, path: str) -> GceError:
    if prepared.fingerprinted:
        return condition_not_met(
            f"The resource '{path}' is being changed by another operation, so the fingerprint is"
            " out of date. Read it again when that is done, and repeat the change."
        )
    message = f"The resource '{path}' is not ready: another operation is changing it."
    return GceError(400, "resourceNotReady", message, code="RESOURCE_NOT_READY")
