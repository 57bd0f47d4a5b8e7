"""Some hundred filters, held against a second opinion row by row."""

from __future__ import annotations

import re

import pytest

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.filter import compile_filter

from ...support.effort import tries
from . import filter_corpus, filter_oracle
from .filter_corpus import FILTERS

ROWS = filter_corpus.rows(tries(60, 150), seed=20260301)


@pytest.mark.parametrize("text", FILTERS)
def test_the_verdict_on_every_row_is_that_of_the_second_opinion(text: str) -> None:
    holds, expected = compile_filter(text), filter_oracle.judge(text)
    differing = [(row, expected(row)) for row in ROWS if holds(row) is not expected(row)]
    assert differing == []


@pytest.mark.parametrize(("text", "position"), filter_corpus.refusals())
def test_what_is_no_filter_is_refused_with_the_position(text: str, position: int) -> None:
    with pytest.raises(filter_oracle.Refused) as expected:
        filter_oracle.judge(text)
    with pytest.raises(GceError) as caught:
        compile_filter(text)
    assert (caught.value.status, caught.value.location) == (400, "filter")
    told = re.search(r"at position (\d+)", caught.value.message)
    assert told is not None, caught.value.message
    assert (int(told[1]), expected.value.position) == (position, position)


def test_the_filters_tell_rows_apart() -> None:
    """A filter that lets all through, or nothing, compares little: those are few."""
    one_sided = [
        text for text in FILTERS if len({filter_oracle.judge(text)(row) for row in ROWS}) == 1
    ]
    assert len(FILTERS) - len(one_sided) >= 300
    assert len(one_sided) < len(FILTERS) / 5, one_sided


def test_there_are_enough_of_them_and_none_twice() -> None:
    assert len(set(FILTERS)) == len(FILTERS) >= 400
    texts = [text for text, _ in filter_corpus.refusals()]
    assert len(set(texts)) == len(texts) >= 90
    marks = sum(line.strip() == "^" for line in filter_corpus.lines("refused"))
    assert len(texts) == marks
