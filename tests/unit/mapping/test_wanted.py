"""What is wanted of a command's answers: it goes with each call, and the rest can't be read."""

from __future__ import annotations

from pathlib import Path

from .mappings import PROJECTS, ZONES, Compiler, write

MACHINES = """
resource: instances
read: {call: listVirtualMachines, narrow: {zone: zoneid}}
fields: {description: FIELD}
methods: {get: {}, list: {}}
"""
WANTED = """
wanted:
  listVirtualMachines:
    params: {details: [nics]}
    without: [cpuused, templateid]
"""


def folder(tmp_path: Path, field: str, wanted: str = WANTED) -> Path:
    machines = MACHINES.replace("FIELD", field)
    texts = {"projects": PROJECTS, "zones": ZONES, "_defaults": wanted, "instances": machines}
    return write(tmp_path / "own", **texts)


def messages(compiler: Compiler, folder: Path) -> list[tuple[str, int, str]]:
    return [(Path(f.file).name, f.line, f.message) for f in compiler.findings(folder)]


def test_it_goes_with_the_command_and_what_is_left_out_is_no_field(
    tmp_path: Path, compiler: Compiler
) -> None:
    compiled = compiler(folder(tmp_path, "displayname"))
    command = compiled.cloudstack.command("listVirtualMachines")
    assert command.asked == {"details": ["nics"]}
    assert "nic" in command.response
    assert not command.response.keys() & {"cpuused", "templateid"}


def test_who_reads_what_is_left_out_is_told_where_that_is_said(
    tmp_path: Path, compiler: Compiler
) -> None:
    ((file, _, said),) = messages(compiler, folder(tmp_path, "cpuused"))
    assert file == "instances.yaml"
    assert "has no field 'cpuused'; 'wanted' in _defaults.yaml leaves it out" in said


def test_mistakes_in_it_are_told_with_their_line(tmp_path: Path, compiler: Compiler) -> None:
    wrong = WANTED.replace("details", "detail").replace("cpuused", "cpuuse")
    found = messages(compiler, folder(tmp_path, "displayname", wrong))
    assert sorted(found) == [
        ("_defaults.yaml", 2, "listVirtualMachines has no field 'cpuuse'; did you mean 'cpuused'?"),
        (
            "_defaults.yaml",
            2,
            "listVirtualMachines has no parameter 'detail'; did you mean 'details'?",
        ),
    ]
    wrong = WANTED.replace("listVirtualMachines", "listVirtualMachine")
    ((_, line, said),) = messages(compiler, folder(tmp_path, "displayname", wrong))
    assert (line, said) == (
        2,
        "CloudStack has no command 'listVirtualMachine'; did you mean 'listVirtualMachines'?",
    )
