"""Every field that a mapping reads is in a recorded answer, or it is said why it is in none.

The model tells which fields an answer may have. What the server tells a user is less: a field may
be of another command that answers with the same kind of row, or for administrators only. So the
mapping files are compiled once more, along a model of what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.document import MappingError
from gstack_pyramid.mapping.loader import Mappings, load
from gstack_pyramid.schemas.cloudstack import ToldModel
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.sync_cloudstack import read_documents

from .recorded import HERE, Recording, recordings

Document = dict[str, Any]


def recorded_model(documents: Mapping[str, Document], mine: Sequence[Recording]) -> list[Document]:
    """The commands of which an answer was recorded, with those fields that were in one.

    Args:
        documents: the commands as the model has them.
        mine: the recordings that count.
    """
    seen: dict[str, list[Any]] = {}
    for each in mine:
        if each.command in documents:
            told = _told(documents[each.command], each)
            seen.setdefault(each.command, []).extend(row for row in told if isinstance(row, dict))
    return [
        {**documents[name], "response": _seen(documents[name]["response"], told)}
        for name, told in sorted(seen.items())
        if told
    ]


def _told(document: Document, recording: Recording) -> Iterator[Any]:
    """The rows or the object that a command has answered with, at once or when its job was over."""
    if recording.status != 200 or not isinstance(recording.body, dict):
        return
    (inside,) = recording.body.values()
    if recording.final is not None:
        (job,) = recording.final.values()
        inside = job.get("jobresult", {}) if job["jobstatus"] == 1 else {}
    if "list" in document:
        yield from inside.get(document["list"], ())
    elif "object" in document:
        yield from filter(None, [inside.get(document["object"])])
    elif inside:
        yield inside


def _seen(fields: Document, told: Sequence[Any]) -> Document:
    """The fields that any of the rows has; what is in an object or list that was always empty is
    not known, and left as it is."""
    found: Document = {}
    for name, field in fields.items():
        values = [row[name] for row in told if name in row]
        if not values:
            continue
        if isinstance(field, list) and isinstance(field[0], dict):
            lists = [value for value in values if isinstance(value, list)]
            rows = [row for value in lists for row in value if isinstance(row, dict)]
            field = [_seen(field[0], rows)] if rows else field
        elif isinstance(field, dict):
            field = _seen(field, values) if any(values) else field
        found[name] = field
    return found


def missed(mappings: Mappings, gce: GceModel) -> set[str]:
    """The fields that the mapping files read and that no user was told, as ``COMMAND FIELD``."""
    folder = data_folder("schemas") / "cloudstack"
    mine = [each for each in recordings().values() if not each.by_admin]
    told = {each["command"]: each for each in recorded_model(read_documents(folder), mine)}
    try:
        # What nobody wants to be told need not have been recorded.
        compile_mappings(replace(mappings, wanted={}), gce, ToldModel(folder, told))
    except MappingError as error:
        return {_named(finding.message) for finding in error.findings}
    return set()


def _named(message: str) -> str:
    what = message.partition(";")[0].removeprefix("the answer of ")
    return what.replace(" has no field '", " ").removesuffix("'")


def unseen() -> dict[str, str]:
    """The fields that are read although no recording has them, each with the reason."""
    told: dict[str, str] = yaml.safe_load((HERE / "unseen.yaml").read_text("utf-8"))
    return told


def test_each_field_that_is_read_was_recorded_or_is_said_not_to_be() -> None:
    gce = GceModel(data_folder("schemas") / "gce")
    assert missed(load([data_folder("mappings")]), gce) == set(unseen())


def test_what_is_said_not_to_be_recorded_has_a_reason() -> None:
    assert [name for name, reason in unseen().items() if len(reason) < 20] == []


def test_a_field_that_was_never_told_is_found() -> None:
    volume = {"id": "string", "tags": [{"key": "string"}], "snapshotid": "string"}
    document = {"command": "listVolumes", "list": "volume", "response": volume}
    body = {"listvolumesresponse": {"count": 1, "volume": [{"id": "x", "tags": []}]}}
    recording = Recording("user/x", "listVolumes", {}, 200, body, None, None, ())
    (told,) = recorded_model({"listVolumes": document}, [recording])
    assert told["response"] == {"id": "string", "tags": [{"key": "string"}]}
