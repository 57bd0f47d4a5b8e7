"""What operations work with once their database is open, begun and ended together."""

from __future__ import annotations

from dataclasses import dataclass

from gstack_pyramid.operations.execution import Execution
from gstack_pyramid.operations.host import Host, Member
from gstack_pyramid.operations.last_ends import LastEnds
from gstack_pyramid.operations.nodes import Membership
from gstack_pyramid.operations.store import Store
from gstack_pyramid.operations.waiting import Tidings


@dataclass(frozen=True, slots=True)
class Parts:
    """What there is while the database is open.

    Attributes:
        host: runs workflows.
        store: where operations are kept.
        last_ends: tells when operations ended.
        execution: runs operations.
        membership: this node's part in the watch; None where only this process sees the database.
        tidings: hears other nodes; None where there are none.
    """

    host: Host
    store: Store
    last_ends: LastEnds
    execution: Execution
    membership: Membership | None
    tidings: Tidings | None

    def begin(self, member: Member) -> None:
        """Have operations run from now on."""
        self.host.join(member)
        if self.tidings is not None:
            self.tidings.start()
        if self.membership is not None:
            self.membership.start()

    def leave(self, member: Member) -> None:
        """Begin no more operations, and hear and take over nothing more."""
        self.host.leave(member)
        if self.tidings is not None:
            self.tidings.close()
        if self.membership is not None:
            self.membership.close()
