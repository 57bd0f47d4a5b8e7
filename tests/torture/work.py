"""What the clients do: changes of all kinds, each client to things of its own, one after the other.

Each thing knows what was asked for and what came of it, so that the end can be foretold.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .caller import Caller, GaveUp
from .processes import new_request_id

ZONES = ("ch-gva-2", "ch-zrh-1")
_IMAGE = "projects/demo-project/global/images/linux-ubuntu-24-04-lts-64-bit"


def instance_body(name: str, zone: str, *, external: bool) -> dict[str, Any]:
    """What an insert of a machine has, with an external address or without."""
    network = "default" if zone == ZONES[0] else "backend"
    interface: dict[str, Any] = {"network": f"global/networks/{network}"}
    if external:
        interface["accessConfigs"] = [{"type": "ONE_TO_ONE_NAT", "name": "external-nat"}]
    return {
        "name": name,
        "machineType": f"zones/{zone}/machineTypes/micro",
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": _IMAGE}}],
        "networkInterfaces": [interface],
        "labels": {"swept": "clean"},
        "tags": {"items": ["web"]},
        "metadata": {"items": [{"key": "color", "value": "blue"}]},
    }


@dataclass
class Change:
    """One change that was asked for.

    Attributes:
        method: such as ``instances.insert``.
        want: what it sets, as its own method has it.
        operation: what was answered; None when it was refused.
        refusal: status and message of the refusal.
        done: the operation at its end.
    """

    method: str
    want: Any = None
    operation: dict[str, Any] | None = None
    refusal: str | None = None
    done: dict[str, Any] | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it was accepted, and ended without an error."""
        return self.done is not None and "error" not in self.done

    @property
    def warnings(self) -> str:
        """What it warns of, as text."""
        return "; ".join(warning["message"] for warning in (self.done or {}).get("warnings", []))

    @property
    def failure(self) -> str:
        """The error that it ended with, as text; empty without one."""
        told = (self.done or {}).get("error", {}).get("errors", [])
        return "; ".join(f"{error['code']}: {error['message']}" for error in told)


@dataclass
class Thing:
    """A resource that one client alone changes, and the next ones of its name.

    Attributes:
        kind: such as ``instances``.
        place: such as ``zones/ch-gva-2``.
        changes: in their order; only the last one can be under way.
    """

    kind: str
    place: str
    name: str
    changes: list[Change] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Its path below the project."""
        return f"{self.place}/{self.kind}/{self.name}"

    @property
    def there(self) -> bool | None:
        """Whether it must be there; None when an operation has told that it could not tell."""
        there: bool | None = False
        for change in self.changes:
            if change.refusal is not None:
                continue
            if change.method.endswith(".insert"):
                there = change.succeeded
            if change.method.endswith(".delete"):
                there = False if change.succeeded else None
        return there

    @property
    def busy(self) -> bool:
        """Whether a change of it is under way."""
        last = self.changes[-1]
        return last.operation is not None and last.done is None

    @property
    def usable(self) -> bool:
        """Whether it surely exists, and nothing is under way."""
        return self.there is True and not self.busy

    @property
    def free(self) -> bool:
        """Whether its name should be free again: it was there, or failed to be, and is gone."""
        return self.there is False and not self.busy


class Client:
    """Asks for changes, one at a time, and for what became of most of them.

    Args:
        number: tells its names from those of others.
        seed: what it does follows from it, and from what it is answered.
        caller: the way to the gateway.
        patient: the share of changes whose end it waits for; the others it comes back to, or not.
    """

    def __init__(self, number: int, seed: int, caller: Caller, patient: float = 0.7) -> None:
        self._number = number
        self._chance = random.Random(f"{seed}/{number}")
        self._caller = caller
        self._patient = patient
        self._count = 0
        self.things: list[Thing] = []
        self.troubles: list[str] = []

    def work(self, changes: int) -> None:
        """Ask for so many changes; what a client should never see is in ``troubles``."""
        for _ in range(changes):
            try:
                self._step()
            except GaveUp as error:
                self.troubles.append(f"client {self._number} gave up: {error}")
                return

    def _step(self) -> None:
        for thing in self.things:
            last = thing.changes[-1]
            # It comes back to what it has not waited for.
            if last.operation and not last.done and self._chance.random() < 0.3:
                self._await(last)
        usable = [thing for thing in self.things if thing.usable]
        if len(usable) < 2 or self._chance.random() < 0.4:
            thing, change, send = self._new()
            free = [old for old in self.things if old.kind == thing.kind and old.free]
            if free and self._chance.random() < 0.4:
                thing, change, send = self._again(self._chance.choice(free), change)
            else:
                self.things.append(thing)
        else:
            thing = self._chance.choice(usable)
            change, send = self._other(thing)
        thing.changes.append(change)
        request_id = new_request_id(self._chance.getrandbits(128))
        answer = self._caller.ask(*send, requestId=request_id)
        if answer.status == 200:
            change.operation = answer.body
            if self._chance.random() < self._patient:
                self._await(change)
        else:
            change.refusal = f"{answer.status} {answer.message}"

    def _await(self, change: Change) -> None:
        assert change.operation
        change.done = self._caller.finish(change.operation)

    def _new(self) -> tuple[Thing, Change, tuple[str, str, Any]]:
        self._count += 1
        number = f"{self._number}-{self._count}"
        make: Callable[[str], tuple[Thing, Any]] = self._chance.choices(
            [self._instance, self._disk, self._firewall, self._network], [5, 3, 3, 1]
        )[0]
        thing, body = make(number)
        path = f"{thing.place}/{thing.kind}"
        return thing, Change(f"{thing.kind}.insert", body), ("POST", path, body)

    def _again(self, old: Thing, change: Change) -> tuple[Thing, Change, tuple[str, str, Any]]:
        """The same insert, under a name and in a place that something gone has had."""
        body = {**change.want, "name": old.name}
        if old.kind == "instances":
            place = instance_body(old.name, old.place.partition("/")[2], external=False)
            keep = ("machineType", "networkInterfaces")
            body |= {key: place[key] for key in keep}
        return old, Change(change.method, body), ("POST", f"{old.place}/{old.kind}", body)

    def _instance(self, number: str) -> tuple[Thing, Any]:
        zone = self._chance.choice(ZONES)
        name = f"vm-{number}"
        body = instance_body(name, zone, external=self._chance.random() < 0.5)
        body["labels"] = self._labels()
        body["tags"] = {"items": self._tags()}
        body["metadata"] = {"items": self._metadata()}
        return Thing("instances", f"zones/{zone}", name), body

    def _disk(self, number: str) -> tuple[Thing, Any]:
        zone = self._chance.choice(ZONES)
        body = {"name": f"disk-{number}", "sizeGb": "1", "labels": self._labels()}
        return Thing("disks", f"zones/{zone}", f"disk-{number}"), body

    def _firewall(self, number: str) -> tuple[Thing, Any]:
        body = {
            "name": f"wall-{number}",
            "network": "global/networks/default",
            "allowed": self._allowed(),
        }
        return Thing("firewalls", "global", f"wall-{number}"), body

    def _network(self, number: str) -> tuple[Thing, Any]:
        body = {
            "name": f"net-{number}",
            "autoCreateSubnetworks": self._chance.random() < 0.5,
        }
        return Thing("networks", "global", f"net-{number}"), body

    def _other(self, thing: Thing) -> tuple[Change, tuple[str, str, Any]]:
        """A change of something that there is."""
        choices = {
            "instances": ["start", "stop", "reset", "setLabels", "setTags", "setMetadata"],
            "firewalls": ["patch"],
        }.get(thing.kind, [])
        if not choices or self._chance.random() < 0.25:
            return Change(f"{thing.kind}.delete"), ("DELETE", thing.path, None)
        method = self._chance.choice(choices)
        if method == "patch":
            want: Any = {"allowed": self._allowed()}
            return Change("firewalls.patch", want), ("PATCH", thing.path, want)
        path = f"{thing.path}/{method}"
        if method in ("start", "stop", "reset"):
            return Change(f"instances.{method}"), ("POST", path, None)
        now = self._caller.ask("GET", thing.path).body
        if method == "setLabels":
            want = {"labels": self._labels(), "labelFingerprint": now["labelFingerprint"]}
        elif method == "setTags":
            want = {"items": self._tags(), "fingerprint": now["tags"]["fingerprint"]}
        else:
            want = {"items": self._metadata(), "fingerprint": now["metadata"]["fingerprint"]}
        return Change(f"instances.{method}", want), ("POST", path, want)

    def _word(self) -> str:
        return f"w{self._chance.randrange(1000)}"

    def _labels(self) -> dict[str, str]:
        return {self._word(): self._word() for _ in range(self._chance.randint(1, 3))}

    def _tags(self) -> list[str]:
        return sorted({self._word() for _ in range(self._chance.randint(1, 3))})

    def _metadata(self) -> list[dict[str, str]]:
        keys = {self._word() for _ in range(self._chance.randint(1, 3))}
        return [{"key": key, "value": self._word()} for key in sorted(keys)]

    def _allowed(self) -> list[dict[str, Any]]:
        # A security group takes no rule twice, so each has a port that was never used before.
        ports = []
        for _ in range(self._chance.randint(1, 3)):
            self._count += 1
            ports.append(str(1000 + self._number * 2000 + self._count))
        return [{"IPProtocol": "tcp", "ports": ports}]
