"""Filters that CloudStack heeds in part: the answer is the same as without its help."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.pushdown import NOTHING

from ..support.effort import tries
from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway

NAMES = ["web-1", "web-2", "app", "data", "x", "nothing", "web"]
PARTS = [
    *(f"name = {name}" for name in NAMES),
    "name:web*",
    "name:data",
    "name = *a*",
    "status = RUNNING",
    "status = READY",
    "status = TERMINATED",
    "status = STAGING",
    "status:*",
    "labels.env = prod",
    "labels.env = test",
    "labels.env = 1",
    "labels.env:*",
    "labels.tier = web",
    f"zone:{SG_ZONE}",
    f"zone:{ADVANCED_ZONE}",
    "machineType:small",
    "sizeGb >= 2",
]
FILTERS = st.recursive(
    st.sampled_from(PARTS),
    lambda inner: (
        inner.map("NOT ({})".format)
        | st.tuples(inner, inner).map(lambda pair: "({}) AND ({})".format(*pair))
        | st.tuples(inner, inner).map(lambda pair: "({}) OR ({})".format(*pair))
    ),
    max_leaves=4,
)
LEGACY = st.lists(
    st.sampled_from(
        [
            "name eq web-1",
            "name eq ^app$",
            r'name eq ".*\bdata\b.*"',
            "name ne web-2",
            "status eq RUNNING",
            "status eq READY",
            "status ne STAGING",
            "labels.env eq prod",
            f"zone eq .*/{SG_ZONE}",
        ]
    ),
    min_size=1,
    max_size=3,
).map(lambda parts: "".join(f"({part})" for part in parts))
PATHS = [
    f"zones/{SG_ZONE}/instances",
    f"zones/{SG_ZONE}/disks",
    "aggregated/instances",
    "aggregated/disks",
]


@pytest.fixture
def world(gateway: Gateway) -> Gateway:
    """Machines and disks with labels, two of the disks twins."""
    # What is read is what these tests look at: each answer is made.
    gateway.application.answers = Answers(0)
    gateway.create("web-1", labels={"env": "prod", "tier": "web"})
    gateway.create("web-2", labels={"env": "1"})
    gateway.create("app", ADVANCED_ZONE, labels={"env": "test"})
    gateway.do("POST", f"zones/{SG_ZONE}/instances/web-2/stop")
    zone = gateway.cloud.zone()
    (offering,) = [
        row
        for row in gateway.cloud.rows("listDiskOfferings")
        if row.get("iscustomized") and "zoneid" not in row
    ][:1]
    for name, env in (("data", "prod"), ("Data", "test"), ("x", "prod")):
        made = gateway.cloud.done(
            "createVolume", name=name, zoneid=zone, diskofferingid=offering["id"], size=2
        )
        gateway.cloud.done(
            "createTags", resourcetype="Volume", resourceids=made["id"], tags={"env": env}
        )
    return gateway


def answers(gateway: Gateway, text: str, *, pushed: bool) -> list[dict[str, Any]]:
    """What every list says, with CloudStack's help or without."""
    resources = gateway.application.engine.compiled.resources
    sources = [resources[name].sources[0] for name in ("instances", "disks")]
    before = [(source.push, source.name_parameter) for source in sources]
    try:
        if not pushed:
            for source in sources:
                source.push, source.name_parameter = NOTHING, None
        return [gateway.get(path, filter=text) for path in PATHS]
    finally:
        for source, (push, name) in zip(sources, before, strict=True):
            source.push, source.name_parameter = push, name


def test_an_answer_does_not_depend_on_what_was_pushed_down(world: Gateway) -> None:
    @settings(max_examples=tries(15, 40))
    @given(FILTERS | LEGACY)
    def same(text: str) -> None:
        assert answers(world, text, pushed=True) == answers(world, text, pushed=False), text

    same()


@pytest.mark.parametrize(
    ("path", "text", "narrowed"),
    [
        ("aggregated/instances", "name = web-1", {"keyword": "web%1"}),
        ("aggregated/instances", f"zone:{SG_ZONE}", {"zoneid": True}),
        (f"zones/{SG_ZONE}/instances", "status = STAGING", {"zoneid": True, "state": "Starting"}),
        (
            f"zones/{SG_ZONE}/instances",
            "labels.env = prod",
            {"zoneid": True, "tags[0].key": "env", "tags[0].value": "prod"},
        ),
        (f"zones/{SG_ZONE}/instances", "labels.env = prod OR name = x", {"zoneid": True}),
    ],
)
def test_cloudstack_is_asked_for_less(
    world: Gateway, monkeypatch: pytest.MonkeyPatch, path: str, text: str, narrowed: dict[str, Any]
) -> None:
    from gstack_pyramid.cloudstack.parameters import encode_params

    client, sent = world.application.engine.client, []
    real = client.window

    def window(credentials: Any, command: str, params: Any, start: int, stop: int) -> Any:
        sent.append((command, encode_params(params)))
        return real(credentials, command, params, start, stop)

    monkeypatch.setattr(client, "window", window)
    world.get(path, filter=text)
    ((command, params),) = sent
    assert command == "listVirtualMachines"
    zone = world.cloud.zone()
    # What goes with the command whatever is asked narrows nothing.
    for name in encode_params(client.model.command(command).asked):
        del params[name]
    assert params == {k: zone if v is True else v for k, v in narrowed.items()}


def test_twins_keep_their_suffix_when_one_of_them_is_filtered_out(world: Gateway) -> None:
    path = f"zones/{SG_ZONE}/disks"
    whole = {item["id"]: item["name"] for item in world.items(path)}
    (found,) = world.items(path, filter="labels.env = test")
    assert found["name"].startswith("data-")
    assert found["name"] == whole[found["id"]]
