from __future__ import annotations

import contextlib
import copy
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.validation import Problem, Validator, validator_for

from ...support.cost import counted
from ...support.effort import tries

GCE = GceModel(data_folder("schemas") / "gce")
INSERT = "compute.instances.insert"


def only_problem(body: Any, type_name: str = "Instance", method: str | None = None) -> Problem:
    validator = validator_for(GCE, type_name, method_id=method)
    assert not validator.is_valid(body)
    [problem] = validator.problems(body)
    return problem


def test_a_real_instance_is_valid() -> None:
    instance = {
        "kind": "compute#instance",
        "id": "12345678901234567890",
        "name": "vm",
        "status": "RUNNING",
        "disks": [{"boot": True, "diskSizeGb": "10", "index": 0}],
        "labels": {"a": ""},
        "networkInterfaces": [{"accessConfigs": [{"natIP": "192.0.2.1"}]}],
    }
    assert validator_for(GCE, "InstanceList").is_valid({"items": [instance]})
    assert validator_for(GCE, "Instance", method_id=INSERT).is_valid(instance)
    assert validator_for(GCE, "Instance").problems(instance) == []


@pytest.mark.parametrize(
    ("body", "path", "kind", "message"),
    [
        (
            {"disks": [{"diskSizeGb": "abc"}]},
            ("disks", 0, "diskSizeGb"),
            "type",
            "Invalid value at 'resource.disks[0].diskSizeGb' (TYPE_INT64), \"abc\"",
        ),
        (
            {"canIpForward": "yes"},
            ("canIpForward",),
            "type",
            "Invalid value at 'resource.canIpForward' (TYPE_BOOL), \"yes\"",
        ),
        (
            {"name": 5},
            ("name",),
            "type",
            "Invalid value at 'resource.name' (TYPE_STRING), 5",
        ),
        ({"status": 5}, ("status",), "type", "Invalid value at 'resource.status' (TYPE_STRING), 5"),
        (
            {"disks": {}},
            ("disks",),
            "type",
            "Invalid value at 'resource.disks' (TYPE_REPEATED), {}",
        ),
        (
            {"scheduling": []},
            ("scheduling",),
            "type",
            "Invalid value at 'resource.scheduling' (TYPE_MESSAGE), []",
        ),
        ([], (), "type", "Invalid value at 'resource' (TYPE_MESSAGE), []"),
        (
            {"scheduling": {"foo": 1}},
            ("scheduling", "foo"),
            "unknown",
            "Invalid JSON payload received. Unknown name \"foo\" at 'resource.scheduling': "
            "Cannot find field.",
        ),
        (
            {"foo": 1},
            ("foo",),
            "unknown",
            "Invalid JSON payload received. Unknown name \"foo\" at 'resource': Cannot find field.",
        ),
        (
            {"name": "Foo"},
            ("name",),
            "pattern",
            "Invalid value for field 'resource.name': 'Foo'. Must be a match of regex "
            "'[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?'",
        ),
        (
            {"disks": [{"mode": "X"}]},
            ("disks", 0, "mode"),
            "enum",
            "Invalid value for field 'resource.disks[0].mode': 'X'. Must be one of: "
            "READ_ONLY, READ_WRITE",
        ),
        (
            {"guestAccelerators": [{"acceleratorCount": 2**31}]},
            ("guestAccelerators", 0, "acceleratorCount"),
            "range",
            "Invalid value for field 'resource.guestAccelerators[0].acceleratorCount': "
            "'2147483648'. Must be less than or equal to 2147483647",
        ),
        (
            {"labels": {"a": 1}},
            ("labels", "a"),
            "type",
            "Invalid value at 'resource.labels.a' (TYPE_STRING), 1",
        ),
    ],
)
def test_a_problem_is_told_in_googles_words_with_the_path_to_the_field(
    body: Any, path: tuple[str | int, ...], kind: str, message: str
) -> None:
    assert only_problem(body) == Problem(path, message, kind)


def test_fields_required_by_a_method_are_required_for_that_method_only() -> None:
    assert validator_for(GCE, "Instance").is_valid({})
    problem = only_problem({}, method=INSERT)
    assert problem == Problem(("name",), "Required field 'resource.name' not specified", "required")
    assert problem.field == "resource.name"
    assert validator_for(GCE, "Instance", method_id="compute.instances.update").is_valid({})


def test_nested_fields_are_required_where_their_parent_is_present() -> None:
    assert validator_for(GCE, "Instance", method_id=INSERT).is_valid({"name": "a", "metadata": {}})
    body = {"name": "a", "metadata": {"items": [{"key": "k"}]}}
    assert only_problem(body, method=INSERT).field == "resource.metadata.items[0].value"


def test_all_problems_are_reported_one_a_field_in_the_order_of_their_paths() -> None:
    body = {"name": "Foo", "a": 1, "b": 2, "status": 3, "disks": [{"boot": 0}, {"x": 0}]}
    problems = validator_for(GCE, "Instance").problems(body)
    assert [problem.field for problem in problems] == [
        "resource.a",
        "resource.b",
        "resource.disks[0].boot",
        "resource.disks[1].x",
        "resource.name",
        "resource.status",
    ]


def test_no_more_problems_are_looked_for_than_are_told() -> None:
    validator = validator_for(GCE, "Instance")
    body = {"disks": [{"boot": 0}] * 10_000}
    with counted() as calls:
        problems = validator.problems(body)
    assert [problem.field for problem in problems] == [
        f"resource.disks[{number}].boot" for number in range(10)
    ]
    assert calls.count < 5_000


def test_lists_and_maps_of_requests_are_as_long_as_gce_takes_them() -> None:
    requests = validator_for(GCE, "Instance", request=True)
    for field, one in (("disks", [{}] * 129), ("labels", {f"k{n}": "" for n in range(65)})):
        body: dict[str, Any] = {field: one}
        [problem] = requests.problems(body)
        assert not requests.is_valid(body)
        assert (problem.path, problem.kind) == ((field,), "range")
        # What a cloud has, it has.
        assert validator_for(GCE, "Instance").is_valid(body)


def test_each_limit_is_one_of_a_list_or_a_map_of_the_model() -> None:
    limits = yaml.safe_load((data_folder("schemas") / "gce" / "limits.yaml").read_text())
    for key, most in limits.items():
        type_name, _, field = key.partition(".")
        schema = GCE.type(type_name)["properties"][field]
        assert schema["type"] == "array" or isinstance(schema["additionalProperties"], dict), key
        assert most > 0


def test_a_long_value_is_not_repeated_in_full() -> None:
    assert len(only_problem({"canIpForward": "x" * 10_000}).message) < 300
    assert len(only_problem({"name": "X" * 10_000}).message) < 300


@pytest.mark.parametrize("text", ["abc\n", "", "a-", "é", "a" * 64])
def test_both_checks_hold_a_pattern_to_the_whole_text(text: str) -> None:
    assert only_problem({"name": text}).kind == "pattern"


@pytest.mark.parametrize("text", ["1\n", "١", "", "-1", "1.0", "1" * 21])
def test_a_64_bit_number_is_decimal_digits(text: str) -> None:
    assert only_problem({"id": text}).kind == "type"


def test_a_validator_is_made_once() -> None:
    assert validator_for(GCE, "Zone") is validator_for(GCE, "Zone")
    assert validator_for(GCE, "Zone") is not validator_for(GCE, "Zone", method_id="x")
    with pytest.raises(KeyError):
        validator_for(GCE, "NoSuchType")


def test_a_type_that_holds_itself_can_be_checked() -> None:
    validator = Validator(
        lambda: {
            "$ref": "#/$defs/T",
            "$defs": {
                "T": {
                    "type": "object",
                    "properties": {"t": {"$ref": "#/$defs/T"}},
                    "additionalProperties": False,
                }
            },
        }
    )
    assert validator.is_valid({"t": {"t": {}}})
    assert [p.path for p in validator.problems({"t": {"t": {"x": 1}}})] == [("t", "t", "x")]


# --- both checks give the same verdict


def documents(schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that fit ``schema``, a type of the model, most of the time."""
    if "$ref" in schema:
        return documents(GCE.type(schema["$ref"].removesuffix(".json")), depth)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True) | st.from_regex(schema["pattern"])
    match schema.get("type"):
        case "object":
            other = schema.get("additionalProperties")
            known = schema.get("properties", {}) if depth < 5 else {}
            members = st.fixed_dictionaries(
                {}, optional={name: st.deferred(_of(inner, depth)) for name, inner in known.items()}
            )
            if not isinstance(other, dict):
                return members
            extra = st.dictionaries(st.text(max_size=3), documents(other, depth + 1), max_size=2)
            return st.builds(lambda a, b: {**a, **b}, extra, members)
        case "array":
            return st.lists(documents(schema["items"], depth + 1), max_size=2)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "string":
            return st.text(max_size=5)
    return st.none() | st.booleans() | st.text(max_size=3)


def _of(schema: dict[str, Any], depth: int) -> Any:
    return lambda: documents(schema, depth + 1)


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.0, 1.5, 2**31, 2**63, 2**70, 1e300, "", "a\n", "1", "UP", [], {}, [{}]]
) | st.text(max_size=3)


@st.composite
def mutated(draw: st.DrawFn, type_name: str) -> Any:
    """A document of a type, with up to two values replaced or names added."""
    document = copy.deepcopy(draw(documents(GCE.type(type_name))))
    for _ in range(draw(st.integers(0, 2))):
        places = [(holder, key) for holder in _holders(document) for key in _keys(holder)]
        if places:
            holder, key = draw(st.sampled_from(places))
            # A copy, as the next round may write into it and sampled_from gives the same object.
            holder[key] = copy.deepcopy(draw(ODD))
    return document


def _holders(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(holder for item in inner for holder in _holders(item))]


def _keys(holder: Any) -> list[Any]:
    return [*holder, "name", "zzz"] if isinstance(holder, dict) else list(range(len(holder)))


@pytest.mark.parametrize(
    ("type_name", "method"),
    [
        ("Zone", None),
        ("Firewall", "compute.firewalls.insert"),
        ("Metadata", INSERT),
        ("Operation", None),
        ("InstanceList", INSERT),
        ("MachineTypeAggregatedList", None),
    ],
)
@settings(max_examples=tries(15, 40))
@given(data=st.data())
def test_both_checks_give_the_same_verdict(
    type_name: str, method: str | None, data: st.DataObject
) -> None:
    document = data.draw(mutated(type_name))
    with contextlib.suppress(TypeError):  # JSON can say an integer beyond 64 bits, orjson cannot
        document = orjson.loads(orjson.dumps(document))
    validator = validator_for(GCE, type_name, method_id=method)
    problems = validator.problems(document)
    assert validator.is_valid(document) == (not problems)
    for problem in problems:
        assert problem.kind != "other"
        assert problem.message
