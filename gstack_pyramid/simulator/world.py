"""The simulated cloud: its state, its settings, and who acts in it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.roles import commands_of
from gstack_pyramid.simulator.faults import denied, invalid
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.wire import date

Answer = dict[str, Any]

_NAMESPACE = uuid.UUID("5d1c3f5e-8b0a-5c1e-9d5e-6b7c0a1d2e3f")

NOT_YOURS = "Caller does not have permission to operate with provided resource."

SYSTEM = "system"
"""The owner of what the cloud itself owns: the shared network, source NAT addresses."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the cloud's operator would set.

    Attributes:
        job_seconds: how long an asynchronous job takes; 0 ends it before the next command.
        seed: from which UUIDs and passwords follow.
        strict_parameters: refuse parameters that a command does not have (431).
        page_size: ``default.page.size``.
        role: the accounts' role, one of :data:`~gstack_pyramid.schemas.roles.ROLES`; None allows
            every command.
        denied: commands that the role does not allow, though the default one does.
        managed_storage: whether the primary storage keeps snapshots by itself.
        zone_wide_storage: whether the primary storage is a zone's and not a cluster's, so that
            machines can be deployed from a volume or snapshot that lies on it.
        users_expunge: ``allow.user.expunge.recover.vm``: whether users may expunge their machines,
            and bring back those that they have destroyed.
        expunge_delay: ``expunge.delay``: seconds after which a destroyed machine is expunged.
        dynamic_scaling: ``enable.dynamic.scale.vm``.
        offers_ha: whether the offerings offer high availability (``offerha``). This counts when a
            world is made.
        basic_zone: whether the zone with security groups is a basic one, and not an advanced one
            as they are made today.
        limit: instances, volumes, networks… per account; -1 is unlimited. This and what follows
            count when a world is made.
        zone_cpus: processor cores in each zone.
        zone_memory: memory in each zone, in MB.
        zone_hosts: how many hosts that is divided among, in equal parts.
    """

    job_seconds: float = 0.0
    seed: int = 1
    strict_parameters: bool = True
    page_size: int = 500
    role: str | None = None
    denied: Collection[str] = ()
    managed_storage: bool = False
    zone_wide_storage: bool = True
    users_expunge: bool = True
    expunge_delay: float = 86400.0
    dynamic_scaling: bool = True
    offers_ha: bool = True
    basic_zone: bool = False
    limit: int = 20
    zone_cpus: int = 512
    zone_memory: int = 2 * 1024 * 1024
    zone_hosts: int = 16


AS_INSTALLED: Mapping[str, Any] = {
    "zone_wide_storage": False,
    "users_expunge": False,
    "dynamic_scaling": False,
    "offers_ha": False,
}
"""The settings of a new installation, as the recorded one was: an operator may change each."""


@dataclass(frozen=True, slots=True)
class World:
    """State, settings, model and clock of one simulated cloud."""

    store: Store
    model: CloudStackModel
    settings: Settings
    clock: Callable[[], float]

    def allows(self, account: Doc, command: str) -> bool:
        """Whether an account's role has a command."""
        # An account that an earlier version left has no role.
        role = account.get("role")
        return command not in self.settings.denied and (
            role is None or command in commands_of(role)
        )

    def uuid(self) -> str:
        """The next UUID; the same seed and history give the same."""
        serial = self.store.count("uuid")
        return str(uuid.uuid5(_NAMESPACE, f"{self.settings.seed}/{serial}"))

    def secret(self, length: int = 10) -> str:
        """A made-up password; the same seed and history give the same."""
        made = random.Random(f"{self.settings.seed}/{self.store.count('secret')}")  # noqa: S311 (nothing is protected by it)
        return "".join(
            made.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", k=length)
        )


@dataclass(slots=True)
class Actor:
    """On whose behalf something is done, and when.

    Attributes:
        account: the caller's account.
        user: the caller.
        now: seconds since the epoch at which it takes effect.
    """

    world: World
    account: Doc
    user: Doc
    now: float
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = self.world.store

    def today(self) -> str:
        """``now`` as a date."""
        return date(self.now)

    def projects(self) -> list[Doc]:
        """The CloudStack projects of the caller's account."""
        return self.store.by("project", "owner", self.account["id"])

    def owns(self, doc: Doc) -> bool:
        """Whether an object is the account's, or one of its projects'."""
        owner = doc["owner"]
        return owner == self.account["id"] or any(p["id"] == owner for p in self.projects())

    def there(self, kind: str, key: str, refusal: str) -> Doc:
        """The object that a job is about, which may be gone by now.

        Args:
            kind: what it is.
            key: its id.
            refusal: what the server says when it is gone; ``{id}`` in it stands for the id.

        Raises:
            CommandError: 431 with these words.
        """
        doc = self.store.find(kind, key)
        if doc is None:
            raise invalid(refusal.format(id=key))
        return doc

    def remove(self, doc: Doc) -> None:
        """Remove an object and its tags."""
        for tag in self.store.by("tag", "resource", doc["id"]):
            self.store.remove(tag)
        self.store.remove(doc)

    def demand(self, doc: Doc) -> Doc:
        """The object, if it is the caller's to change.

        Raises:
            CommandError: 531, as the server words it for users.
        """
        if self.owns(doc):
            return doc
        raise denied(NOT_YOURS)

    def add(self, kind: str, owner: str | None, /, **fields: Any) -> Doc:
        """Add a document with a new UUID, created now."""
        return self.store.add(kind, self.world.uuid(), owner, {"created": self.today(), **fields})
