from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.engine.getters import entries
from gstack_pyramid.errors import GceError
from gstack_pyramid.mapping.shapes import ANY, GceShape
from gstack_pyramid.schemas.gce import GceModel

from .language import Language, env_of

PETS = [{"kind": "cat", "n": 2}, {"kind": "dog", "n": 1}, {"kind": "cat", "n": 3}, {"n": 4}]


def test_get_leaves_out_what_is_missing(language: Language) -> None:
    spec = {"each": {"pet": "a"}, "get": "pet.kind"}
    assert language.value(spec, {"a": PETS}) == ["cat", "dog", "cat"]
    assert language.value(spec, {}) == []


def test_where_takes_only_what_fits(language: Language) -> None:
    spec = {"each": {"pet": "a"}, "where": 'pet.kind == "cat"', "get": "pet.n"}
    assert language.value(spec, {"a": PETS}) == [2, 3]


def test_each_goes_through_a_maps_entries_and_counts(language: Language) -> None:
    spec = {"each": {"label": "labels"}, "fields": {"k": "label.key", "at": "index"}}
    made = language.value(spec, {"labels": {"a": "1", "b": "2"}})
    assert made == [{"k": "a", "at": 0}, {"k": "b", "at": 1}]


def test_loops_inside_loops_leave_the_outer_number_as_it_was(language: Language) -> None:
    inner = {"each": {"item": "row.b"}, "get": "index"}
    outer = {"each": {"row": "a"}, "fields": {"in": inner, "own": "index"}}
    rows = [{"b": ["x", "y"]}, {"b": ["z"]}]
    made = language.value(outer, {"a": rows}, index="outermost")
    assert made == [{"in": [0, 1], "own": 0}, {"in": [0], "own": 1}]


def test_named_loops_leave_outer_loops_of_the_same_name_as_they_were(language: Language) -> None:
    inner = {"each": {"x": "x.inner"}, "get": "x"}
    outer = {"each": {"x": "a"}, "fields": {"in": inner, "own": "x.n"}}
    rows = [{"n": 1, "inner": ["p"]}, {"n": 2, "inner": []}]
    assert language.value(outer, {"a": rows}) == [{"in": ["p"], "own": 1}, {"in": [], "own": 2}]


@given(
    first=st.lists(st.integers(0, 9), max_size=4),
    second=st.lists(st.sampled_from("abc"), max_size=4),
    third=st.lists(st.booleans(), max_size=2),
)
def test_named_loops_make_the_cross_product_with_the_last_name_running_fastest(
    language_of_session: Language, first: list[int], second: list[str], third: list[bool]
) -> None:
    spec = {
        "each": {"one": "a", "two": "b", "three": "c"},
        "get": "[one, two, three, index]",
    }
    made = language_of_session.value(spec, {"a": first, "b": second, "c": third})
    turns = product(first, second, third)
    assert made == [[*turn, number] for number, turn in enumerate(turns)]


@pytest.fixture(scope="session")
def language_of_session(gce: Any, cloudstack: Any) -> Language:
    return Language(gce, cloudstack)


def test_what_is_asked_in_a_loop_knows_its_names_and_what_was_made_before(
    language: Language,
) -> None:
    spec = {
        "each": {"pet": "a", "toy": "pet.toys"},
        "fields": {
            "at": "index",
            "kind": {"find": "zones", "from": "pet.kind"},
            "both": {"find": "zones", "from": 'f"{this.kind.id} {toy} {index}"'},
        },
    }
    pets = [{"kind": "cat", "toys": ["ball", "mouse"]}, {"kind": "dog", "toys": ["stick"]}]
    made = language.value(spec, {"a": pets})
    assert [(one["at"], one["both"]["id"]) for one in made] == [
        (0, "id of id of cat ball 0"),
        (1, "id of id of cat mouse 1"),
        (2, "id of id of dog stick 2"),
    ]


def test_a_later_loop_may_depend_on_an_earlier_one(language: Language) -> None:
    spec = {
        "each": {"rule": "allowed", "port": 'rule.ports or ["all"]'},
        "get": 'f"{rule.protocol}:{port}"',
    }
    allowed = [{"protocol": "tcp", "ports": ["22", "80"]}, {"protocol": "icmp"}]
    assert language.value(spec, {"allowed": allowed}) == ["tcp:22", "tcp:80", "icmp:all"]


def test_entries_are_elements_or_pairs() -> None:
    assert entries(None) == []
    assert entries([1]) == [1]
    assert entries("text") == ["text"]
    assert entries({"a": 1}) == [{"key": "a", "value": 1}]


@pytest.mark.parametrize(
    ("loops", "complaint"),
    [
        ({"index": "a"}, "'index' has a meaning of its own"),
        ({"rows": "a"}, "'rows' has a meaning of its own"),
        ({"self": "a"}, "'self' has a meaning of its own"),
        ({"rule": "a", "body": "b"}, "'body' has a meaning of its own"),
        ({"rule": "a", "value": "b"}, "'value' is a key of values"),
        ({"rule": "a", "fields": "b"}, "'fields' is a key of values"),
    ],
)
def test_a_loop_can_not_have_a_name_that_means_something(
    language: Language, loops: Any, complaint: str
) -> None:
    complaints = language.complaints({"each": loops, "get": "index"})
    assert len(complaints) == 1, complaints
    assert complaint in complaints[0]


MAPS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xy"))


@given(now=MAPS, want=MAPS)
def test_a_difference_of_maps_leads_from_the_one_to_the_other(
    language_of_session: Language, now: dict[str, str], want: dict[str, str]
) -> None:
    spec = "changes(now, want)"
    change = language_of_session.value(spec, {"now": now, "want": want})
    result = dict(now)
    for entry in change["remove"]:
        assert result.pop(entry["key"]) == entry["value"]
    for entry in change["add"]:
        assert entry["key"] not in result
        result[entry["key"]] = entry["value"]
    assert result == want
    kept = {entry["key"]: entry["value"] for entry in change["same"]}
    assert kept == dict(now.items() & want.items())
    touched = {entry["key"] for entry in change["remove"] + change["add"]}
    assert touched == {k for k in now.keys() | want.keys() if now.get(k) != want.get(k)}


def test_a_changed_entry_is_both_removed_and_added_in_the_order_given(language: Language) -> None:
    now, want = {"z": "1", "gone": "2", "b": "3"}, {"new": "4", "b": "0", "z": "9"}
    change = language.value("changes(now, want)", {"now": now, "want": want})
    assert [entry["key"] for entry in change["remove"]] == ["z", "gone", "b"]
    assert change["add"] == [
        {"key": "new", "value": "4"},
        {"key": "b", "value": "0"},
        {"key": "z", "value": "9"},
    ]


def test_lists_are_compared_by_the_fields_named_as_the_apis_spell_them(language: Language) -> None:
    spec = 'changes(now, want, ["protocol", "port"])'
    now = [
        {"id": "1", "protocol": "tcp", "port": 22},
        {"id": "2", "protocol": "tcp", "port": "80"},
        {"id": "3", "protocol": "icmp"},
        {"id": "4", "protocol": "udp", "port": 53},
    ]
    want = [
        {"protocol": "tcp", "port": "22"},
        {"protocol": "icmp", "port": None},
        {"protocol": "tcp", "port": 443},
        {"protocol": "udp", "port": "None"},
    ]
    change = language.value(spec, {"now": now, "want": want})
    assert [row["id"] for row in change["remove"]] == ["2", "4"]
    assert change["add"] == want[2:]


def test_lists_of_texts_are_compared_as_they_are(language: Language) -> None:
    spec = "changes(now, want)"
    change = language.value(spec, {"now": ["a", "b"], "want": ["b", "c"]})
    assert change == {"remove": ["a"], "add": ["c"], "same": ["b"]}


def test_a_difference_to_nothing_is_everything(language: Language) -> None:
    spec = "changes(now, want)"
    assert language.value(spec, {"now": {"a": 1}}) == {
        "remove": [{"key": "a", "value": 1}],
        "add": [],
        "same": [],
    }
    assert language.value(spec, {}) == {"remove": [], "add": [], "same": []}


MULTIPLYING = {
    "named loops": {
        "each": {"rule": "allowed", "port": "rule.ports", "range": "sourceRanges"},
        "get": "range",
    },
    "an expression": "[range for rule in allowed for port in rule.ports for range in sourceRanges]",
    "one that takes few": (
        "[range for rule in allowed for port in rule.ports for range in sourceRanges if port == '']"
    ),
    "a list of lists": (
        "[[range for range in sourceRanges] for rule in allowed for port in rule.ports]"
    ),
    "a list in a condition": (
        "[port for rule in allowed for port in rule.ports"
        " if all([range != port for range in sourceRanges])]"
    ),
    "a map": "{range: port for rule in allowed for port in rule.ports for range in sourceRanges}",
}


@pytest.mark.parametrize("spec", MULTIPLYING.values(), ids=MULTIPLYING)
def test_lists_of_the_request_make_a_bounded_number_of_combinations(
    language: Language, gce: GceModel, spec: Any
) -> None:
    make = language.compile(spec, shape=GceShape(gce, "Firewall", body=True), writing=True)
    body: dict[str, Any] = {
        "allowed": [{"ports": ["80"] * 100}],
        "sourceRanges": ["10.0.0.0/8"] * 50,
    }
    make(body, env_of({}))
    body["sourceRanges"].append("11.0.0.0/8")
    with pytest.raises(GceError, match="more than 5000 combinations") as refused:
        make(body, env_of({}))
    assert refused.value.status == 400


def test_rows_of_the_cloud_make_as_many_combinations_as_they_are(language: Language) -> None:
    spec = "[tag for row in rows for tag in row.tags]"
    getter = language.compile(spec, shape=ANY)
    assert len(getter({"rows": [{"tags": [1] * 100}] * 60}, env_of({}))) == 6_000
