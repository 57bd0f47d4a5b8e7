"""Making the served cloud fail, and looking at what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from .gateway import Gateway


class Faults:
    """The faults of the simulator that is served beside a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        port = gateway.environment["GSTACK_SIMULATOR_PORT"]
        self._url = f"http://127.0.0.1:{port}/admin/faults"
        self._session = requests.Session()
        self._session.trust_env = False

    def add(self, command: str, **rule: Any) -> None:
        """Add a fault."""
        answer = self._session.post(self._url, json={"command": command, **rule}, timeout=10)
        assert answer.status_code == 201, answer.text

    def struck(self) -> list[int]:
        """How often each has struck, in the order in which they were added."""
        told = self._session.get(self._url, timeout=10).json()
        return [fault["struck"] for fault in told["faults"]]

    def heal(self) -> None:
        """Remove all."""
        assert self._session.delete(self._url, timeout=10).status_code == 200

    def close(self) -> None:
        """Remove all and go."""
        self.heal()
        self._session.close()


@contextmanager
def faults_of(gateway: Gateway) -> Iterator[Faults]:
    """The faults of a gateway's cloud; none is left when the block ends."""
    faults = Faults(gateway)
    try:
        yield faults
    finally:
        faults.close()
