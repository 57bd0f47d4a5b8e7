"""The real gcloud."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .columns import columns_of
from .gcloud_process import RunGcloud


@dataclass(frozen=True)
class Gcloud:
    """gcloud's ``compute`` commands in an environment made by ``gstack env``.

    Attributes:
        start: what runs it.
        environment: the variables that it sees.
    """

    start: RunGcloud
    environment: Mapping[str, str]

    def try_(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it: its words, and options that may hold blanks."""
        return self.start(["compute", *command.split(), *options], self.environment)

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a command that must succeed."""
        done = self.try_(command, *options)
        shown = " ".join(["gcloud compute", command, *options])
        assert done.returncode == 0, f"{shown}\n{done.stdout}{done.stderr}"
        return done

    def table(self, command: str, *options: str) -> list[dict[str, str]]:
        """The rows that a command prints as a table, by column: those that it has, and no other."""
        printed = self.run(command, *options).stdout
        rows = rows_of(printed)
        if rows:
            assert list(rows[0]) == columns_of(command)
        return rows

    def json(self, command: str, *options: str) -> Any:
        """What a command prints with ``--format=json``."""
        return json.loads(self.run(command, *options, "--format=json").stdout)

    def values(self, command: str, *options: str, of: str = "name") -> list[str]:
        """The lines that a command prints with ``--format=value(…)``."""
        return self.run(command, *options, f"--format=value({of})").stdout.splitlines()

    def refusal(self, command: str, *options: str) -> str:
        """What gcloud says of a request that the gateway must refuse, and gcloud survive."""
        done = self.try_(command, *options)
        assert done.returncode == 1, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
        assert "ERROR: (gcloud.compute." in done.stderr
        assert "Traceback" not in done.stderr
        assert "gcloud crashed" not in done.stderr
        return done.stderr


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of a printed table, and nothing that is printed below it.

    A column reaches from its heading's start to the next one's.
    """
    head, *lines = table.partition("\n\n")[0].splitlines() or [""]
    starts = [(word.start(), word.group()) for word in re.finditer(r"\S+", head)]
    ends = [start for start, _ in starts[1:]] + [None]
    return [
        {name: line[start:end].strip() for (start, name), end in zip(starts, ends, strict=True)}
        for line in lines
        if line.strip()
    ]
