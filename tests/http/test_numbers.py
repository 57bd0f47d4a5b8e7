"""Numbers of any size, in each field of an insert that takes one: taken, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from ..conftest import MakeGateway
from ..support.effort import tries
from ..support.gateway import Gateway, gce_error, instance_body
from ..support.round_trips import Bodies, RoundTrip, methods
from ..support.trips import TRIPS

Place = tuple[str | int, ...]
FITTING = [2**31, 2**53 + 1, 2**63 - 1]
TOO_LARGE = [2**64, -(2**63) - 1, 10**30, 10**400]


def leaves(told: Any, place: Place = ()) -> Iterator[Place]:
    """Where a body has values that are neither objects nor lists."""
    if isinstance(told, Mapping | list):
        inside = told.items() if isinstance(told, Mapping) else enumerate(told)
        for name, value in inside:
            yield from leaves(value, (*place, name))
    else:
        yield place


def changed(told: Any, place: Place, value: Any) -> Any:
    """A body with another value in one place."""
    if not place:
        return value
    inside = dict(told) if isinstance(told, Mapping) else list(told)
    inside[place[0]] = changed(told[place[0]], place[1:], value)  # type: ignore[index]  # as told
    return inside


@pytest.mark.parametrize("trip", TRIPS, ids=str)
def test_a_number_of_any_size_is_taken_or_refused(
    trip: RoundTrip, make_gateway: MakeGateway
) -> None:
    gateway = make_gateway(limit=-1, **trip.cloud)
    trip.before(gateway)
    model = gateway.application.compiled.gce
    method = methods(gateway.application)[trip.method]
    assert method.gce.request is not None
    kind: str = method.gce.request

    def is_number(place: Place) -> bool:
        schema = model.field(kind, tuple(step for step in place if isinstance(step, str))) or {}
        return schema.get("type") in ("integer", "number") or schema.get("format") == "int64"

    @settings(
        max_examples=tries(1, 10),
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=Bodies(trip, method, model).any())
    def each(body: dict[str, Any]) -> None:
        for place in filter(is_number, leaves(body)):
            for number in (*FITTING, *TOO_LARGE):
                answer = send(gateway, trip.path, changed(body, place, number))
                if answer.status_int == 200:
                    assert number in FITTING, (place, number)
                    path = f"{trip.path}/{body['name']}"
                    if "error" not in gateway.finish(answer.json):
                        trip.after(gateway, path)
                        gateway.do("DELETE", path)
                        gateway.cloud.clock.now += 1
                else:
                    assert gce_error(answer)["code"] in (400, 403, 412), (place, number)

    each()


def send(gateway: Gateway, path: str, body: Any) -> Any:
    # As Python writes it, since a faster library refuses numbers of more than 64 bits.
    return gateway.request("POST", path, json.dumps(body).encode())


@pytest.mark.parametrize("size", ["9223372036854775808", "-9223372036854775809"])
def test_a_text_that_is_no_number_of_64_bits_is_refused_by_the_name_of_its_type(
    gateway: Gateway, size: str
) -> None:
    """It has as many digits as some that are; Google's words, as for any other wrong number."""
    body = instance_body("web")
    body["disks"].append({"initializeParams": {}, "diskSizeGb": size})
    error = gateway.refused(400, "POST", "zones/ch-gva-2/instances", body)
    assert (
        error["message"]
        == f"Invalid value at 'resource.disks[1].diskSizeGb' (TYPE_INT64), \"{size}\""
    )


def test_the_greatest_numbers_of_64_bits_are_numbers(gateway: Gateway) -> None:
    for size in (2**63 - 1, -(2**63)):
        error = gateway.refused(
            400, "POST", "zones/ch-gva-2/disks", {"name": "d", "sizeGb": str(size)}
        )
        assert "TYPE_INT64" not in error["message"]
