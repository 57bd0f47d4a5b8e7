"""``gstack explain`` tells a mapped method in words."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner

from gstack_pyramid.cli import main
from gstack_pyramid.describing import coverage, formatting
from gstack_pyramid.describing.explain import explain
from gstack_pyramid.mapping.forms.holds import value_at
from gstack_pyramid.mapping.forms.values import SOURCES

from ...support import shipped
from .conftest import Gstack

METHODS = sorted(shipped.compiled().methods)


@cache
def page_of(method_id: str) -> str:
    """How a shipped method is explained."""
    return explain(shipped.mappings(), shipped.compiled(), method_id)


def test_all_methods_that_a_file_says_are_explained() -> None:
    said = {
        f"compute.{resource}.{method}"
        for resource, document in shipped.mappings().resources.items()
        for method in document.data.get("methods", {})
    }
    assert said <= {*METHODS}


@pytest.mark.parametrize("method_id", METHODS)
def test_each_mapped_method_can_be_explained(method_id: str) -> None:
    page = page_of(method_id)
    method = shipped.compiled().methods[method_id]
    assert page.startswith(f"{method_id}\n{method.gce.http_method} /compute/v1/{method.gce.path}\n")
    assert f"{method.place[0]}:{method.place[1]}" in page
    assert not [line for line in page.splitlines() if len(line) > 120]


@pytest.mark.parametrize("method_id", METHODS)
def test_what_a_change_has_for_itself_is_told_whether_its_file_says_so_or_not(
    method_id: str,
) -> None:
    compiled = shipped.compiled().methods[method_id]
    page = page_of(method_id)
    told = "Has for itself until the operation ends" in page
    assert told == bool(compiled.alone or compiled.alone_with)


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
    # The second way; before it stands that of an image.
    second = commands[[number for number, _ in commands].index("1", 1) :]
    assert [int(number) for number, _ in second] == list(range(1, len(second) + 1))
    names = [name for _, name in second if name.startswith(("copy", "create"))]
    assert names == [
        *("copySnapshot", "createSnapshot", "createVolume", "createTags", "createSnapshotPolicy"),
    ]
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


def test_what_is_like_something_else_says_so_and_is_shown_whole(gstack: Gstack) -> None:
    text = gstack("explain", "regionHealthChecks.update").stdout
    said = " ".join(text.split())
    assert "regionHealthChecks is like healthChecks (" in said
    assert "but for: about, together_with, kept_in_tags.under, kept_in_tags.as, read.name," in said
    assert "regionHealthChecks.update is like regionHealthChecks.patch (" in said
    assert "Commands, in this order 1. deleteTags" in said


def test_functions_of_the_mapping_files_are_explained(gstack: Gstack) -> None:
    text = gstack("explain", "httpsHealthChecks.insert").stdout
    functions = text.partition("\nFunctions\n")[2].partition("\n\n")[0]
    assert "kind_of_project(project)" in functions
    assert "what CloudStack calls the kind of thing that a project is" in functions


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
    "an expression": ("zone.id\n  or name", "zone.id or name"),
    "a number": (3, "3"),
    "from": ({"from": "s", "enum": {"A": "B", "*": "C"}}, "s: A is B, anything else is C"),
    "from, default": ({"from": "s", "enum": {"A": "B"}, "default": "C"}, 's: A is B, else "C"'),
    "value": ({"value": ""}, '""'),
    "first": ({"first": ["a", {"when": "b", "value": "c"}]}, 'a, else ("c", if b)'),
    "fields": ({"fields": {"k": "a"}}, "{k: a}"),
    "each": (
        {"each": {"rule": "allowed"}, "get": "rule.name"},
        "for each rule of allowed: rule.name",
    ),
    "each, crossed": (
        {
            "each": {"rule": "allowed", "port": "rule.ports"},
            "where": "port",
            "fields": {"p": "port"},
        },
        "for each rule of allowed and each port of rule.ports where port: {p: port}",
    ),
    "find": (
        {"find": "networks", "from": "network", "default": "default"},
        'the row of networks that network names, else the one named "default"',
    ),
    "find, get": (
        {"find": "networks", "from": "network", "anywhere": True, "get": "found.id"},
        "found.id, where found is the row of networks that network names, in whatever zone",
    ),
    "pick": (
        {"pick": "images", "match": {"family": "path.family"}, "newest": "creationTimestamp"},
        "the one of images with family = path.family and the greatest creationTimestamp",
    ),
    "call": (
        {"call": "listThings", "params": {"id": "zone.id"}, "where": "up", "take": "first"},
        "the first row of listThings(id: zone.id) where up",
    ),
    "when": ({"when": "not up", "value": "A"}, '"A", if not up'),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_in_words(name: str) -> None:
    spec, words = VALUES[name]
    assert formatting.value(value_at(spec, ())) == words


def test_each_source_has_words() -> None:
    """A new key of the language must not break ``gstack explain``."""
    used = {key for spec, _ in VALUES.values() if isinstance(spec, dict) for key in spec}
    assert {*SOURCES, "when", "get"} - used == set()


def test_a_method_about_permissions_says_where_they_are_from(gstack: Gstack) -> None:
    result = gstack("explain", "disks.testIamPermissions")
    assert result.exit_code == 0, result.output
    assert "listVolumes" in result.output
    assert "by the commands that CloudStack allows it" in " ".join(result.output.split())
