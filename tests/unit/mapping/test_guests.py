"""What metadata tell a machine's guest, read as cloud-init and cloudbase-init read it."""

from __future__ import annotations

import base64
import email
from typing import Any

import pytest
import yaml

from gstack_pyramid.mapping.converters import CONVERTERS

SCRIPT = "#!/bin/sh\necho näive\n"


def items(told: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in told.items()]


def text(own: dict[str, str], common: dict[str, str] | None = None) -> str | None:
    told = CONVERTERS["guest_data"]({"own": items(own), "common": items(common or {})})
    return None if told is None else base64.b64decode(told).decode()


def parts(own: dict[str, str], common: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The type and content of each part of a message."""
    message = email.message_from_string(text(own, common) or "")
    found = []
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            found.append((part.get_content_type(), content.decode()))
    return found


def config(own: dict[str, str], common: dict[str, str] | None = None) -> Any:
    told = text(own, common)
    assert told is not None
    assert told.startswith("#cloud-config\n")
    return yaml.safe_load(told)


@pytest.mark.parametrize("key", ["user-data", "startup-script"])
def test_one_thing_alone_stays_as_it_is(key: str) -> None:
    assert text({key: SCRIPT}) == SCRIPT
    assert text({}, {key: SCRIPT}) == SCRIPT


def test_what_says_nothing_to_a_guest_makes_no_user_data() -> None:
    assert text({"ssh-keys": "no key\n:\n", "motd": "hello", "enable-oslogin": "TRUE"}) is None


def test_several_things_are_parts_of_a_message_with_keys_by_user() -> None:
    keys = "ada:ssh-rsa AAAA ada\nbob:ssh-rsa BBBB\nada:ssh-ed25519 CCCC"
    script, users = parts({"startup-script": SCRIPT, "ssh-keys": keys})
    assert script == ("text/x-shellscript", SCRIPT)
    assert users[0] == "text/cloud-config"
    assert yaml.safe_load(users[1])["users"] == [
        "default",
        {
            "name": "ada",
            "ssh_authorized_keys": ["ssh-rsa AAAA ada", "ssh-ed25519 CCCC"],
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
        },
        {"name": "bob", "ssh_authorized_keys": ["ssh-rsa BBBB"], "sudo": "ALL=(ALL) NOPASSWD:ALL"},
    ]


def names(told: Any) -> list[str]:
    return [user["name"] for user in told["users"][1:]]


def test_keys_of_the_project_reach_its_machines_unless_they_are_blocked() -> None:
    common = {"ssh-keys": "alice:ssh-ed25519 AAAA alice"}
    assert names(config({}, common)) == ["alice"]
    assert names(config({"ssh-keys": "bob:ssh-rsa B"}, common)) == ["bob", "alice"]
    assert text({"block-project-ssh-keys": "TRUE"}, common) is None
    assert names(config({"block-project-ssh-keys": "no"}, common)) == ["alice"]


def test_the_old_key_for_keys_takes_the_place_of_the_projects() -> None:
    common = {"ssh-keys": "alice:ssh-ed25519 AAAA alice"}
    assert names(config({"sshKeys": "docker-user:ssh-rsa AAAA x"})) == ["docker-user"]
    assert names(config({"sshKeys": "docker-user:ssh-rsa AAAA x"}, common)) == ["docker-user"]
    assert names(config({}, {"sshKeys": "old:ssh-rsa AAAA"})) == ["old"]


def test_a_machines_own_script_goes_before_the_projects() -> None:
    assert text({"startup-script": "#!/bin/sh\nown"}, {"startup-script": SCRIPT}) == (
        "#!/bin/sh\nown"
    )


def test_a_script_at_an_address_is_fetched_by_the_guest() -> None:
    assert text({"startup-script-url": "https://www.example.com/s.sh"}) == (
        "#include\nhttps://www.example.com/s.sh\n"
    )
    with pytest.raises(ValueError, match="http"):
        text({"startup-script-url": "gs://bucket/s.sh"})


def test_a_shutdown_script_is_what_a_service_does_when_it_is_stopped() -> None:
    told = config({"shutdown-script": SCRIPT})
    script, unit = told["write_files"]
    assert (script["content"], script["permissions"]) == (SCRIPT, "0755")
    assert f"ExecStop={script['path']}" in unit["content"].splitlines()
    assert told["runcmd"] == [["systemctl", "enable", "--now", unit["path"].rpartition("/")[2]]]


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("windows-startup-script-ps1", "#ps1_sysnative"),
        ("windows-startup-script-cmd", "rem cmd"),
        ("windows-startup-script-bat", "rem cmd"),
    ],
)
def test_a_script_for_windows_says_its_kind_in_its_first_line(key: str, first: str) -> None:
    assert text({key: "echo hello"}) == f"{first}\r\necho hello"
    told = parts({key: "echo hello", "ssh-keys": "ada:ssh-rsa AAAA"})
    assert told[0][0] == "text/x-shellscript"
    assert told[0][1].splitlines() == [first, "echo hello"]


@pytest.mark.parametrize(
    "key",
    [
        "shutdown-script-url",
        "windows-startup-script-url",
        "windows-shutdown-script-ps1",
        "sysprep-specialize-script-cmd",
    ],
)
def test_a_key_that_would_act_in_gce_and_can_not_here_is_refused(key: str) -> None:
    for own, common in (({key: "x"}, {}), ({}, {key: "x"})):
        with pytest.raises(ValueError, match=key):
            text(own, common)
