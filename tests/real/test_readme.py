"""The README's session, word for word."""

from __future__ import annotations

import os
import re
import shlex

import pytest

from ..clients.gateway import ROOT
from .cloud import Cloud
from .conftest import NotingGcloud

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

ASKED_FOR = "GSTACK_REAL_README"
"""Set where the cloud has the README's zones, offerings and templates, and an account for it."""

_VARIES = (
    (r"^\.+", ""),
    (r"https?://[^/\s]+/", "URL/"),
    (r"\b\d+\.\d+\.\d+\.\d+\b", "ADDRESS"),
    (r"-[0-9a-f]{8}\b", "-ID"),
)
"""What differs from run to run: progress, host and port, addresses and ids."""


def session() -> list[tuple[str, list[str]]]:
    """The commands of the README's session, each with the lines that it shows."""
    text = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S)
    parts = re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.M)[1:]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def lines_of(text: str) -> set[str]:
    """The lines without what differs from run to run."""
    for pattern, instead in _VARIES:
        text = re.sub(pattern, instead, text, flags=re.M)
    return {" ".join(line.split()) for line in text.splitlines()} - {""}


def test_the_readmes_session_is_as_it_says(gcloud: NotingGcloud, cloud: Cloud) -> None:
    if not (cloud.simulated or os.environ.get(ASKED_FOR)):
        pytest.skip(f"its names have no prefix, so only with {ASKED_FOR}=1")
    for command, shown in session():
        program, group, *words = shlex.split(command)
        assert (program, group) == ("gcloud", "compute")
        done = gcloud.try_(words[0], *words[1:])
        assert done.returncode == 0, done.stdout + done.stderr
        missing = lines_of("\n".join(shown)) - lines_of(done.stdout + "\n" + done.stderr)
        assert not missing, f"{command}\n{done.stdout}{done.stderr}"
    # The README leaves its firewall to whoever follows it.
    gcloud.run("firewall-rules delete ssh")
