from __future__ import annotations

import pytest

from .cloud import Cloud
from .test_parameters import NOWHERE


@pytest.fixture
def key(cloud: Cloud) -> str:
    return str(cloud.machine("one")["id"])


def test_tags_show_in_rows_and_in_their_own_list(cloud: Cloud, key: str) -> None:
    cloud.done("createTags", resourcetype="uservm", resourceids=key, tags={"a": "1", "b": "2"})
    (row,) = cloud.rows("listVirtualMachines")
    assert [(tag["key"], tag["value"]) for tag in row["tags"]] == [("a", "1"), ("b", "2")]
    assert row["tags"][0]["resourcetype"] == "UserVm"
    assert [tag["value"] for tag in cloud.rows("listTags", resourceid=key, key="b")] == ["2"]


@pytest.mark.parametrize(
    "tags", [{"a": ""}, {"a": "  "}, {"": "x"}, {"a": "x" * 256}, {"k" * 256: "x"}]
)
def test_empty_and_long_tags_fail_the_job_and_nothing_is_tagged(
    cloud: Cloud, key: str, tags: dict[str, str]
) -> None:
    wish = {"resourcetype": "UserVm", "resourceids": key}
    assert cloud.failed("createTags", **wish, tags={"fine": "x", **tags})[0] == 431
    assert cloud.rows("listTags") == []


def test_keys_are_unique_per_object(cloud: Cloud, key: str) -> None:
    wish = {"resourcetype": "UserVm", "resourceids": key}
    cloud.done("createTags", **wish, tags={"a": "1"})
    assert cloud.failed("createTags", **wish, tags={"a": "2"})[0] == 530
    cloud.done("deleteTags", **wish, tags={"a": "1"})
    cloud.done("createTags", **wish, tags={"a": "2"})


def test_deletion_is_by_key_by_key_and_value_or_of_all(cloud: Cloud, key: str) -> None:
    wish = {"resourcetype": "UserVm", "resourceids": key}
    cloud.done("createTags", **wish, tags={"a": "1", "b": "2", "c": "3"})
    assert cloud.failed("deleteTags", **wish, tags={"a": "2"}) == (530, "Failed to delete tags")
    cloud.done("deleteTags", **wish, **{"tags[0].key": "a"})
    assert [tag["key"] for tag in cloud.rows("listTags")] == ["b", "c"]
    cloud.done("deleteTags", **wish)
    assert cloud.rows("listTags") == []


@pytest.mark.parametrize(
    ("kind", "resource", "text"),
    [
        ("Zone", None, "Invalid resource type"),
        ("UserVm", NOWHERE, "Unable to find resource by id"),
        ("Volume", None, "Unable to find resource by id"),
        ("Snapshot", None, "Unable to find resource by id"),
    ],
)
def test_what_cannot_be_tagged_fails_the_job(
    cloud: Cloud, key: str, kind: str, resource: str | None, text: str
) -> None:
    wish = {"resourcetype": kind, "resourceids": resource or key, "tags": {"a": "b"}}
    code, told = cloud.failed("createTags", **wish)
    assert code == 431
    assert text in told


def test_many_kinds_of_objects_take_tags_and_show_them(cloud: Cloud) -> None:
    cloud.machine("one")
    for kind, command in (
        ("Volume", "listVolumes"),
        ("Network", "listNetworks"),
        ("Vpc", "listVPCs"),
        ("SecurityGroup", "listSecurityGroups"),
        ("NetworkACL", "listNetworkACLs"),
        ("PublicIpAddress", "listPublicIpAddresses"),
        ("Project", "listProjects"),
    ):
        last = cloud.rows(command)[-1]["id"]
        cloud.done("createTags", resourcetype=kind, resourceids=last, tags={"a": "b"})
        row = next(row for row in cloud.rows(command) if row["id"] == last)
        assert [(tag["key"], tag["value"]) for tag in row["tags"]] == [("a", "b")]
        every = {"projectid": last} if kind == "Project" else {}
        (told,) = cloud.rows("listTags", resourceid=last, **every)
        assert told["resourcetype"] == kind
    acl = cloud.id("listNetworkACLLists", "prod-web-acl")
    cloud.done("createTags", resourcetype="NetworkACLList", resourceids=acl, tags={"a": "b"})
    assert len(cloud.rows("listTags", resourcetype="NetworkACLList")) == 1
    assert cloud.refused("listTags", resourcetype="Unicorn")[0] == 431
