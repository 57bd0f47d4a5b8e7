"""Mapping files of an operator's own: methods added, fields overridden, conflicts told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gstack_pyramid.mapping.document import MappingError

from ..conftest import MakeGateway, MakeRouter
from ..support import shipped
from ..support.gateway import BASE, SG_ZONE, Gateway

DISK_TYPES = """
resource: regionDiskTypes
about: A disk type of a region is a disk offering.
read: {call: listDiskOfferings, name: name, cache: true}
fields:
  description: displaytext or ""
  creationTimestamp: {value: "2014-01-01T00:00:00.000Z"}
methods: {list: {}, get: {}}
"""

Overlay = Callable[..., Gateway]


@pytest.fixture
def overlay(few: None, complete: Overlay) -> Overlay:
    """A gateway as ``complete``, whose own mapping files are few: compiling all takes a second."""
    return complete


@pytest.fixture
def few(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped.have_few(monkeypatch, tmp_path_factory.mktemp("few"))


@pytest.fixture
def complete(tmp_path: Path, make_router: MakeRouter, make_gateway: MakeGateway) -> Overlay:
    """A gateway with folders of mapping files, each given as {file name: text}."""

    def make(*folders: dict[str, str], **settings: str) -> Gateway:
        paths = []
        for number, files in enumerate(folders):
            folder = tmp_path / f"own-{number}"
            folder.mkdir()
            paths.append(str(folder))
            for name, text in files.items():
                (folder / name).write_text(text)
        return make_gateway(make_router(mappings=" ".join(paths), **settings))

    return make


def test_a_method_is_added_by_yaml_alone(complete: Overlay) -> None:
    gateway = complete({"regionDiskTypes.yaml": DISK_TYPES})
    told = gateway.get("regions/ch-gva/diskTypes")
    assert told["id"] == "projects/demo-project/regions/ch-gva/diskTypes"
    assert [item["name"] for item in told["items"]] == ["ssd-50-gb", "standard"]
    one = gateway.get("regions/ch-gva/diskTypes/ssd-50-gb")
    assert one["selfLink"] == f"{BASE}/projects/demo-project/regions/ch-gva/diskTypes/ssd-50-gb"
    assert one["kind"] == "compute#diskType"
    assert gateway.names("regions/ch-gva/diskTypes", filter="name eq .*ssd.*") == ["ssd-50-gb"]
    gateway.refused(404, "GET", "regions/ch-gva/diskTypes/floppy")
    assert gateway.names("zones") == [SG_ZONE, "ch-zrh-1"]


def test_without_the_file_the_method_is_not_there(gateway: Gateway) -> None:
    gateway.refused(400, "GET", "regions/ch-gva/diskTypes")


def test_a_field_is_overridden_and_the_others_stay(overlay: Overlay) -> None:
    gateway = overlay(
        {"zones.yaml": "resource: zones\nfields: {description: 'f\"{networktype} zone\"'}\n"}
    )
    told = {item["name"]: item for item in gateway.items("zones")}
    assert told[SG_ZONE]["description"] == "Advanced zone"
    assert told[SG_ZONE]["status"] == "UP"
    assert told[SG_ZONE]["region"].endswith("/regions/ch-gva")


def test_a_later_folder_overrides_an_earlier_one(overlay: Overlay) -> None:
    text = "resource: zones\nfields: {description: {value: %s}}\n"
    gateway = overlay({"zones.yaml": text % "first"}, {"own-zones.yaml": text % "second"})
    assert {item["description"] for item in gateway.items("zones")} == {"second"}


def test_settings_come_from_an_overlay_and_the_ini_wins(overlay: Overlay) -> None:
    gateway = overlay(
        {"_defaults.yaml": "settings: {regions: {ch-gva-2: romandie, ch-zrh-1: zurich}}\n"}
    )
    assert gateway.names("regions") == ["romandie", "zurich"]
    assert gateway.get(f"zones/{SG_ZONE}")["region"].endswith("/regions/romandie")


def test_settings_come_from_the_ini(overlay: Overlay) -> None:
    gateway = overlay(
        {"_defaults.yaml": "settings: {machine_types: {n1-standard-1: tiny}}\n"},
        **{"settings.machine_types": "{n1-standard-1: small}"},
    )
    found = gateway.get(f"zones/{SG_ZONE}/machineTypes/n1-standard-1")
    assert found["name"] == "small"


def test_two_files_of_one_folder_that_claim_one_method_are_refused_by_both_names(
    overlay: Overlay,
) -> None:
    with pytest.raises(MappingError) as refused:
        overlay(
            {"a.yaml": DISK_TYPES, "b.yaml": "resource: regionDiskTypes\nmethods:\n  list: {}\n"}
        )
    text = str(refused.value)
    assert "regionDiskTypes.methods.list" in text
    assert "a.yaml:8" in text
    assert "b.yaml:3" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("resource: spaceships\nmethods: {list: {}}\n", "spaceships"),
        ("resource: zones\nmethods: {launch: {}}\n", "launch"),
        ("resource: zones\nfields:\n  colour: name\n", "colour"),
        ("resource: zones\nfields:\n  description: nmae\n", "nmae"),
        ("resource: zones\nread: {call: listZonez}\n", "listZonez"),
        ("resource: zones\nread: {call: listZones, params: {colour: {value: 1}}}\n", "colour"),
        ("resource: zones\nfeilds: {}\n", "feilds"),
        ("resource: zones\nfields: {description: shout(name)}\n", "shout"),
        ("resource: zones\nfields: {region: link.spaceships(name)}\n", "spaceships"),
        ("resource: zones\nfields: {status: {from: name, enum: {a: DANCING}}}\n", "DANCING"),
        ("resource: [zones\n", "own.yaml"),
        ("- zones\n", "own.yaml"),
        ("", "own.yaml"),
    ],
)
def test_a_mistake_keeps_the_server_from_starting_and_is_told_with_its_line(
    overlay: Overlay, text: str, told: str
) -> None:
    with pytest.raises(MappingError) as refused:
        overlay({"own.yaml": text})
    assert told in str(refused.value)
    assert "own.yaml:" in str(refused.value)


def test_a_folder_that_is_not_there_keeps_the_server_from_starting(
    make_router: MakeRouter, tmp_path: Path
) -> None:
    with pytest.raises(MappingError, match="nowhere"):
        make_router(mappings=str(tmp_path / "nowhere"))
