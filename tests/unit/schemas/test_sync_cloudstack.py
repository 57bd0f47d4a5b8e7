from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.cloudstack_keys import guess_list_key
from gstack_pyramid.schemas.cloudstack_types import field_name, type_word
from gstack_pyramid.schemas.list_apis import render_list_apis
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.sync_cloudstack import cloudstack_files, sync

TABLE: dict[str, Any] = {
    "listTags": {
        "async": False,
        "create": False,
        "params": {},
        "response": {"count": "integer", "tag": [{"key": "string", "value": "string"}]},
    },
    "listSecurityGroups": {
        "async": False,
        "create": False,
        "params": {
            "id": {"type": "uuid", "required": False},
            "ids": {"type": "list", "of": "uuid", "required": False},
        },
        "response": {
            "count": "integer",
            "securitygroup": [
                {
                    "id": "string",
                    "name": "string",
                    "state": "haconfig.hastate",
                    "ingressrule": [{"tags": "java.util.set<resourcetagresponse>"}],
                    "virtualmachineids": ["interface{}"],
                    "icon": {"base64image": "string"},
                    "(ApiConstants.EGRESS_DEFAULT_POLICY": "is",
                }
            ],
        },
    },
    "createSecurityGroup": {
        "async": True,
        "create": True,
        "params": {"name": {"type": "string", "required": True}},
        "response": {
            "id": "string",
            "name": "string",
            "state": "string",
            "ingressrule": [{"tags": "java.util.set<resourcetagresponse>"}],
            "virtualmachineids": ["interface{}"],
            "icon": {"base64image": "string"},
            "egressdefaultpolicy": "boolean",
            "jobid": "string",
        },
    },
    "listCapabilities": {
        "async": False,
        "create": False,
        "params": {},
        "response": {"capability": {"cloudstackversion": "string"}},
    },
}


def api(name: str, *, params: Any = (), response: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "isasync": False,
        "params": list(params),
        "response": list(response),
        **more,
    }


def commands(files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    return {
        name.removeprefix("commands/").removesuffix(".json"): json.loads(content)
        for name, content in files.items()
        if name.startswith("commands/")
    }


def test_a_table_becomes_commands() -> None:
    files = cloudstack_files(TABLE, version="4.22")
    assert json.loads(files["index.json"]) == {"version": "4.22", "commands": sorted(TABLE)}
    tag = [{"key": "string", "value": "string"}]
    assert commands(files)["listSecurityGroups"] == {
        "command": "listSecurityGroups",
        "async": False,
        "create": False,
        "list": "securitygroup",
        "params": {"id": {"type": "uuid"}, "ids": {"type": "list", "of": "uuid"}},
        "response": {
            "id": "string",
            "name": "string",
            "state": "string",
            "ingressrule": [{"tags": tag}],
            "virtualmachineids": ["any"],
            "icon": {"base64image": "string"},
            "egressdefaultpolicy": "boolean",
        },
    }
    assert commands(files)["listCapabilities"]["object"] == "capability"
    assert commands(files)["listCapabilities"]["response"] == {"cloudstackversion": "string"}


def test_an_object_comes_under_the_key_of_its_list() -> None:
    created = commands(cloudstack_files(TABLE))["createSecurityGroup"]
    assert created["object"] == "securitygroup"
    assert created["create"] is True
    assert created["params"] == {"name": {"type": "string", "required": True}}


def test_later_sources_give_lengths_and_commands_that_the_base_lacks() -> None:
    name = {"name": "name", "type": "string", "length": 4096, "required": False}
    old = {
        "listapisresponse": {
            "count": 3,
            "api": [
                api("createSecurityGroup", params=[name, {**name, "name": "gone"}]),
                api("listOldThings", response=[{"name": "id", "type": "string"}, {}]),
                {},
            ],
        }
    }
    made = commands(cloudstack_files(TABLE, old))
    assert made["createSecurityGroup"]["params"] == {
        "name": {"type": "string", "required": True, "length": 4096}
    }
    assert made["listOldThings"]["list"] == "oldthing"
    assert made["listOldThings"]["response"] == {"id": "string"}
    assert made["listSecurityGroups"]["list"] == "securitygroup"


def test_an_answer_of_list_apis_alone_keeps_what_is_known_of_its_commands() -> None:
    known = commands(cloudstack_files(TABLE))
    fields = [
        {"name": "id", "type": "string"},
        {"name": "ingressrule", "type": "set"},
        {"name": "icon", "type": "resourceiconresponse"},
        {"name": "loads", "type": "double[]"},
        {"name": "tags", "type": "set"},
    ]
    ids = {"name": "ids", "type": "list", "length": 255, "required": False}
    answer = {"api": [api("listSecurityGroups", params=[ids], response=fields, since="4.18.0.0")]}
    files = cloudstack_files(answer, known=known)
    assert commands(files) == {
        "listSecurityGroups": {
            "command": "listSecurityGroups",
            "async": False,
            "create": False,
            "list": "securitygroup",
            "params": {"ids": {"type": "list", "of": "uuid"}},
            "response": {
                "id": "string",
                "ingressrule": [{"tags": [{"key": "string", "value": "string"}]}],
                "icon": {"base64image": "string"},
                "loads": ["float"],
                "tags": [{"key": "string", "value": "string"}],
            },
        }
    }
    assert json.loads(files["index.json"])["version"] == "4.18"


def test_the_version_is_that_of_the_newest_command_or_parameter() -> None:
    params = [{"name": "a", "type": "string", "since": "4.9.1"}, {"name": "b", "since": "4.10"}]
    answer = {"api": [api("listA", params=params, since="3.0.0"), api("listB", since="soon")]}
    assert json.loads(cloudstack_files(answer)["index.json"])["version"] == "4.10"


def test_synchronising_from_the_rendered_model_changes_nothing(
    cloudstack: CloudStackModel, tmp_path: Path
) -> None:
    answer = json.loads(json.dumps({"listapisresponse": render_list_apis(cloudstack)}))
    shipped = data_folder("schemas") / "cloudstack"
    sync(tmp_path, cloudstack=[answer])
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.json")}
    assert made == {p.relative_to(shipped): p.read_bytes() for p in shipped.rglob("*.json")}
    assert not sync(tmp_path, cloudstack=[answer])


def test_a_model_of_fewer_commands_drops_the_others_and_renders_back_to_itself(
    tmp_path: Path,
) -> None:
    sync(tmp_path, cloudstack=[TABLE], version="4.22")
    fields = [{"name": "id", "type": "string"}, {"name": "details", "type": "map"}]
    mine = {"api": [api("listSecurityGroups", response=fields), api("myPluginCommand")]}
    changes = sync(tmp_path, cloudstack=[mine])
    assert "commands/listTags.json" in changes.removed
    model = CloudStackModel(tmp_path)
    assert model.version == "4.22"
    assert model.commands == ("listSecurityGroups", "myPluginCommand")
    assert model.command("listSecurityGroups").list_key == "securitygroup"
    assert not sync(tmp_path, cloudstack=[render_list_apis(model)])


@pytest.mark.parametrize(
    "source",
    [{}, {"api": []}, {"listapisresponse": {}}, {"errorresponse": {"errorcode": 401}}, {"a": 1}],
)
def test_a_source_without_commands_is_refused_and_nothing_is_removed(
    tmp_path: Path, source: dict[str, Any]
) -> None:
    sync(tmp_path, cloudstack=[TABLE])
    with pytest.raises(ValueError, match="neither a table of commands nor an answer"):
        sync(tmp_path, cloudstack=[source])
    with pytest.raises(ValueError, match="no source"):
        sync(tmp_path, cloudstack=[])
    assert CloudStackModel(tmp_path).commands == tuple(sorted(TABLE))


@pytest.mark.parametrize(
    ("spelling", "word"),
    [
        ("UUID", "uuid"),
        ("int", "integer"),
        ("double", "float"),
        ("map[string]string", "map"),
        ("map<string, string>", "map"),
        ("json.RawMessage", "any"),
        ("interface{}", "any"),
        ("java.util.set<resourcetagresponse>", "list"),
        ("set", "list"),
        ("long[]", "list"),
        ("nicsecondaryipresponse", "object"),
        ("resourcetag.resourceobjecttype", "string"),
        ("hypervisortype", "string"),
        ("short", "short"),
    ],
)
def test_types_come_down_to_the_closed_set(spelling: str, word: str) -> None:
    assert type_word(spelling) == word


def test_a_java_constant_is_named_by_what_it_holds() -> None:
    assert field_name("(ApiConstants.EGRESS_DEFAULT_POLICY") == "egressdefaultpolicy"
    assert field_name("supportELB") == "supportELB"


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("listZones", "zone"),
        ("listPublicIpAddresses", "publicipaddress"),
        ("listAutoScalePolicies", "autoscalepolicy"),
        ("listVirtualMachinesMetrics", "virtualmachine"),
        ("listAffinityGroupStatus", "affinitygroupstatus"),
        ("deployVirtualMachine", None),
        ("list", None),
    ],
)
def test_the_list_key_of_an_unknown_command_is_guessed(command: str, key: str | None) -> None:
    assert guess_list_key(command) == key
