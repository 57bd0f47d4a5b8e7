"""Which commands a role must allow for a method, and which permissions follow from that."""

from __future__ import annotations

import pytest

from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.needs import Needs, Way
from gstack_pyramid.engine.permissions import permission_of
from gstack_pyramid.schemas.gce import GceModel

from ..mapping.mappings import PROJECTS, ZONES, Compiler, write

DISKS = """
    resource: disks
    read:
      call: listVolumes
      join: {snapshots: {call: listSnapshots, on: {volumeid: id}}}
    fields:
      type: link.diskTypes(diskofferingid)
      sizeGb: bytes_to_gb(size)
    methods:
      get: {}
      aggregatedList: {}
      insert:
        ignores: {}
        with:
          offering: {when: type, find: diskTypes, from: type, get: found.id}
          capable: {call: listCapabilities}
        steps:
          - {call: createVolume, as: made, params: {name: name}, found: {call: listVolumes},
             leaves: a disk}
          - call: createTags
            when: labels
            params: {resourceids: made.id, resourcetype: {value: Volume}, tags: {value: []}}
      delete:
        variants:
          - when: self.state == "Allocated"
            steps: [{call: deleteVolume, params: {id: self.id}}]
          - when: self.state == "Destroy"
            refuse: It is gone.
          - with: {capable: {call: listCapabilities}}
            steps: [{call: destroyVolume, params: {id: self.id}}]
      setLabels:
        steps:
          - call: createTags
            when: labels
            params: {resourceids: self.id, resourcetype: {value: Volume}, tags: {value: []}}
            leaves: the new labels
          - call: deleteTags
            when: not labels
            params: {resourceids: self.id, resourcetype: {value: Volume}}
"""
DISK_TYPES = """
    resource: diskTypes
    read: {call: listDiskOfferings}
    methods: {get: {}}
"""
SCOPE = {"listAccounts", "listZones"}
ROW = {*SCOPE, "listVolumes"}
WHOLE = {*ROW, "listSnapshots", "listDiskOfferings"}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, compiler: Compiler) -> Compiled:
    folder = tmp_path_factory.mktemp("needs")
    return compiler(write(folder, projects=PROJECTS, zones=ZONES, disks=DISKS, types=DISK_TYPES))


def needs(compiled: Compiled, method: str) -> Needs:
    return compiled.methods[f"compute.disks.{method}"].needs


def test_a_read_needs_its_rows_its_joins_and_what_it_links_to(compiled: Compiled) -> None:
    assert needs(compiled, "get") == Needs(frozenset(WHOLE), (), frozenset(WHOLE))
    assert needs(compiled, "aggregatedList").reads == WHOLE


def test_what_only_some_requests_need_is_not_asked_for(compiled: Compiled) -> None:
    insert = needs(compiled, "insert")
    assert insert.reads == {*ROW, "listCapabilities"}
    assert not insert.missing({*ROW, "listCapabilities", "createVolume"})
    assert insert.missing(ROW) == {"listCapabilities", "createVolume"}


def test_one_way_is_enough(compiled: Compiled) -> None:
    delete = needs(compiled, "delete")
    assert len(delete.ways) == 2
    assert not delete.missing({*ROW, "deleteVolume"})
    assert not delete.missing({*ROW, "destroyVolume", "listCapabilities"})
    assert delete.missing(ROW) == {"deleteVolume"}
    assert delete.missing({*ROW, "destroyVolume"}) in ({"deleteVolume"}, {"listCapabilities"})


def test_of_steps_that_all_have_conditions_one_is_enough(compiled: Compiled) -> None:
    labels = needs(compiled, "setLabels")
    assert not labels.missing({*ROW, "createTags"})
    assert not labels.missing({*ROW, "deleteTags"})
    assert labels.missing(ROW) == {"createTags", "deleteTags"}


def test_a_method_that_needs_nothing_is_never_missing_anything() -> None:
    assert Needs(frozenset()).missing(frozenset()) == frozenset()
    assert Way(frozenset()).missing(frozenset()) == frozenset()


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("get", "compute.disks.get"),
        ("insert", "compute.disks.create"),
        ("aggregatedList", "compute.disks.list"),
        ("update", "compute.disks.update"),
        ("setLabels", "compute.disks.setLabels"),
    ],
)
def test_a_permission_is_called_after_its_method(
    gce: GceModel, method: str, permission: str
) -> None:
    assert permission_of(gce.method("disks", method)) == permission
