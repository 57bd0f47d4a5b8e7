from __future__ import annotations

import pytest

from .cloud import Cloud

SSH = {"protocol": "tcp", "startport": 22, "endport": 22}


@pytest.fixture
def group(cloud: Cloud) -> str:
    made = cloud.call("createSecurityGroup", name="web", description="Web")
    return str(made["securitygroup"]["id"])


def test_a_job_tells_only_the_new_rules_one_for_each_range(cloud: Cloud, group: str) -> None:
    wish = {"securitygroupid": group, **SSH}
    first = cloud.done("authorizeSecurityGroupIngress", **wish, cidrlist="10.0.0.0/8")
    assert first["id"] == group
    assert [rule["cidr"] for rule in first["ingressrule"]] == ["10.0.0.0/8"]
    both = ["10.0.0.0/8", "192.0.2.0/24"]
    second = cloud.done("authorizeSecurityGroupIngress", **wish, cidrlist=both)
    (rule,) = second["ingressrule"]
    assert (rule["cidr"], rule["startport"], rule["protocol"]) == ("192.0.2.0/24", 22, "tcp")
    (row,) = cloud.rows("listSecurityGroups", securitygroupname="web")
    assert len(row["ingressrule"]) == 2
    assert row["egressrule"] == []
    again = cloud.failed("authorizeSecurityGroupIngress", **wish, cidrlist=both)
    assert again == (530, "Failed to authorize security group ingress rule(s)")
    out = cloud.done("authorizeSecurityGroupEgress", **wish, cidrlist=both)
    assert len(out["egressrule"]) == 2
    cloud.done("revokeSecurityGroupIngress", id=rule["ruleid"])
    assert cloud.refused("revokeSecurityGroupIngress", id=rule["ruleid"])[0] == 431
    (row,) = cloud.rows("listSecurityGroups", id=group)
    assert [left["cidr"] for left in row["ingressrule"]] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (
            {"protocol": "tcp", "startport": 1000, "endport": 99999},
            "Invalid port numbers 1000:99999",
        ),
        ({"protocol": "tcp"}, "Invalid port numbers -1:-1"),
        ({"protocol": "udp", "startport": 5, "endport": 4}, "Invalid port numbers 5:4"),
        ({"protocol": "icmp", "icmptype": 300}, "Invalid icmp"),
        ({"protocol": "gre!"}, "Invalid protocol"),
        ({"protocol": "300"}, "Invalid protocol"),
        ({"protocol": "all", "startport": 1}, "Ports cannot be specified"),
        ({"protocol": "all", "cidrlist": "10.0.0.0/40"}, "Invalid cidr"),
        ({"protocol": "all", "cidrlist": None}, "At least one cidr"),
    ],
)
def test_wrong_rules_fail_the_job(
    cloud: Cloud, group: str, params: dict[str, object], text: str
) -> None:
    wish = {"cidrlist": "0.0.0.0/0", **params}
    code, told = cloud.failed("authorizeSecurityGroupIngress", securitygroupid=group, **wish)
    assert code == 431
    assert text in told


def test_rules_can_name_groups_and_protocols_without_ports(cloud: Cloud, group: str) -> None:
    source = {
        "usersecuritygrouplist[0].account": "demo-project",
        "usersecuritygrouplist[0].group": "default",
    }
    told = cloud.done("authorizeSecurityGroupIngress", securitygroupid=group, **source)
    (rule,) = told["ingressrule"]
    assert (rule["securitygroupname"], rule["protocol"]) == ("default", "all")
    assert "cidr" not in rule
    icmp = {"protocol": "icmp", "icmptype": 8, "icmpcode": 0, "cidrlist": "0.0.0.0/0"}
    told = cloud.done("authorizeSecurityGroupIngress", securitygroupname="web", **icmp)
    (rule,) = told["ingressrule"]
    assert (rule["icmptype"], rule["icmpcode"]) == (8, 0)
    assert "startport" not in rule


def test_names_are_unique_and_default_stays(cloud: Cloud, group: str) -> None:
    code, text = cloud.refused("createSecurityGroup", name="Web")
    assert (code, "already exists" in text) == (431, True)
    default = cloud.id("listSecurityGroups", "default")
    assert cloud.refused("deleteSecurityGroup", id=default)[0] == 431
    assert cloud.refused("updateSecurityGroup", id=default, name="x")[0] == 431
    assert cloud.refused("deleteSecurityGroup", name="none")[0] == 431
    assert cloud.call("deleteSecurityGroup", name="web") == {"success": True}


def test_groups_in_use_cannot_be_deleted(cloud: Cloud, group: str) -> None:
    vm = cloud.machine("one", securitygroupids=group)
    reply = cloud.send(cloud.signed("deleteSecurityGroup", id=group))
    assert (reply.status, reply.body()["cserrorcode"]) == (536, 4375)
    (row,) = cloud.rows("listSecurityGroups", virtualmachineid=vm["id"])
    assert (row["name"], row["virtualmachinecount"]) == ("web", 1)
    assert row["virtualmachineids"] == [vm["id"]]
    cloud.done("destroyVirtualMachine", id=vm["id"], expunge=True)
    cloud.call("deleteSecurityGroup", id=group)
