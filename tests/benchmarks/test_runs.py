"""Benchmarks compare what gives the same answer, and run: a floor that has fallen behind the
mapping files says nothing, and nobody sees it until figures are wanted."""

from __future__ import annotations

import pytest

from benchmarks import goals, list_instances, rehearsal, throughput

from ..support.programs import required


def test_the_floor_gives_the_answer_of_the_gateway() -> None:
    figures = list_instances.measure(count=25, rounds=1)
    told = {"floor", "plain view", "bare, over HTTP", "gstack", "again", "one changed"}
    assert set(figures) == told
    assert all(milliseconds > 0 for milliseconds in figures.values())


@pytest.mark.matrix
def test_each_goal_has_a_figure() -> None:
    found = goals.measure(None, few=20, many=110, rounds=1)
    assert all(line.figure > 0 for line in goals.goals(found))


@pytest.mark.matrix
def test_one_process_and_two_are_loaded_and_have_figures() -> None:
    for one, two in throughput.measure(seconds=0.5, rounds=1, count=20).values():
        assert min(one.rate, two.rate) > 0
        assert min(one.own, two.own) > 0


@pytest.mark.matrix
def test_two_nodes_lose_no_operation_and_no_request_that_could_be_served() -> None:
    """`python -m benchmarks rehearsal`, with CloudStack away for less long."""
    assert rehearsal.rehearse(required("PostgreSQL"), str(required("nginx")), away=5.0) == []
