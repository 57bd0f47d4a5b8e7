"""A refusal says which field it is about, beside what it tells or before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.describing.explain import explain
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.loader import load
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

from .mappings import PROJECTS, ZONES, Compiler, write

DISKS = """
    resource: disks
    read: {call: listVolumes}
    methods:
      update: WAY
"""
CHECKS = """
    checks:
      positive:
        about: a number that is one
        takes: [of, what]
        when: not <of> > 0
        refuse: {sizeGb: "<what> is needed, not {<of>}."}
"""


def files(tmp_path: Path, way: str) -> Path:
    text = DISKS.replace("WAY", way)
    return write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=text, _checks=CHECKS)


def told(compiled: Compiled, body: dict[str, Any]) -> tuple[str, str | None]:
    """What the one check of the method would tell of a body, and of which field."""
    method = compiled.methods["compute.disks.update"]
    assert method.common is not None
    (check,) = [*method.common.checks, *method.variants[0].checks]
    return check.message(body, None), check.field and check.field(body, None)


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        ('{refuse: "{sizeGb} is odd"}', None),
        ('{field: resource.sizeGb, refuse: "{sizeGb} is odd"}', "resource.sizeGb"),
        ('{refuse: {sizeGb: "{sizeGb} is odd"}}', "resource.sizeGb"),
        ('{refuse: {"licenses[1]": "{sizeGb} is odd"}}', "resource.licenses[1]"),
        (
            '{refuse: {diskEncryptionKey.sha256: "{sizeGb} is odd"}}',
            "resource.diskEncryptionKey.sha256",
        ),
    ],
)
def test_a_refusal_tells_of_its_field(
    tmp_path: Path, compiler: Compiler, refusal: str, field: str | None
) -> None:
    compiled = compiler(files(tmp_path, f"{{checks: [{refusal}], steps: []}}"))
    assert told(compiled, {"sizeGb": "7"}) == ("7 is odd", field)


def test_a_way_that_is_a_refusal_tells_of_its_field(tmp_path: Path, compiler: Compiler) -> None:
    compiled = compiler(files(tmp_path, '{variants: [{refuse: {sizeGb: "never"}}]}'))
    assert told(compiled, {}) == ("never", "resource.sizeGb")


def test_a_shared_check_tells_of_its_field(tmp_path: Path, compiler: Compiler) -> None:
    use = "{check: positive, of: sizeGb, what: a size}"
    compiled = compiler(files(tmp_path, f"{{checks: [{use}], steps: []}}"))
    assert told(compiled, {"sizeGb": "-1"}) == ("a size is needed, not -1.", "resource.sizeGb")


def test_a_refusal_is_explained_with_its_field(
    tmp_path: Path, gce: GceModel, cloudstack: CloudStackModel
) -> None:
    folder = files(tmp_path, '{checks: [{when: sizeGb, refuse: {sizeGb: "none"}}], steps: []}')
    mappings = load([folder])
    compiled = compile_mappings(mappings, gce, cloudstack)
    page = explain(mappings, compiled, "compute.disks.update")
    assert '400 "none" (field resource.sizeGb)' in page
