"""On every mapped aggregated list: every scope is told of, and one that fails sinks no other."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.engine.catalogue import Catalogue
from gstack_pyramid.engine.records import Source

from ..conftest import MakeGateway
from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway
from ..support.lists import Listed, items_of, lists_of
from ..support.plenty import FEW, SIMULATOR, fill, prepare

ZONES = {f"zones/{SG_ZONE}", f"zones/{ADVANCED_ZONE}"}
REGIONS = {"regions/ch-gva", "regions/ch-zrh"}
SCOPES = {"global", *ZONES, *REGIONS}


@pytest.fixture(scope="module")
def full(make_lasting_gateway: MakeGateway) -> Gateway:
    gateway = make_lasting_gateway(**SIMULATOR)
    prepare(gateway.cloud.app)
    fill(gateway)
    return gateway


def aggregated(gateway: Gateway) -> list[Listed]:
    return [listed for listed in lists_of(gateway) if listed.aggregated]


def kind_of(listed: Listed) -> str:
    """What the resources are called in a scope."""
    return listed.path.rpartition("/")[2]


def test_there_is_plenty_in_every_list(full: Gateway) -> None:
    """Otherwise what holds for all lists is hardly tested for the one that is empty."""
    shown: dict[str, int] = {}
    for listed in lists_of(full):
        count = len(items_of(full.get(listed.path)))
        shown[listed.resource] = max(count, shown.get(listed.resource, 0))
    few = {resource: count for resource, count in shown.items() if count < 2}
    assert few.keys() == FEW.keys(), f"make some of {few} in tests/support/plenty.py"


def test_every_scope_holds_what_its_own_list_shows(full: Gateway) -> None:
    flat = {listed.path for listed in lists_of(full) if not listed.aggregated}
    for listed in aggregated(full):
        kind = kind_of(listed)
        assert "includeAllScopes" in listed.query, listed
        usual = full.get(listed.path)["items"]
        told = full.get(listed.path, includeAllScopes="True")["items"]
        assert told.keys() == SCOPES, listed
        assert usual.keys() <= told.keys()
        for scope, held in told.items():
            path = f"{scope}/{kind}"
            expected = full.items(path) if path in flat else []
            assert held.get(kind, []) == expected, path
            assert held.get("warning", {}).get("code") == (
                None if expected else "NO_RESULTS_ON_PAGE"
            )
            assert usual.get(scope, held) == held


def test_a_zone_that_fails_is_told_of_and_the_others_are_whole(
    full: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where CloudStack lists by zones. Where it has one list for all, that fails as a whole."""
    lost_zone = full.cloud.zone(ADVANCED_ZONE)
    client, engine = full.application.engine.client, full.application.engine
    real = client.sent
    broken: set[str] = set()

    def sent_now(credentials: Any, command: str, params: Any) -> Any:
        if command in broken and params.get("zoneid") in (None, lost_zone):
            raise CloudStackError(command, 530, "the zone's hosts do not answer", None, 530)
        return real(credentials, command, params)

    monkeypatch.setattr(client, "sent", sent_now)
    partly, wholly = set(), set()
    for listed in aggregated(full):
        sources = engine.compiled.resources[listed.resource].sources
        broken.clear()
        before = full.get(listed.path)["items"]
        broken |= {source.command for source in sources if source.command}
        engine._catalogue = Catalogue(30.0)
        if not broken:
            continue  # the gateway's own, such as operations
        if "listZones" in broken or not all(map(by_zone, sources)):
            wholly.add(listed.resource)
            response = full.request("GET", listed.path, returnPartialSuccess="True")
            assert response.status_int >= 500, listed
            assert "hosts do not answer" in response.json["error"]["message"]
        else:
            partly.add(listed.resource)
            check_partial(full, listed, before)
        assert full.request("GET", listed.path).status_int >= 500
    assert partly, "no list is read zone by zone"


def by_zone(source: Source) -> bool:
    """Whether CloudStack can be asked for one zone's rows."""
    return source.zone_parameter is not None


def check_partial(full: Gateway, listed: Listed, before: dict[str, Any]) -> None:
    told = full.get(listed.path, returnPartialSuccess="True")
    (lost,) = {f"zones/{ADVANCED_ZONE}", "regions/ch-zrh"} & told["items"].keys()
    assert told["items"].keys() == before.keys()
    for scope, held in told["items"].items():
        if scope != lost:
            assert held == before[scope], (listed.path, scope)
    assert told["items"][lost].keys() == {"warning"}
    warning = told["items"][lost]["warning"]
    assert warning["code"] == "UNREACHABLE"
    assert "hosts do not answer" in warning["message"]
    assert warning["data"] == [{"key": "scope", "value": lost}]
    assert told["unreachables"] == [f"projects/demo-project/{lost}"]
