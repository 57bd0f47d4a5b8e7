"""Resources and methods that are like others, with their differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.mapping.document import Document, MappingError
from gstack_pyramid.mapping.loader import Mappings, load

from .mappings import PROJECTS, ZONES, Compiler, write

DISKS = """
    resource: disks
    about: a volume
    read: {call: listVolumes, params: {type: {value: DATADISK}}, where: state != "Expunged"}
    functions:
      word: {about: what descriptions begin with, gives: '"disk"'}
    fields:
      description: f"{word()} {name}"
      sizeGb: bytes_to_gb(size)
    methods:
      get: {}
      list: {}
      aggregatedList: {}
      delete:
        with: {one: self.id, two: one, three: two}
        steps: [{call: deleteVolume, params: {id: three}}]
"""
REGION_DISKS = """
    resource: regionDisks
    like: disks
    functions: {word: {gives: '"region disk"'}}
    read: {where: 'state == "Ready"'}
    fields: {sizeGb: null, status: {value: READY}}
    methods:
      aggregatedList: null
      delete: {with: {two: path.region}}
"""


def loaded(tmp_path: Path, *folders: dict[str, str]) -> Mappings:
    return load([write(tmp_path / str(at), **files) for at, files in enumerate(folders)])


def data_of(mappings: Mappings, resource: str) -> dict[str, Any]:
    document: Document = mappings.resources[resource]
    data: dict[str, Any] = document.data
    return data


def test_a_resource_is_what_the_other_is_but_for_its_differences(tmp_path: Path) -> None:
    mappings = loaded(tmp_path, {"disks": DISKS, "twin": REGION_DISKS})
    assert data_of(mappings, "regionDisks") == {
        "resource": "regionDisks",
        "about": "a volume",
        "read": {
            "call": "listVolumes",
            "params": {"type": {"value": "DATADISK"}},
            "where": 'state == "Ready"',
        },
        "functions": {
            "word": {"about": "what descriptions begin with", "gives": '"region disk"'},
        },
        "fields": {"description": 'f"{word()} {name}"', "status": {"value": "READY"}},
        "methods": {
            "get": {},
            "list": {},
            "delete": {
                "with": {"one": "self.id", "two": "path.region", "three": "two"},
                "steps": [{"call": "deleteVolume", "params": {"id": "three"}}],
            },
        },
    }


def test_what_the_other_is_stays_as_it_is(tmp_path: Path) -> None:
    alone = load([write(tmp_path / "alone", disks=DISKS)])
    both = load([write(tmp_path / "both", disks=DISKS, twin=REGION_DISKS)])
    assert data_of(both, "disks") == data_of(alone, "disks")


def test_values_keep_their_order(tmp_path: Path) -> None:
    mappings = loaded(tmp_path, {"disks": DISKS, "twin": REGION_DISKS})
    made = data_of(mappings, "regionDisks")["methods"]["delete"]["with"]
    assert list(made) == ["one", "two", "three"]


def test_the_file_that_says_so_claims_the_methods(tmp_path: Path) -> None:
    mappings = loaded(tmp_path, {"disks": DISKS, "twin": REGION_DISKS})
    twin = str(tmp_path / "0" / "twin.yaml")
    assert {method: at for (name, method), at in mappings.owners.items() if name != "disks"} == {
        "get": (twin, 2),
        "list": (twin, 2),
        "delete": (twin, 8),
    }


def test_the_twin_is_compiled_with_its_own_functions(tmp_path: Path, compiler: Compiler) -> None:
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=DISKS, twin=REGION_DISKS)
    compiled = compiler(folder)
    code = {
        name: "".join(source() for place, _, source in made if place[-1:] == ("description",))
        for name, made in compiled.generated.items()
    }
    assert "'disk'" in code["disks"]
    assert "'region disk'" in code["regionDisks"]


def test_functions_of_one_resource_are_none_of_another(tmp_path: Path, compiler: Compiler) -> None:
    images = """
    resource: images
    read: {call: listTemplates, params: {templatefilter: {value: self}}}
    fields: {description: word()}
    methods: {get: {}}
    """
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=DISKS, images=images)
    (finding,) = compiler.findings(folder)
    assert (Path(finding.file).name, finding.line) == ("images.yaml", 3)
    assert finding.message.startswith("there is no function 'word'")


def test_a_chain_of_likeness_ends_with_what_each_says(tmp_path: Path) -> None:
    third = "resource: snapshots\nlike: regionDisks\nfields: {description: id}\n"
    mappings = loaded(tmp_path, {"a": third, "disks": DISKS, "twin": REGION_DISKS})
    fields = data_of(mappings, "snapshots")["fields"]
    assert fields == {"description": "id", "status": {"value": "READY"}}


def test_resources_that_are_like_each_other_are_refused(tmp_path: Path) -> None:
    files = {"a": "resource: disks\nlike: images\n", "b": "resource: images\nlike: disks\n"}
    with pytest.raises(MappingError, match=r"disks is like images is like disks, and so on"):
        loaded(tmp_path, files)


def test_two_files_that_say_what_a_resource_is_like_are_a_conflict(tmp_path: Path) -> None:
    files = {"disks": DISKS, "a": REGION_DISKS, "b": "resource: regionDisks\nlike: disks\n"}
    with pytest.raises(MappingError, match=r"regionDisks.like is claimed here and at"):
        loaded(tmp_path, files)


def test_a_further_file_adds_whole_entries_whatever_it_is_called(tmp_path: Path) -> None:
    more = "resource: regionDisks\nmethods: {delete: {steps: []}}\nfields: {status: state}\n"
    mappings = loaded(
        tmp_path,
        {"disks": DISKS},
        {"z": "resource: regionDisks\nlike: disks\n", "a": more},
    )
    data = data_of(mappings, "regionDisks")
    assert data["methods"]["delete"] == {"steps": []}
    assert data["fields"]["status"] == "state"
    assert data["fields"]["sizeGb"] == "bytes_to_gb(size)"


# overlays


def test_what_an_overlay_changes_changes_for_the_twin_as_well(tmp_path: Path) -> None:
    mine = "resource: disks\nfields: {description: id}\n"
    mappings = loaded(tmp_path, {"disks": DISKS, "twin": REGION_DISKS}, {"mine": mine})
    assert data_of(mappings, "regionDisks")["fields"]["description"] == "id"


def test_an_overlay_replaces_an_entry_of_the_twin_as_a_whole(tmp_path: Path) -> None:
    mine = "resource: regionDisks\nmethods: {delete: {steps: []}}\n"
    mappings = loaded(tmp_path, {"disks": DISKS, "twin": REGION_DISKS}, {"mine": mine})
    assert data_of(mappings, "regionDisks")["methods"]["delete"] == {"steps": []}
    assert mappings.owners["regionDisks", "delete"] == (str(tmp_path / "1" / "mine.yaml"), 2)


def test_an_overlay_may_say_what_is_different_from_the_folders_before(tmp_path: Path) -> None:
    mine = "resource: disks\nlike: disks\nmethods: {list: null, delete: {with: {one: name}}}\n"
    mappings = loaded(tmp_path, {"disks": DISKS}, {"mine": mine})
    methods = data_of(mappings, "disks")["methods"]
    assert methods["delete"] == {
        "with": {"one": "name", "two": "one", "three": "two"},
        "steps": [{"call": "deleteVolume", "params": {"id": "three"}}],
    }
    assert "list" not in methods
    assert ("disks", "list") not in mappings.owners


# methods


def test_a_method_is_what_the_other_is_but_for_its_differences(tmp_path: Path) -> None:
    text = """
    resource: disks
    read: {call: listVolumes}
    methods:
      update: {like: delete, about: it goes, with: {two: name}, alone: true}
      delete:
        with: {one: self.id, two: one}
        steps: [{call: deleteVolume, params: {id: two}}]
    """
    methods = data_of(loaded(tmp_path, {"disks": text}), "disks")["methods"]
    assert methods["update"] == {
        "about": "it goes",
        "alone": True,
        "with": {"one": "self.id", "two": "name"},
        "steps": [{"call": "deleteVolume", "params": {"id": "two"}}],
    }
    assert methods["delete"]["with"] == {"one": "self.id", "two": "one"}


def test_a_method_is_like_one_of_another_resource(tmp_path: Path) -> None:
    text = "resource: snapshots\nmethods: {delete: {like: disks.delete, with: {three: name}}}\n"
    mappings = loaded(tmp_path, {"disks": DISKS, "b": text})
    assert data_of(mappings, "snapshots")["methods"]["delete"] == {
        "with": {"one": "self.id", "two": "one", "three": "name"},
        "steps": [{"call": "deleteVolume", "params": {"id": "three"}}],
    }


def test_the_twin_of_a_method_follows_what_a_twin_changes_of_the_first(tmp_path: Path) -> None:
    disks = DISKS + "      update: {like: delete, with: {three: one}}\n"
    data = data_of(loaded(tmp_path, {"disks": disks, "twin": REGION_DISKS}), "regionDisks")
    made = data["methods"]["update"]["with"]
    assert made == {"one": "self.id", "two": "path.region", "three": "one"}


def test_a_twin_may_say_that_a_method_is_like_another_one(tmp_path: Path) -> None:
    twin = "resource: regionDisks\nlike: disks\nmethods: {delete: {like: get}}\n"
    data = data_of(loaded(tmp_path, {"disks": DISKS, "twin": twin}), "regionDisks")
    assert data["methods"]["delete"] == {}


# where mistakes are told


def test_what_is_wrong_for_the_twin_only_says_who_meets_it(
    tmp_path: Path, compiler: Compiler
) -> None:
    disks = DISKS.replace("three: two", "three: path.zone")
    twin = "resource: regionDisks\nlike: disks\nmethods: {aggregatedList: null}\n"
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=disks, twin=twin)
    (finding,) = compiler.findings(folder)
    assert (Path(finding.file).name, finding.line) == ("disks.yaml", 14)
    assert str(finding).endswith(
        f"(met by regionDisks, which is like disks: {folder / 'twin.yaml'}:2)"
    )


def test_what_is_wrong_in_itself_is_told_once(tmp_path: Path, compiler: Compiler) -> None:
    disks = DISKS.replace("bytes_to_gb(size)", "bytes_to_gb(sise)")
    twin = "resource: regionDisks\nlike: disks\nmethods: {aggregatedList: null}\n"
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=disks, twin=twin)
    (finding,) = compiler.findings(folder)
    assert (Path(finding.file).name, finding.line, finding.through) == ("disks.yaml", 8, "")


def test_what_is_wrong_for_a_method_that_is_like_another_says_so(
    tmp_path: Path, compiler: Compiler
) -> None:
    text = """
    resource: disks
    read: {call: listVolumes}
    methods:
      get: {}
      delete:
        with: {taken: path.disk}
        steps: [{call: deleteVolume, params: {id: self.id}}]
      insert:
        like: delete
    """
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=text)
    findings = compiler.findings(folder)
    assert {(Path(f.file).name, f.line) for f in findings} <= {("disks.yaml", 6), ("disks.yaml", 7)}
    assert {f.through for f in findings} == {
        f"met by disks.insert, which is like disks.delete: {folder / 'disks.yaml'}:9"
    }
