"""google-api-python-client, built from the gateway's own document: every method in it is called."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httplib2
import orjson
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from ..conftest import MakeGateway
from ..support.effort import tries
from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, gce_error
from ..support.plenty import SIMULATOR, fill, prepare

pytestmark = pytest.mark.clients

PLACES = [
    {"project": "demo-project", "zone": ADVANCED_ZONE, "region": "ch-zrh"},
    {"project": "demo-project", "zone": SG_ZONE, "region": "ch-gva"},
]
READS = ("get", "list", "aggregatedList")
BODIES = tries(1, 3)
"""Bodies that are drawn for each method that takes one, besides the empty one."""


@dataclass
class Wire:
    """What the library takes for httplib2: it asks the application itself."""

    gateway: Gateway

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[httplib2.Response, bytes]:
        path = re.sub("^https?://[^/]+", "", uri)
        content = body.encode() if isinstance(body, str) else body
        sent = {**(headers or {}), **self.gateway.headers}
        sent.pop("content-length", None)
        answer = self.gateway.web.request(
            path, method=method, body=content or b"", headers=sent, status="*"
        )
        if answer.status_int >= 400:
            gce_error(answer)
        told = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response({**told, "status": str(answer.status_int)}), answer.body

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True)
class Called:
    """One method of the document."""

    resource: str
    name: str
    told: Mapping[str, Any]

    @property
    def missing(self) -> bool:
        """Whether the document says that it isn't implemented."""
        return "description" in self.told

    def parameters(self, where: str) -> dict[str, Mapping[str, Any]]:
        return {k: v for k, v in self.told.get("parameters", {}).items() if v["location"] == where}


def methods(document: Mapping[str, Any]) -> Iterator[Called]:
    """All methods; those that delete come last, since the others need something to be there."""
    found = [
        Called(resource, name, told)
        for resource, inside in document["resources"].items()
        for name, told in inside["methods"].items()
    ]
    yield from sorted(found, key=lambda m: (m.name not in READS, m.name.startswith("delete")))


def examples(gateway: Gateway, document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """For each resource: where one is, and its name, where it has a list or one is known."""
    known = {
        "imageFamilyViews": "shop",
        "imageViews": gateway.names("global/images")[0],
        "licenseCodes": gateway.items("global/licenses")[0]["licenseCode"],
    }
    found = {}
    for resource, inside in document["resources"].items():
        listing = inside["methods"].get("list")
        if listing and "description" in listing:
            listing = None
        found[resource] = {**PLACES[0], "name": known.get(resource, "none")}
        for place in PLACES if listing else []:
            items = gateway.items("/compute/v1/" + listing["path"].format(**place))
            if items:
                name = items[0].get("name", known.get(resource))
                found[resource] = {**place, "name": name}
                break
    return found


def value_of(schema: Mapping[str, Any], document: Mapping[str, Any], draw: random.Random) -> Any:
    """Something that the document allows."""
    if "$ref" in schema:
        schema = document["schemas"][schema["$ref"]]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    match schema.get("type"):
        case "boolean":
            return draw.random() < 0.5
        case "integer" | "number":
            return draw.randint(0, 3)
        case "array":
            return [value_of(schema["items"], document, draw)]
        case "object":
            inside = schema.get("properties", {})
            chosen = [name for name in inside if draw.random() < 0.3]
            return {name: value_of(inside[name], document, draw) for name in chosen}
        case _:
            return str(draw.randint(0, 3)) if "format" in schema else draw.choice(["x", "web-1"])


@pytest.fixture(scope="module")
def full(make_lasting_gateway: MakeGateway) -> Gateway:
    """With everything; what only reads comes before what changes it."""
    gateway = make_lasting_gateway(**SIMULATOR)
    prepare(gateway.cloud.app)
    fill(gateway)
    return gateway


@pytest.fixture(scope="module")
def document(full: Gateway) -> dict[str, Any]:
    told: dict[str, Any] = full.get("/discovery/v1/apis/compute/v1/rest")
    return told


class Service:
    """A client of the gateway that knows nothing but its document."""

    def __init__(self, gateway: Gateway, document: Mapping[str, Any]) -> None:
        self.wire = Wire(gateway)
        self.client = build_from_document(orjson.dumps(document).decode(), http=self.wire)
        self.document = document
        self.known = examples(gateway, document)
        self._collections: dict[str, Any] = {}

    def _collection(self, resource: str) -> Any:
        """The library's object for a resource, all of whose methods it makes anew each time."""
        if resource not in self._collections:
            self._collections[resource] = getattr(self.client, resource)()
        return self._collections[resource]

    def request(self, method: Called, **more: Any) -> Any:
        """A request of the library's, with what the path needs."""
        example = self.known[method.resource]
        path = {name: example.get(name, example["name"]) for name in method.parameters("path")}
        needed = {
            name: value_of(schema, self.document, random.Random(0))
            for name, schema in method.parameters("query").items()
            if schema.get("required")
        }
        call = getattr(self._collection(method.resource), method.name)
        return call(**{**path, **needed, **more})

    def outcome(self, method: Called, **more: Any) -> tuple[int, Any]:
        """The status of a request's answer, and what it says."""
        try:
            told = self.request(method, **more).execute()
        except HttpError as error:
            # Whether it has the form of GCE's errors was looked at on the wire.
            return error.status_code, error
        assert isinstance(told, dict) or "response" not in method.told
        return 200, told


def test_a_batch_answers_every_read_as_it_is_answered_alone(
    full: Gateway, document: dict[str, Any]
) -> None:
    service = Service(full, document)
    reads = [m for m in methods(document) if m.name in READS and not m.missing]
    answers: dict[str, Any] = {}

    def note(request_id: str, answer: Any, error: Exception | None) -> None:
        answers[request_id] = error or answer

    batch = service.client.new_batch_http_request(callback=note)
    for method in reads:
        batch.add(service.request(method), request_id=f"{method.resource}.{method.name}")
    batch.execute(http=service.wire)
    assert answers == {
        f"{method.resource}.{method.name}": service.request(method).execute() for method in reads
    }


def test_every_method_is_built_sent_and_answered_as_gce_would(
    full: Gateway, document: dict[str, Any]
) -> None:
    service = Service(full, document)
    called = list(methods(document))
    assert {f"compute.{m.resource}.{m.name}" for m in called if not m.missing} == {
        bound.method.gce.id for bound in full.application.methods.values()
    }
    answered, seed = 0, random.randrange(10**6)
    print("seed", seed)
    for method in called:
        draw = random.Random(f"{seed} {method.resource}.{method.name}")
        tries: list[dict[str, Any]] = [{}]
        if "request" in method.told:
            tries = [{"body": {}}]
            tries += [
                {"body": value_of(method.told["request"], document, draw)} for _ in range(BODIES)
            ]
        optional = {
            name: value_of(schema, document, draw)
            for name, schema in method.parameters("query").items()
            if name not in ("filter", "orderBy", "pageToken", "requestId")
        }
        tries.append({**tries[-1], **optional})
        if "filter" in method.parameters("query"):
            tries.append({**tries[0], "filter": "name != x", "orderBy": "name", "maxResults": 2})
        if method.missing:
            status, told = service.outcome(method, **tries[0])
            assert status == 400, (method, told)
            assert f"compute.{method.resource}.{method.name} is not implemented" in told.reason
            continue
        for more in tries:
            status, told = service.outcome(method, **more)
            assert status < 500, (method, more, told)
            assert status == 200 or method.name not in READS or more, (method, told)
            answered += status == 200
    assert answered > len([method for method in called if not method.missing])
