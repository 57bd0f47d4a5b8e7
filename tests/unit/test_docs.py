"""The documentation of the mapping language is complete, and its examples work as written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from click.testing import CliRunner

from gstack_pyramid.cli import main
from gstack_pyramid.mapping.forms.values import SOURCES
from gstack_pyramid.mapping.scope import RESERVED
from gstack_pyramid.schemas.location import data_folder

from ..support import shipped

if TYPE_CHECKING:
    from pyramid.router import Router

    from ..support.gateway import Gateway

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {path.stem: path.read_text("utf-8") for path in (DOCS / "mapping").glob("*.md")}
EXAMPLE = DOCS / "mapping" / "example"


def grammar_keys(schema: Any) -> Iterator[str]:
    """Every key that the grammar of mapping files names."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from grammar_keys(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from grammar_keys(inner)


def test_each_key_of_the_language_is_documented() -> None:
    grammar = orjson.loads((data_folder("schemas") / "mapping.schema.json").read_bytes())
    text = re.sub(r"^```.*?^```$", "", "\n".join(PAGES.values()), flags=re.MULTILINE | re.DOTALL)
    # Some stand in code as a pair: `key: value`, `read: {call: …}`.
    code = re.findall(r"`[^`\n]+`|^#+ \w+$", text, re.MULTILINE)
    words = set(re.findall(r"\w+", " ".join(code)))
    assert sorted(set(grammar_keys(grammar)) - words) == []


def test_each_source_of_a_value_has_a_section() -> None:
    sections = re.findall(r"^## (\w+)\b", PAGES["values"], re.MULTILINE)
    assert sorted({*SOURCES, "get"} - set(sections)) == []
    assert len(sections) == len(set(sections))


def test_each_root_is_documented() -> None:
    told = set(re.findall(r"`(\w+)`", PAGES["paths"]))
    assert sorted(RESERVED - told) == []


def test_the_readme_shows_the_same_example() -> None:
    assert (EXAMPLE / "regionDiskTypes.yaml").read_text() in (DOCS.parent / "README.md").read_text()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """gstack ships few resources only, those that the example needs among them."""
    shipped.have_few(monkeypatch, tmp_path_factory.mktemp("few"))


@pytest.mark.usefixtures("few")
def test_the_example_has_no_mistakes() -> None:
    result = CliRunner().invoke(main, ["lint", str(EXAMPLE)])
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("few")
def test_the_mistake_in_the_example_is_told_as_the_page_says(tmp_path: Path) -> None:
    folder = tmp_path / "my-mappings"
    folder.mkdir()
    text = (EXAMPLE / "regionDiskTypes.yaml").read_text()
    (folder / "regionDiskTypes.yaml").write_text(text.replace("validDiskSize", "validDiskSizes"))
    result = CliRunner().invoke(main, ["lint", str(folder)])
    (told,) = re.findall(
        r"^my-mappings/(regionDiskTypes.yaml:.*)$", PAGES["add-a-method"], re.MULTILINE
    )
    assert told in result.output


@pytest.mark.usefixtures("few")
def test_the_example_adds_its_method_by_yaml_alone(
    make_router: Callable[..., Router], make_gateway: Callable[..., Gateway]
) -> None:
    assert make_gateway().request("GET", "regions/ch-gva/diskTypes").status_int == 400
    gateway = make_gateway(router=make_router(mappings=str(EXAMPLE)))
    items = gateway.items("regions/ch-gva/diskTypes")
    assert items
    assert all(item["kind"] == "compute#diskType" for item in items)
    assert all(item["validDiskSize"] == "1GB-1024GB" and item["description"] for item in items)
    chosen = gateway.names("regions/ch-gva/diskTypes", filter="name=custom*")
    assert chosen
    assert set(chosen) < {item["name"] for item in items}


@pytest.mark.parametrize("page", ["settings"])
def test_whole_files_in_the_text_have_no_mistakes(page: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(resource: .*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file.yaml").write_text(block)
        result = CliRunner().invoke(main, ["lint", str(folder)])
        assert result.exit_code == 0, result.output
