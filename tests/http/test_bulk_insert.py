"""Several instances at once: their names, how many there must be, and the operations of each."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gstack_pyramid.engine.calls import Call, Prepared
from gstack_pyramid.engine.environment import Env

from ..support.gateway import BASE, DEMO, SG_ZONE, UBUNTU, Gateway, instance_body

ZONE = f"zones/{SG_ZONE}"
INSTANCES = f"{ZONE}/instances"
BULK = f"{INSTANCES}/bulkInsert"
REGION = "regions/ch-gva"
PROPERTIES = {
    "machineType": "small",
    "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}],
    "networkInterfaces": [{"network": "global/networks/default"}],
    "labels": {"env": "prod"},
}


def bulk(count: int | None = 3, **more: Any) -> dict[str, Any]:
    body = {
        "count": None if count is None else str(count),
        "namePattern": "vm-##",
        "instanceProperties": PROPERTIES,
    }
    return {name: value for name, value in {**body, **more}.items() if value is not None}


def fail_deploying(gateway: Gateway, *, after: int, times: int = 1) -> None:
    gateway.cloud.app.injection.add(
        {
            "command": "deployVirtualMachine",
            "after": after,
            "times": times,
            "job": {"code": 533, "text": "No room"},
        }
    )


def test_instances_are_made_with_numbers_behind_those_that_are_there(gateway: Gateway) -> None:
    gateway.create("vm-07")
    gateway.create("vm-other")
    done = gateway.do("POST", BULK, bulk())
    assert done["operationType"] == "bulkInsert"
    made = ["vm-08", "vm-09", "vm-10"]
    assert gateway.names(INSTANCES) == ["vm-07", *made, "vm-other"]
    shown = [gateway.get(f"{INSTANCES}/{name}") for name in made]
    assert [one["labels"] for one in shown] == [{"env": "prod"}] * 3
    assert [one["disks"][0]["source"].rpartition("/")[2] for one in shown] == made


def test_each_instance_has_an_operation_of_the_same_group(gateway: Gateway) -> None:
    done = gateway.do("POST", BULK, bulk(2))
    group = f'operationGroupId="{done["operationGroupId"]}"'
    found = gateway.items(f"{ZONE}/operations", filter=group)
    inserts = [one for one in found if one["operationType"] == "insert"]
    assert [one["targetLink"].rpartition("/")[2] for one in inserts] == ["vm-01", "vm-02"]
    for one in inserts:
        name = one["targetLink"].rpartition("/")[2]
        assert one["targetId"] == gateway.get(f"{INSTANCES}/{name}")["id"]
        assert one["status"] == "DONE"
        assert gateway.get(f"{ZONE}/operations/{one['name']}") == one
    assert len(found) == len(inserts) + 1
    assert "targetId" not in done


def test_names_may_be_given(gateway: Gateway) -> None:
    named = bulk(3, perInstanceProperties={"db": {}, "vm-04": {}})
    gateway.do("POST", BULK, named)
    assert gateway.names(INSTANCES) == ["db", "vm-04", "vm-05"]
    only = {"perInstanceProperties": {"web": {}}, "instanceProperties": PROPERTIES}
    gateway.do("POST", BULK, only)
    assert "web" in gateway.names(INSTANCES)


def test_a_name_may_be_said_twice(gateway: Gateway) -> None:
    """Clients whose library drops empty objects say so: googleapis/python-compute#278."""
    named = bulk(None, namePattern=None, perInstanceProperties={"db": {"name": "db"}})
    gateway.do("POST", BULK, named)
    assert gateway.names(INSTANCES) == ["db"]


def test_a_template_is_laid_under_the_properties(gateway: Gateway) -> None:
    body = {"name": "web", "properties": {**PROPERTIES, "description": "of a template"}}
    gateway.do("POST", "global/instanceTemplates", body)
    of_it = bulk(
        2,
        sourceInstanceTemplate="global/instanceTemplates/web",
        instanceProperties={"machineType": "large"},
    )
    gateway.do("POST", BULK, of_it)
    for one in gateway.items(INSTANCES):
        assert one["machineType"].endswith("/large")
        assert (one["description"], one["labels"]) == ("of a template", {"env": "prod"})


def test_when_one_of_all_cant_be_made_there_is_none(gateway: Gateway) -> None:
    fail_deploying(gateway, after=2)
    done = gateway.finish(gateway.ask("POST", BULK, bulk()))
    assert "No room" in done["error"]["errors"][0]["message"]
    assert gateway.names(INSTANCES) == []
    assert gateway.items(f"{ZONE}/disks") == []


def test_fewer_may_be_made_when_the_least_number_says_so(gateway: Gateway) -> None:
    fail_deploying(gateway, after=1)
    done = gateway.do("POST", BULK, bulk(minCount="2"))
    assert gateway.names(INSTANCES) == ["vm-01", "vm-03"]
    (warning,) = done["warnings"]
    assert warning["code"] == "PARTIAL_SUCCESS"
    assert f"{INSTANCES}/vm-02' was not made: " in warning["message"]
    found = gateway.items(f"{ZONE}/operations", filter='operationType="insert"')
    failed = [one for one in found if "error" in one]
    assert [one["targetLink"].rpartition("/")[2] for one in failed] == ["vm-02"]
    assert gateway.names(f"{ZONE}/disks") == ["vm-01", "vm-03"]


def test_once_the_least_number_is_out_of_reach_all_are_taken_back(gateway: Gateway) -> None:
    fail_deploying(gateway, after=1, times=2)
    done = gateway.finish(gateway.ask("POST", BULK, bulk(4, minCount="3")))
    assert "No room" in done["error"]["errors"][0]["message"]
    assert gateway.names(INSTANCES) == []
    assert gateway.sent.count("deployVirtualMachine") == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"instanceProperties": None}, "resource.instanceProperties"),
        ({"namePattern": None}, "resource.namePattern"),
        ({"namePattern": "vm-#-#"}, "resource.namePattern"),
        ({"count": "100"}, "resource.namePattern"),
        ({"count": "0"}, "resource.count"),
        ({"count": "-1"}, "resource.count': must be from 1 to 1000"),
        ({"count": "1000000"}, "resource.count': must be from 1 to 1000"),
        ({"minCount": "-1"}, "resource.minCount': must be from 0 to 3"),
        ({"minCount": "4"}, "resource.minCount': must be from 0 to 3"),
        (
            {"perInstanceProperties": {"web": {"name": "www"}}},
            "resource.perInstanceProperties[web].name",
        ),
        ({"perInstanceProperties": {"a": {"hostname": "a.b.c"}}}, "resource.perInstanceProperties"),
        (
            {"instanceProperties": {**PROPERTIES, "machineType": "gigantic"}},
            "resource.instanceProperties.machineType",
        ),
        (
            {"instanceProperties": {**PROPERTIES, "resourcePolicies": ["daily"]}},
            "resource.instanceProperties.resourcePolicies",
        ),
        ({"locationPolicy": {"targetShape": "ANY"}}, "resource.locationPolicy"),
    ],
)
def test_what_cant_be_done_is_refused_before_anything_is_made(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    error = gateway.refused(400, "POST", BULK, bulk(**change))
    assert f"'{field}" in error["message"]
    assert "deployVirtualMachine" not in gateway.sent


def test_a_name_that_is_taken_is_refused(gateway: Gateway) -> None:
    gateway.create("web")
    given = bulk(2, perInstanceProperties={"db": {}, "web": {}})
    error = gateway.refused(409, "POST", BULK, given)
    assert error["message"].startswith(f"The resource 'projects/demo-project/{INSTANCES}/web'")
    assert gateway.names(INSTANCES) == ["web"]


def test_a_region_makes_them_in_a_zone_that_is_allowed(gateway: Gateway) -> None:
    done = gateway.do("POST", f"{REGION}/instances/bulkInsert", bulk(2))
    assert gateway.names(INSTANCES) == ["vm-01", "vm-02"]
    assert done["region"] == f"{BASE}/projects/demo-project/{REGION}"
    group = f'operationGroupId="{done["operationGroupId"]}"'
    assert len(gateway.items(f"{ZONE}/operations", filter=group)) == 2
    denied = {"locations": {f"zones/{SG_ZONE}": {"preference": "DENY"}}}
    body = bulk(2, locationPolicy=denied)
    error = gateway.refused(400, "POST", f"{REGION}/instances/bulkInsert", body)
    assert "no zone" in error["message"]


@pytest.mark.parametrize(
    "policy",
    [
        {"targetShape": "BALANCED"},
        {"locations": {"zones/elsewhere": {"preference": "ALLOW"}}},
        {"locations": {f"zones/{SG_ZONE}": {"constraints": {"maxCount": 2}}}},
    ],
)
def test_a_region_refuses_what_it_cant_spread(gateway: Gateway, policy: dict[str, Any]) -> None:
    body = bulk(2, locationPolicy=policy)
    error = gateway.refused(400, "POST", f"{REGION}/instances/bulkInsert", body)
    assert "'resource.locationPolicy." in error["message"]


def test_a_lost_answer_makes_no_instance_twice(gateway: Gateway) -> None:
    gateway.cloud.app.injection.add(
        {"command": "deployVirtualMachine", "after": 1, "times": 1, "drop": "after"}
    )
    gateway.do("POST", BULK, bulk())
    assert gateway.names(INSTANCES) == ["vm-01", "vm-02", "vm-03"]
    assert gateway.sent.count("deployVirtualMachine") == 3


def test_another_process_would_send_the_same_commands(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, states = gateway.application.engine, []
    prepare = engine.prepare

    def noting(call: Call, env: Env) -> Prepared:
        prepared = prepare(call, env)
        states.append(orjson.dumps(prepared.state))
        return prepared

    monkeypatch.setattr(engine, "prepare", noting)
    gateway.do("POST", BULK, bulk())
    changes = [name for name in gateway.sent if not name.startswith(("list", "query"))]
    plan, _ = engine.restore(orjson.loads(states[0]), DEMO)
    again: list[str] = []
    command, parts = next(plan), None
    while parts is None:
        if not command.is_list:
            again.append(command.command)
        result: Any = [{"id": "boot"}] if command.is_list else {"id": f"made by {len(again)}"}
        try:
            command = plan.send(result)
        except StopIteration as end:
            parts = end.value.parts
    assert again == changes
    assert [part.target for part in parts] == [
        f"projects/demo-project/{INSTANCES}/{name}" for name in ("vm-01", "vm-02", "vm-03")
    ]


def test_two_that_go_on_at_once_dont_take_the_same_names(gateway: Gateway) -> None:
    first = gateway.ask("POST", BULK, bulk())
    second = gateway.request("POST", BULK, bulk())
    assert second.status_int in (200, 409)
    gateway.finish(first)
    if second.status_int == 200:
        gateway.finish(second.json)
    names = [machine["name"] for machine in gateway.cloud.rows("listVirtualMachines")]
    assert len(names) == len(set(names))


def test_a_role_needs_the_commands_of_an_insert_for_it(gateway: Gateway) -> None:
    permission = "compute.instances.bulkInsert"
    method = gateway.application.compiled.methods[permission]
    insert = gateway.application.compiled.methods["compute.instances.insert"]
    assert insert.needs.ways
    for its in insert.needs.ways:
        assert any(
            its.always <= own.always and its.sometimes <= own.sometimes for own in method.needs.ways
        )


def test_of_two_that_want_one_name_in_common_one_is_refused(gateway: Gateway) -> None:
    """Whichever of its names that is."""
    gateway.cloud.app.injection.add({"command": "deployVirtualMachine", "job": "stuck"})
    first: dict[str, Any] = {"web-1": {}, "web-2": {}, "web-3": {}}
    gateway.ask("POST", BULK, bulk(3, namePattern=None, perInstanceProperties=first))
    second = bulk(2, namePattern=None, perInstanceProperties={"web-0": {}, "web-3": {}})
    error = gateway.refused(409, "POST", BULK, second)
    assert "web-3" in error["message"]
    alone = bulk(1, namePattern=None, perInstanceProperties={"web-4": {}})
    gateway.ask("POST", BULK, alone)
    gateway.refused(409, "POST", INSTANCES, {**instance_body("web-2")})
    gateway.cloud.app.injection.remove()
