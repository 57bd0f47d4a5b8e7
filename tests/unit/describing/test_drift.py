"""What of the mapping files a cloud of another release would miss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.describing.drift import Drift, drift
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.loader import Mappings, load
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.files import read_json
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.list_apis import render_list_apis

from ...support import shipped
from ..mapping.mappings import PROJECTS, ZONES, write

#: Commands of a 4.18's recorded answer to listApis: names and types.
OF_4_18 = Path(__file__).with_name("list_apis_4.18.json")

ROUTES = """
    resource: routes
    read: {call: listStaticRoutes, name: id}
    fields:
      destRange: cidr
      nextHopIp: nexthop
    methods:
      get: {}
      insert:
        makes: route.id
        steps:
          - call: createStaticRoute
            params: {cidr: destRange, nexthop: nextHopIp, vpcid: body.network}
            as: route
            found: {call: listStaticRoutes, where: cidr == body.destRange}
"""

Apis = dict[str, Any]


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, gce: GceModel, cloudstack: CloudStackModel
) -> tuple[Mappings, Compiled]:
    folder = write(tmp_path_factory.mktemp("drift"), projects=PROJECTS, zones=ZONES, routes=ROUTES)
    mappings = load([folder])
    return mappings, compile_mappings(mappings, gce, cloudstack)


@pytest.fixture
def apis(cloudstack: CloudStackModel) -> Apis:
    """What a cloud tells whose commands are all as in the model, by command."""
    told = render_list_apis(cloudstack)["api"]
    wanted = ("listAccounts", "listZones", "listStaticRoutes", "createStaticRoute")
    return {api["name"]: api for api in told if api["name"] in wanted}


@pytest.fixture
def compare(small: tuple[Mappings, Compiled], apis: Apis) -> Callable[[], Drift]:
    return lambda: drift(*small, {"count": len(apis), "api": list(apis.values())})


def without(entries: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    kept = [entry for entry in entries if entry["name"] != name]
    assert len(kept) == len(entries) - 1
    return kept


def test_nothing_differs_from_the_model_itself(compare: Callable[[], Drift]) -> None:
    found = compare()
    assert (found.lost, found.changed, found.new) == ((), (), ())
    assert list(found.lines()) == ["the commands that are used are those of CloudStack 4.22"]


def test_a_parameter_that_is_gone_is_told_with_the_methods_that_send_it(
    compare: Callable[[], Drift], apis: Apis
) -> None:
    told = apis["createStaticRoute"]
    told["params"] = without(told["params"], "vpcid")
    assert compare().lost == (("createStaticRoute has no parameter 'vpcid'", ("routes.insert",)),)


def test_a_field_that_is_gone_is_told_with_the_resource_that_shows_it(
    compare: Callable[[], Drift], apis: Apis
) -> None:
    told = apis["listStaticRoutes"]
    told["response"] = without(told["response"], "nexthop")
    field = "the answer of listStaticRoutes has no field 'nexthop'"
    assert compare().lost == ((field, ("routes",)),)


def test_a_parameter_that_is_asked_for_and_not_sent_is_told(
    compare: Callable[[], Drift], apis: Apis
) -> None:
    (gateway,) = [p for p in apis["createStaticRoute"]["params"] if p["name"] == "gatewayid"]
    gateway["required"] = True
    assert compare().lost == (("createStaticRoute requires gatewayid", ("routes.insert",)),)


def test_what_nobody_uses_is_not_missed(compare: Callable[[], Drift], apis: Apis) -> None:
    apis["listZones"]["params"] = without(apis["listZones"]["params"], "showcapacities")
    apis["listZones"]["response"] = without(apis["listZones"]["response"], "dns1")
    assert compare().lost == ()


def test_a_command_that_is_not_told_of_is_left_to_the_roles(
    compare: Callable[[], Drift], apis: Apis
) -> None:
    del apis["createStaticRoute"]
    assert compare().lost == ()


def test_another_form_of_a_command_is_told(compare: Callable[[], Drift], apis: Apis) -> None:
    told = apis["createStaticRoute"]
    told["isasync"] = False
    (cidr,) = [p for p in told["params"] if p["name"] == "cidr"]
    cidr["type"] = "list"
    assert compare().changed == (
        "createStaticRoute is answered at once, without a job there",
        "createStaticRoute takes cidr as list, not string",
    )


def test_what_is_new_in_a_command_that_is_used_is_told(
    compare: Callable[[], Drift], apis: Apis
) -> None:
    apis["listZones"]["params"].append({"name": "phase", "type": "string", "required": False})
    (tags,) = [f for f in apis["listZones"]["response"] if f["name"] == "tags"]
    tags["response"].append({"name": "colour", "type": "string"})
    found = compare()
    assert found.new == (("listZones", ("phase", "tags.colour")),)
    assert "  new in listZones: phase, tags.colour" in list(found.lines())


def test_what_a_4_18_lacks_is_told() -> None:
    """Its static routes lead to a private gateway only, its machines come from templates only, and
    it knows of no architectures."""
    found = drift(shipped.mappings(), shipped.compiled(), read_json(OF_4_18))
    lost = dict(found.lost)
    routes = ("routes.insert",)
    assert lost["createStaticRoute requires gatewayid"] == routes
    assert lost["createStaticRoute has no parameter 'nexthop'"] == routes
    assert lost["registerTemplate has no parameter 'arch'"] == ("images.insert",)
    assert lost["deployVirtualMachine has no parameter 'snapshotid'"] == ("instances.insert",)
    assert lost["updateVirtualMachine has no parameter 'deleteprotection'"] == (
        "instances.insert",
        "instances.setDeletionProtection",
    )
    assert lost["the answer of listTemplates has no field 'arch'"] == ("images",)
    assert ("createStaticRoute", ("gatewayid",)) in found.new
    assert not [what for what in lost if "listZones" in what]


def test_another_answer_is_refused(small: tuple[Mappings, Compiled]) -> None:
    with pytest.raises(ValueError, match="listApis"):
        drift(*small, {"count": 0})
