from __future__ import annotations

import re
import uuid
from hashlib import blake2b
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gstack_pyramid.engine.names import (
    LEGAL,
    Sought,
    answers_to,
    natural_name,
    numeric_id,
    search_word,
    suffix,
    suffixed_name,
    unique_names,
)

KEYS = st.uuids().map(str) | st.text(min_size=1, max_size=20)
# The last letter has a lower-case form in ASCII, the one before it one that is longer.
LETTERS = "aZ09- _.äßİ\u212a"
RAW = st.text(alphabet=LETTERS, max_size=80) | st.text(max_size=80)
LEGAL_NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
A, B = "8d2bb5a1-0000-4000-8000-000000000001", "ffee0011-0000-4000-8000-000000000002"


@given(RAW, KEYS)
def test_a_name_is_always_legal_and_legal_names_stay_as_they_are(raw: str, key: str) -> None:
    name = natural_name(raw, key)
    assert LEGAL.fullmatch(name)
    assert natural_name(name, key) == name
    if LEGAL.fullmatch(raw):
        assert name == raw


@given(LEGAL_NAMES, KEYS)
def test_the_long_form_of_a_name_is_legal_and_ends_in_the_rows_suffix(name: str, key: str) -> None:
    long = suffixed_name(name, key)
    assert LEGAL.fullmatch(long)
    assert long.endswith(f"-{suffix(key)}")
    assert long.startswith(name[:10].rstrip("-"))


@given(RAW, KEYS)
def test_the_word_to_search_for_is_in_the_name_of_every_row_that_can_be_meant(
    raw: str, key: str
) -> None:
    natural = natural_name(raw, key)
    for reference in (natural, suffixed_name(natural, key)):
        assert answers_to(reference, natural, key)
        word = Sought.by(reference).word
        assert word is None or _found(word, raw)
        longest = search_word(reference)
        assert longest is None or _found(longest, raw)


def _found(word: str, text: str) -> bool:
    """Whether an SQL LIKE finds a word with "%" for anything; no cloud's search must know Unicode,
    so upper and lower case are those of ASCII."""
    pattern = ".*".join(re.escape(part) for part in word.split("%"))
    return re.search(pattern, text, re.IGNORECASE | re.ASCII | re.DOTALL) is not None


@given(RAW, KEYS)
def test_a_name_with_a_letter_or_digit_gives_a_word_to_search_for(raw: str, key: str) -> None:
    natural = natural_name(raw, key)
    keeps = any(letter.isascii() and letter.isalnum() for letter in raw)
    if keeps and natural.split("-")[0] != "x" and len(natural.split("-")[-1]) != 8:
        assert search_word(natural)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Tiny", "tiny"),
        ("Linux CentOS 6.4 64-bit", "linux-centos-6-4-64-bit"),
        ("web-1", "web-1"),
        ("8-cores", "x-8-cores"),
        (" - ", f"x-{suffix(A)}"),
        ("日本", f"x-{suffix(A)}"),
        ("-a-", "a"),
        ("a" * 70, "a" * 63),
        ("a" * 62 + " b", "a" * 62),
        ("x", "x"),
    ],
)
def test_cloudstacks_names_become_slugs(raw: str, name: str) -> None:
    assert natural_name(raw, A) == name


def test_the_suffix_is_the_uuids_beginning_or_a_digest() -> None:
    assert suffix(A) == "8d2bb5a1"
    assert suffix(A.upper()) == "8d2bb5a1"
    assert len(suffix("vpc/web")) == 8
    assert suffix("vpc/web") != suffix("vpc/mail")


@given(KEYS)
def test_a_numeric_id_fits_a_signed_number_of_64_bits_and_is_always_the_same(key: str) -> None:
    assert numeric_id(key).isdecimal()
    assert 0 < int(numeric_id(key)) < 1 << 63
    assert numeric_id(key) == numeric_id(key)


@given(st.lists(st.uuids().map(str), unique=True, max_size=50))
def test_numeric_ids_of_different_rows_differ(keys: list[str]) -> None:
    assert len({numeric_id(key) for key in keys}) == len(keys)


@given(st.dictionaries(st.uuids().map(str), st.sampled_from(["web", "mail", "web-1", "x"])))
def test_names_of_one_scope_are_unique_and_each_row_answers_to_its_own(
    natural: dict[str, str],
) -> None:
    assume(len({suffix(key) for key in natural}) == len(natural))
    shown = unique_names(natural.items())
    assert shown.keys() == natural.keys()
    assert len(set(shown.values())) == len(shown)
    for key, name in shown.items():
        assert LEGAL.fullmatch(name)
        assert answers_to(name, natural[key], key)


@given(st.dictionaries(st.uuids().map(str), st.sampled_from(["web", "mail"]), max_size=4))
def test_names_do_not_depend_on_the_order_of_the_rows(natural: dict[str, str]) -> None:
    orders = permutations(natural.items())
    assert len({frozenset(unique_names(order).items()) for order in orders}) == 1


def test_only_twins_are_shown_in_the_long_form() -> None:
    shown = unique_names([(A, "web"), (B, "web"), ("c", "mail")])
    assert shown == {A: "web-8d2bb5a1", B: "web-ffee0011", "c": "mail"}


def test_a_row_called_as_anothers_long_form_is_told_apart_from_it() -> None:
    third = str(uuid.UUID(int=3))
    shown = unique_names([(A, "web"), (B, "web"), (third, "web-8d2bb5a1")])
    assert len(set(shown.values())) == 3
    assert shown[A] == "web-8d2bb5a1"


def test_a_row_answers_to_its_name_its_long_form_and_its_id_only() -> None:
    for reference in ("web", "web-8d2bb5a1", numeric_id(A)):
        assert answers_to(reference, "web", A)
    for reference in ("we", "web-ffee0011", "web-", numeric_id(B), "8d2bb5a1", A, "Web"):
        assert not answers_to(reference, "web", A)


@given(KEYS)
def test_a_row_answers_to_the_64_bit_id_that_links_kept_from_earlier(key: str) -> None:
    earlier = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
    assert answers_to(str(earlier), "web", key)


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("web", "web"),
        ("linux-centos-6-4-64-bit", "centos"),
        ("web-8d2bb5a1", "web"),
        ("deadbeef", "deadbeef"),
        ("x-8-cores", "cores"),
        ("x-8d2bb5a1", None),
        ("x-8d2bb5a1-8d2bb5a1", None),
        ("1234567890", None),
        ("x", None),
    ],
)
def test_the_longest_word_that_is_no_suffix_is_searched_for(
    reference: str, word: str | None
) -> None:
    assert search_word(reference) == word


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("web", "web"),
        ("root-1", "root%1"),
        ("root-1-8d2bb5a1", "root%1"),
        ("x-8-cores", "8%cores"),
        ("x-8d2bb5a1", None),
        ("1234567890", None),
    ],
)
def test_of_a_whole_name_each_word_is_searched_for(reference: str, word: str | None) -> None:
    """CloudStack calls the disks of a zone ROOT-1, ROOT-2 and so on: "root" would find them all."""
    assert Sought.by(reference).word == word
