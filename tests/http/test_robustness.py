"""Hostile and odd requests: never a 5xx where the cloud is not at fault, never a strange header."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.effort import tries
from ..support.gateway import SG_ZONE, Gateway, gce_error, instance_body

ROOT = "/compute/v1/projects/demo-project"
ODD_NAMES = [
    "%00",
    "web%00",
    "%2e%2e",
    "..",
    ".",
    "%2F",
    "a%2Fb",
    "..%2f..%2fetc%2fpasswd",
    "%C3%BC",
    "%E2%80%AE",
    "%F0%9F%90%B1",
    "%0d%0aSet-Cookie:x",
    "%0A",
    "%25",
    "%zz",
    "%",
    "*",
    "'",
    '"',
    "%3Cscript%3E",
    "{project}",
    "${jndi}",
    "a b",
    "a+b",
    "a;b",
    "a,b",
    "~",
    "-",
    "0",
    "00",
    "-1",
    "1e9",
    "9" * 25,
    "9" * 5000,
    "a" * 64,
    "a" * 10_000,
    "x-",
    "web-00000000",
    "%D9%A3",
    "custom-1-",
    "custom-99999999999999999999-1",
    "custom-" + "9" * 5000 + "-1024",
]
PLACES = [
    "/compute/v1/projects/{}",
    "/compute/v1/projects/{}/zones",
    f"{ROOT}/zones/{{}}",
    f"{ROOT}/zones/{{}}/instances",
    f"{ROOT}/regions/{{}}",
    f"{ROOT}/regions/{{}}/operations/x",
    f"{ROOT}/zones/{SG_ZONE}/instances/{{}}",
    f"{ROOT}/zones/{SG_ZONE}/disks/{{}}",
    f"{ROOT}/zones/{SG_ZONE}/machineTypes/{{}}",
    f"{ROOT}/zones/{SG_ZONE}/diskTypes/{{}}",
    f"{ROOT}/zones/{SG_ZONE}/operations/{{}}",
    f"{ROOT}/zones/{SG_ZONE}/imageFamilyViews/{{}}",
    f"{ROOT}/global/images/{{}}",
    f"{ROOT}/global/images/family/{{}}",
    f"{ROOT}/global/networks/{{}}",
    f"{ROOT}/global/firewalls/{{}}",
    f"{ROOT}/global/operations/{{}}",
    "/{}",
    "/compute/v1/{}",
]


def sound(response: Any) -> None:
    """The answer is no fault of ours, and has the form of an answer of ours."""
    assert response.status_int < 500, response.text
    if response.status_int >= 400:
        gce_error(response)
    assert "Set-Cookie" not in response.headers
    for name, value in response.headers.items():
        assert "\r" not in name + value
        assert "\n" not in name + value


@pytest.mark.parametrize("place", PLACES)
def test_odd_names_in_paths(gateway: Gateway, place: str) -> None:
    for name in ODD_NAMES:
        sound(gateway.request("GET", place.format(name)))
    changing = [c for c in gateway.sent if not c.startswith(("list", "get", "query"))]
    assert changing == []


def test_digits_of_other_scripts_are_no_numbers(gateway: Gateway) -> None:
    for name in ("custom-%D9%A3-1024", "custom-1-%E0%A5%A7%E0%A5%A6%E0%A5%A8%E0%A5%AA"):
        gateway.refused(404, "GET", f"zones/{SG_ZONE}/machineTypes/{name}")


NOT_UTF8 = ("%FF%FE", "%C0%80", "web%E9", "%ED%A0%80")


@pytest.mark.parametrize("place", PLACES)
def test_paths_that_are_no_utf8(gateway: Gateway, place: str) -> None:
    for name in NOT_UTF8:
        for verb in ("GET", "DELETE", "POST"):
            sound(gateway.request(verb, place.format(name)))
    assert gateway.sent == []


@pytest.mark.parametrize("name", ["filter", "pageToken", "fields", "orderBy", "nonsense"])
def test_queries_that_are_no_utf8(gateway: Gateway, name: str) -> None:
    for value in NOT_UTF8:
        sound(gateway.request("GET", f"zones?{name}={value}"))
        sound(gateway.request("GET", f"zones?{value}={name}"))


@pytest.mark.parametrize("verb", ["DELETE", "POST", "PATCH", "PUT", "HEAD", "OPTIONS"])
def test_odd_names_with_every_verb(gateway: Gateway, verb: str) -> None:
    for place in PLACES:
        for name in ODD_NAMES[:24]:
            response = gateway.request(verb, place.format(name))
            assert response.status_int < 500 or response.status_int == 501, response.text
    changing = [c for c in gateway.sent if not c.startswith(("list", "get", "query"))]
    assert changing == []


def test_odd_names_in_bodies(gateway: Gateway) -> None:
    odd: tuple[Any, ...] = ("\x00", "a\x00b", "\u202e", "\ud7ff", "\n", "\r\nx: y", 7, None, {})
    for name in (*ODD_NAMES, *odd):
        for body in (
            {**instance_body("web"), "name": name},
            {**instance_body("web"), "machineType": name},
            {**instance_body("web"), "networkInterfaces": [{"network": name}]},
            {
                **instance_body("web"),
                "disks": [{"boot": True, "initializeParams": {"sourceImage": name}}],
            },
        ):
            sound(gateway.request("POST", f"zones/{SG_ZONE}/instances", body))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "a\tb",
        'x" onload="',
        "<script>",
        "localhost:99999",
        "localhost:port",
        "[::1]:80",
        "[",
        "",
        " ",
        "a" * 5000,
        "\u00fc.example.com",
        "a/b?c#d",
        "user:pass@host",
    ],
)
def test_odd_hosts(gateway: Gateway, host: str) -> None:
    headers = {"Host": host.encode().decode("latin-1")}
    for path in ("zones", "zones/nowhere", "nothing"):
        response = gateway.request("GET", path, headers=headers)
        sound(response)
        assert response.content_type == "application/json"


@pytest.mark.parametrize(
    "query",
    [
        "a=%00",
        "filter=%00",
        "filter=" + "(" * 5000,
        "filter=name+eq+" + "a*" * 5000,
        "filter=name+eq+(((((((((((a*)*)*)*)*)*)*)*)*)*)*",
        "filter=" + "NOT+" * 3000 + "name=a",
        "filter=" + "a." * 5000 + "b=1",
        "filter=" + "+OR+".join(["name=a"] * 3000),
        "filter=size%3E" + "9" * 5000,
        "fields=" + "a/" * 5000 + "b",
        "fields=" + "a(" * 2000,
        "fields=%00",
        "pageToken=" + "A" * 5000,
        "maxResults=" + "9" * 5000,
        "maxResults=%D9%A3",
        "maxResults=1e2",
        "maxResults=%2B1",
        "orderBy=%00",
        "alt=%00",
        "prettyPrint=maybe",
        "prettyPrint=",
        "&&&&",
        "=",
        "==",
        "?",
        "%",
        "%zz=1",
        "a=1;b=2",
        "&".join(f"a{number}=1" for number in range(2000)),
        "fields=name&fields=kind",
    ],
)
def test_odd_queries(gateway: Gateway, query: str) -> None:
    for path in ("zones", "aggregated/machineTypes", f"zones/{SG_ZONE}"):
        sound(gateway.request("GET", f"{path}?{query}"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=nonsense"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "\u00fc"},
        {"Content-Encoding": "gzip"},
        {"If-Match": "x"},
        {"If-None-Match": "*"},
        {"Range": "bytes=0-10"},
        {"Accept": "text/html"},
        {"Accept-Encoding": "nonsense"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Cookie": "a=b; c"},
        {"Expect": "nonsense"},
        {"Origin": "null"},
        {"User-Agent": "x" * 5000},
    ],
    ids=lambda headers: "".join(headers),
)
def test_odd_headers(gateway: Gateway, headers: dict[str, str]) -> None:
    latin = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    sound(gateway.request("GET", "zones", headers=latin))
    sound(gateway.request("POST", f"zones/{SG_ZONE}/instances", b"{}", headers=latin))
    assert gateway.cloud.rows("listVirtualMachines") == []


def test_a_method_override_does_nothing(gateway: Gateway) -> None:
    gateway.create("web")
    headers = {"X-HTTP-Method-Override": "DELETE"}
    gateway.request("POST", f"zones/{SG_ZONE}/instances/web/stop", headers=headers)
    gateway.request("GET", f"zones/{SG_ZONE}/instances/web", headers=headers)
    assert gateway.names(f"zones/{SG_ZONE}/instances") == ["web"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=tries(20, 60),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=JSON, at=st.integers(0, 10_000))
def test_any_value_at_any_place_of_a_body(gateway: Gateway, value: Any, at: int) -> None:
    """One field of a good request is replaced; whatever comes, it is no fault of ours."""
    body = instance_body(
        "web",
        labels={"a": "b"},
        tags={"items": ["x"]},
        metadata={"items": [{"key": "a", "value": "b"}]},
        description="text",
    )
    places: list[tuple[Any, Any]] = []

    def walk(inner: Any) -> None:
        for key in inner if isinstance(inner, dict) else range(len(inner)):
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                walk(inner[key])

    walk(body)
    holder, key = places[at % len(places)]
    holder[key] = value
    try:
        content = orjson.dumps(body)
    except orjson.JSONEncodeError:
        return
    response = gateway.request("POST", f"zones/{SG_ZONE}/instances", content)
    assert response.status_int < 500, response.text
    if response.status_int == 200:
        done = gateway.finish(response.json)
        assert done.get("httpErrorStatusCode", 200) < 500, done
        if "error" not in done:
            gateway.do("DELETE", f"zones/{SG_ZONE}/instances/{body['name']}")


def test_random_bytes_as_a_body(gateway: Gateway) -> None:
    source = random.Random(7)
    for path in (f"zones/{SG_ZONE}/instances", "global/firewalls", "global/networks"):
        for _ in range(40):
            sound(gateway.request("POST", path, source.randbytes(source.randrange(200))))
