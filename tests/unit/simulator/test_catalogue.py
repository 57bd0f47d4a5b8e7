from __future__ import annotations

import pytest

from .cloud import Cloud
from .conftest import MakeCloud


def test_templates_come_once_for_each_zone_with_the_same_id(cloud: Cloud) -> None:
    rows = cloud.rows("listTemplates", templatefilter="executable")
    assert len(rows) == 14
    assert len({row["id"] for row in rows}) == 7
    assert [row["name"] for row in rows].count("Linux CentOS 6.4 64-bit") == 10
    one = cloud.rows("listTemplates", templatefilter="featured", id=rows[0]["id"])
    assert sorted(row["zonename"] for row in one) == ["ch-gva-2", "ch-zrh-1"]
    here = cloud.rows("listTemplates", templatefilter="featured", zoneid=cloud.zone())
    assert len(here) == 7
    assert cloud.rows("listTemplates", templatefilter="self") == []


@pytest.mark.parametrize(("basic", "kind"), [(False, "Advanced"), (True, "Basic")])
def test_zones_are_of_both_kinds(make_cloud: MakeCloud, basic: bool, kind: str) -> None:
    cloud = make_cloud(basic_zone=basic)
    kinds = {
        z["name"]: (z["networktype"], z["securitygroupsenabled"]) for z in cloud.rows("listZones")
    }
    assert kinds == {"ch-gva-2": (kind, True), "ch-zrh-1": ("Advanced", False)}


def test_customizable_offering_tells_its_limits_and_no_size(cloud: Cloud) -> None:
    (row,) = cloud.rows("listServiceOfferings", name="custom")
    assert row["iscustomized"]
    assert "cpunumber" not in row
    assert "memory" not in row
    assert row["serviceofferingdetails"]["maxmemory"] == "65536"


def test_the_same_seed_gives_the_same_world_and_another_seed_another(make_cloud: MakeCloud) -> None:
    ids = [make_cloud(seed=seed).zone() for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_pages_hold_what_was_asked_and_count_everything(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(page_size=3)
    first = cloud.call("listServiceOfferings", page=1, pagesize=3)
    last = cloud.call("listServiceOfferings", page=3, pagesize=3)
    beyond = cloud.call("listServiceOfferings", page=4, pagesize=3)
    assert (first["count"], len(first["serviceoffering"])) == (8, 3)
    assert [row["name"] for row in last["serviceoffering"]] == ["Huge", "Custom"]
    assert beyond == {"count": 8}


def test_without_paging_a_list_ends_at_the_default_page_size(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(page_size=3)
    assert len(cloud.call("listServiceOfferings")["serviceoffering"]) == 3
    assert len(cloud.call("listServiceOfferings", pagesize=-1)["serviceoffering"]) == 8


def test_quotas_follow_what_there_is(cloud: Cloud) -> None:
    cloud.machine("one")
    account = cloud.rows("listAccounts")[0]
    assert (account["vmtotal"], account["vmlimit"], account["vmavailable"]) == (1, "20", "19")
    limits = {row["resourcetypename"]: row["max"] for row in cloud.rows("listResourceLimits")}
    assert limits["user_vm"] == 20
    assert limits["cpu"] == -1
    (one,) = cloud.rows("listResourceLimits", resourcetype=0)
    assert one["resourcetype"] == "0"


def test_a_limited_role_neither_sees_nor_may_send_what_it_is_denied(
    make_cloud: MakeCloud,
) -> None:
    cloud = make_cloud(denied=["listZones"])
    names = {api["name"] for api in cloud.rows("listApis")}
    assert "listZones" not in names
    assert "listTemplates" in names
    assert cloud.refused("listZones")[0] == 432
