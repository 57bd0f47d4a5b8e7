"""What `make try-deployment` carries out is what the pages say: none of its exceptions is stale."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[2]


def walk() -> Any:
    return SimpleNamespace(**runpy.run_path(str(ROOT / "packaging" / "walk.py"), run_name="walk"))


def pages(module: Any) -> list[Any]:
    return [
        command
        for page in ("deployment", "monitoring")
        for command in module.commands((ROOT / "docs" / f"{page}.md").read_text())
    ]


def test_each_exception_is_about_a_command_that_the_pages_have() -> None:
    module = walk()
    texts = [command.text for command in pages(module)]
    for beginning in (*module.LEFT_OUT, *module.BEFORE):
        assert [text for text in texts if text.startswith(beginning)], beginning
    for replaced in (module.CLOUD, module.CHECKOUT, "--api-key KEY"):
        assert [text for text in texts if replaced in text], replaced
    assert [command for command in pages(module) if command.section == module.PACKAGE]


def test_a_command_of_several_lines_is_one_and_what_is_no_shell_is_none() -> None:
    page = "# A\n```ini\n# no = heading\n```\n## B\n```sh\nfirst \\\n  more\n\nsecond\n```\n"
    found = [(each.section, each.text.split()) for each in walk().commands(page)]
    assert found == [("B", ["first", "more"]), ("B", ["second"])]


def test_every_command_is_one_that_a_shell_can_read() -> None:
    for command in pages(walk()):
        done = subprocess.run(["sh", "-n", "-c", command.text], capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)
