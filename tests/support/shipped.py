"""What gstack ships, read and compiled once for all tests of a process. Nobody may change it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import plaster.loaders
import pytest

from gstack_pyramid import application
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping import compiler, loader
from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.document import display_name
from gstack_pyramid.mapping.loader import Mappings, load
from gstack_pyramid.schemas import location
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder

SHIPPED = data_folder("mappings")


@cache
def gce_model() -> GceModel:
    """GCE's model."""
    return GceModel(data_folder("schemas") / "gce")


@cache
def cloudstack_model() -> CloudStackModel:
    """CloudStack's model."""
    return CloudStackModel(data_folder("schemas") / "cloudstack")


def mappings() -> Mappings:
    """The mapping files, merged."""
    return _loaded(display_name(SHIPPED))


def compiled() -> Compiled:
    """The mappings, compiled without settings of an operator's."""
    return compile_once(mappings(), gce_model(), cloudstack_model())


def load_once(folders: Iterable[Path]) -> Mappings:
    """Like ``load``; what is shipped is read once, and what is of an operator's own each time."""
    given = list(folders)
    return _loaded(display_name(SHIPPED)) if given == [SHIPPED] else load(given)


def compile_once(
    merged: Mappings,
    gce: GceModel,
    cloudstack: CloudStackModel,
    settings: Mapping[str, Any] | None = None,
) -> Compiled:
    """Like ``compile_mappings``; what ``load_once`` has read once is compiled once."""
    place = display_name(SHIPPED)
    if merged is _loaded(place):
        return _compiled(place, json.dumps(dict(settings or {}), sort_keys=True))
    return compile_mappings(merged, gce, cloudstack, settings)


# By how the files are called, which findings and explanations tell: it depends on where one is.
@cache
def _loaded(place: str) -> Mappings:
    return load([SHIPPED])


@cache
def _compiled(place: str, values: str) -> Compiled:
    return compile_mappings(_loaded(place), gce_model(), cloudstack_model(), json.loads(values))


_find_loaders_anew = plaster.loaders.find_loaders


def _find_loaders(scheme: str, protocols: Iterable[str] | None = None) -> list[Any]:
    return _loaders(scheme, None if protocols is None else tuple(protocols))


@cache
def _loaders(scheme: str, protocols: tuple[str, ...] | None) -> list[Any]:
    found: list[Any] = _find_loaders_anew(scheme, protocols)
    return found


FEW = ("diskTypes", "machineTypes", "projects", "regions", "zones")
"""Resources whose mapping files refer to no others."""


def have_few(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """While the patch lasts, let gstack ship but few of its resources: those of ``FEW``.

    With a folder of a test's own, all that is shipped is compiled once more, which takes a second.

    Args:
        folder: an empty one, which holds them then.
    """
    (folder / "mappings").mkdir()
    for file in SHIPPED.glob("*.yaml"):
        if file.name.startswith("_") or file.stem in FEW:
            (folder / "mappings" / file.name).write_bytes(file.read_bytes())
    for module in (application, location):
        patch.setattr(
            module,
            "data_folder",
            lambda name: folder / name if name == "mappings" else data_folder(name),
        )


def share(patch: pytest.MonkeyPatch) -> None:
    """While the patch lasts, let gateways and commands in this process share what is shipped."""
    for module in (loader, application):
        patch.setattr(module, "load", load_once)
    for module in (compiler, application):
        patch.setattr(module, "compile_mappings", compile_once)
    # What is made of a model is kept with it: the forms of bodies, above all.
    patch.setattr(application, "GceModel", lambda folder: gce_model())
    patch.setattr(application, "CloudStackModel", lambda folder: cloudstack_model())
    # For each ini that is read, plaster looks through all that is installed.
    patch.setattr(plaster.loaders, "find_loaders", _find_loaders)
