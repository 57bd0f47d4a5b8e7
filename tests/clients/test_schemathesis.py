"""schemathesis, which makes requests from the OpenAPI document and holds answers against it.

A right request is about what is there, and has to get as far as its method: the document has to say
all that is asked of requests before anything is looked up. What the method says then, and whether a
reference in a body leads anywhere, is up to it.
"""

from __future__ import annotations

import gc
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from ..support.effort import THOROUGH, tries
from ..support.gateway import ADVANCED_ZONE, SG_ZONE
from .filled import Filled, filled
from .gateway import PATIENCE, served

pytestmark = pytest.mark.clients

CASES = int(os.environ.get("GSTACK_FUZZ_CASES") or tries(600, 2_000))
"""About how many requests are made, over all operations."""

LONG = THOROUGH or "GSTACK_FUZZ_CASES" in os.environ
"""Whether each operation is tried, in a cloud that has plenty of everything."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
PLACES = [
    {"project": "demo-project", "zone": ADVANCED_ZONE, "region": "ch-zrh"},
    {"project": "demo-project", "zone": SG_ZONE, "region": "ch-gva"},
]
NAMED = {"family": ["shop"], "resourceId": ["img-web-1-gva"]} if LONG else {}
"""What stands in paths and has no list of its own, by its parameter: in a cloud that has plenty."""

OPAQUE = {
    "fields": "kind",
    "filter": "name != x",
    "network": "global/networks/prod-vpc",
    "networkInterface": "nic0",
}
"""Right values of parameters whose grammar no schema can tell, or that name something."""

LEFT_OUT = {"pageToken", "paths", "updateMask"}
"""Parameters that are right only with an answer of before, or with a part of the body."""

LACKING = {"getAssociation": 404, "getRule": 400}
"""How reads are answered of what no policy here has, whatever it is called."""

UNTOLD = re.compile(r"Label (key|value) '|duplicate keys|\(TYPE_U?INT64\)")
"""What no schema tells: Unicode's letters, keys that are there twice, and how far 64 bits go."""

SHARED = 7
"""One of so many operations is tried with the parameters that all of them have."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A gateway of its own: what is made here must be in nobody's way."""
    folder, asked = tmp_path_factory.mktemp("fuzzed"), {"gstack.check_answers": "refuse"}
    if LONG:
        with filled(folder, asked) as there:
            yield there
    else:
        with served(folder, asked, load=3) as gateway:
            yield Filled(gateway)


def modes() -> list[GenerationMode]:
    """What kinds of requests to make of one operation: all, or one or none, as is drawn."""
    every = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    return every if LONG else random.sample(every, random.randint(0, 1))


def name_of(operation: APIOperation[Any, Any]) -> str:
    """For example ``compute.zones.get``."""
    told: str = operation.definition.raw["operationId"]
    return told


def in_order(operation: APIOperation[Any, Any]) -> tuple[bool, bool]:
    """Reads come first and what deletes last, since the others need something to be there."""
    return operation.method != "get", name_of(operation).endswith(".delete")


@dataclass
class Sender:
    """Sends what schemathesis draws.

    Attributes:
        there: the gateway.
        reached: the methods that right requests got to.
        session: keeps its connection.
        known: names by the path of their collection, until something changes.
        turn: of the names, the one that is next.
    """

    there: Filled
    reached: set[str] = field(default_factory=set)
    session: requests.Session = field(default_factory=requests.Session)
    known: dict[str, list[str]] = field(default_factory=dict)
    turn: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.there.token}"}

    def items(self, path: str) -> list[dict[str, Any]]:
        url = f"{self.there.gateway.url}/compute/v1{path}"
        answer = self.session.get(url, headers=self.headers, timeout=PATIENCE)
        found: list[dict[str, Any]] = answer.json().get("items", []) if answer.ok else []
        return found

    def names(self, parameter: str, path: str) -> list[str]:
        if parameter in NAMED:
            return NAMED[parameter]
        if path not in self.known:
            own = "licenseCode" if parameter == "licenseCode" else "name"
            path = path.replace("licenseCodes", "licenses")
            self.known[path] = [item[own] for item in self.items(path) if own in item]
        return self.known[path]

    def place(self, path: str) -> dict[str, str] | None:
        """Values of the parameters of a path for what is there; None if there is no such thing."""
        scopes: list[str] = re.findall(r"\{(\w+)\}", path)
        named = [name for name in scopes if name not in PLACES[0]]
        for place in PLACES:
            given = {name: place[name] for name in scopes if name in place}
            if not named:
                return given
            collection = path.partition(f"/{{{named[0]}}}")[0].format(**given)
            names = self.names(named[0], collection)
            if names:
                self.turn += 1
                return {**given, named[0]: names[self.turn % len(names)]}
        return None

    def send(self, case: Case, *, valid: bool) -> None:
        found = self.place(case.operation.path) if valid else None
        if found is not None:
            case.path_parameters = found
            query = {name: OPAQUE.get(name, value) for name, value in case.query.items()}
            case.query = {name: value for name, value in query.items() if name not in LEFT_OUT}
        response = case.call(headers=self.headers, session=self.session)
        case.validate_response(response, checks=CHECKS, headers=self.headers)
        if found is not None:
            self.expect(case.operation, response)

    def expect(self, operation: APIOperation[Any, Any], response: Response) -> None:
        """A request that the document allows, about what is there, gets to its method."""
        name, told = name_of(operation), response.json()
        if operation.method == "get":
            wanted = LACKING.get(name.rpartition(".")[2], 200)
            assert response.status_code == wanted, (name, told)
        elif response.status_code == 200:
            self.known.clear()
            # By `fields` it may tell its kind alone.
            if told.get("status", "DONE") in ("PENDING", "RUNNING"):
                self.there.ask("POST", f"{told['selfLink']}/wait")
        else:
            assert not at_the_door(told["error"]), (name, told)
        self.reached.add(name)


def at_the_door(error: dict[str, Any]) -> bool:
    """Whether a request was refused for its form, before anything was looked up."""
    first = error.get("errors", [{}])[0]
    violated = [
        violation
        for part in error.get("details", [])
        for violation in part.get("fieldViolations", ())
        if not UNTOLD.search(violation["description"])
    ]
    return bool(violated) or first.get("reason") in ("invalidParameter", "required")


def document_of(sender: Sender) -> dict[str, Any]:
    """The OpenAPI document; what all operations take alike is drawn for some of them only."""
    url = f"{sender.there.gateway.url}/openapi.json"
    document: dict[str, Any] = sender.session.get(url, timeout=PATIENCE).json()
    operations = [
        operation
        for path in document["paths"].values()
        for verb, operation in path.items()
        if verb != "parameters"
    ]
    for number, operation in enumerate(operations):
        if number % SHARED:
            own = [entry for entry in operation["parameters"] if "$ref" not in entry]
            operation["parameters"] = own
    return document


def test_no_request_makes_the_server_fail_or_break_its_own_document(there: Filled) -> None:
    sender = Sender(there)
    document = document_of(sender)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=document["servers"][0]["url"])
    results = list(schema.get_all_operations())
    operations = [result.ok() for result in results if isinstance(result, Ok)]
    assert len(operations) == len(results)
    share = max(1, 2 * CASES // (3 * len(operations)))

    def send(case: Case, *, valid: bool) -> None:
        sender.send(case, valid=valid)

    for number, operation in enumerate(sorted(operations, key=in_order)):
        for mode in modes():
            right = mode is GenerationMode.POSITIVE
            drawn = operation.as_strategy(
                generation_mode=mode,
                path_parameters=sender.place(operation.path) if right else None,
            )
            settings(
                # What is wrong is refused before it gets anywhere, and so finds less.
                max_examples=share if right else -(-share // 2),
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(case=drawn)(send))(valid=right)
        if number % 10 == 0:
            # Strategies are full of cycles, and nobody looks for them while a test runs.
            gc.collect(1)
    assert there.gateway.complaints() == []
    if LONG:
        assert sender.reached == {name_of(operation) for operation in operations}
