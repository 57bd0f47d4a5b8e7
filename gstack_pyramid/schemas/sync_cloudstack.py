"""Derive ``schemas/cloudstack`` from what is known of CloudStack's API.

Two kinds of source are read:

- a table ``{command: {"async", "create", "params": {name: {"type", "required", "of"}},
  "response": {...}}}``, where ``response`` is the body of the answer;
- an answer of ``listApis``, bare (``{"count", "api"}``) or in its envelope
  (``{"listapisresponse": {...}}``), as a cloud gives it.

The first source is the base. Later ones fill in what it lacks: the length of parameters and
commands that it does not know. ``listApis`` does not tell under which key a list or an object
comes, what a list parameter holds, or whether a command creates an entity; where it is the source,
those are taken from what is already known of the command, and guessed for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gstack_pyramid.schemas.cloudstack_keys import ANSWERED_AS, answer_keys, guess_list_key
from gstack_pyramid.schemas.cloudstack_types import field_name, item_type, type_word
from gstack_pyramid.schemas.files import Changes, json_bytes, read_json, write_files
from gstack_pyramid.schemas.location import data_folder

USUAL_LENGTH = 255
"""How many characters a string parameter takes where the model says nothing (BaseCmd's default)."""

_TAG = {"key": "string", "value": "string"}
_Documents = dict[str, dict[str, Any]]


def sync(
    folder: Path, *, cloudstack: Sequence[Mapping[str, Any]], version: str | None = None
) -> Changes:
    """Write the model of ``cloudstack`` (one source or several) into ``folder``.

    What the sources do not tell, the version and what ``listApis`` leaves out, is taken from the
    model in ``folder``, then from the shipped one.

    Raises:
        ValueError: a source is neither a table nor an answer of ``listApis``.
        OSError: the folder cannot be read or written.
    """
    shipped = data_folder("schemas") / "cloudstack"
    known = {**read_documents(shipped), **read_documents(folder)}
    version = version or _version(cloudstack)
    for index in (folder / "index.json", shipped / "index.json"):
        if version is None and index.is_file():
            version = str(read_json(index)["version"])
    return write_files(folder, cloudstack_files(*cloudstack, known=known, version=version))


def cloudstack_files(
    *sources: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]] | None = None,
    version: str | None = None,
) -> dict[str, bytes]:
    """The model of ``sources`` as files: name relative to ``schemas/cloudstack`` to content.

    Args:
        sources: tables or answers of ``listApis``, the base first.
        known: command files of an earlier model by command, for what ``listApis`` cannot tell.
        version: CloudStack's version; by default the newest one that a ``listApis`` answer says
            a command or parameter is there since, or ``""``.

    Raises:
        ValueError: a source is neither a table nor an answer of ``listApis``.
    """
    documents: _Documents = {}
    if not sources:
        raise ValueError("no source to derive the CloudStack model from")
    for source in sources:
        _fill(documents, read_source(source, known or {}))
    files = {f"commands/{name}.json": json_bytes(doc) for name, doc in documents.items()}
    if version is None:
        version = _version(sources) or ""
    files["index.json"] = json_bytes({"version": version, "commands": sorted(documents)})
    return files


def read_documents(folder: Path) -> _Documents:
    """The command files of the model in ``folder`` by command; empty when there is no model."""
    return {path.stem: read_json(path) for path in sorted((folder / "commands").glob("*.json"))}


def _fill(documents: _Documents, later: _Documents) -> None:
    for name, extra in later.items():
        document = documents.setdefault(name, extra)
        for param, entry in document["params"].items():
            length = extra["params"].get(param, {}).get("length")
            if length is not None:
                entry.setdefault("length", length)


def read_source(source: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> _Documents:
    """What one source tells of commands, in the form of the model's files, by command.

    Args:
        source: a table or an answer of ``listApis``.
        known: command files of an earlier model by command, for what ``listApis`` cannot tell.

    Raises:
        ValueError: the source is neither.
    """
    apis = _apis(source)
    if apis is not None:
        documents = {
            api["name"]: _from_api(api, known.get(api["name"], {})) for api in apis if "name" in api
        }
    elif all(isinstance(entry, Mapping) and "params" in entry for entry in source.values()):
        documents = {name: _from_table(name, entry) for name, entry in source.items()}
    else:
        documents = {}
    if not documents:
        raise ValueError("the source is neither a table of commands nor an answer of listApis")
    tag = documents.get("listTags", known.get("listTags", {})).get("response") or _TAG
    for document in documents.values():
        _tell_tags(document["response"], tag)
    for name, listed in ANSWERED_AS.items():
        if name in documents and listed in documents:
            documents[name]["response"] = documents[listed]["response"]
    for name, key in answer_keys(documents).items():
        if apis is None or name not in known:
            documents[name]["object"] = key
    return documents


def _apis(source: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    inner = source.get("listapisresponse", source)
    apis = inner.get("api") if isinstance(inner, Mapping) else None
    return apis if isinstance(apis, list) else None


def _version(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """The newest "since" of the base, as "4.18"; None when it has none."""
    newest: tuple[int, ...] = ()
    for api in (_apis(sources[0]) if sources else None) or ():
        for entry in (api, *api.get("params", ())):
            parts = str(entry.get("since", "")).split(".")[:2]
            if len(parts) == 2 and all(part.isdigit() for part in parts):
                newest = max(newest, tuple(map(int, parts)))
    return ".".join(map(str, newest)) or None


# --- a table


def _from_table(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    response = _table_field(entry.get("response", {}))
    document: dict[str, Any] = {
        "command": name,
        "async": bool(entry.get("async")),
        "create": bool(entry.get("create")),
        "params": {
            param: _param(
                told.get("type", "string"), told.get("required"), told.get("of"), told.get("length")
            )
            for param, told in entry["params"].items()
        },
    }
    rows = [key for key, field in response.items() if isinstance(field, list)]
    objects = [key for key, field in response.items() if isinstance(field, dict)]
    if "count" in response and rows:
        # listLoadBalancerRuleInstances has two lists: the one that bears the command's name.
        document["list"] = max(rows, key=lambda key: (key in name.lower(), key))
        response = _row(response[document["list"]])
    elif len(objects) == 1 and not response.keys() - {objects[0], "count"}:
        document["object"] = objects[0]
        response = response[objects[0]]
    document["response"] = response
    return document


def _row(rows: list[Any]) -> dict[str, Any]:
    return rows[0] if isinstance(rows[0], dict) else {}


def _table_field(field: Any) -> Any:
    if isinstance(field, Mapping):
        return {field_name(key): _table_field(inner) for key, inner in field.items()}
    if isinstance(field, list):
        return [_table_field(inner) for inner in field[:1]] or "list"
    item = item_type(field)
    return type_word(field) if item is None else [item]


def _param(kind: str, required: Any, of: Any, length: Any) -> dict[str, Any]:
    word = type_word(kind)
    param: dict[str, Any] = {"type": word}
    if required:
        param["required"] = True
    if word == "list" and of:
        param["of"] = type_word(of)
    if length not in (None, USUAL_LENGTH):
        param["length"] = int(length)
    return param


# --- an answer of listApis


def _from_api(api: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    name = api["name"]
    known_params = known.get("params", {})
    response = _api_fields(api.get("response", ()), known.get("response", {}))
    asynchronous = bool(api.get("isasync"))
    document: dict[str, Any] = {
        "command": name,
        "async": asynchronous,
        "create": known.get("create", asynchronous and name.startswith(("create", "deploy"))),
        "params": {
            told["name"]: _param(
                told.get("type", "string"),
                told.get("required"),
                known_params.get(told["name"], {}).get("of"),
                told.get("length"),
            )
            for told in api.get("params", ())
            if "name" in told
        },
        "response": response,
    }
    if known:
        document.update({key: known[key] for key in ("list", "object") if key in known})
    elif response:
        list_key = guess_list_key(name)
        if list_key:
            document["list"] = list_key
    return document


def _api_fields(fields: Iterable[Mapping[str, Any]], known: Any) -> dict[str, Any]:
    told = known if isinstance(known, dict) else {}
    return {
        field["name"]: _api_field(field, told.get(field["name"]))
        for field in fields
        if "name" in field
    }


def _api_field(field: Mapping[str, Any], known: Any) -> Any:
    word = type_word(field.get("type", "string"))
    inner = field.get("response")
    if inner:
        row = _api_fields(inner, known[0] if isinstance(known, list) else known)
        return [row] if word == "list" else row
    item = item_type(field.get("type", ""))
    if item is not None:
        return [item]
    # The answer does not say what is inside; an earlier model may.
    if word == "list" and isinstance(known, list):
        return known
    if word == "object" and isinstance(known, dict):
        return known
    return word


def _tell_tags(node: Any, tag: Mapping[str, Any]) -> None:
    """Give every ``tags`` list of unknown contents the fields of a resource tag."""
    if isinstance(node, list):
        for inner in node:
            _tell_tags(inner, tag)
    elif isinstance(node, dict):
        if node.get("tags") == "list":
            node["tags"] = [dict(tag)]
        for inner in node.values():
            _tell_tags(inner, tag)
