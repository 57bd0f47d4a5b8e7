"""Folders of made-up mapping files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.document import Finding, MappingError
from gstack_pyramid.mapping.loader import load
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

PROJECTS = """
    resource: projects
    read: {call: listAccounts, name: name}
    methods: {get: {}}
"""
ZONES = """
    resource: zones
    read: {call: listZones}
    methods: {get: {}, list: {}}
"""


def write(folder: Path, **files: str) -> Path:
    """Write mapping files; a name stands for ``name.yaml``."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text).lstrip("\n"), "utf-8")
    return folder


class Compiler:
    """Compiles folders of mapping files against the real models."""

    def __init__(self, gce: GceModel, cloudstack: CloudStackModel) -> None:
        self._gce, self._cloudstack = gce, cloudstack

    def __call__(self, *folders: Path, settings: Mapping[str, Any] | None = None) -> Compiled:
        return compile_mappings(load(folders), self._gce, self._cloudstack, settings)

    def findings(self, *folders: Path) -> list[Finding]:
        """What is wrong with the files."""
        try:
            self(*folders)
        except MappingError as error:
            return error.findings
        return []
