from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.mapping.expressions.fingerprints import fingerprint

from ...support import shipped
from .language import Language, OneRequest


@pytest.mark.parametrize("constant", [True, False, 0, 16, 1.5])
def test_a_bare_number_or_boolean_is_a_constant(language: Language, constant: Any) -> None:
    assert language.value(constant, {"a": 1}) == constant


def test_a_text_is_an_expression(language: Language) -> None:
    assert language.value("a.b", {"a": {"b": 3}}) == 3
    assert language.value("zone.id", {}, zone={"id": "z"}) == "z"


@pytest.mark.parametrize("constant", ["x", 5, True, ["a"], {"a": 1}])
def test_value_is_a_constant_of_any_form(language: Language, constant: Any) -> None:
    assert language.value({"value": constant}) == constant


def test_a_text_with_values_is_missing_when_one_of_them_is(language: Language) -> None:
    assert language.value('f"{a}-{z.n}"', {"a": 1}, z={"n": True}) == "1-true"
    assert language.value('f"{a}-{b}"', {"a": 1}) is None


def test_first_is_the_first_that_is_not_missing(language: Language) -> None:
    spec = {"first": ["a", {"when": "b", "value": "of b"}, {"value": "last"}]}
    assert language.value(spec, {"a": False}) is False
    assert language.value(spec, {"b": 1}) == "of b"
    assert language.value(spec, {}) == "last"
    assert language.value({"first": ["a", "b"]}, {}) is None


def test_fields_make_an_object_without_what_is_missing(language: Language) -> None:
    spec = {"fields": {"x": "a", "y": "b", "z": {"value": 1}, "on": False}}
    assert language.value(spec, {"a": 1}) == {"x": 1, "z": 1, "on": False}
    assert language.value({"fields": {"x": "a"}}, {}) == {}


def test_objects_of_constants_are_not_shared_between_rows(language: Language) -> None:
    make = language.compile({"fields": {"a": 1}})
    first = make({}, None)
    first["a"] = 2
    assert make({}, None) == {"a": 1}


def test_later_fields_can_look_at_earlier_ones_of_their_own_object(language: Language) -> None:
    spec = {"fields": {"x": "a", "inner": {"fields": {"y": "b", "again": "this.y"}}, "z": "this.x"}}
    made = language.value(spec, {"a": 1, "b": 2})
    assert made == {"x": 1, "inner": {"y": 2, "again": 2}, "z": 1}


def test_a_list_leaves_out_what_is_missing(language: Language) -> None:
    assert language.value("[a, b, 3]", {"b": 2}) == [2, 3]
    assert language.value("[a]", {}) == []
    assert language.value("[*a, *b, *c]", {"a": [1], "c": [2, 3]}) == [1, 2, 3]


def test_a_fingerprint_follows_the_value_and_nothing_else(language: Language) -> None:
    spec = "fingerprint([a, b])"
    assert language.value(spec, {"a": 1, "b": 2, "c": 3}) == language.value(spec, {"a": 1, "b": 2})
    assert language.value(spec, {"a": 1, "b": 2}) != language.value(spec, {"a": 2, "b": 1})
    assert language.value(spec, {"a": 1, "b": 2}) == fingerprint([1, 2])


def test_when_makes_a_value_missing(language: Language) -> None:
    spec = {"when": 'type == "ROOT"', "value": True}
    assert language.value(spec, {"type": "ROOT"}) is True
    assert language.value(spec, {"type": "DATADISK"}) is None


def test_find_gives_the_row_that_a_reference_means(language: Language) -> None:
    spec = {"find": "zones", "from": "where", "default": "z1"}
    assert language.value(spec, {"where": "z2"}) == {"id": "id of z2", "of": "zones"}
    assert language.value(spec, {}) == {"id": "id of z1", "of": "zones"}
    assert language.value({"find": "zones", "from": "where"}, {}) is None
    assert language.value({"find": "zones", "from": "where"}, {"where": ""}) is None


def test_pick_with_take_all_asks_for_all_with_these_fields(language: Language) -> None:
    spec = {"pick": "images", "match": {"family": "f"}, "take": "all"}
    assert language.value(spec, {"f": "debian"}) == [
        {"picked": "images", "wanted": {"family": "debian"}}
    ]


def test_pick_asks_for_the_newest_with_these_fields(language: Language) -> None:
    spec = {"pick": "images", "match": {"family": "f"}, "newest": "creationTimestamp"}
    assert language.value(spec, {"f": "debian"}) == {
        "picked": "images",
        "wanted": {"family": "debian"},
        "newest": "creationTimestamp",
    }


def test_get_makes_something_of_what_was_found(language: Language) -> None:
    spec = {"find": "zones", "from": "where", "get": 'f"{found.id} for {who}"'}
    assert language.value(spec, {"where": "z2", "who": "me"}) == "id of z2 for me"
    assert language.value(spec, {"who": "me"}) is None
    request = OneRequest({"listZones": [{"id": "1"}, {"id": "2"}]})
    ids = {"call": "listZones", "get": "[row.id for row in found]"}
    assert language.value(ids, {}, request=request) == ["1", "2"]
    first = {"call": "listZones", "take": "first", "get": "link.zones(found.id)"}
    assert language.value(first, {}, request=request) == "/zones/one"
    assert language.value({**first, "get": {"fields": {"a": "found.id"}}}, {}, request=request) == {
        "a": "1"
    }
    (complaint,) = language.complaints({**first, "get": "found.nmae"})
    assert "no field 'nmae'; did you mean 'name'?" in complaint


def test_call_gives_the_rows_that_fit_or_the_first_of_them(language: Language) -> None:
    request = OneRequest(
        {"listZones": [{"id": "1"}, {"id": "2", "name": "b"}, {"id": "3", "name": "b"}]}
    )
    spec = {"call": "listZones", "params": {"available": True, "id": "x"}, "where": 'name == "b"'}
    rows = language.value(spec, {"x": "9"}, request=request)
    assert [row["id"] for row in rows] == ["2", "3"]
    first = language.value({**spec, "take": "first", "cache": True}, {}, request=request)
    assert first["id"] == "2"
    assert request.asked == [
        ("listZones", {"available": True, "id": "9"}, False),
        ("listZones", {"available": True}, True),
    ]
    none = {"call": "listZones", "where": 'name == "c"', "take": "first"}
    assert language.value(none, {}, request=request) is None


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"default": 1}, "a value needs one of"),
        ({"from": "a", "enum": {"x": "y"}, "value": 1}, "this one has 'from' and 'value'"),
        ({"value": "x", "first": ["a"]}, "this one has 'value' and 'first'"),
        ({"each": {"x": "a"}, "find": "zones"}, "this one has 'each' and 'find'"),
        ({"from": "a"}, "'from' needs 'enum'"),
        ({"from": "a", "enum": {"x": "y"}, "get": "b"}, "'get' means nothing beside 'from'"),
        ({"value": 1, "where": "b"}, "'where' means nothing beside 'value'"),
        ({"value": 1, "take": "first"}, "'take' means nothing beside 'value'"),
        ({"first": ["a"], "default": 1}, "'default' means nothing beside 'first'"),
        ({"find": "zones"}, "'find' needs 'from'"),
        ({"each": {"x": "a"}, "get": "b", "fields": {"c": "d"}}, "made by one of: fields, get"),
        ({"each": {"x": "a"}}, "an element is made by one of: fields, get"),
        ("a..b", "no expression"),
        ({"first": ["a..b"]}, "no expression"),
        ({"call": "listMoons"}, "CloudStack has no command 'listMoons'"),
        (
            {"call": "startVirtualMachine", "params": {"id": "a"}},
            "changes things: only a step may call it",
        ),
        ({"call": "listTemplates"}, "listTemplates requires templatefilter"),
        ({"call": "listZones", "params": {"moon": "a"}}, "has no parameter 'moon'"),
        ({"call": "listZones", "where": "moon"}, "the answer of listZones has no field 'moon'"),
        ({"call": "listZones", "take": "first", "get": "found.moon"}, "has no field 'moon'"),
        ({"pick": "moons"}, "'moons' is not a mapped resource"),
        ({"pick": "images", "match": {"moon": "a"}}, "GCE's Image has no field 'moon'"),
        ({"pick": "images", "newest": "moon"}, "GCE's Image has no field 'moon'"),
        ({"pick": "images", "where": "moon"}, "Image has no field 'moon'"),
        ({"find": "moons", "from": "a"}, "'moons' is not a mapped resource"),
        ("link.moons(a)", "'moons' is not a mapped resource"),
        ("shout(a)", "there is no function 'shout'"),
        ("matching(a, '(')", "'(' is no pattern"),
        ("$vm.id", "a name is written without '$'"),
    ],
)
def test_a_wrong_value_is_one_finding(language: Language, spec: Any, complaint: str) -> None:
    complaints = language.complaints(spec)
    assert len(complaints) == 1, complaints
    assert complaint in complaints[0]


def test_merge_lays_objects_over_each_other_and_replaces_anything_else(language: Language) -> None:
    upper = {"a": 1, "b": {"c": 2}, "d": [3]}
    lower = {"a": 9, "b": {"c": 9, "e": 4}, "d": [9, 9], "f": 5}
    spec = "merged(up, low)"
    merged = {"a": 1, "b": {"c": 2, "e": 4}, "d": [3], "f": 5}
    assert language.value(spec, {"up": upper, "low": lower}) == merged
    assert language.value(spec, {"up": upper}) == upper
    assert language.value(spec, {"low": lower}) == lower


@pytest.mark.parametrize(("number", "priority"), [(5000, 0), (10005000, 1000), (655359999, 65535)])
def test_the_number_of_a_firewalls_item_tells_its_priority(
    language: Language, number: int, priority: int
) -> None:
    items = next(
        each for each in shipped.mappings().forms["firewalls"].read if each.source == "acl"
    )
    row = {"number": number, "reason": "gce:firewall:web"}
    assert language.value(items.fields["priority"], row) == priority


def test_a_size_that_gce_spells_as_a_text_is_a_number_for_cloudstack(language: Language) -> None:
    assert language.value("number(size)", {"size": "50"}) == 50
    assert language.value("number(size)", {}) is None
