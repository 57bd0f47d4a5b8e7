"""What the callers' roles in CloudStack allow, and what follows from it for a change.

CloudStack refuses a command that the caller's role lacks when it is sent, which may be in the
middle of a change. What a role lacks is found out before that begins: then nothing has to be taken
back, and the message names the command for the operator of the cloud.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Set

from cachetools import TTLCache

from gstack_pyramid.cloudstack.apis import allowed_commands
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.errors import GceError

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
