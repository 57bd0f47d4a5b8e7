"""Labels, tags and metadata: changed by difference, against a fingerprint."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, instance_body

WEB = f"zones/{SG_ZONE}/instances/web"
SETTERS = ["setLabels", "setTags", "setMetadata"]


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    gateway.create(
        "web",
        labels={"env": "prod", "tier": "front"},
        tags={"items": ["http-server", "ssh"]},
        metadata={"items": [{"key": "motd", "value": "hello"}]},
    )
    return gateway


def tags(gateway: Gateway) -> dict[str, str]:
    return gateway.tags("UserVm", gateway.machine("web")["id"])


def fingerprint(gateway: Gateway, setter: str) -> str:
    shown = gateway.get(WEB)
    found: str = {
        "setLabels": shown["labelFingerprint"],
        "setTags": shown["tags"]["fingerprint"],
        "setMetadata": shown["metadata"]["fingerprint"],
    }[setter]
    return found


def change(gateway: Gateway, setter: str, wanted: Any) -> dict[str, Any]:
    """The body of a change that is based on the present state."""
    current = fingerprint(gateway, setter)
    if setter == "setLabels":
        return {"labels": wanted, "labelFingerprint": current}
    if setter == "setMetadata":
        wanted = [{"key": key, "value": value} for key, value in wanted.items()]
    return {"items": wanted, "fingerprint": current}


def test_an_insert_keeps_all_of_them_in_tags(web: Gateway) -> None:
    assert tags(web) == {
        "env": "prod",
        "tier": "front",
        "gce:tag:http-server": tags(web)["gce:tag:http-server"],
        "gce:tag:ssh": tags(web)["gce:tag:ssh"],
        "gce:metadata:motd": "hello",
        # Where each machine's address is reached from outside: that none was asked for.
        "gce:asked:accessConfigs": "none",
    }
    shown = web.get(WEB)
    assert shown["labels"] == {"env": "prod", "tier": "front"}
    assert shown["tags"]["items"] == ["http-server", "ssh"]
    assert shown["metadata"]["items"] == [{"key": "motd", "value": "hello"}]


@pytest.mark.parametrize(
    ("setter", "wanted", "kept"),
    [
        ("setLabels", {"env": "test", "owner": "ann"}, {"env": "test", "owner": "ann"}),
        ("setTags", ["ssh", "db"], {"gce:tag:db", "gce:tag:ssh"}),
        ("setMetadata", {"motd": "bye", "a": "1"}, {"gce:metadata:motd": "bye"}),
    ],
)
def test_a_change_touches_its_own_tags_only(
    web: Gateway, setter: str, wanted: Any, kept: Any
) -> None:
    before = tags(web)
    web.do("POST", f"{WEB}/{setter}", change(web, setter, wanted))
    own = {"setLabels": "", "setTags": "gce:tag:", "setMetadata": "gce:metadata:"}[setter]

    def others(found: dict[str, str]) -> dict[str, str]:
        mine = {key for key in found if key.startswith(own or "gce:") is bool(own)}
        return {key: value for key, value in found.items() if key not in mine}

    after = tags(web)
    assert others(after) == others(before)
    mine = {key: value for key, value in after.items() if key not in others(after)}
    if setter == "setTags":
        assert set(mine) == kept
    else:
        assert kept.items() <= mine.items()
        assert len(mine) == len(wanted)


@pytest.mark.parametrize("setter", SETTERS)
def test_all_can_be_taken_away(web: Gateway, setter: str) -> None:
    empty: Any = [] if setter == "setTags" else {}
    web.do("POST", f"{WEB}/{setter}", change(web, setter, empty))
    shown = web.get(WEB)
    left = {
        "setLabels": shown["labels"],
        "setTags": shown["tags"]["items"],
        "setMetadata": shown["metadata"]["items"],
    }[setter]
    assert not left


@pytest.mark.parametrize("setter", SETTERS)
def test_a_stale_fingerprint_is_412_and_changes_nothing(web: Gateway, setter: str) -> None:
    wanted: Any = ["x"] if setter == "setTags" else {"x": "y"}
    first = change(web, setter, wanted)
    web.do("POST", f"{WEB}/{setter}", first)
    before = tags(web)
    error = web.refused(
        412,
        "POST",
        f"{WEB}/{setter}",
        {**first, "fingerprint": "AAAA"}
        if setter != "setLabels"
        else {**first, "labelFingerprint": "AAAA"},
    )
    assert error["errors"][0]["reason"] == "conditionNotMet"
    web.refused(412, "POST", f"{WEB}/{setter}", first)
    assert tags(web) == before


@pytest.mark.parametrize("setter", SETTERS)
def test_a_change_without_a_fingerprint_is_412(web: Gateway, setter: str) -> None:
    body: Any = {"labels": {"a": "b"}} if setter == "setLabels" else {"items": []}
    before = tags(web)
    web.refused(412, "POST", f"{WEB}/{setter}", body)
    assert tags(web) == before


@pytest.mark.parametrize("setter", SETTERS)
def test_the_same_again_sends_no_command(web: Gateway, setter: str) -> None:
    shown = web.get(WEB)
    body: Any = {
        "setLabels": {"labels": shown["labels"], "labelFingerprint": shown["labelFingerprint"]},
        "setTags": shown["tags"],
        "setMetadata": shown["metadata"],
    }[setter]
    operation = web.ask("POST", f"{WEB}/{setter}", body)
    assert (operation["status"], operation["progress"]) == ("DONE", 100)
    assert fingerprint(web, setter) == (body.get("fingerprint") or body.get("labelFingerprint"))


def test_the_fingerprint_follows_the_content_and_nothing_else(web: Gateway) -> None:
    before = {setter: fingerprint(web, setter) for setter in SETTERS}
    web.do("POST", f"{WEB}/setLabels", change(web, "setLabels", {"env": "x"}))
    assert fingerprint(web, "setLabels") != before["setLabels"]
    for setter in ("setTags", "setMetadata"):
        assert fingerprint(web, setter) == before[setter]
    back = change(web, "setLabels", {"tier": "front", "env": "prod"})
    web.do("POST", f"{WEB}/setLabels", back)
    assert fingerprint(web, "setLabels") == before["setLabels"]


@pytest.mark.parametrize("value", ["", "ü-ß_0", "名前", "0", "x" * 63])
def test_a_label_value_comes_back_as_it_was_given(web: Gateway, value: str) -> None:
    web.do("POST", f"{WEB}/setLabels", change(web, "setLabels", {"note": value}))
    assert web.get(WEB)["labels"] == {"note": value}
    web.do("POST", f"{WEB}/setLabels", change(web, "setLabels", {"note": value, "b": ""}))
    assert web.get(WEB)["labels"] == {"note": value, "b": ""}
    assert all(tags(web).values())


@pytest.mark.parametrize("value", ["ü ✓", "a,b", "a=b&c=d"])
def test_a_tag_of_another_tool_stays_as_it_is(web: Gateway, value: str) -> None:
    """GCE takes no such label; but who adds one sends all of them back."""
    machine = web.cloud.id("listVirtualMachines", "web")
    where = {"resourceids": machine, "resourcetype": "UserVm"}
    web.cloud.done("createTags", **where, tags={"note": value})
    before = web.get(WEB)["labels"]
    assert before["note"] == value
    web.do("POST", f"{WEB}/setLabels", change(web, "setLabels", {**before, "b": ""}))
    assert web.get(WEB)["labels"] == {**before, "b": ""}


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1000,
        "0123456789" * 100,
        "",
        "(empty)",
        "first\nsecond\r\n\ttab",
        "".join(chr(0x400 + number % 250) for number in range(1000)),
    ],
    ids=["1000", "digits", "empty", "bracket", "lines", "cyrillic"],
)
def test_a_metadata_value_of_any_length_comes_back_as_it_was_given(
    web: Gateway, value: str
) -> None:
    web.do("POST", f"{WEB}/setMetadata", change(web, "setMetadata", {"script": value, "b": "1"}))
    assert web.get(WEB)["metadata"]["items"] == [
        {"key": "b", "value": "1"},
        {"key": "script", "value": value},
    ]
    assert all(0 < len(text) <= 255 for text in tags(web).values())
    web.do("POST", f"{WEB}/setMetadata", change(web, "setMetadata", {"script": "short"}))
    assert {key for key in tags(web) if key.startswith("gce:metadata:")} == {"gce:metadata:script"}


@pytest.mark.parametrize("description", ["A line.", "x" * 2000, "(empty)", "two\nlines ü"])
def test_a_description_of_any_length_comes_back_as_it_was_given(
    gateway: Gateway, description: str
) -> None:
    assert gateway.create("web", description=description)["description"] == description
    disk = {"name": "data", "sizeGb": "1", "description": description}
    gateway.do("POST", f"zones/{SG_ZONE}/disks", disk)
    assert gateway.get(f"zones/{SG_ZONE}/disks/data")["description"] == description


def test_long_metadata_given_with_the_insert_comes_back(gateway: Gateway) -> None:
    items = [{"key": f"key-{number}", "value": str(number) * 600} for number in range(4)]
    made = gateway.create("app", ADVANCED_ZONE, metadata={"items": items})
    assert made["metadata"]["items"] == items


@pytest.mark.parametrize(
    ("setter", "body"),
    [
        ("setLabels", {"labels": {"gce:tag:x": "1"}}),
        ("setLabels", {"labels": {"": "1"}}),
        ("setLabels", {"labels": {"k" * 300: "1"}}),
        ("setLabels", {"labels": {"k": "v" * 300}}),
        ("setTags", {"items": ["t" * 300]}),
        ("setTags", {"items": [""]}),
        ("setMetadata", {"items": [{"key": "k" * 300, "value": "x"}]}),
        ("setMetadata", {"items": [{"key": "a#1", "value": "x"}]}),
        ("setMetadata", {"items": [{"key": "", "value": "x"}]}),
    ],
)
def test_a_key_that_could_not_come_back_is_refused(
    web: Gateway, setter: str, body: dict[str, Any]
) -> None:
    key = "labelFingerprint" if setter == "setLabels" else "fingerprint"
    before = tags(web)
    web.refused(400, "POST", f"{WEB}/{setter}", {**body, key: fingerprint(web, setter)})
    assert tags(web) == before


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"gce:tag:x": "1"}},
        {"labels": {"k": "v" * 300}},
        {"tags": {"items": ["Not Legal"]}},
        {"metadata": {"items": [{"key": "a b", "value": ""}]}},
    ],
)
def test_an_insert_with_what_could_not_be_kept_makes_nothing(
    gateway: Gateway, change: dict[str, Any]
) -> None:
    body = instance_body("web", ADVANCED_ZONE, **change)
    gateway.refused(400, "POST", f"zones/{ADVANCED_ZONE}/instances", body)
    assert gateway.cloud.rows("listVirtualMachines") == []
    assert not any(row["name"] == "default" for row in gateway.cloud.rows("listNetworks"))
    if "labels" in change:
        disk = {"name": "data", "sizeGb": "1", **change}
        gateway.refused(400, "POST", f"zones/{SG_ZONE}/disks", disk)
        assert gateway.cloud.rows("listVolumes") == []
