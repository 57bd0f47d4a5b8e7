"""An autoscale group of the simulated cloud, with all that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .cloud import Cloud


@dataclass
class Group:
    """The ids of a group and of its parts."""

    id: str
    rule: str
    profile: str
    conditions: list[str]
    policies: list[str]

    def row(self, c: Cloud) -> dict[str, Any]:
        (row,) = c.rows("listAutoScaleVmGroups", id=self.id)
        return row

    def machines(self, c: Cloud) -> list[dict[str, Any]]:
        return c.rows("listVirtualMachines", autoscalevmgroupid=self.id)


def balancer(c: Cloud, port: int = 80) -> str:
    """A load balancer rule in the network "backend", with nothing behind it."""
    network = c.id("listNetworks", "backend")
    address = c.done("associateIpAddress", networkid=network)["id"]
    told = c.done(
        "createLoadBalancerRule",
        publicipid=address,
        networkid=network,
        name=f"rule-{port}",
        algorithm="roundrobin",
        publicport=port,
        privateport=port,
        openfirewall=False,
    )
    return str(told["id"])


def counter(c: Cloud, value: str = "vm.cpu.average.percentage") -> str:
    found = c.rows("listCounters", provider="VirtualRouter")
    return next(str(row["id"]) for row in found if row["value"] == value)


def policy(c: Cloud, action: str, operator: str, threshold: int) -> tuple[str, str]:
    condition = c.done(
        "createCondition",
        counterid=counter(c),
        relationaloperator=operator,
        threshold=threshold,
    )["id"]
    made = c.done(
        "createAutoScalePolicy",
        name=f"web-{action}",
        action=action,
        duration=60,
        conditionids=condition,
    )
    return condition, made["id"]


def scaled(c: Cloud, least: int = 1, most: int = 2, name: str = "web") -> Group:
    """A new group, enabled; its machines come with the next requests."""
    up, grow = policy(c, "scaleup", "GT", 80)
    down, shrink = policy(c, "scaledown", "LT", 20)
    profile = c.done("createAutoScaleVmProfile", **c.wish("ch-zrh-1"))["id"]
    rule = balancer(c)
    made = c.done(
        "createAutoScaleVmGroup",
        name=name,
        lbruleid=rule,
        minmembers=least,
        maxmembers=most,
        scaleuppolicyids=grow,
        scaledownpolicyids=shrink,
        vmprofileid=profile,
    )
    return Group(made["id"], rule, profile, [up, down], [grow, shrink])
