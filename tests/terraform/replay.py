"""What the provider sends, from ``resources/*.yaml``, and what it makes of the answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..support.gateway import Gateway
from .plan import changes

FOLDER = Path(__file__).parent

GOOGLE = "https://www.googleapis.com"
"""What links begin with at a gateway for Terraform."""

_TOLD = re.compile(r"<(\w+)>")


@cache
def loaded(name: str) -> Any:
    """One of the YAML files here."""
    return yaml.safe_load((FOLDER / name).read_text())


def resources() -> list[str]:
    """The resources, by the names of their files."""
    return sorted(path.stem for path in (FOLDER / "resources").glob("*.yaml"))


def configurations() -> list[tuple[str, str]]:
    """Each resource with each of its configurations."""
    return [
        (resource, name)
        for resource in resources()
        for name in loaded(f"resources/{resource}.yaml")["configurations"]
    ]


@dataclass(frozen=True)
class Replay:
    """One resource in one configuration, in front of a gateway.

    Attributes:
        gateway: the gateway.
        resource: the file's content.
        configuration: its entry.
    """

    gateway: Gateway
    resource: Mapping[str, Any]
    configuration: Mapping[str, Any]

    @property
    def collection(self) -> str:
        """Where it is made."""
        return str(self.configuration.get("collection") or self.resource["collection"])

    @property
    def path(self) -> str:
        """Where it is read, changed and deleted; what its import id comes to."""
        key = self.resource.get("key", "name")
        return f"{self.collection}/{self.configuration['create'][key]}"

    def prepare(self) -> None:
        """Make what the configuration refers to."""
        for need in self.configuration.get("needs", ()):
            for place, body in loaded("needs.yaml")[need].items():
                self.gateway.do("POST", place, body)

    def create(self) -> list[str]:
        """Send what the provider sends, and read it back; what the next plan would change."""
        path = self.configuration.get("by", self.collection)
        self.gateway.do("POST", path, self.configuration["create"])
        return self.plan(self.asked())

    def update(self) -> list[str]:
        """Send what the provider sends for the change; what the next plan would change."""
        for request, body in self.configuration.get("update", {}).items():
            verb, _, method = request.partition(" ")
            told = self.gateway.get(self.path)
            path = f"{self.path}{method}" if method[:1] in ("", "/") else method
            self.gateway.do(verb, path, _filled(body, told))
        return self.plan({**self.asked(), **self.configuration.get("updated", {})})

    def delete(self) -> None:
        """Delete it, after which it isn't there."""
        self.gateway.do("DELETE", self.path)
        self.gateway.refused(404, "GET", self.path)

    def asked(self) -> dict[str, Any]:
        """The configuration in the API's terms: what was sent, but for what isn't read back so."""
        return {**self.configuration["create"], **self.configuration.get("state", {})}

    def plan(self, asked: Mapping[str, Any]) -> list[str]:
        """What the plan says when the resource is read."""
        told = self.gateway.get(self.path)
        assert told["selfLink"].startswith(f"{GOOGLE}/compute/v1/projects/")
        found = changes(self.resource["fields"], asked, told)
        for path, read in self.configuration.get("reads", {}).items():
            found += changes(read["fields"], read["asked"], self.gateway.get(path))
        return found


def _filled(body: Any, told: Mapping[str, Any]) -> Any:
    """A body in which ``<field>`` stands for what the resource tells, such as a fingerprint."""
    if isinstance(body, dict):
        return {key: _filled(value, told) for key, value in body.items()}
    if isinstance(body, str) and (found := _TOLD.fullmatch(body)):
        return told.get(found[1])
    return body
