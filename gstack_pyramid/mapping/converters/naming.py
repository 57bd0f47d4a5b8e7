"""Converters that make names and ids."""

from __future__ import annotations

import re
from typing import Any

from gstack_pyramid.engine.names import natural_name, numeric_id
from gstack_pyramid.mapping.converters.registry import Group

_PLACES = re.compile(r"([^#]*)(#{1,18})([^#]*)")
_MOST_NAMES = 1000
"""So many instances are made at once at most. GCE makes 5,000; to plan those takes ten seconds."""

converter = Group()


@converter("the rule that makes GCE names out of CloudStack's")
def slug(value: str) -> str:
    """A text as a legal GCE name, as resources of that name are called."""
    return natural_name(value, value)


@converter("the rule that makes GCE's ids out of CloudStack's")
def gce_id(value: str) -> str:
    """CloudStack's UUID of another resource as the number that GCE knows it by."""
    return numeric_id(value)


@converter("the region's name is a part of the zone's, a rule that gcloud computes as well")
def region_of_zone(value: str) -> str:
    """A zone's name without its last ``-part``; a name of one part is its own region."""
    head, _, _ = value.rpartition("-")
    return head or value


@converter("numbers behind those that are taken, written with as many digits as a pattern has '#'")
def numbered_names(value: dict[str, Any]) -> dict[str, Any] | None:
    """Names out of a pattern such as ``vm-###``, besides some that are given.

    Args:
        value: ``pattern``, ``count`` of all names, ``given`` ones, and those ``taken`` already.

    Returns:
        ``names``, the given ones first; or ``problem``, why there are fewer than ``count``, and the
        ``field`` that it is about.

    Source: ``BulkInsertInstanceResource.namePattern`` in GCE's discovery document.
    """
    given = list(value.get("given") or ())
    pattern, taken = value.get("pattern"), value.get("taken") or ()
    try:
        missing = int(value["count"]) - len(given) if value.get("count") else 0
    except ValueError:
        return None
    if missing < 0 or len(given) + missing > _MOST_NAMES:
        least = max(len(given), 1)
        return _problem(
            "count", f"must be from {least} to {_MOST_NAMES}, as many as are made at once"
        )
    if not missing:
        return {"names": given}
    found = _PLACES.fullmatch(pattern or "")
    if found is None:
        problem = "a pattern of one sequence of '#' is needed, such as vm-###" if pattern else None
        return _problem("namePattern", problem or "a pattern is needed to make further names")
    before, places, after = found.groups()
    same = re.compile(re.escape(before) + r"(\d{1,18})" + re.escape(after))
    numbers = [int(known[1]) for name in (*taken, *given) if (known := same.fullmatch(name))]
    start = max(numbers, default=0) + 1
    if len(str(start + missing - 1)) > len(places):
        scarce = f"there are not enough numbers of {len(places)} digits after {start - 1}"
        return _problem("namePattern", scarce)
    made = [f"{before}{number:0{len(places)}}{after}" for number in range(start, start + missing)]
    return {"names": given + made}


def _problem(field: str, why: str) -> dict[str, Any]:
    return {"problem": why, "field": field}
