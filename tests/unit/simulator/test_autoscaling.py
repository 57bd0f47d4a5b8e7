"""Autoscale groups of the simulator: what they are made of, and what they do by themselves."""

from __future__ import annotations

import pytest

from .autoscale import balancer, counter, policy, scaled
from .cloud import Cloud

MANAGED = (
    "Cannot perform actions on VM in an AutoScale VM group, Please disable the VM group and retry."
)


def test_a_group_grows_to_its_least_size_behind_its_rule(cloud: Cloud) -> None:
    group = scaled(cloud, 2, 3)
    machines = group.machines(cloud)
    assert [vm["state"] for vm in machines] == ["Running", "Running"]
    assert [vm["name"][:18] for vm in machines] == ["autoScaleVm-web-1-", "autoScaleVm-web-2-"]
    assert {vm["autoscalevmgroupname"] for vm in machines} == {"web"}
    behind = cloud.rows("listLoadBalancerRuleInstances", id=group.rule)
    assert {row["loadbalancerruleinstance"]["id"] for row in behind} == {
        vm["id"] for vm in machines
    }
    row = group.row(cloud)
    assert (row["state"], row["availablevirtualmachinecount"]) == ("Enabled", 2)
    assert row["scaleuppolicies"][0]["conditions"][0]["threshold"] == 80


def test_a_group_shrinks_to_its_greatest_size(cloud: Cloud) -> None:
    group = scaled(cloud, 3, 3)
    first = group.machines(cloud)[0]["id"]
    cloud.done("disableAutoScaleVmGroup", id=group.id)
    cloud.done("updateAutoScaleVmGroup", id=group.id, minmembers=1, maxmembers=1)
    assert len(group.machines(cloud)) == 3
    cloud.done("enableAutoScaleVmGroup", id=group.id)
    assert [vm["id"] for vm in group.machines(cloud)] == [first]


def test_a_machine_of_an_enabled_group_is_not_for_others_to_destroy(cloud: Cloud) -> None:
    group = scaled(cloud, 2, 2)
    one, other = (vm["id"] for vm in group.machines(cloud))
    assert cloud.failed("destroyVirtualMachine", id=one) == (431, MANAGED)
    leave = {"id": group.rule, "virtualmachineids": one}
    assert cloud.failed("removeFromLoadBalancerRule", **leave) == (431, MANAGED)
    cloud.done("disableAutoScaleVmGroup", id=group.id)
    cloud.done("removeFromLoadBalancerRule", **leave)
    cloud.done("destroyVirtualMachine", id=other)
    assert group.machines(cloud) == []
    assert cloud.rows("listVirtualMachines", id=one)[0]["state"] == "Running"
    cloud.done("enableAutoScaleVmGroup", id=group.id)
    assert [vm["name"][:18] for vm in group.machines(cloud)] == [
        "autoScaleVm-web-3-",
        "autoScaleVm-web-4-",
    ]


def test_only_a_disabled_group_and_its_parts_can_be_changed(cloud: Cloud) -> None:
    group = scaled(cloud)
    code, text = cloud.refused("updateAutoScaleVmGroup", id=group.id, maxmembers=4)
    assert (code, "only when it is in disabled state" in text) == (431, True)
    cloud.done("updateAutoScaleVmGroup", id=group.id, name="front")
    smaller = {"id": group.profile, "templateid": cloud.template("Windows Server 2022")}
    assert cloud.failed("updateAutoScaleVmProfile", **smaller)[0] == 431
    cloud.done("updateAutoScaleVmProfile", id=group.profile, serviceofferingid=cloud.offering())
    assert cloud.failed("updateAutoScalePolicy", id=group.policies[0], quiettime=9)[0] == 431
    higher = {"id": group.conditions[0], "relationaloperator": "GE", "threshold": 90}
    assert cloud.failed("updateCondition", **higher)[0] == 530
    cloud.done("disableAutoScaleVmGroup", id=group.id)
    cloud.done("updateAutoScaleVmProfile", **smaller)
    cloud.done("updateAutoScalePolicy", id=group.policies[0], quiettime=9)
    cloud.done("updateCondition", **higher)
    told = group.row(cloud)["scaleuppolicies"][0]
    assert (told["quiettime"], told["conditions"][0]["relationaloperator"]) == (9, "GE")
    failed = cloud.failed("updateAutoScalePolicy", id=group.policies[0], duration=10)
    assert failed == (431, "duration is less than the associated AutoScaleVmGroup's interval")


def test_a_group_goes_with_its_machines_and_its_parts_after_it(cloud: Cloud) -> None:
    group = scaled(cloud, 1, 1)
    assert len(group.machines(cloud)) == 1
    assert cloud.failed("deleteLoadBalancerRule", id=group.rule)[0] == 530
    for command, key, code in (
        ("deleteAutoScaleVmProfile", group.profile, 431),
        ("deleteAutoScalePolicy", group.policies[0], 431),
        ("deleteCondition", group.conditions[0], 530),
        ("deleteAutoScaleVmGroup", group.id, 431),
    ):
        assert cloud.failed(command, id=key)[0] == code
    cloud.done("disableAutoScaleVmGroup", id=group.id)
    assert "there are 1 VMs" in cloud.failed("deleteAutoScaleVmGroup", id=group.id)[1]
    cloud.done("deleteAutoScaleVmGroup", id=group.id, cleanup=True)
    assert cloud.rows("listVirtualMachines") == []
    for key in group.policies:
        cloud.done("deleteAutoScalePolicy", id=key)
    for key in group.conditions:
        cloud.done("deleteCondition", id=key)
    cloud.done("deleteAutoScaleVmProfile", id=group.profile)
    cloud.done("deleteLoadBalancerRule", id=group.rule)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"minmembers": 0}, "minmembers is an invalid value: 0"),
        ({"minmembers": 3}, "cannot be greater than maxmembers"),
        ({"name": "wéb"}, "Invalid AutoScale VM group name"),
        ({"name": None}, "Invalid AutoScale VM group name"),
        ({"interval": 90}, "cannot be less than vm group's interval"),
    ],
)
def test_groups_that_cannot_be_are_refused(
    cloud: Cloud, wrong: dict[str, object], words: str
) -> None:
    _, grow = policy(cloud, "scaleup", "GT", 80)
    _, shrink = policy(cloud, "scaledown", "LT", 20)
    wish = {
        "name": "web",
        "lbruleid": balancer(cloud),
        "minmembers": 1,
        "maxmembers": 2,
        "scaleuppolicyids": grow,
        "scaledownpolicyids": shrink,
        "vmprofileid": cloud.done("createAutoScaleVmProfile", **cloud.wish("ch-zrh-1"))["id"],
    }
    code, text = cloud.refused("createAutoScaleVmGroup", **{**wish, **wrong})
    assert (code, words in text) == (431, True), text
    code, text = cloud.refused("createAutoScaleVmGroup", **{**wish, "scaleuppolicyids": shrink})
    assert text == "Only scaleup policies can be specified in scaleuppolicyids"


def test_a_rule_serves_one_group_or_machines_of_ones_own(cloud: Cloud) -> None:
    group = scaled(cloud)
    row = group.row(cloud)
    wish = {
        "name": "second",
        "minmembers": 1,
        "maxmembers": 1,
        "scaleuppolicyids": group.policies[0],
        "scaledownpolicyids": group.policies[1],
        "vmprofileid": row["vmprofileid"],
    }
    _, text = cloud.refused("createAutoScaleVmGroup", lbruleid=group.rule, **wish)
    assert "is already attached to the lb rule" in text
    mine = cloud.machine("mine", "ch-zrh-1")["id"]
    _, text = cloud.failed("assignToLoadBalancerRule", id=group.rule, virtualmachineids=mine)
    assert "is being used by an Autoscale VM group" in text
    rule = balancer(cloud, 8080)
    cloud.done("assignToLoadBalancerRule", id=rule, virtualmachineids=mine)
    _, text = cloud.refused("createAutoScaleVmGroup", lbruleid=rule, **wish)
    assert "cannot co-exist" in text


def test_parts_that_cannot_be_are_refused(cloud: Cloud) -> None:
    cpu = counter(cloud)
    told = cloud.refused("createCondition", counterid=cpu, relationaloperator="NE", threshold=1)
    assert told == (431, "The Operator NE does not exist; Unable to create Condition.")
    assert cloud.refused("createCondition", counterid=cpu, relationaloperator="GT", threshold=-1)
    one, _ = policy(cloud, "scaleup", "GT", 1)
    two, _ = policy(cloud, "scaleup", "GT", 2)
    wish = {"action": "scaleup", "duration": 60}
    _, text = cloud.refused("createAutoScalePolicy", conditionids=f"{one},{two}", **wish)
    assert "have the same counter" in text
    assert cloud.refused("createAutoScalePolicy", conditionids=one, action="up", duration=60)
    wish = cloud.wish("ch-zrh-1", serviceofferingid=cloud.offering("Custom"))
    assert "dynamic service offering" in cloud.refused("createAutoScaleVmProfile", **wish)[1]
    wish = {**cloud.wish("ch-zrh-1"), "otherdeployparams[0].name": "group"}
    assert "Unsupported otherdeployparams" in cloud.refused("createAutoScaleVmProfile", **wish)[1]
    wish = {
        **cloud.wish("ch-zrh-1"),
        "otherdeployparams[0].name": "rootdisksize",
        "otherdeployparams[0].value": "12",
    }
    assert cloud.done("createAutoScaleVmProfile", **wish)["otherdeployparams"] == {
        "rootdisksize": "12"
    }


def test_groups_are_seen_by_their_owner_only(cloud: Cloud) -> None:
    group = scaled(cloud)
    other = cloud.other()
    for command in ("Groups", "Profiles"):
        assert other.rows(f"listAutoScaleVm{command}") == []
    assert other.rows("listAutoScalePolicies") == other.rows("listConditions") == []
    assert other.refused("disableAutoScaleVmGroup", id=group.id)[0] == 531


def test_lists_of_parts_can_be_narrowed(cloud: Cloud) -> None:
    group = scaled(cloud)
    policy(cloud, "scaleup", "GT", 5)
    policies = cloud.rows("listAutoScalePolicies", vmgroupid=group.id)
    assert [row["id"] for row in policies] == group.policies
    (found,) = cloud.rows("listAutoScalePolicies", conditionid=group.conditions[0])
    assert found["action"] == "SCALEUP"
    (found,) = cloud.rows("listConditions", policyid=group.policies[1])
    assert found["id"] == group.conditions[1]
    assert len(cloud.rows("listAutoScaleVmGroups", policyid=group.policies[0])) == 1
    assert len(cloud.rows("listAutoScaleVmGroups", zoneid=cloud.zone())) == 0
    assert len(cloud.rows("listAutoScalePolicies", action="scaleup")) == 2
