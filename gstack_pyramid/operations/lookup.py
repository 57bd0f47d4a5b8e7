"""Operations as those see them who ask: found, listed, waited for and deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from gstack_pyramid.operations.identity import Request, same
from gstack_pyramid.operations.listing import Kept
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.store import Store
from gstack_pyramid.operations.waits import Waits
from gstack_pyramid.protocol.disconnects import Gone, never
from gstack_pyramid.protocol.filter_tree import Node


class Lookup:
    """What is known of operations. It raises SQLAlchemy's errors while the database is away.

    Args:
        known: gives where operations are kept; None while there have been none.
        waits: who waits for them.
    """

    def __init__(self, known: Callable[[], Store | None], waits: Waits) -> None:
        self._known, self._waits = known, waits

    def ping(self) -> None:
        """See whether the database answers.

        Raises:
            SQLAlchemyError: it doesn't.
        """
        if (store := self._known()) is not None:
            store.ping()

    def unfinished(self) -> tuple[int, float | None]:
        """How many operations of the service have not ended, and when the oldest began, as Unix
        time.

        Raises:
            SQLAlchemyError: the database can't be used.
        """
        store = self._known()
        return (0, None) if store is None else store.backlog()

    def repeated(self, request: Request) -> Operation | None:
        """The operation that this very request has started before.

        Raises:
            GceError: 409, another request had the same id.
        """
        kept = None if (store := self._known()) is None else store.by_request(request.key)
        return None if kept is None else same(kept, request)

    def get(self, owner: str, scope: str, name: str) -> Operation | None:
        """An operation by name."""
        return None if (store := self._known()) is None else store.get(owner, scope, name)

    def of_owner(
        self,
        owner: str,
        scope: str | None,
        tree: Node,
        shape: Callable[[Operation], dict[str, Any]],
        more_scopes: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Kept:
        """The list of an account's or project's operations; see :class:`Kept`."""
        return Kept(self._known(), owner, scope, tree, shape, more_scopes)

    def delete(self, owner: str, scope: str, name: str) -> bool:
        """Forget an operation that has ended. Gives whether there was one."""
        return (store := self._known()) is not None and store.delete(owner, scope, name)

    def wait(
        self, owner: str, scope: str, name: str, seconds: float, gone: Gone = never
    ) -> Operation | None:
        """An operation once it is done, or as it is after some time, or when nobody listens.

        When too many requests wait already, or half of the places are this owner's, it is answered
        as it is at once: GCE promises no more than its best effort.

        Args:
            owner: CloudStack's id of the account or project.
            scope: of the operation.
            name: of the operation.
            seconds: how long to wait at most.
            gone: tells whether who asked has hung up.
        """
        look = partial(self.get, owner, scope, name)
        return self._waits.until_done(name, look, seconds, owner, gone)

    def wait_for_all(
        self, names: Collection[str], seconds: float, caller: Hashable, gone: Gone = never
    ) -> None:
        """Wait until all of some operations are done, or for some time, in one place.

        Args:
            names: of the operations.
            seconds: how long to wait at most.
            caller: who waits.
            gone: tells whether who asked has hung up.
        """
        self._waits.until_all_done(names, seconds, caller, gone)

    @property
    def waiters(self) -> int:
        """How many requests wait right now."""
        return self._waits.count

    def answer_waiters(self) -> None:
        """Let all that wait be answered with how far operations are, from now on."""
        self._waits.hurry()
