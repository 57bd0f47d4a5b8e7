"""CloudStack's default roles: what an account may send is what its role has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gstack_pyramid.schemas.roles import ROLES, VERSIONS, commands_of

from .cloud import Cloud

MakeCloud = Callable[..., Cloud]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_role_has_all_that_the_one_below_it_has(version: str) -> None:
    user, domain, root = (commands_of(role, version) for role in ROLES)
    assert user < domain < root


@pytest.mark.parametrize("version", VERSIONS)
def test_only_the_root_admin_may_rename_a_volume(version: str) -> None:
    assert [role for role in ROLES if "updateVolume" in commands_of(role, version)] == [
        "Root Admin"
    ]
    assert all("updateVirtualMachine" in commands_of(role, version) for role in ROLES)


def test_what_the_role_lacks_is_refused_as_the_real_server_does(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(role="User")
    reply = cloud.send(cloud.signed("updateVolume", id="x"))
    ((envelope, body),) = reply.json().items()
    assert (reply.status, envelope) == (432, "errorresponse")
    assert (body["errorcode"], body["cserrorcode"], body["uuidList"]) == (432, 9999, [])
    user = cloud.rows("listUsers")[0]["id"]
    assert body["errortext"] == reply.headers["X-Description"]
    assert body["errortext"] == (
        "The API [updateVolume] does not exist or is not available for the account for user id"
        f" [{user}]."
    )


def test_what_the_role_has_works(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(role="User")
    vm = cloud.machine("web")
    assert cloud.call("updateVirtualMachine", id=vm["id"], displayname="Web")
    assert make_cloud(role="Root Admin").rows("listVolumes") == []


@pytest.mark.parametrize("role", ROLES)
def test_list_apis_tells_what_the_role_has(make_cloud: MakeCloud, role: str) -> None:
    cloud = make_cloud(role=role)
    told = {api["name"] for api in cloud.rows("listApis")}
    assert told == commands_of(role) & set(cloud.app.world.model.commands)


@pytest.mark.parametrize(
    ("role", "number", "kind"),
    [("User", 0, "User"), ("Domain Admin", 2, "DomainAdmin"), ("Root Admin", 1, "Admin")],
)
def test_an_account_tells_its_role(
    make_cloud: MakeCloud, role: str, number: int, kind: str
) -> None:
    cloud = make_cloud(role=role)
    for row in (*cloud.rows("listAccounts"), *cloud.rows("listUsers")):
        told = (row["accounttype"], row["roletype"], row["rolename"])
        assert told == (number, kind, role)
