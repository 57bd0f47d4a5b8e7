"""``gstack explain`` tells a mapped method in words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from click.testing import CliRunner

from gstack_pyramid.cli import main
from gstack_pyramid.engine import coverage
from gstack_pyramid.engine.explain import explain
from gstack_pyramid.engine.modifiers import MODIFIERS
from gstack_pyramid.engine.scope import SOURCES
from gstack_pyramid.engine.wording import Words

from ...support import shipped
from .conftest import Gstack

METHODS = sorted(
    f"compute.{resource}.{method}"
    for resource, document in shipped.mappings().resources.items()
    for method in document.data.get("methods", {})
)


def test_all_methods_are_explained() -> None:
    assert sorted(shipped.compiled().methods) == METHODS


@pytest.mark.parametrize("method_id", METHODS)
def test_each_mapped_method_can_be_explained(method_id: str) -> None:
    page = explain(shipped.mappings(), shipped.compiled(), method_id)
    method = shipped.compiled().methods[method_id]
    assert page.startswith(f"{method_id}\n{method.gce.http_method} /compute/v1/{method.gce.path}\n")
    assert f"{method.place[0]}:{method.place[1]}" in page
    assert not [line for line in page.splitlines() if len(line) > 120]


def test_a_method_is_found_with_and_without_compute(gstack: Gstack) -> None:
    short, long = gstack("explain", "zones.get"), gstack("explain", "compute.zones.get")
    assert short.exit_code == 0
    assert short.output == long.output


def test_it_needs_no_ini() -> None:
    runner = CliRunner()
    with runner.isolated_filesystem():
        assert runner.invoke(main, ["explain", "zones.get"]).exit_code == 0


def test_a_mutation_shows_its_commands_in_order_with_what_undoes_them(gstack: Gstack) -> None:
    page = gstack("explain", "disks.insert").output
    commands = re.findall(r"^ +(\d)\. (\w+)", page, re.MULTILINE)
    assert ("3", "createVolume") in commands
    assert commands[-2:] == [("5", "createTags"), ("6", "createSnapshotPolicy")]
    assert re.search(r"^ +name +name$", page, re.MULTILINE)
    assert "undone by deleteVolume {id: result.id}" in page
    assert "listDiskOfferings" in page.partition("Found out first")[0]


def test_variants_come_with_their_conditions(gstack: Gstack) -> None:
    page = gstack("explain", "networks.delete").output
    assert 'Way 1: if source_of(self) in ["placeholder", "shared"]' in page
    assert "Way 3: otherwise" in page


def test_ignored_and_refused_fields_come_with_reasons(gstack: Gstack) -> None:
    page = gstack("explain", "firewalls.insert").output
    assert re.search(r"sourceTags +CloudStack's rules know addresses only", page)
    assert re.search(r"logConfig\.metadata +there is no log to put it in", page)


def test_a_read_shows_rows_joins_and_fields(gstack: Gstack) -> None:
    page = gstack("explain", "instances.list").output
    assert "volumes: the rows of listVolumes whose virtualmachineid is our id" in page
    assert re.search(r"^ +disks\[\]\.source +link\.disks\(disk\.id", page, re.MULTILINE)
    assert re.search(r"^ +selfLink +made by gstack$", page, re.MULTILINE)


def test_it_says_how_far_the_default_roles_go(gstack: Gstack) -> None:
    assert "complete, from 4.18 to 4.22" in gstack("explain", "zones.list").output
    page = gstack("explain", "instances.insert").output
    assert re.search(r"User of 4\.18.*without createVMFromBackup", page, re.DOTALL)
    assert re.search(r"User of 4\.22.*complete", page, re.DOTALL)


def test_a_method_that_is_not_mapped_says_why(
    gstack: Gstack, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = gstack("explain", "hosts.list")
    assert result.exit_code == 1
    assert "CloudStack doesn't show its users the hosts" in result.output
    monkeypatch.setattr(coverage, "read_reasons", lambda folders, model: {})
    assert "nobody has mapped it yet" in gstack("explain", "hosts.list").output


def test_an_unknown_method_says_which_are_near(gstack: Gstack) -> None:
    result = gstack("explain", "instance.insert")
    assert result.exit_code == 1
    assert "instances.insert" in result.output


VALUES: dict[str, tuple[Any, str]] = {
    "a path": ("name", "$body.name"),
    "the current value": (".", "$body"),
    "a root": ("$zone.id", "$zone.id"),
    "a number": (3, "3"),
    "from": ({"from": "a", "convert": "timestamp"}, "$body.a through timestamp"),
    "value": ({"value": ""}, '""'),
    "format": ({"format": "gce-{name}"}, '"gce-{$body.name}"'),
    "first": ({"first": ["a", "b"], "default": "c"}, '$body.a, else $body.b, else "c"'),
    "fields": ({"fields": {"k": "a"}}, "{k: $body.a}"),
    "list": ({"list": ["a", {"when": "b", "value": 1}]}, "[$body.a, (1, if $body.b is given)]"),
    "merge": ({"merge": ["a", "b"]}, "$body.a, on top of $body.b"),
    "concat": ({"concat": ["a", {"list": ["b"]}]}, "$body.a, followed by [$body.b]"),
    "test": ({"test": {"type": "ROOT"}}, "whether $body.type is ROOT"),
    "each": (
        {"each": "tags", "get": "key", "sorted": True},
        "for each of $body.tags: key (sorted)",
    ),
    "each as it is": ({"each": "tags", "where": "key"}, "each of $body.tags where key is given"),
    "each, a map": ({"each": "t", "key": "k", "value": "v"}, "for each of $body.t: k = v"),
    "each, grouped": (
        {"each": "$rows", "by": ["p"], "order": "n", "fields": {"x": "p"}},
        "for each of $rows in the order of n grouped by p: {x: p}",
    ),
    "each, crossed": (
        {"each": {"rule": "allowed", "port": "$rule.ports"}, "fields": {"p": "$port"}},
        "for each $rule of $body.allowed and each $port of $rule.ports: {p: $port}",
    ),
    "find": (
        {"find": "networks", "from": "network", "default": "default"},
        'the row of networks that $body.network names, else the one named "default"',
    ),
    "pick": (
        {"pick": "images", "match": {"family": "$path.family"}, "newest": "creationTimestamp"},
        "the one of images with family = $path.family and the greatest creationTimestamp",
    ),
    "call": (
        {
            "call": "listThings",
            "params": {"id": "$zone.id"},
            "where": {"up": True},
            "take": "first",
        },
        "the first row of listThings(id: $zone.id) where up is true",
    ),
    "fingerprint": ({"fingerprint": "$this.labels"}, "the fingerprint of $this.labels"),
    "diff": (
        {"diff": {"now": "$self.a", "want": "b", "by": ["x"]}},
        "what to remove and what to add to get from $self.a to $body.b, compared by x",
    ),
    "after": ({"from": "key", "after": "gce:"}, '$body.key after "gce:"'),
    "parse": ({"from": "k", "parse": "{a}:{b}"}, '$body.k taken apart by "{a}:{b}"'),
    "table": ({"from": "n", "table": "$settings.t"}, "$body.n looked up in $settings.t"),
    "enum": ({"from": "s", "enum": {"A": "B", "*": "C"}}, "$body.s: A is B, anything else is C"),
    "then": ({"from": "m", "then": "a.b"}, "$body.m, of that a.b"),
    "matches": ({"from": "p", "matches": "[0-9]+"}, "$body.p (must match [0-9]+)"),
    "link": ({"from": "z", "link": "zones"}, "$body.z, as a link to zones"),
    "id_of": ({"from": "z", "id_of": "zones"}, "$body.z, as the id of one of zones"),
    "when, default": (
        {"when": {"up": False}, "value": "A", "default": {"value": "B"}},
        '"A", if $body.up is false, else "B"',
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_in_words(name: str) -> None:
    spec, words = VALUES[name]
    assert Words("$body").value(spec) == words


def test_each_source_and_modifier_has_words() -> None:
    """A new key of the language must not break ``gstack explain``."""
    used = {key for spec, _ in VALUES.values() if isinstance(spec, dict) for key in spec}
    assert {*SOURCES, *MODIFIERS, "when", "then"} - used == set()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("a", "a is given"),
        ({"a": 1, "b": [1, "x"]}, "a is 1 and b is one of 1, x"),
        ({"a": {"not": [1, 2]}}, "a is not one of 1, 2"),
        ({"a": {"present": True, "not": 1000}}, "a is there and is not 1000"),
        ({"a": {"present": False}}, "a is missing"),
        ({"a": {"empty": True}, "b": {"empty": False}}, "a is empty and b isn't empty"),
        ({"a": {"starts": "x"}, "b": {"not": {"starts": "y"}}},
         'a starts with "x" and b does not start with "y"'),
        ({"$n": {"is": ["x", "y"]}}, "$n is of the source x or y"),
        ({"a": {"equals": "$b"}, "c": {"not": {"equals": "$d"}}},
         "a is equal to $b and c is not equal to $d"),
        ({"a": {"at_least": "b", "at_most": "c"}}, "a is at least b and is at most c"),
        ({"any": ["a", {"b": 1, "c": 2}]}, "a is given or (b is 1 and c is 2)"),
        ({"a": 1, "any": ["b", "c"]}, "a is 1 and (b is given or c is given)"),
        ({"all": ["a", {"any": ["b", "c"]}]}, "a is given and (b is given or c is given)"),
    ],
)  # fmt: skip
def test_a_condition_in_words(spec: Any, words: str) -> None:
    assert Words().condition(spec) == words


def test_a_method_about_permissions_says_where_they_are_from(gstack: Gstack) -> None:
    result = gstack("explain", "disks.testIamPermissions")
    assert result.exit_code == 0, result.output
    assert "listVolumes" in result.output
    assert "by the commands that CloudStack allows it" in " ".join(result.output.split())
