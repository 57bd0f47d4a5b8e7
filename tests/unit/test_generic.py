"""What GCE and CloudStack call things stands in mappings and models, not in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import gstack_pyramid

from ..support import shipped

PACKAGE = Path(gstack_pyramid.__file__).parent

FREE = (
    "simulator/",  # a cloud
    "operations/",  # gstack's own resource
    "cases/",  # plays with a cloud, and writes down what it hears
    "mapping/converters/",  # the one escape hatch, published with the coverage
    "schemas/sync_cloudstack.py",  # derives the model, and knows where its sources have gaps
    "schemas/cloudstack_keys.py",
)
"""The parts that are about particular things."""

SCOPES = frozenset({"projects", "zones", "regions"})
"""The words of GCE's paths that say in which scope something stands, and so the engine's own."""

VERBS = frozenset(
    {"get", "list", "aggregatedList", "insert", "delete", "update", "patch", "setLabels"}
)
"""GCE's standard methods, which mean the same for every resource."""

EVERYDAY = frozenset({"start", "stop", "reset", "wait", "resize"})
"""Methods of mapped resources that are words of any Python program, or verbs of CloudStack's."""

COMMANDS = {
    "listAsyncJobs": "cloudstack/jobs.py",  # the job of a command whose answer was lost
    "queryAsyncJobResult": "cloudstack/jobs.py",  # every job of every command is asked about by it
    "listCapabilities": "cloudstack/apis.py",  # a cloud's version is read by it
    "listApis": "cloudstack/apis.py",  # the model, and what a caller may do, is read by it
    # Whatever has tags has them by these: what a mapping says in `kept_in_tags` is written out.
    "createTags": "mapping/tags.py",
    "deleteTags": "mapping/tags.py",
    "listTags": "mapping/tags.py",
    # who signs in, and with which keys
    "listUsers": "cloudstack/users.py",
    "getUserKeys": "cloudstack/sessions.py",
    "registerUserKeys": "cloudstack/sessions.py",
}
"""Commands that are about CloudStack's API itself, and the one file that may name each."""


PROGRAMS = sorted(
    name
    for file in PACKAGE.rglob("*.py")
    if not (name := str(file.relative_to(PACKAGE))).startswith(FREE)
)


@cache
def words_of(file: str) -> list[tuple[int, str]]:
    """The names and the words of the texts of a program, with their lines; no documentation."""
    return list(_words(ast.parse((PACKAGE / file).read_text("utf-8"))))


def _words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    spoken = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.keyword) and node.arg == "help")
    }
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Constant(value=str(text)) if id(node) not in spoken:
                yield from ((line, word) for word in re.findall(r"\w+", text))
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield line, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.keyword(arg=str(name)):
                yield line, name


@pytest.fixture(scope="module")
def mapped() -> frozenset[str]:
    """The resources and methods that the shipped mappings name."""
    mappings = shipped.mappings()
    methods = {method for _, method in mappings.owners}
    return frozenset(mappings.resources.keys() | methods) - SCOPES - VERBS - EVERYDAY


@pytest.mark.parametrize("file", PROGRAMS)
def test_no_program_names_a_resource_or_method_of_gces(file: str, mapped: frozenset[str]) -> None:
    named = [f"{file}:{line}: {word}" for line, word in words_of(file) if word in mapped]
    assert named == []


@pytest.fixture(scope="module")
def commands() -> frozenset[str]:
    """CloudStack's commands. Those of one word (login) are words of any program as well."""
    return frozenset(name for name in shipped.cloudstack_model().commands if not name.islower())


@pytest.mark.parametrize("file", PROGRAMS)
def test_no_program_names_a_command_of_cloudstacks(file: str, commands: frozenset[str]) -> None:
    forbidden = commands - {command for command, where in COMMANDS.items() if where == file}
    named = [f"{file}:{line}: {word}" for line, word in words_of(file) if word in forbidden]
    assert named == []


def test_every_exception_is_needed() -> None:
    words = {file: {word for _, word in words_of(file)} for file in PROGRAMS}
    for command, file in COMMANDS.items():
        assert command in words[file]
    assert set().union(*words.values()) >= SCOPES
    assert all((PACKAGE / part).exists() for part in FREE)
