"""gcloud in a fork says, returns and sends what it does in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .gcloud_process import RunGcloud, executed, forking, sampled

pytestmark = pytest.mark.clients


@pytest.mark.parametrize(
    "command",
    [
        "compute zones list",
        *(
            pytest.param(command, marks=pytest.mark.matrix)
            for command in (
                "compute zones describe ch-gva-2 --format=json",
                "compute zones list --filter=name=ch-gva-2 --format=value(selfLink)",
                "config get-value project",
                "config list --format=yaml",
            )
        ),
        "compute instances describe nosuch --zone=ch-gva-2",
        "compute instances list --no-such-flag",
        "info --format=value(basic.python_location,installation.sdk_root,config.paths)",
    ],
)
def test_a_fork_does_what_a_process_of_its_own_does(
    exports: dict[str, str], forked_gcloud: RunGcloud, command: str
) -> None:
    arguments = command.split(" ")
    alone, forked = executed(arguments, exports), forked_gcloud(arguments, exports)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        alone.returncode,
        alone.stdout,
        alone.stderr,
    )


def test_forks_know_nothing_of_each_other(exports: dict[str, str]) -> None:
    with forking() as run, ThreadPoolExecutor(4) as threads:

        def project(name: str) -> str:
            shell = {**exports, "CLOUDSDK_CORE_PROJECT": name}
            return run(["config", "get-value", "project"], shell).stdout.strip()

        names = [f"project-{number}" for number in range(8)]
        assert list(threads.map(project, names)) == names


def test_a_fork_heeds_what_was_set_before(
    exports: dict[str, str], forked_gcloud: RunGcloud, tmp_path: Path
) -> None:
    shell = {**exports, "CLOUDSDK_CONFIG": str(tmp_path)}
    assert forked_gcloud(["config", "set", "compute/region", "ch-zrh"], shell).returncode == 0
    assert forked_gcloud(["config", "get-value", "compute/region"], shell).stdout == "ch-zrh\n"


def test_of_a_sample_one_command_has_a_process_of_its_own(
    exports: dict[str, str], forked_gcloud: RunGcloud
) -> None:
    forks = []

    def forked(
        arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        forks.append(arguments)
        return forked_gcloud(arguments, environment)

    run, asked = sampled(forked, 2), ["config", "get-value", "project"]
    assert len({run(asked, exports).stdout for _ in range(2)}) == 1
    assert forks == [asked]
