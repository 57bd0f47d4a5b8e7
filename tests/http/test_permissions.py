"""``testIamPermissions``: what CloudStack lets the caller's role do, in GCE's words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..support.gateway import SG_ZONE, UBUNTU, Gateway

INSTANCE = f"zones/{SG_ZONE}/instances/vm"
EVERYTHING = ["get", "list", "create", "delete", "start", "stop", "setLabels"]


def permissions(*verbs: str, resource: str = "instances") -> list[str]:
    return [f"compute.{resource}.{verb}" for verb in verbs]


def granted(gateway: Gateway, asked: list[str], path: str = INSTANCE) -> list[str]:
    """What is granted of what is asked."""
    answer = gateway.ask("POST", f"{path}/testIamPermissions", {"permissions": asked})
    told: list[str] = answer.get("permissions", [])
    return told


def test_a_user_may_do_what_is_mapped(gateway: Gateway) -> None:
    gateway.create("vm")
    asked = permissions(*EVERYTHING)
    assert granted(gateway, asked) == asked
    assert granted(gateway, asked[::-1]) == asked[::-1]
    assert granted(gateway, asked * 2) == asked


def test_a_limited_role_may_do_what_its_commands_allow(
    make_gateway: Callable[..., Gateway],
) -> None:
    gateway = make_gateway(denied=["startVirtualMachine", "destroyVirtualMachine"])
    gateway.create("vm")
    asked = permissions(*EVERYTHING)
    assert granted(gateway, asked) == permissions("get", "list", "create", "stop", "setLabels")
    # It is told the same when it tries.
    gateway.do("POST", f"{INSTANCE}/stop")
    told = gateway.refused(403, "POST", f"{INSTANCE}/start")
    assert "startVirtualMachine" in told["message"]


def test_a_cloud_without_backups_lets_instances_be_made(
    make_gateway: Callable[..., Gateway],
) -> None:
    """It has none by default (``backup.framework.enabled``), and then not the commands either."""
    backups = ["createBackup", "listBackups", "deleteBackup", "createVMFromBackup"]
    gateway = make_gateway(denied=backups)
    gateway.create("vm")
    asked = permissions("create", "get", "list", "delete")
    assert granted(gateway, asked) == asked
    images = permissions("create", "get", resource="machineImages")
    assert granted(gateway, images) == []


def test_what_is_not_served_nobody_may_do(gateway: Gateway) -> None:
    gateway.create("vm")
    unserved = ["compute.instances.nosuch", "compute.interconnects.get", "storage.buckets.get"]
    assert granted(gateway, unserved) == []
    answer = gateway.ask("POST", f"{INSTANCE}/testIamPermissions", {"permissions": unserved})
    assert answer == {}
    assert gateway.ask("POST", f"{INSTANCE}/testIamPermissions", {}) == {}
    assert granted(gateway, [*unserved, *permissions("get")]) == permissions("get")


@pytest.mark.parametrize(
    "wrong", ["", "compute", "compute.instances", "compute.instances.*", "compute.a.b.c", "a b.c.d"]
)
def test_what_is_no_permission_is_refused(gateway: Gateway, wrong: str) -> None:
    gateway.create("vm")
    body = {"permissions": ["compute.instances.get", wrong]}
    error = gateway.refused(400, "POST", f"{INSTANCE}/testIamPermissions", body)
    assert error["errors"][0]["location"] == "resource.permissions[1]"


def test_what_is_not_there_is_404(gateway: Gateway) -> None:
    body = {"permissions": permissions("get")}
    gateway.refused(404, "POST", f"{INSTANCE}/testIamPermissions", body)
    gateway.refused(404, "POST", "global/images/nosuch/testIamPermissions", body)


def test_the_resource_asked_of_may_be_another_one(gateway: Gateway) -> None:
    image = UBUNTU.removeprefix("projects/demo-project/")
    asked = permissions("get", "list", resource="images") + permissions("get", resource="disks")
    assert granted(gateway, asked, image) == asked


def test_a_role_is_remembered_for_a_short_time(gateway: Gateway) -> None:
    gateway.create("vm")
    for _ in range(3):
        assert granted(gateway, permissions("get"))
    assert gateway.sent.count("listApis") == 1
    other = gateway.as_other()
    assert granted(other, permissions("get"), "global/images/windows-server-2022")
    assert gateway.sent.count("listApis") == 2
