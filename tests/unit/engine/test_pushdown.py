"""What of a filter is pushed down, and that it never holds back what fits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.engine.names import natural_name, unique_names
from gstack_pyramid.engine.pushdown import Equal, Narrowing, Push, Turned, turned_from
from gstack_pyramid.protocol.filter import compile_filter, parse_filter

STATES = {"Running": "RUNNING", "Migrating": "RUNNING", "Starting": "STAGING", "Stopped": "OFF"}
PUSH = Push(
    (Turned("status", "state", STATES, None),),
    (Equal("labels", True, lambda pair, env: {"tag": (pair["key"], pair["value"])}),),
)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name = web-frontend", "web%frontend"),
        ("name eq web-frontend", "web%frontend"),
        ("name eq ^vm1$", "vm1"),
        (r'name eq ".*\bfront\b.*"', "front"),
        ("name:front*", "front"),
        ("name = front*", "front"),
        ("name = web AND status = RUNNING", "web"),
        ("(name eq .*web.*)(name eq .*server.*)", "server"),
        ("name = web-1 OR name = web-2", "web"),
        # The last eight digits may be what tells twins apart.
        ("name = web-0123abcd", "web"),
        ("name:0123abcd", None),
        ("name:x", None),
        ("name = web OR status = RUNNING", None),
        ("NOT name = web", None),
        ("name != web", None),
        ("name ne web", None),
        ("name eq web|server", None),
        ("name eq w.b", None),
        ("id = web", None),
        ("name > web", None),
        ("name = Web", None),
        ("", None),
    ],
)
def test_a_word_of_the_name_is_found_where_every_fitting_name_has_it(
    text: str, word: str | None
) -> None:
    assert Narrowing.of(parse_filter(text)).sought.word == word


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("status = STAGING", {"state": "Starting"}),
        ("status eq STAGING", {"state": "Starting"}),
        ("status = OFF AND name = x", {"state": "Stopped"}),
        # Machines that run are in one of two states, and those without a status in any other.
        ("status = RUNNING", {}),
        ("status != RUNNING", {}),
        ("status:* AND NOT status = RUNNING AND status != OFF", {"state": "Starting"}),
        ("status = STAGING OR name = x", {}),
        ("status = STAGING OR status = OFF", {}),
        ("labels.env = prod", {"tag": ("env", "prod")}),
        ("labels.env eq prod", {"tag": ("env", "prod")}),
        ("labels.env = prod AND labels.tier = web", {"tag": ("env", "prod")}),
        ("labels.env = prod OR labels.env = test", {}),
        ("labels.env != prod", {}),
        ("labels.env:prod", {}),
        ("labels.env = prod*", {}),
        ("labels.env eq prod.*", {}),
        # These are equal to more than one text.
        ("labels.env = 1", {}),
        ("labels.env = true", {}),
        ('labels.env = "2026-01-01T00:00:00Z"', {}),
        ("labels:env", {}),
        ("", {}),
    ],
)
def test_parameters_are_made_from_what_every_fitting_row_must_be(
    text: str, params: dict[str, Any]
) -> None:
    assert PUSH.params(parse_filter(text), None) == params


def test_a_translation_is_turned_around() -> None:
    enum = {"Running": "RUNNING", "*": "OFF"}
    found = turned_from("status", "state", enum)
    assert found == Turned("status", "state", {"Running": "RUNNING"}, "OFF")
    assert turned_from("status", "state", {}, "OFF") == Turned("status", "state", {}, "OFF")


def test_a_scope_is_left_out_when_no_row_of_it_can_fit() -> None:
    links = [f"http://x/projects/p/zones/z-{number}" for number in range(3)]
    for text, left in (
        ("zone:z-1", links[1:2]),
        ("(zone eq .*/z-[12])(name eq x)", links[1:]),
        ("NOT zone:z-1", [links[0], links[2]]),
        ("zone:z-1 OR zone:z-2", links[1:]),
        ("zone:z-1 OR name = x", links),
        ("zone = elsewhere", []),
    ):
        assert Narrowing.of(parse_filter(text)).fitting("zone", links) == left, text


RAW = st.sampled_from(
    [
        "web",
        "Web",
        "web-1",
        "WEB 1",
        "x-web",
        "web 1a2b3c4d",
        "12",
        "db",
        "",
        "ä",
        "front_end",
        "a1",
    ]
)
KEYS = st.uuids().map(str)
PIECE = st.sampled_from(["web", "1", "db", "front", "end", "x", "12", "1a2b3c4d", "e", "a1", "-"])


FORMS = [
    "name = {}",
    "name:{}",
    "name = {}*",
    "name = *{}*",
    "NOT name:{}",
    "name != {}",
    "name eq {}",
    "name eq .*{}.*",
    r'name eq ".*\b{}\b.*"',
    "name ne {}",
    "name eq ^{}$",
]


@st.composite
def filters(draw: st.DrawFn, names: list[str]) -> str:
    """Filters on names, many of which fit some of these names."""
    literal = st.one_of(st.sampled_from(names), st.lists(PIECE, min_size=1).map("".join))
    form = draw(st.sampled_from(FORMS))
    return str(form.format(draw(literal).strip("-") or "web"))


@given(st.data())
def test_the_word_of_a_filter_is_in_the_name_of_every_row_that_fits(data: st.DataObject) -> None:
    raws = data.draw(st.dictionaries(KEYS, RAW, min_size=1, max_size=8))
    naturals = {key: natural_name(raw, key) for key, raw in raws.items()}
    names = unique_names(naturals.items())
    one = data.draw(filters(list(names.values())))
    legacy = " eq " in one or " ne " in one
    other = data.draw(
        filters(list(names.values())).filter(
            lambda text: (" eq " in text or " ne " in text) == legacy
        )
    )
    text = data.draw(
        st.sampled_from(
            [one, f"({one})({other})"]
            if legacy
            else [one, f"{one} AND {other}", f"{one} OR {other}"]
        )
    )
    sought, keep = Narrowing.of(parse_filter(text)).sought, compile_filter(text)
    word = sought.word
    # As CloudStack looks: in an SQL LIKE, where "%" stands for anything.
    parts = [re.escape(part) for part in (word or "").split("%")]
    like = re.compile(".*".join(parts), re.IGNORECASE | re.ASCII | re.DOTALL)
    found = [key for key, raw in raws.items() if like.search(raw)]
    narrowed = unique_names((key, naturals[key]) for key in found)
    whole = {key: name for key, name in names.items() if keep({"name": name})}
    assert {k: name for k, name in narrowed.items() if keep({"name": name})} == whole
    assert word is None or re.fullmatch("[a-z0-9]+(%[a-z0-9]+)*", word)
    # Who looks for whole names finds each of them as well.
    assert not sought.whole or {naturals[key] for key in whole} <= {*sought.whole}
