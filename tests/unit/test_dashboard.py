"""The dashboard is one of Grafana's: held against the types that it generates from its schemas.

What no type has a place for is lost on the way through them, such as a misspelt key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

DASHBOARD = json.loads(
    (Path(__file__).parents[2] / "deploy" / "grafana" / "gstack.json").read_text()
)
COLUMNS = 24
NO_TYPE = {"/templating/list/1/definition"}
"""What Grafana writes beside a variable's query, and the schema of dashboards leaves to plugins."""


def lost(given: Any, back: Any, place: str = "") -> Iterator[str]:
    """Where one document has something that the other hasn't."""
    if isinstance(given, dict) and isinstance(back, dict):
        for key, value in given.items():
            yield from lost(value, back.get(key), f"{place}/{key}")
    elif isinstance(given, list) and isinstance(back, list) and len(given) == len(back):
        for number, (one, other) in enumerate(zip(given, back, strict=True)):
            yield from lost(one, other, f"{place}/{number}")
    elif given != back:
        yield place


def through_the_types(given: Any) -> Any:
    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(given)))


def test_all_that_the_dashboard_says_has_a_place_in_grafanas_schema() -> None:
    assert set(lost(DASHBOARD, through_the_types(DASHBOARD))) == NO_TYPE


def test_a_misspelt_key_would_be_found() -> None:
    panel = {**DASHBOARD["panels"][0], "gridPosition": {"h": 1}}
    wrong = {**DASHBOARD, "panels": [panel]}
    assert "/panels/0/gridPosition" in set(lost(wrong, through_the_types(wrong)))


def test_panels_lie_beside_each_other_and_each_has_a_question_and_a_title() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        cells = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["title"]
        assert [target["expr"] for target in panel["targets"]]
        assert {target["refId"] for target in panel["targets"]}.issubset(set("ABCDEFGH"))
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)
