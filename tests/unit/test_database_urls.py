"""Where a database is: what a setting may say, and that no password of it is ever shown."""

from __future__ import annotations

import pytest

from gstack_pyramid.database_urls import shown, url_of

SECRET = "hush-1"


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("a/b.sqlite", "sqlite:///a/b.sqlite"),
        ("sqlite:////a/b", "sqlite:////a/b"),
        ("postgresql://me@host/db", "postgresql+psycopg://me@host/db"),
        ("postgresql+psycopg2://me@host/db", "postgresql+psycopg://me@host/db"),
    ],
)
def test_a_place_is_a_path_or_a_url(place: str, url: str) -> None:
    assert str(url_of(place)) == url


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (f"mysql://me:{SECRET}@host/db", "postgresql://"),
        (f"http://me:{SECRET}@host/", "postgresql://"),
        (f"postgresql://me:{SECRET}@host:port/db", "of the form"),
        (f"postgresql://me:x@{SECRET}@host/db", "%40"),
        (f"host=db.example.com user=me password={SECRET}", "a path or a URL"),
        (f" password = {SECRET}", "a path or a URL"),
    ],
)
def test_what_is_no_place_is_refused_without_repeating_it(place: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        url_of(place)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "seen"),
    [
        (f"postgresql://me:{SECRET}@host/db", "postgresql://me:***@host/db"),
        (f"postgresql://me@host/db?password={SECRET}", "postgresql://me@host/db?..."),
        ("a/b.sqlite", "sqlite:///a/b.sqlite"),
    ],
)
def test_a_place_is_shown_without_its_password(place: str, seen: str) -> None:
    assert shown(url_of(place)) == seen
