"""What a request costs: in proportion to its size, whatever is in its body.

Calls of functions are counted in place of seconds, which say more of the machine. A hundred
milliseconds for each hundred kilobytes is a microsecond a byte, in which Python makes a few calls;
``python -m benchmarks hostile`` measures the seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gstack_pyramid.schemas.extent import MAX_COMBINATIONS
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder

from ..support.cost import counted
from ..support.effort import tries
from ..support.gateway import SG_ZONE, Gateway, instance_body

GCE = GceModel(data_folder("schemas") / "gce")
INSTANCES = f"zones/{SG_ZONE}/instances"

CALLS_PER_BYTE = 2.0
CALLS_OF_ANY = 60_000
"""Calls of the largest plan of a well-formed request, and of what a test does to send one."""

Step = tuple[str, str]


@cache
def places(type_name: str) -> list[tuple[tuple[Step, ...], str]]:
    """Ways to the lists and maps of a type, and which of both they lead to."""
    return list(_places(type_name, ()))


def _places(type_name: str, above: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    for name, schema in GCE.type(type_name).get("properties", {}).items():
        reference = schema.get("$ref") or schema.get("items", {}).get("$ref")
        if schema.get("type") == "array":
            yield (*above, (name, "whole")), "list"
        elif isinstance(schema.get("additionalProperties"), dict):
            yield (*above, (name, "whole")), "map"
        if reference and len(above) < 3:
            how = "member" if "items" in schema else "inside"
            yield from _places(reference.removesuffix(".json"), (*above, (name, how)))


def wrapped(place: tuple[Step, ...], leaf: Any) -> dict[str, Any]:
    """A body that has something at a place."""
    for name, how in reversed(place):
        leaf = {name: [leaf] if how == "member" else leaf}
    told: dict[str, Any] = leaf
    return told


def of_size(kind: str, what: Any, size: int) -> Any:
    """A list or a map full of something, of about so many bytes."""
    each = len(orjson.dumps(what)) + 1
    if kind == "list":
        return [what] * (size // each + 1)
    return {f"k{number}": what for number in range(size // (each + 9) + 1)}


WHAT: st.SearchStrategy[Any] = st.sampled_from(
    [
        {},
        [],
        0,
        None,
        "",
        "10.0.0.0/8",
        "x" * 300,
        {"a": 1},
        {"name": 7},
        {"key": "a"},
        [[[]]],
        "\n",
    ]
) | st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "key", "value", "kind", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=tries(20, 60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_body_costs_in_proportion_to_its_size(gateway: Gateway, data: st.DataObject) -> None:
    methods = gateway.application.methods
    chosen = data.draw(st.sampled_from(sorted(name for name in methods if methods[name].body)))
    method = methods[chosen].method.gce
    names = {"project": "demo-project", "zone": SG_ZONE, "region": "ch-gva"}
    path = method.path.replace("{+", "{")
    for parameter in method.path_parameters:
        path = path.replace(f"{{{parameter}}}", names.get(parameter, "web"))
    assert method.request is not None
    body: dict[str, Any] = dict(instance_body("web")) if chosen.endswith("instances.insert") else {}
    place, kind = data.draw(
        st.sampled_from(places(method.request) or [((("x", "whole"),), "list")])
    )
    size = data.draw(st.sampled_from([1_000, 20_000, 100_000]))
    body |= wrapped(place, of_size(kind, data.draw(WHAT), size))
    content = orjson.dumps(body)
    # What is read and compiled for the first one of its kind is no part of what a request costs.
    gateway.request(method.http_method, f"/compute/v1/{path}", b"{}")
    with counted() as calls:
        response = gateway.request(method.http_method, f"/compute/v1/{path}", content)
    assert response.status_int < 500, response.text
    assert calls.count < CALLS_OF_ANY + CALLS_PER_BYTE * len(content)
    assert len(response.body) < 20_000


WORST = {
    "wrong disks": b'{"disks":[' + b",".join([b'{"a":1}'] * 18_000) + b"]}",
    "empty interfaces": b'{"networkInterfaces":[' + b",".join([b"{}"] * 53_000) + b"]}",
    "many disks": b'{"name":"web","disks":[' + b",".join([b'{"boot":true}'] * 40_000) + b"]}",
    "zeros": b'{"disks":[' + b",".join([b"0"] * 500_000) + b"]}",
    "unknown names": b"{" + b",".join([b'"n%d":1' % n for n in range(9_000)]) + b"}",
    "one wrong at the end": b'{"tags":{"items":[' + b'"a",' * 15_000 + b"7]}}",
    "wrong labels": b'{"labels":{' + b",".join([b'"k%d":1' % n for n in range(9_000)]) + b"}}",
    "a long text": b'{"name":"' + b"a" * 1_000_000 + b'"}',
    "a long wrong text": b'{"canIpForward":"' + b"a" * 1_000_000 + b'"}',
    "nested lists": b'{"disks":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "nested objects": b'{"x":' + b'{"a":' * 1_000 + b"1" + b"}" * 1_000 + b"}",
    "nested in a list": b'{"disks":[' + b"[" * 90 + b"]" * 90 + b"]}",
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_bodies_are_refused_cheaply(gateway: Gateway, name: str) -> None:
    with counted() as calls:
        response = gateway.request("POST", INSTANCES, WORST[name])
    assert response.status_int == 400, response.text
    assert calls.count < 60_000
    assert len(response.body) < 10_000
    assert gateway.sent == []


@pytest.mark.parametrize(
    ("field", "value", "most"),
    [
        ("disks", [{"boot": True}] * 129, 128),
        ("networkInterfaces", [{"network": "global/networks/default"}] * 17, 16),
        ("labels", {f"k{number}": "" for number in range(65)}, 64),
    ],
)
def test_more_of_a_kind_than_gce_takes_is_told(
    gateway: Gateway, field: str, value: Any, most: int
) -> None:
    error = gateway.refused(400, "POST", INSTANCES, instance_body("web", **{field: value}))
    assert error["errors"][0]["location"] == f"resource.{field}"
    assert error["message"].endswith(f"{len(value)} entries. Must have at most {most}")
    assert gateway.sent == []


def test_as_many_as_gce_takes_are_taken(gateway: Gateway) -> None:
    labels = {f"k{number}": "" for number in range(64)}
    assert gateway.create("web", labels=labels)["labels"] == labels


@pytest.mark.parametrize("verb", ["POST", "PATCH", "PUT"])
def test_lists_that_multiply_are_bounded(gateway: Gateway, verb: str) -> None:
    """A firewall has a rule for each port from each range: 16 kB of them would be a million."""
    path = "global/firewalls"
    body: dict[str, Any] = {"name": "web", "allowed": [{"IPProtocol": "tcp", "ports": ["80"]}]}
    if verb != "POST":
        gateway.do("POST", path, body)
        path += "/web"
    before = len(gateway.sent)
    body["allowed"] = [{"IPProtocol": "tcp", "ports": [str(port) for port in range(1, 1_001)]}]
    body["sourceRanges"] = [f"10.{n // 256}.{n % 256}.0/24" for n in range(1_000)]
    with counted() as calls:
        error = gateway.refused(400, verb, path, body)
    assert "more than 5000 combinations" in error["message"]
    # Those that come before are made, by some hundred calls each.
    assert calls.count < 200 * MAX_COMBINATIONS
    assert all(command.startswith("list") for command in gateway.sent[before:])
