"""What GCE takes a field for that isn't given, as its documentation says.

The table is ``schemas/gce-defaults.yaml``; each entry there has its source.
"""

from __future__ import annotations

from typing import Any

import yaml

from gstack_pyramid.schemas.location import data_folder

FILE = "gce-defaults.yaml"


def described_defaults() -> dict[str, object]:
    """``TYPE.FIELD`` -> the default that the field's own description names."""
    return dict(_table()["described"])


def documented_defaults() -> dict[str, object]:
    """``TYPE.FIELD`` -> what GCE takes the field for when it isn't given."""
    elsewhere = {field: told["value"] for field, told in _table()["elsewhere"].items()}
    return described_defaults() | elsewhere


def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = yaml.safe_load(
        (data_folder("schemas") / FILE).read_text("utf-8")
    )
    return table
