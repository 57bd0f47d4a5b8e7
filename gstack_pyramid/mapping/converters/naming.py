"""Converters that make names and ids."""

from __future__ import annotations

import re
from typing import Any

from gstack_pyramid.engine.names import natural_name, numeric_id
from gstack_pyramid.mapping.converters.registry import Group

_PLACES = re.compile(r"([^#]*)(#{1,18})([^#]*)")
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


@converter("finds the number in a name by a pattern that the request gives")
def pattern_numbers(value: dict[str, Any]) -> list[int] | None:
    """The numbers that some names have where a pattern such as ``vm-###`` has its ``#``.

    Args:
        value: the ``pattern``, and ``names``, of which those of another form have none.

    Returns:
        None if the pattern isn't one of one sequence of ``#``.

    Source: ``BulkInsertInstanceResource.namePattern`` in GCE's discovery document.
    """
    found = _PLACES.fullmatch(value.get("pattern") or "")
    if found is None:
        return None
    before, _, after = found.groups()
    same = re.compile(re.escape(before) + r"(\d{1,18})" + re.escape(after))
    return [int(known[1]) for name in value.get("names") or () if (known := same.fullmatch(name))]


@converter("writes numbers with as many digits as a pattern has '#'")
def pattern_names(value: dict[str, Any]) -> list[str] | None:
    """Names out of a pattern such as ``vm-###``, whose numbers follow each other.

    Args:
        value: the ``pattern``; the number ``after`` which they begin; and the ``count`` of them.

    Returns:
        None if the pattern isn't one of one sequence of ``#``, or its digits don't suffice.
    """
    found = _PLACES.fullmatch(value.get("pattern") or "")
    count, last = int(value["count"]), int(value["after"]) + int(value["count"])
    if found is None or len(str(last)) > len(found[2]):
        return None
    before, places, after = found.groups()
    return [
        f"{before}{number:0{len(places)}}{after}" for number in range(last - count + 1, last + 1)
    ]
