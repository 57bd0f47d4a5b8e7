"""Kept rows: whose they are, and what makes them old."""

from __future__ import annotations

import pytest

from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.cloudstack.table import Table
from gstack_pyramid.engine.catalogue import Catalogue, Kept

ME = Credentials("key", "secret")
ROWS = Kept(Table([{"id": "1"}]), b"digest")


@pytest.fixture
def catalogue() -> Catalogue:
    kept = Catalogue(60)
    kept.put((ME, "listNetworks", b"{}"), ROWS, kept.changes(ME))
    return kept


def test_kept_rows_are_given_again(catalogue: Catalogue) -> None:
    assert catalogue.get((ME, "listNetworks", b"{}")) == ROWS


@pytest.mark.parametrize(
    "other", [Credentials("key", "another secret"), Credentials("another key", "secret")]
)
def test_rows_are_kept_for_who_has_both_halves_of_the_key(
    catalogue: Catalogue, other: Credentials
) -> None:
    assert catalogue.get((other, "listNetworks", b"{}")) is None


def test_a_change_drops_the_rows_of_commands_with_its_noun(catalogue: Catalogue) -> None:
    catalogue.put((ME, "listZones", b"{}"), ROWS, catalogue.changes(ME))
    catalogue.forget(ME, lambda name: "Network" in name)
    assert catalogue.get((ME, "listNetworks", b"{}")) is None
    assert catalogue.get((ME, "listZones", b"{}")) == ROWS


def test_a_change_leaves_the_rows_of_others(catalogue: Catalogue) -> None:
    catalogue.forget(Credentials("another key", "secret"), lambda name: "Network" in name)
    assert catalogue.get((ME, "listNetworks", b"{}")) == ROWS


def test_rows_that_were_read_before_a_change_are_not_kept_after_it(catalogue: Catalogue) -> None:
    before = catalogue.changes(ME)
    catalogue.forget(ME, lambda name: "Network" in name)
    catalogue.put((ME, "listNetworks", b"{}"), ROWS, before)
    assert catalogue.get((ME, "listNetworks", b"{}")) is None
    catalogue.put((ME, "listNetworks", b"{}"), ROWS, catalogue.changes(ME))
    assert catalogue.get((ME, "listNetworks", b"{}")) == ROWS


def test_a_time_to_live_of_nothing_keeps_nothing() -> None:
    catalogue = Catalogue(0)
    catalogue.put((ME, "listZones", b"{}"), ROWS, catalogue.changes(ME))
    assert catalogue.get((ME, "listZones", b"{}")) is None
