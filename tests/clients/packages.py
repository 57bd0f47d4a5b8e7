"""Libraries and programs that a package registry has, fetched once into ``.clients``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ..support.programs import required
from .gateway import PATIENCE, ROOT

FOLDER = ROOT / ".clients"
"""``make clean`` removes it."""

GO_MODULE = """
module example

go 1.24

require (
	golang.org/x/oauth2 v0.36.0
	google.golang.org/api v0.293.0
)
"""
"""What a program in Go needs; ``go build`` fetches that itself."""


def ansible() -> Path:
    """``ansible-playbook`` with Ansible's collections, among them google.cloud."""
    found = FOLDER / "ansible" / "bin" / "ansible-playbook"
    if not found.exists():
        place = found.parents[1]
        _fetch("ansible", [sys.executable, "-m", "venv", str(place)])
        wanted = ["ansible>=12,<13", "google-auth", "requests"]
        # Of its thousands of modules few are used, and these Python compiles when it meets them.
        command = [str(place / "bin" / "pip"), "install", "--quiet", "--no-compile"]
        _fetch("ansible", [*command, *wanted])
    return found


def node(package: str) -> Path:
    """A folder in whose ``node_modules`` a package of npm's is."""
    place = FOLDER / "node"
    if not (place / "node_modules" / package).exists():
        place.mkdir(parents=True, exist_ok=True)
        command = [str(required("npm")), "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        _fetch(package, [*command, "--prefix", str(place), package])
    return place


def go(folder: Path, source: str, environment: Mapping[str, str]) -> Path:
    """A program of one file in Go, built in an empty folder.

    What it needs is fetched and compiled once, which takes minutes, and kept where Go keeps that.
    """
    (folder / "main.go").write_text(source)
    (folder / "go.mod").write_text(GO_MODULE)
    shell = {**environment, "HOME": os.environ["HOME"]}
    command = [str(required("go"))]
    _fetch("google.golang.org/api", [*command, "mod", "tidy", "-C", str(folder)], shell)
    build = [*command, "build", "-C", str(folder), "-o", "program", "."]
    subprocess.run(build, env=shell, stdin=subprocess.DEVNULL, check=True, timeout=3 * PATIENCE)
    return folder / "program"


def _fetch(name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run what fetches something; without its registry, the test is left out as a program's is."""
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
    )
    if done.returncode:
        if os.environ.get("GSTACK_REQUIRE_CLIENTS") == "1":
            pytest.fail(f"{name} can't be fetched: {done.stderr}")
        pytest.skip(f"not installed: {name}")
