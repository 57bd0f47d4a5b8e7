"""What gstack needs, put into another environment as pip has put it into this one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from importlib.util import cache_from_source
from pathlib import Path

from packaging.requirements import Requirement


def link_what_it_needs(name: str, site_packages: Path) -> None:
    """Link all that a distribution needs, directly and indirectly, but not itself.

    pip then finds what it would else fetch and unpack; what is only needed to develop is not there.

    Args:
        name: the distribution, which is installed here.
        site_packages: the folder of the other environment, of the same version of Python.
    """
    needed: dict[str, Distribution] = {}
    _add(distribution(name), frozenset(), needed)
    names = {found.name for found in needed.values()}
    for there in list(distributions(path=[str(site_packages)])):
        # A new environment has a setuptools of Python's own, of another version.
        if there.name in names:
            for file in there.files or ():
                Path(str(there.locate_file(file))).unlink(missing_ok=True)
    for found in needed.values():
        for file in found.files or ():
            # Scripts lie elsewhere, and are made for one environment.
            if file.parts[0] != "..":
                _link(Path(str(found.locate_file(file))), site_packages / file)


def _add(found: Distribution, extras: frozenset[str], needed: dict[str, Distribution]) -> None:
    for requirement in _requirements(found, extras):
        key = f"{requirement.name.lower()}[{','.join(sorted(requirement.extras))}]"
        if key not in needed:
            needed[key] = distribution(requirement.name)
            _add(needed[key], frozenset(requirement.extras), needed)


def _requirements(found: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in found.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": each}) for each in ("", *extras)):
            yield requirement


def _link(file: Path, place: Path) -> None:
    if place.exists() or not file.exists():
        return
    if file.suffix == ".py":
        # Not each installer lists what Python has made of it.
        _link(Path(cache_from_source(file)), Path(cache_from_source(place)))
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, place)
    except OSError:
        # Another file system.
        shutil.copy2(file, place)
