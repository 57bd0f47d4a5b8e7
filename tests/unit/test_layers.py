"""Imports point one way: between packages by their layers, and between modules without circles."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import gstack_pyramid

PACKAGE = Path(gstack_pyramid.__file__).parent

LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(layer.split())
    for layer in (
        "errors collecting private_files at_start balance database_urls connections plain_yaml"
        " route_tree server_threads memory",
        "schemas shares settings tls_channel",
        "hosts observability",
        "cloudstack protocol simulator logs",
        "scheduling engine",
        "mapping operations",
        "describing observability.audit",
        "auth",
        "bound_methods tls",
        "application",
        "signin derivers changes batch_view signals observability.requests"
        " observability.exposition",
        "view documents front health processes error_views",
        "routes",
        "gstack_pyramid cases",
        "cli",
    )
)
"""The packages and modules from below: each may import those of lower layers, and parts of itself.

The innermost one that is named here counts.
"""


def _modules() -> dict[str, ast.Module]:
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        name = name.removesuffix("__init__").rstrip(".") or "gstack_pyramid"
        found[name] = ast.parse(file.read_text("utf-8"))
    return found


def _imported(tree: ast.Module, known: Set[str]) -> Iterator[str]:
    """The modules of gstack that one imports, wherever in it and for whatever purpose."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [
                name if name.removeprefix("gstack_pyramid.") in known else node.module
                for name in inner
            ]
        else:
            continue
        for name in names:
            if name == "gstack_pyramid" or name.startswith("gstack_pyramid."):
                yield name.removeprefix("gstack_pyramid.")


@cache
def _graph() -> Mapping[str, set[str]]:
    modules = _modules()
    graph: dict[str, set[str]] = defaultdict(set)
    for name, tree in modules.items():
        graph[name] = {other for other in _imported(tree, modules.keys()) if other != name}
    return graph


def _home(module: str) -> tuple[str, int]:
    """The entry of LAYERS that a module belongs to, and the number of its layer."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        for number, layer in enumerate(LAYERS):
            if prefix in layer:
                return prefix, number
    raise AssertionError(f"{module} is in no layer: name its package in LAYERS")


def test_packages_import_only_what_is_below_them() -> None:
    wrong = []
    for module, others in _graph().items():
        entry, layer = _home(module)
        for other in others:
            target, below = _home(other)
            if target != entry and below >= layer:
                wrong.append(f"{module} imports {other}")
    assert wrong == []


def test_modules_import_each_other_in_no_circle() -> None:
    try:
        TopologicalSorter(_graph()).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' -> '.join(error.args[1])}") from None
