"""Operations: read, waited for, repeated by requestId, and nobody else's to see."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway, instance_body

PROJECT = f"{BASE}/projects/demo-project"


def path_of(operation: dict[str, Any]) -> str:
    path: str = operation["selfLink"].removeprefix("http://localhost")
    return path


def test_an_operation_of_a_zone_is_told_there_and_nowhere_else(gateway: Gateway) -> None:
    done = gateway.do("POST", f"zones/{SG_ZONE}/instances", instance_body("web"))
    assert done["selfLink"] == f"{PROJECT}/zones/{SG_ZONE}/operations/{done['name']}"
    assert done["zone"] == f"{PROJECT}/zones/{SG_ZONE}"
    assert "region" not in done
    assert gateway.get(path_of(done)) == done
    assert gateway.items(f"zones/{SG_ZONE}/operations") == [done]
    for elsewhere in (f"zones/{ADVANCED_ZONE}", "regions/ch-gva", "global"):
        assert gateway.items(f"{elsewhere}/operations") == []
        gateway.refused(404, "GET", f"{elsewhere}/operations/{done['name']}")
        gateway.refused(404, "POST", f"{elsewhere}/operations/{done['name']}/wait")


def test_an_operation_of_the_project_is_global(gateway: Gateway) -> None:
    done = gateway.do("POST", "global/networks", {"name": "blue", "autoCreateSubnetworks": True})
    assert done["selfLink"] == f"{PROJECT}/global/operations/{done['name']}"
    assert not {"zone", "region"} & done.keys()
    assert gateway.items("global/operations") == [done]
    assert gateway.get(path_of(done)) == done
    assert gateway.ask("POST", f"{path_of(done)}/wait") == done


def test_the_aggregated_list_has_them_by_scope(gateway: Gateway) -> None:
    one = gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": "data", "sizeGb": "1"})
    two = gateway.do("POST", "global/networks", {"name": "blue", "autoCreateSubnetworks": True})
    told = gateway.get("aggregated/operations")
    assert told["kind"] == "compute#operationAggregatedList"
    assert told["items"][f"zones/{SG_ZONE}"] == {"operations": [one]}
    assert told["items"]["global"] == {"operations": [two]}


def test_an_operation_tells_what_was_asked_and_when(gateway: Gateway) -> None:
    running = gateway.ask(
        "POST",
        f"zones/{SG_ZONE}/instances",
        instance_body("web"),
    )
    assert running["operationType"] == "insert"
    assert running["insertTime"] == "2026-05-28T20:26:40.000+00:00"
    assert running["user"]
    assert running["name"].startswith("operation-1780000000000-")
    done = gateway.finish(running)
    assert (done["status"], done["progress"]) == ("DONE", 100)
    assert done["startTime"] <= done["endTime"]
    changed = {"status", "progress", "endTime"}
    assert {k: v for k, v in done.items() if k not in changed} == {
        k: v for k, v in running.items() if k not in changed
    }


def test_an_operation_runs_as_long_as_its_job_and_wait_waits_for_it(
    make_gateway: Any,
) -> None:
    gateway = make_gateway(job_seconds=5.0)
    gateway.configure(wait_seconds=0.01)
    running = gateway.ask("POST", f"zones/{SG_ZONE}/disks", {"name": "data", "sizeGb": "1"})
    assert running["status"] == "RUNNING"
    assert gateway.get(path_of(running))["status"] == "RUNNING"
    assert gateway.ask("POST", f"{path_of(running)}/wait")["status"] == "RUNNING"
    assert gateway.items(f"zones/{SG_ZONE}/operations")[0]["status"] == "RUNNING"
    gateway.configure(wait_seconds=20.0)
    gateway.cloud.clock.now += 6
    assert gateway.finish(running)["status"] == "DONE"


def test_the_same_request_id_is_the_same_operation(gateway: Gateway) -> None:
    path, request = f"zones/{SG_ZONE}/disks", str(uuid4())
    body = {"name": "data", "sizeGb": "1"}
    first = gateway.do("POST", path, body, requestId=request)
    again = gateway.ask("POST", path, body, requestId=request)
    assert again["name"] == first["name"]
    assert len(gateway.cloud.rows("listVolumes")) == 1
    assert len(gateway.items(f"zones/{SG_ZONE}/operations")) == 1
    gateway.refused(409, "POST", path, body, requestId=str(uuid4()))
    gateway.refused(409, "POST", path, body)


def test_a_request_id_repeated_with_a_delete_is_the_same_operation(gateway: Gateway) -> None:
    gateway.create("web")
    path, request = f"zones/{SG_ZONE}/instances/web", str(uuid4())
    first = gateway.do("DELETE", path, requestId=request)
    again = gateway.ask("DELETE", path, requestId=request)
    assert again["name"] == first["name"]


def test_a_request_id_for_another_request_is_refused(gateway: Gateway) -> None:
    path, request = f"zones/{SG_ZONE}/disks", str(uuid4())
    gateway.do("POST", path, {"name": "data", "sizeGb": "1"}, requestId=request)
    body = {"name": "data", "sizeGb": "2"}
    gateway.refused(409, "POST", path, body, requestId=request)
    assert len(gateway.cloud.rows("listVolumes")) == 1


def test_a_refused_request_may_be_repeated_with_its_id(gateway: Gateway) -> None:
    path, request = f"zones/{SG_ZONE}/disks", str(uuid4())
    store = gateway.cloud.app.world.store
    body = {"name": "data", "sizeGb": "5000"}
    gateway.refused(400, "POST", path, body, requestId=request)
    assert store.all("volume") == []
    assert gateway.items(f"zones/{SG_ZONE}/operations") == []
    gateway.do("POST", path, {"name": "data", "sizeGb": "5"}, requestId=request)


def test_a_request_id_is_the_callers_own(gateway: Gateway) -> None:
    request = str(uuid4())
    body = {"name": "data", "sizeGb": "1"}
    one = gateway.do("POST", f"zones/{SG_ZONE}/disks", body, requestId=request)
    other = gateway.as_other()
    two = other.do("POST", f"zones/{SG_ZONE}/disks", body, requestId=request)
    assert one["name"] != two["name"]
    assert len(other.cloud.rows("listVolumes")) == 1


def test_operations_of_another_project_are_invisible(gateway: Gateway) -> None:
    done = gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": "data", "sizeGb": "1"})
    other = gateway.as_other()
    assert other.items(f"zones/{SG_ZONE}/operations") == []
    assert other.get("aggregated/operations")["items"]["global"].keys() == {"warning"}
    for path in (
        f"zones/{SG_ZONE}/operations/{done['name']}",
        f"/compute/v1/projects/demo-project/zones/{SG_ZONE}/operations/{done['name']}",
    ):
        other.refused(404, "GET", path)
        other.refused(404, "POST", f"{path}/wait")
    shop = gateway.in_project("web-shop")
    assert shop.items(f"zones/{SG_ZONE}/operations") == []
    shop.refused(404, "GET", f"zones/{SG_ZONE}/operations/{done['name']}")


def test_an_operation_is_told_in_the_project_as_the_client_calls_it(gateway: Gateway) -> None:
    done = gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": "data", "sizeGb": "1"})
    mail = gateway.in_project("demo@example.com")
    assert mail.names(f"zones/{SG_ZONE}/operations") == [done["name"]]


def test_a_failed_operation_tells_what_cloudstack_said(make_gateway: Any) -> None:
    gateway = make_gateway(zone_cpus=1)
    done = gateway.finish(gateway.ask("POST", f"zones/{SG_ZONE}/instances", instance_body("web")))
    (error,) = done["error"]["errors"]
    assert error["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert "No destination found for a deployment" in error["message"]
    assert done["httpErrorStatusCode"] == 503
    assert done["httpErrorMessage"]
    assert (done["status"], done["progress"]) == ("DONE", 100)
    assert gateway.get(path_of(done)) == done


def test_unknown_scopes_of_operations_are_400(gateway: Gateway) -> None:
    gateway.refused(400, "GET", "zones/nowhere/operations")
    gateway.refused(400, "GET", "regions/nowhere/operations")


@pytest.mark.parametrize("verb", ["start", "stop", "reset", "setLabels"])
def test_a_change_of_what_is_not_there_is_404_and_no_operation(gateway: Gateway, verb: str) -> None:
    gateway.refused(404, "POST", f"zones/{SG_ZONE}/instances/nothing/{verb}")
    gateway.refused(404, "DELETE", f"zones/{SG_ZONE}/instances/nothing")
    assert gateway.items(f"zones/{SG_ZONE}/operations") == []
