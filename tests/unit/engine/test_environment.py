"""An environment never changes: what is named in one is named in another one that it makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gstack_pyramid
from gstack_pyramid.engine.environment import FIRST_PAGE, Env
from gstack_pyramid.mapping.forms.holds import values_at
from gstack_pyramid.mapping.loops import compile_loop

from ..mapping.language import Language, env_of

PACKAGE = Path(gstack_pyramid.__file__).parent

CHANGES = frozenset({"update", "pop", "setdefault", "clear", "popitem"})

OWNERS = frozenset({"own"})
"""What has made an environment of its own, and changes the names in it from row to row."""


def here() -> Env:
    session: Any = None
    return Env(session, {"body": 1, "zone": {"id": "9"}}, "p", zone="z", zone_id="9")


def test_what_is_named_inside_is_not_named_outside() -> None:
    outer = here()
    inner = outer.naming({"disk": 2})
    assert inner.roots == {**outer.roots, "disk": 2}
    assert "disk" not in outer.roots
    assert inner.forgetting(("disk", "body")).roots == {"zone": {"id": "9"}}
    assert inner.roots["disk"] == 2


def test_another_zone_or_region_is_another_environment() -> None:
    outer = here()
    elsewhere = outer.in_zone({"id": "7"}, "y")
    assert (elsewhere.zone, elsewhere.zone_id) == ("y", "7")
    assert elsewhere.roots["zone"] == {"id": "7", "name": "y"}
    region = outer.in_region([{"id": "7"}, {"id": "8"}], "r")
    assert (region.zone, region.region, region.region_zones) == (None, "r", frozenset("78"))
    assert region.roots["zone"] is None
    assert outer.in_project("q", home=True).home == "q"
    assert (outer.zone, outer.zone_id, outer.region, outer.project) == ("z", "9", None, "p")
    assert outer.roots["zone"] == {"id": "9"}
    nowhere = outer.anywhere()
    assert (nowhere.zone, nowhere.zone_id, nowhere.project) == (None, None, "p")


def test_one_place_has_one_set_of_links_whatever_is_named_in_it() -> None:
    outer = here()
    same = (outer.naming({"a": 1}), outer.reading(page=FIRST_PAGE), outer.shaping({}, single=True))
    for inner in same:
        assert inner.links is outer.links
        assert inner.row_links is outer.row_links
    assert outer.in_zone({"id": "7"}, "y").links is not outer.links


def test_a_loop_that_nobody_goes_on_with_leaves_nothing_behind(language: Language) -> None:
    scope = language.scope_of(roots={"disks": []})
    loop, _ = compile_loop(values_at({"disk": "disks", "part": "disk"}, ()), scope)
    assert language.findings == []
    env = env_of({"disks": [[1, 2], [3]]})
    turns = iter(loop(None, env))
    first, second = next(turns), next(turns)
    del turns
    assert (first.roots["disk"], first.roots["part"]) == ([1, 2], 1)
    assert (second.roots["disk"], second.roots["part"]) == ([1, 2], 2)
    assert env.roots == {"disks": [[1, 2], [3]]}


def _changed(tree: ast.Module) -> Iterator[ast.Attribute]:
    """The places where something is called otherwise in an environment that is there already."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            targets = [node.func.value] if node.func.attr in CHANGES else []
        for target in targets:
            held = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(held, ast.Attribute) and held.attr == "roots":
                yield held


def test_nothing_changes_what_is_named_in_an_environment_of_others() -> None:
    """Values get it as ``Any``, so that types alone do not tell."""
    wrong = []
    for folder in ("engine", "mapping", "describing", "operations"):
        for file in sorted((PACKAGE / folder).rglob("*.py")):
            for held in _changed(ast.parse(file.read_text("utf-8"))):
                owner = ast.unparse(held.value)
                if owner not in OWNERS and owner != "self":
                    wrong.append(f"{file.relative_to(PACKAGE)}:{held.lineno}: {owner}.roots")
    assert wrong == []
