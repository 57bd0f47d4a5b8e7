"""What is kept of the state that a plan begins with, so that another process can go on with it.

A plan is about one row, and looks at a few values that were read or computed before its first
command. The rest may be large: a rule of a security group brings the group along, with all its
rules. Of what the steps don't mention, nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from gstack_pyramid.engine.plans import LACKING

ALWAYS = frozenset({"path", "query", "body", "project", "key", "zone", "region", LACKING})
"""The roots that steps may need without naming them, to look up what a name means."""

NEVER = frozenset({"settings"})
"""The roots that every process has by itself."""

Reached = Set[tuple[str, str | None]]
"""Roots with the fields of theirs that are used; None stands for all of them."""


def kept(roots: Mapping[str, Any], reached: Reached | None) -> dict[str, Any]:
    """Those of the roots that the steps make use of.

    Args:
        roots: all roots, when the first command is about to be sent.
        reached: what the steps mention; None when that isn't known, and all is kept.
    """
    if reached is None:
        return {name: value for name, value in roots.items() if name not in NEVER}
    fields: dict[str, set[str | None]] = {}
    for name, field in reached:
        fields.setdefault(name, set()).add(field)
    return {
        name: value if name in ALWAYS else _part(value, fields[name])
        for name, value in roots.items()
        if name not in NEVER and (name in ALWAYS or name in fields)
    }


def _part(value: Any, fields: Set[str | None]) -> Any:
    if None in fields or not isinstance(value, dict):
        return value
    return {field: value[field] for field in fields if field in value}
