"""From rows to records: what is called how while one row after the other has its turn."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gstack_pyramid.cloudstack.table import Table
from gstack_pyramid.engine.environment import Env

from ..mapping.mappings import PROJECTS, ZONES, Compiler, write

CARDS = """
    resource: disks
    read:
      call: listVirtualMachines
      each: nic
      group: id
      name: id
      zone: parent.zoneid
    fields:
      description: f"{parent.name} in {key}"
    methods: {get: {}, list: {}}
"""

MACHINES = [
    {"id": "m1", "name": "one", "zoneid": "z1", "nic": [{"id": "n1"}, {"id": "n2"}]},
    {"id": "m2", "name": "two", "zoneid": "z2", "nic": [{"id": "n3"}]},
]


def request(rows: list[dict[str, Any]]) -> Any:
    return SimpleNamespace(
        table=lambda command, params, cached=False: Table(rows),
        base_url="http://localhost/compute/v1",
        breathe=lambda: None,
    )


def test_the_row_around_is_that_of_each_row_in_fields_and_zone(
    tmp_path: Path, compiler: Compiler
) -> None:
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=CARDS)
    disks = compiler(folder).resources["disks"]
    env = Env(request(MACHINES), {"key": "asked"}, "p")
    records = disks.records(env)
    assert [(each.key, each.zone) for each in records] == [
        ("n1", "z1"),
        ("n2", "z1"),
        ("n3", "z2"),
    ]
    shaped = disks.shape(disks.named(records), env)
    assert [each["description"] for each in shaped] == ["one in n1", "one in n2", "two in n3"]
    assert env.roots == {"key": "asked"}
