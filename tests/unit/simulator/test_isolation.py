from __future__ import annotations

import pytest

from .cloud import Cloud


def test_lists_show_the_own_account_only(cloud: Cloud) -> None:
    vm = cloud.machine("one")
    other = cloud.other()
    for command in (
        "listVirtualMachines",
        "listVolumes",
        "listVPCs",
        "listTags",
        "listAsyncJobs",
        "listProjects",
        "listPublicIpAddresses",
    ):
        assert other.rows(command, listall=True) == []
    assert other.rows("listVirtualMachines", id=vm["id"]) == []
    assert [row["name"] for row in other.rows("listAccounts")] == ["other-project"]


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("startVirtualMachine", {}),
        ("destroyVirtualMachine", {"expunge": True}),
        ("updateVirtualMachine", {"displayname": "mine"}),
        ("scaleVirtualMachine", {"serviceofferingid": "Large"}),
    ],
)
def test_other_accounts_objects_cannot_be_touched(
    cloud: Cloud, command: str, params: dict[str, object]
) -> None:
    vm = cloud.machine("one")
    other = cloud.other()
    if "serviceofferingid" in params:
        params = {"serviceofferingid": other.offering()}
    reply = other.send(other.signed(command, id=vm["id"], **params))
    assert (reply.status, reply.body()["cserrorcode"]) == (531, 4365)
    assert cloud.rows("listVirtualMachines")[0]["state"] == "Running"


def test_other_accounts_jobs_cannot_be_asked_for(cloud: Cloud) -> None:
    job = cloud.call("deployVirtualMachine", **cloud.wish())["jobid"]
    assert cloud.other().refused("queryAsyncJobResult", jobid=job)[0] == 431


def test_other_accounts_networks_and_groups_cannot_be_used(cloud: Cloud) -> None:
    other = cloud.other()
    network = cloud.id("listNetworks", "backend")
    group = cloud.id("listSecurityGroups", "default")
    wish = other.wish("ch-zrh-1", networkids=network)
    assert other.refused("deployVirtualMachine", **wish)[0] == 531
    assert other.refused("deployVirtualMachine", **other.wish(securitygroupids=group))[0] == 531
    assert other.refused("deleteSecurityGroup", id=group)[0] == 531


def test_things_in_projects_show_with_the_project_only(cloud: Cloud) -> None:
    project = cloud.id("listProjects", "web-shop")
    vm = cloud.machine("shop", projectid=project)
    assert (vm["project"], vm["projectid"]) == ("web-shop", project)
    assert "account" not in vm
    assert cloud.rows("listVirtualMachines") == []
    assert len(cloud.rows("listVirtualMachines", projectid=project)) == 1
    assert len(cloud.rows("listVirtualMachines", projectid="-1")) == 1
    assert len(cloud.rows("listVolumes", projectid=project)) == 1
    assert cloud.done("stopVirtualMachine", id=vm["id"])["state"] == "Stopped"
    assert cloud.other().refused("listVirtualMachines", projectid=project)[0] == 531


def test_users_see_their_own_key_and_nobody_elses(cloud: Cloud) -> None:
    assert cloud.call("getUser", userapikey=cloud.api_key)["user"]["email"] == "demo@example.com"
    assert cloud.other().refused("getUser", userapikey=cloud.api_key)[0] == 431
    assert "secretkey" not in cloud.rows("listUsers")[0]
