"""What tells which rows count, and their names and places, needs no more than a look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from gstack_pyramid.cloudstack.answers import read_answer, rows_of
from gstack_pyramid.cloudstack.table import Table

from ...recordings.recorded import recordings

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.engine.compiled import Compiled


@pytest.fixture(scope="module")
def compiled(shared_router: Router) -> Compiled:
    made: Compiled = shared_router.registry["gstack"].compiled
    return made


def _cut(command: str, rows: list[dict[str, Any]]) -> Table:
    content = orjson.dumps({f"{command.lower()}response": {"count": len(rows), "rows": rows}})
    return Table(rows_of(command, read_answer(command, 200, content, cut=True), "rows"), command)


def test_machines_and_disks_are_found_by_a_look(compiled: Compiled) -> None:
    for name in ("instances", "disks"):
        (source,) = compiled.resources[name].sources
        assert source.glance is not None
        assert not source.glance & {"nic", "size", "serviceofferingid"}


def test_a_look_at_recorded_rows_tells_of_them_what_whole_rows_tell(compiled: Compiled) -> None:
    from gstack_pyramid.engine.environment import Env

    rows: dict[str, list[dict[str, Any]]] = {}
    for each in recordings().values():
        if each.status == 200:
            rows.setdefault(each.command, []).extend(each.rows)
    seen = 0
    env: Any = Env(None, {"settings": compiled.settings})  # type: ignore[arg-type]
    for resource in compiled.resources.values():
        for source in resource.sources:
            if source.glance is None or source.early or source.command is None:
                continue
            found = [row for row in rows.get(source.command, []) if "id" in row]
            whole, looks = Table(found), _cut(source.command, found)
            told = [
                [
                    (each.key, each.natural, each.also, each.zone, each.region, each.rows)
                    for each in source.records_of(table, env)
                ]
                for table in (whole, looks)
            ]
            assert told[0] == told[1], resource.name
            seen += len(told[0])
    assert seen > 100
