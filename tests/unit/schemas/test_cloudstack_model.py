from __future__ import annotations

from pathlib import Path

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.cloudstack_types import WORDS


def test_a_list_command_tells_its_key_and_one_row(cloudstack: CloudStackModel) -> None:
    command = cloudstack.command("listZones")
    assert not command.asynchronous
    assert command.list_key == "zone"
    assert command.object_key is None
    assert command.response["id"] == "string"
    assert command.params["ids"].of == "uuid"
    assert not command.params["id"].required


def test_an_asynchronous_command_that_creates_is_marked(cloudstack: CloudStackModel) -> None:
    command = cloudstack.command("deployVirtualMachine")
    assert command.asynchronous
    assert command.create
    assert command.object_key == "virtualmachine"
    assert command.params["zoneid"].required
    assert command.params["userdata"].length == 1048576
    assert command.params["name"].length == 255


@pytest.mark.parametrize("name", ["listzones", "", "../index"])
def test_an_unknown_command_is_a_key_error(cloudstack: CloudStackModel, name: str) -> None:
    with pytest.raises(KeyError):
        cloudstack.command(name)


@pytest.mark.parametrize(
    ("command", "path", "there"),
    [
        ("listVirtualMachines", ["nic", "ipaddress"], True),
        ("listVirtualMachines", ["nic", "secondaryip", "id"], True),
        ("listVirtualMachines", ["details", "any.key"], True),
        ("listVirtualMachines", ["securitygroup", "ingressrule", "tags", "key"], True),
        ("listSecurityGroups", ["ingressrule", "tags", "value"], True),
        ("authorizeSecurityGroupIngress", ["ingressrule", "ruleid"], True),
        ("listVirtualMachines", [], True),
        ("listVirtualMachines", ["zone"], False),
        ("listVirtualMachines", ["nic", "address"], False),
        ("listVirtualMachines", ["id", "x"], False),
        ("listSecurityGroups", ["ingressrule", "tags", "name"], False),
        ("queryAsyncJobResult", ["jobresult", "virtualmachine", "id"], True),
    ],
)
def test_fields_are_found_through_lists_objects_and_maps(
    cloudstack: CloudStackModel, command: str, path: list[str], there: bool
) -> None:
    assert cloudstack.has_field(command, path) is there


# As recorded from real servers.
@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("associateIpAddress", "ipaddress"),
        ("createSecurityGroup", "securitygroup"),
        ("authorizeSecurityGroupIngress", "securitygroup"),
        ("createFirewallRule", "firewallrule"),
        ("createLoadBalancerRule", "loadbalancer"),
        ("createNetwork", "network"),
        ("createNetworkACL", "networkacl"),
        ("createSnapshot", "snapshot"),
        ("createTemplate", "template"),
        ("createVPC", "vpc"),
        ("registerSSHKeyPair", "keypair"),
        ("scaleVirtualMachine", "virtualmachine"),
        ("addNicToVirtualMachine", "virtualmachine"),
        ("attachVolume", "volume"),
        ("updateProject", "project"),
        ("listCapabilities", "capability"),
        ("deleteSecurityGroup", None),
        ("createTags", None),
        ("queryAsyncJobResult", None),
    ],
)
def test_the_key_around_an_object_is_known(
    cloudstack: CloudStackModel, command: str, key: str | None
) -> None:
    assert cloudstack.command(command).object_key == key


def words(field: object) -> set[str]:
    if isinstance(field, dict):
        return set().union(*map(words, field.values()))
    return words(field[0]) if isinstance(field, list) else {str(field)}


def test_every_type_is_a_word_of_the_closed_set(cloudstack: CloudStackModel) -> None:
    for name in cloudstack.commands:
        command = cloudstack.command(name)
        assert words(dict(command.response)) <= WORDS, name
        for param in command.params.values():
            assert {param.type, param.of or "any"} <= WORDS, name


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"index\.json"):
        CloudStackModel(tmp_path)
