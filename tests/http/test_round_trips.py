"""What insert accepted, get returns, field by field, for bodies drawn from the schema.

A resource is added to the tables in ``tests/support/trips``. Fields that the mapping comes to make
use of are drawn from then on, and a field that the schema can't draw alone has to be told there.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gstack_pyramid.cloudstack.client import is_read

from ..conftest import MakeGateway
from ..support.effort import tries
from ..support.gateway import Gateway
from ..support.round_trips import Bodies, RoundTrip, lost, methods
from ..support.trips import TRIPS


def set_out(trip: RoundTrip, make_gateway: MakeGateway) -> tuple[Gateway, Bodies]:
    """A gateway in which there is what bodies refer to, and these."""
    gateway = make_gateway(limit=-1, **trip.cloud)
    trip.before(gateway)
    application = gateway.application
    return gateway, Bodies(trip, methods(application)[trip.method], application.compiled.gce)


@pytest.mark.parametrize("trip", TRIPS, ids=str)
def test_what_insert_accepted_get_returns(trip: RoundTrip, make_gateway: MakeGateway) -> None:
    gateway, bodies = set_out(trip, make_gateway)

    # What fails names its fields, so there is no need to look for a smaller example.
    @settings(
        max_examples=tries(3, trip.examples),
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=bodies.any())
    def there_and_back(body: dict[str, Any]) -> None:
        gateway.do("POST", trip.path, body)
        path = f"{trip.path}/{body['name']}"
        shown = gateway.get(path)
        trip.after(gateway, path)
        gateway.do("DELETE", path)
        # What comes back with its id, as addresses do, is told apart by when it was acquired.
        gateway.cloud.clock.now += 1
        assert lost(trip, body, shown) == []

    there_and_back()


EACH = list({trip.method: trip for trip in TRIPS}.values())


@pytest.mark.parametrize("trip", EACH, ids=str)
def test_what_has_no_name_is_not_made(trip: RoundTrip, make_gateway: MakeGateway) -> None:
    """Google's document says of few fields that they are required, and CloudStack names things."""
    gateway, bodies = set_out(trip, make_gateway)

    @settings(max_examples=1, database=None, phases=[Phase.generate])
    @given(body=bodies.any())
    def refused(body: dict[str, Any]) -> None:
        del body["name"], gateway.sent[:]
        error = gateway.refused(400, "POST", trip.path, body)
        assert error["errors"][0]["location"] == "resource.name"
        assert [command for command in gateway.sent if not is_read(command)] == []

    refused()


def test_each_insert_has_a_round_trip(gateway: Gateway) -> None:
    made = {method for method in methods(gateway.application) if method.endswith(".insert")}
    assert {trip.method for trip in TRIPS} == made
