"""Points in time as GCE writes them (RFC 3339)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# datetime.fromisoformat takes more of ISO 8601 than RFC 3339 has, week dates for example.
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2}))?"
)


def parse_instant(text: str) -> datetime | None:
    """Return the instant that an RFC 3339 text names, or None if it is no such text.

    A date alone is its midnight in UTC. Fractions of a second are kept to the microsecond.
    """
    # Cheap refusal first: nearly every value that is looked at is no timestamp.
    if not text[:4].isdigit() or not _RFC3339.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError:  # the shape fits, the date does not exist
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
