"""Instance groups: groups of machines, which in CloudStack have no zone."""

from __future__ import annotations

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway

HERE, THERE = f"zones/{SG_ZONE}/instanceGroups", f"zones/{ADVANCED_ZONE}/instanceGroups"
WEB = f"{BASE}/projects/demo-project/zones/{SG_ZONE}/instances/web"


@pytest.fixture
def group(gateway: Gateway) -> Gateway:
    """A gateway with an instance and an empty group."""
    gateway.create("web")
    gateway.do("POST", HERE, {"name": "front"})
    return gateway


def test_a_group_is_in_the_zone_that_it_was_made_in(group: Gateway) -> None:
    assert (group.names(HERE), group.names(THERE)) == (["front"], [])
    group.do("POST", THERE, {"name": "front"})
    assert (group.names(HERE), group.names(THERE)) == (["front"], ["front"])
    told = [row["name"] for row in group.cloud.rows("listInstanceGroups")]
    assert told == [f"gce:{SG_ZONE}:front", f"gce:{ADVANCED_ZONE}:front"]
    group.refused(409, "POST", HERE, {"name": "front"})
    group.do("DELETE", f"{THERE}/front")
    assert (group.names(HERE), group.names(THERE)) == (["front"], [])
    shown = group.get("aggregated/instanceGroups")["items"]
    assert [g["name"] for g in shown[f"zones/{SG_ZONE}"]["instanceGroups"]] == ["front"]


def test_instances_are_added_and_listed(group: Gateway) -> None:
    path = f"{HERE}/front"
    assert group.get(path)["size"] == 0
    group.do("POST", f"{path}/addInstances", {"instances": [{"instance": WEB}]})
    shown = group.get(path)
    assert (shown["size"], shown["network"].rpartition("/")[2]) == (1, "default")
    listed = group.ask("POST", f"{path}/listInstances", {})
    assert listed["kind"] == "compute#instanceGroupsListInstances"
    assert listed["items"] == [{"instance": WEB, "status": "RUNNING"}]
    group.do("POST", f"zones/{SG_ZONE}/instances/web/stop")
    assert "items" not in group.ask("POST", f"{path}/listInstances", {"instanceState": "RUNNING"})
    (referrer,) = group.items(f"zones/{SG_ZONE}/instances/web/referrers")
    assert (referrer["referenceType"], referrer["target"]) == ("MEMBER_OF", WEB)
    assert referrer["referrer"] == group.get(path)["selfLink"]
    group.do("DELETE", path)
    assert group.items(f"zones/{SG_ZONE}/instances/web/referrers") == []


def test_the_members_of_a_group_are_paged(group: Gateway) -> None:
    group.create("two")
    both = [{"instance": WEB}, {"instance": WEB.replace("/web", "/two")}]
    group.do("POST", f"{HERE}/front/addInstances", {"instances": both})
    first = group.ask("POST", f"{HERE}/front/listInstances", {}, maxResults=1)
    rest = group.ask(
        "POST", f"{HERE}/front/listInstances", {}, maxResults=1, pageToken=first["nextPageToken"]
    )
    found = [item["instance"] for item in (*first["items"], *rest["items"])]
    assert found == [entry["instance"] for entry in both]
    assert "nextPageToken" not in rest


def test_a_group_that_was_made_elsewhere_shows_in_every_zone_with_its_members_there(
    group: Gateway,
) -> None:
    group.cloud.call("updateVirtualMachine", id=group.machine("web")["id"], group="mixed")
    assert group.names(HERE) == ["front", "mixed"]
    assert group.names(THERE) == ["mixed"]
    assert (group.get(f"{HERE}/mixed")["size"], group.get(f"{THERE}/mixed")["size"]) == (1, 0)


@pytest.mark.parametrize("nothing", [{}, {"instance": ""}])
def test_what_names_no_instance_is_refused_with_the_others(
    group: Gateway, nothing: dict[str, str]
) -> None:
    body = {"instances": [{"instance": WEB}, nothing]}
    error = group.refused(400, "POST", f"{HERE}/front/addInstances", body)
    assert "resource.instances" in error["message"]
    assert group.get(f"{HERE}/front")["size"] == 0


def test_an_instance_is_in_one_group_at_most(group: Gateway) -> None:
    group.do("POST", HERE, {"name": "back"})
    body = {"instances": [{"instance": WEB}]}
    group.do("POST", f"{HERE}/front/addInstances", body)
    group.do("POST", f"{HERE}/front/addInstances", body)
    error = group.refused(400, "POST", f"{HERE}/back/addInstances", body)
    assert f"is in the group 'gce:{SG_ZONE}:front'" in error["message"]
    error = group.refused(
        400, "POST", f"{HERE}/back/addInstances", {"instances": [{"instance": "none"}]}
    )
    assert "resource.instances.instance" in error["message"]
