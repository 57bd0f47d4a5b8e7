"""What the callers' roles in CloudStack allow, and what follows from it for a change.

CloudStack refuses a command that the caller's role lacks when it is sent, which may be in the
middle of a change. What a role lacks is found out before that begins: then nothing has to be taken
back, and the message names the command for the operator of the cloud.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Set
from typing import TYPE_CHECKING

from cachetools import TTLCache

from gstack_pyramid.cloudstack.apis import allowed_commands
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.planned_commands import LACKING
from gstack_pyramid.errors import GceError

if TYPE_CHECKING:
    from gstack_pyramid.engine.environment import Env
    from gstack_pyramid.engine.plans import Step

_KEPT = 600.0
"""Seconds for which a role is taken to be as it was read. Roles change when somebody changes them
by hand; before a request is refused for one, it is read again."""


class Roles:
    """Knows which commands each caller may send, by CloudStack's ``listApis``.

    Args:
        client: the way to CloudStack.
        ttl: seconds for which an answer is good enough to refuse something; 0: not at all.
        clock: gives seconds that never run backwards.
    """

    def __init__(
        self, client: Client, *, ttl: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._ttl = ttl
        self._clock = clock
        self._known: TTLCache[Credentials, tuple[float, frozenset[str]]] = TTLCache(
            1024, _KEPT, clock
        )
        self._lock = threading.Lock()

    def allowed(self, caller: Credentials, *, newest: bool = True) -> frozenset[str]:
        """The names of the commands that a caller may send.

        Args:
            caller: the caller's keys.
            newest: whether what was read some minutes ago won't do.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        with self._lock:
            read, known = self._known.get(caller, (float("-inf"), frozenset()))
        if self._clock() - read < self._ttl or (known and not newest):
            return known
        known = allowed_commands(self._client, caller)
        with self._lock:
            self._known[caller] = self._clock(), known
        return known

    def lacking(self, caller: Credentials, commands: Set[str]) -> Set[str]:
        """Those of some commands that a caller may not send; none where nobody can tell."""
        try:
            missing = commands - self.allowed(caller, newest=False)
            return commands - self.allowed(caller) if missing else missing
        except (CloudStackError, CloudStackUnavailable):
            return frozenset()


def heed(steps: Collection[Step], env: Env, *, alone: bool) -> None:
    """Refuse a change that the caller's role doesn't allow; note the steps that are left out.

    Args:
        steps: its steps but for those that do another method, which are looked at by themselves.
        env: the state that it begins with; it gets what the role lacks.
        alone: whether it is all that is asked for. If it is one command, CloudStack itself may
            refuse that one as well.

    Raises:
        GceError: 403, a command that it may send is not allowed.
    """
    optional = {step.command for step in steps if step.if_allowed}
    optional |= {undo.command for step in steps for undo in step.undo if undo.if_allowed}
    if alone and not optional and sum(not step.is_list for step in steps) < 2:
        return
    needed = _needed(steps, env)
    missing = env.session.lacking(needed | optional)
    if optional & missing:
        env.roots[LACKING] = sorted(optional & missing)
    if needed & missing:
        raise not_allowed(sorted(needed & missing))


def _needed(steps: Iterable[Step], env: Env) -> set[str]:
    """The commands of those steps that will be sent, or may be for all that is known yet."""
    body = env.roots.get("body")
    needed: set[str] = set()
    made: set[str] = set()
    for step in steps:
        if step.if_allowed or step.cleanup:
            continue
        unknown = not step.asks.isdisjoint(made)
        if unknown or step.is_due(body, env.child()):
            needed.add(step.command)
            if step.bind is not None:
                made.add(step.bind)
    return needed


def not_allowed(commands: Iterable[str]) -> GceError:
    """403 for commands of CloudStack that the caller's role lacks."""
    told = ", ".join(commands)
    return GceError(
        403,
        "forbidden",
        f"CloudStack does not allow this account what it takes: its role lacks {told}."
        " The operator of the cloud can add that to the role.",
        code="PERMISSION_DENIED",
    )
