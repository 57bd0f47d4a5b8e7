"""The discovery and OpenAPI documents: where they are, what is in them, how they are sent."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.http import HttpMock
from openapi_spec_validator import OpenAPIV31SpecValidator
from webob import Request

from gstack_pyramid.schemas.query import query_parser

from ..support.gateway import Gateway, gce_error

if TYPE_CHECKING:
    from pyramid.router import Router

REST = "/discovery/v1/apis/compute/v1/rest"
NEWER = "/$discovery/rest?version=v1"
DOCUMENTS = ("/discovery/v1/apis", REST, NEWER, "/openapi.json")

VALUES = {"boolean": True, "integer": 1, "number": 1.5}


def document(gateway: Gateway, path: str = REST, **headers: str) -> dict[str, Any]:
    """A document, asked for by somebody who has no token."""
    told: dict[str, Any] = gateway.web.get(path, headers=headers).json
    return told


def unpacked(gateway: Gateway, path: str, encodings: str) -> Any:
    """An answer as it is on the wire; WebTest unpacks what it gets."""
    request = Request.blank(path, headers={"Accept-Encoding": encodings})
    return request.get_response(gateway.router)


def value_of(schema: dict[str, Any]) -> Any:
    """A value that a parameter of a discovery document takes."""
    value = schema["enum"][0] if "enum" in schema else VALUES.get(schema["type"], "1")
    return [value] if schema.get("repeated") else value


def test_the_document_marks_what_is_not_mapped_and_openapi_leaves_it_out(gateway: Gateway) -> None:
    told = document(gateway)
    every = {
        method["id"]: method.get("description", "")
        for resource in told["resources"].values()
        for method in resource["methods"].values()
    }
    assert every.keys() == {method.id for method in gateway.application.compiled.gce.all_methods()}
    methods = {method for method, description in every.items() if not description}
    assert methods == gateway.application.methods.keys()
    assert every["compute.targetPools.setBackup"].startswith("Not implemented: A load balancer ")
    assert document(gateway, NEWER) == told
    paths = document(gateway, "/openapi.json")["paths"]
    operations = {
        operation["operationId"]
        for item in paths.values()
        for verb, operation in item.items()
        if verb != "parameters"
    }
    assert operations == methods


def test_googles_client_makes_a_request_for_every_method(gateway: Gateway) -> None:
    told = document(gateway)
    gce = gateway.application.compiled.gce
    made = 0
    # It changes the document that it is given.
    with build_from_document(document(gateway), http=HttpMock()) as service:
        for name, resource in told["resources"].items():
            collection = getattr(service, name)()
            for method, entry in resource["methods"].items():
                given = {each: value_of(schema) for each, schema in entry["parameters"].items()}
                body: dict[str, Any] = {"body": {}} if "request" in entry else {}
                request = getattr(collection, method)(**given, **body)
                assert request.method == entry["httpMethod"]
                assert request.methodId == entry["id"]
                asked = urlsplit(request.uri)
                assert f"{asked.scheme}://{asked.netloc}" == "http://localhost"
                found = gce.match(asked.path.removeprefix("/compute/v1/"))
                assert entry["id"] in {each.id for each in found}
                sent = {**parse_qs(asked.query)}
                assert sent.pop("alt", ["json"]) == ["json"]
                read = query_parser(gce, gce.method(name, method))
                assert read(sent).keys() == {
                    each
                    for each, schema in entry["parameters"].items()
                    if schema["location"] == "query"
                }
                made += 1
    assert made == len(list(gce.all_methods()))


def test_the_openapi_document_is_valid(gateway: Gateway) -> None:
    told = document(gateway, "/openapi.json")
    assert told["openapi"].startswith("3.1.")
    errors = OpenAPIV31SpecValidator(told).iter_errors()
    assert [error.message for error in errors] == []


def test_the_openapi_document_says_what_the_mappings_demand(gateway: Gateway) -> None:
    """Google's document requires few fields, and each insert needs a name."""
    paths = document(gateway, "/openapi.json")["paths"]

    def required(path: str) -> list[str]:
        operation = paths[f"/projects/{{project}}/{path}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        found: list[str] = body.get("required", [])
        return found

    assert required("regions/{region}/targetPools") == ["name"]
    assert required("zones/{zone}/disks/{resource}/setLabels") == ["labelFingerprint"]
    # Without a size it is as large as what it is made of.
    assert required("zones/{zone}/disks") == ["name"]
    inserts = [
        path.removeprefix("/projects/{project}/")
        for path, item in paths.items()
        if item.get("post", {}).get("operationId", "").endswith(".insert")
    ]
    assert [path for path in inserts if "name" not in required(path)] == []


def test_links_are_those_that_the_client_uses(
    gateway: Gateway, make_router: Callable[..., Router]
) -> None:
    gateway.configure(hosts=("cloud.example.com:8443",))
    told = document(gateway, Host="cloud.example.com:8443")
    assert told["rootUrl"] == "http://cloud.example.com:8443/"
    assert told["baseUrl"] == told["rootUrl"] + told["servicePath"]
    assert told["baseUrl"].endswith(told["basePath"])
    oauth = told["auth"]["oauth2"]
    assert oauth["authorizationUri"] == "http://cloud.example.com:8443/oauth2/auth"
    assert oauth["tokenUri"] == "http://cloud.example.com:8443/oauth2/token"
    (server,) = document(gateway, "/openapi.json", Host="cloud.example.com:8443")["servers"]
    assert server["url"] == "http://cloud.example.com:8443/compute/v1"
    gateway.configure(public_url="https://gce.example.com/behind")
    assert document(gateway)["baseUrl"] == "https://gce.example.com/behind/compute/v1/"
    (item,) = document(gateway, "/discovery/v1/apis")["items"]
    assert item["discoveryRestUrl"] == f"https://gce.example.com/behind{REST}"
    assert (item["id"], item["preferred"]) == ("compute:v1", True)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_that_is_known_is_not_sent_again(gateway: Gateway, path: str) -> None:
    first = gateway.web.get(path)
    again = gateway.web.get(path, headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.body == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    gateway.web.get(path, headers={"If-None-Match": 'W/"other"'}, status=200)
    gateway.configure(hosts=("other.example.com",))
    elsewhere = gateway.web.get(path, headers={"Host": "other.example.com"})
    same = elsewhere.headers["ETag"] == first.headers["ETag"]
    assert same == (elsewhere.body == first.body)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_packed_for_who_can_unpack_it(gateway: Gateway, path: str) -> None:
    plain = gateway.web.get(path)
    assert "Content-Encoding" not in plain.headers
    packed = unpacked(gateway, path, "gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] == plain.headers["ETag"]
    refused = unpacked(gateway, path, "gzip;q=0, identity")
    assert refused.body == plain.body


def test_a_part_of_a_document_can_be_asked_for(gateway: Gateway) -> None:
    told = document(gateway, f"{REST}?fields=rootUrl,resources/zones/methods/get/id")
    assert told == {
        "rootUrl": "http://localhost/",
        "resources": {"zones": {"methods": {"get": {"id": "compute.zones.get"}}}},
    }
    pretty = gateway.web.get(f"{REST}?prettyPrint=true")
    assert pretty.body.startswith(b'{\n  "')
    assert orjson.loads(pretty.body) == document(gateway)
    assert document(gateway, "/discovery/v1/apis?name=nosuch")["items"] == []
    assert len(document(gateway, "/discovery/v1/apis?name=compute&preferred=true")["items"]) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/discovery/v1/apis/storage/v1/rest", 404),
        ("/discovery/v1/apis/compute/beta/rest", 404),
        ("/$discovery/rest?version=alpha", 404),
        ("/$discovery/rest?nosuch=1", 400),
        (f"{REST}?alt=proto", 400),
        (f"{REST}?callback=evil", 400),
        (f"{REST}?fields=))", 400),
    ],
)
def test_what_there_is_not_is_refused_in_googles_form(
    gateway: Gateway, path: str, status: int
) -> None:
    gce_error(gateway.web.get(path, status=status))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_can_only_be_read(gateway: Gateway, path: str) -> None:
    response = gateway.web.post(path, status=405)
    gce_error(response)
    assert response.headers["Allow"] == "GET, HEAD"
    assert gateway.web.head(path).body == b""


def test_addresses_that_clients_make_up_fill_no_memory(gateway: Gateway) -> None:
    documents = gateway.router.registry["gstack.documents"]
    for number in range(40):
        document(gateway, Host=f"localhost:{8000 + number}")
    assert documents.kept <= 16
