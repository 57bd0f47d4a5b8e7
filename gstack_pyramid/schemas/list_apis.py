"""Tell a model in the form of ``listApis``: what a simulated cloud answers to that command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gstack_pyramid.schemas.cloudstack import CloudStackModel, Command


def render_list_apis(model: CloudStackModel) -> dict[str, Any]:
    """The body of ``listApis``'s answer for every command of ``model``: ``{"count", "api"}``.

    Synchronising the model from this answer changes nothing. For that it has to hold, and does:

    - ``name`` and ``isasync`` of every command;
    - ``params``: ``name``, ``type``, ``required`` and ``length``, each parameter once;
    - ``response``: the fields of one row or object, without the key around them; ``name`` and
      ``type``, and for a list of objects (type ``list``) or a single object (type ``object``)
      their fields under ``response``.

    What it cannot hold (the keys of lists and objects, the types of list items, which commands
    create, the version) is taken from the earlier model when it is read back. The real command
    names a response field's type by its Java class ("hypervisortype"); here it is the model's word.
    """
    apis = [_api(model.command(name)) for name in model.commands]
    return {"count": len(apis), "api": apis}


def _api(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "description": "",
        "isasync": command.asynchronous,
        "params": [
            {
                "name": param.name,
                "description": "",
                "type": param.type,
                "length": param.length,
                "required": param.required,
            }
            for param in command.params.values()
        ],
        "response": _fields(command.response),
    }


def _fields(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_field(name, field) for name, field in response.items()]


def _field(name: str, field: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "description": "", "type": "list"}
    if isinstance(field, Mapping):
        told.update(type="object", response=_fields(field))
    elif isinstance(field, list):
        if isinstance(field[0], Mapping):
            told["response"] = _fields(field[0])
    else:
        told["type"] = field
    return told
