from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.errors import GceError
from gstack_pyramid.mapping.forms.holds import value_at
from gstack_pyramid.mapping.shapes import GceShape
from gstack_pyramid.schemas.gce import GceModel

from .language import Language, env_of


def test_an_enumeration_translates_words_of_every_type(language: Language) -> None:
    spec = {"from": "a", "enum": {"Enabled": "UP", "true": "YES", "8": "EIGHT"}}
    for word, translated in (("Enabled", "UP"), (True, "YES"), (8, "EIGHT"), (None, None)):
        assert language.value(spec, {"a": word}) == translated


def test_an_unknown_word_is_left_out_of_an_answer(language: Language) -> None:
    assert language.value({"from": "a", "enum": {"x": "X"}}, {"a": "y"}) is None


def test_an_unknown_word_of_a_request_is_refused_with_those_that_can_be(
    language: Language,
) -> None:
    with pytest.raises(GceError) as refused:
        language.value({"from": "mode", "enum": {"x": "X", "y": "Y"}}, {"mode": "z"}, writing=True)
    assert refused.value.status == 400
    assert "'mode': 'z'. Must be one of: x, y." in refused.value.message


def test_a_star_stands_for_all_other_words(language: Language) -> None:
    spec = {"from": "a", "enum": {"x": "X", "*": "OTHER"}}
    assert language.value(spec, {"a": "x"}, writing=True) == "X"
    assert language.value(spec, {"a": "y"}, writing=True) == "OTHER"
    assert language.value(spec, {}, writing=True) is None


def test_words_in_a_list_become_what_stands_before_it(language: Language) -> None:
    spec = {"from": "a", "enum": {"UP": ["x", "y"], "z": "DOWN", "OTHER": ["*"]}}
    made = [language.value(spec, {"a": word}) for word in "xyz?"]
    assert made == ["UP", "UP", "DOWN", "OTHER"]


def test_a_word_that_is_said_later_goes_before_the_same_in_a_list(language: Language) -> None:
    spec = {"from": "a", "enum": {"UP": ["x", "y"], "y": "DOWN"}}
    assert [language.value(spec, {"a": word}) for word in "xy"] == ["UP", "DOWN"]


def test_what_a_converter_refuses_is_left_out_of_an_answer_and_400_in_a_request(
    language: Language,
) -> None:
    spec = "first_port(port)"
    assert language.value(spec, {"port": "99999"}) is None
    with pytest.raises(GceError) as refused:
        language.value(spec, {"port": "99999"}, writing=True)
    assert refused.value.status == 400
    assert refused.value.message == (
        "Invalid value for field 'port': '99999'. A port is at most 65535."
    )


def test_an_error_names_the_field_of_the_body(language: Language, gce: GceModel) -> None:
    body = GceShape(gce, "Firewall", body=True)
    spec = {
        "each": {"rule": "allowed", "port": "rule.ports"},
        "get": "first_port(port)",
    }
    make = language.compile(spec, shape=body, writing=True)
    with pytest.raises(GceError, match=r"resource\.allowed\.ports"):
        make({"allowed": [{"ports": ["x"]}]}, env_of({}))


def test_a_default_stands_in_for_what_has_no_word(language: Language) -> None:
    spec = {"from": "a", "enum": {"x": "X"}, "default": "other"}
    assert [language.value(spec, {"a": word}) for word in ("x", "y", None)] == [
        "X",
        "other",
        "other",
    ]
    with pytest.raises(GceError, match="Must be one of: x"):
        language.value(spec, {"a": "y"}, writing=True)


def test_a_text_that_does_not_match_is_refused(language: Language) -> None:
    spec = r"matching(port, '\d+')"
    assert language.value(spec, {"port": "80"}, writing=True) == "80"
    assert language.value(spec, {"port": 80}, writing=True) == 80
    assert language.value(spec, {}, writing=True) is None
    with pytest.raises(GceError, match=r"Must be a match of regex"):
        language.value(spec, {"port": "80\n"}, writing=True)


def test_a_link_is_looked_up_by_id_or_made_from_the_others_name(language: Language) -> None:
    spec = "link.zones(id)"
    assert language.value(spec, {"id": "1"}) == "/zones/one"
    assert language.value(spec, {"id": "9"}) is None
    assert language.value(spec, {}) is None
    named = "link.zones(id, name=n)"
    assert language.value(named, {"id": "9", "n": "nine"}) == "/zones/nine?9"
    assert language.value(named, {"id": "9"}) is None
    placed = "link.zones(id, name=n, zone=z)"
    assert language.value(placed, {"id": "9", "n": "nine", "z": "7"}) == "/7/zones/nine?9"


def test_a_text_is_taken_apart_by_a_pattern(language: Language) -> None:
    spec = "parts(key, 'gce:pool:{region}:{name}')"
    told = language.value(spec, {"key": "gce:pool:r-1:a:b\nc"})
    assert told == {"region": "r-1", "name": "a:b\nc"}
    assert language.value(f"{spec}.region", {"key": "gce:pool:r-1:a"}) == "r-1"
    for other in ({}, {"key": ""}, {"key": "gce:pool:r-1"}, {"key": "x gce:pool:r:n"}):
        assert language.value(spec, other) is None
    for wrong in ("no part", "{a}:{a}", "{a b}"):
        assert language.complaints(f"parts(key, {wrong!r})") != []


def test_a_link_to_a_resource_named_by_a_pattern_takes_its_parts(language: Language) -> None:
    spec = "link.zones(id, size=cpus)"
    assert language.value(spec, {"id": "2", "cpus": 8}) == "/zones/of-8"


def test_find_names_where_a_reference_stands(language: Language) -> None:
    spec = {"find": "zones", "from": "where", "get": "found.id"}
    assert language.value(spec, {"where": "z1"}) == "id of z1"
    assert language.value(spec, {}) is None
    with pytest.raises(GceError, match="nothing for where"):
        language.value(spec, {"where": "nowhere"})


def test_words_of_a_request_are_held_against_gces_own(language: Language, gce: GceModel) -> None:
    body = GceShape(gce, "Firewall", body=True)
    spec = {"from": "direction", "enum": {"INGRESS": "Ingress", "INWARD": "Ingress", "*": "x"}}
    assert language.complaints(spec, shape=body, writing=True) == [
        "GCE's Firewall.direction has no value 'INWARD'"
    ]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("networkInterfaces[1].network", r"resource\.networkInterfaces\[1\]\.network"),
        (
            "[disk for disk in disks if disk.boot][0].initializeParams.sourceImage",
            r"resource\.disks\.initializeParams\.",
        ),
        ("body.zone", r"resource\.zone"),
    ],
)
def test_an_error_names_the_position_in_a_list_that_the_mapping_names(
    language: Language, gce: GceModel, path: str, field: str
) -> None:
    body = GceShape(gce, "Instance", body=True)
    value: dict[str, Any] = {
        "zone": "nowhere",
        "networkInterfaces": [{}, {"network": "nowhere"}],
        "disks": [{"boot": True, "initializeParams": {"sourceImage": "nowhere"}}],
    }
    scope = language.scope_of(body, writing=True)
    scope.roots["body"] = body
    getter = scope.value(value_at({"find": "zones", "from": path, "get": "found.id"}, ()))
    assert language.findings == []
    with pytest.raises(GceError, match=f"nothing for {field}"):
        getter(value, env_of({"body": value}))
