"""How case files are written: short things on one line, as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from gstack_pyramid.cases.form import CaseError

_WIDTH = 96
_SHORT = 88

MOST_LINES = 1000
"""How long a recorded case may be: who records is to read it, and every test run does."""


class Dumper(yaml.SafeDumper):
    """Short things on one line, as a person would write them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _flow(data: Any) -> bool:
    told = yaml.safe_dump(data, default_flow_style=True, width=10_000, sort_keys=False)
    return len(told) <= _SHORT


def _mapping(dumper: Dumper, data: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=_flow(data))


def _sequence(dumper: Dumper, data: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=_flow(data))


Dumper.add_representer(dict, _mapping)
Dumper.add_representer(list, _sequence)


def dumped(told: Any) -> str:
    """YAML as the case files are written."""
    text: str = yaml.dump(told, Dumper=Dumper, width=_WIDTH, sort_keys=False, allow_unicode=True)
    return text


def readable(told: Mapping[str, Any], name: str) -> None:
    """Refuse a recorded case that is too long to be read.

    Raises:
        CaseError: the case is longer than ``MOST_LINES`` lines; it says which command is to blame.
    """
    lines = dumped(told).count("\n")
    if lines > MOST_LINES:
        requests = [*told.get("before", []), told]
        longest = max(
            (entry for request in requests for entry in request["cloudstack"]),
            key=lambda entry: len(dumped(entry)),
        )
        told_by = longest if isinstance(longest, str) else longest["command"]
        raise CaseError(
            f"{name}: {lines} lines, more than {MOST_LINES}. The longest answer is that of "
            f"{told_by}: write it, cut down, into _reads.yaml"
        )
