"""Where a database is: how a setting says it, and how it is shown to people."""

from __future__ import annotations

import re

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_PARAMETERS = re.compile(r"\s*\w+\s*=")
"""How libpq's own form begins, ``host=… password=…``: as a path it would be a file of that name."""


def url_of(place: str) -> URL:
    """The URL of a database, with the driver that we use.

    Args:
        place: the path of a SQLite file, or a URL of SQLAlchemy's form.

    Raises:
        ValueError: it is neither, or malformed. The text has nothing of the place, in which a
            password may stand.
    """
    if "://" not in place:
        if _PARAMETERS.match(place):
            raise ValueError("expected a path or a URL, such as postgresql://user@host/name")
        return URL.create("sqlite", database=place)
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        # The error repeats the text.
        raise ValueError("expected a URL of the form postgresql://user@host:5432/name") from None
    kind = url.drivername.partition("+")[0]
    if kind not in ("sqlite", "postgresql"):
        raise ValueError("expected sqlite:// or postgresql://")
    if "@" in (url.host or ""):
        raise ValueError("an @ in a user's name or password is written %40 in a URL")
    return url.set(drivername="postgresql+psycopg") if kind == "postgresql" else url


def shown(url: URL) -> str:
    """The URL for people: without the driver, and without a password, in its query either."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True) + ("?..." if url.query else "")
