"""Messages are for clients of any language: values in them are spelt as JSON spells them.

Each field of each body that makes something is given values of the wrong kind, and what is said of
them is read. Python would say ``True``, ``None`` and ``{'a': 1}``.
"""

from __future__ import annotations

import re
from itertools import cycle
from typing import Any

import pytest

from gstack_pyramid.engine.methods import Method

from ..support.gateway import Gateway
from ..support.shipped import compiled

WRONG: list[Any] = [
    True,
    False,
    {"a": [True, None]},
    [False, None, {"b": None}],
    [[True]],
    {"kind": {"c": False}},
    "no such thing",
    1.5,
]
PYTHON = re.compile(r"\b(True|False|None|NoneType)\b|\{'|\['|<class ")
"""What Python would write, and JSON would not."""
PLACES = {"project": "demo-project", "zone": "ch-zrh-1", "region": "ch-zrh"}


def makers() -> list[Method]:
    """The methods that make something out of a body."""
    found = [method for method in compiled().methods.values() if method.creates]
    return sorted(found, key=lambda method: method.gce.id)


@pytest.mark.parametrize("method", makers(), ids=lambda method: method.gce.id)
def test_no_message_spells_a_value_as_python_does(gateway: Gateway, method: Method) -> None:
    path = f"/compute/v1/{method.gce.path.format(**PLACES)}"
    assert method.gce.request is not None
    properties = compiled().gce.type(method.gce.request)["properties"]
    values, said = cycle(WRONG), []
    for field in sorted(properties):
        for value in (next(values), next(values), next(values)):
            response = gateway.request("POST", path, {"name": "it", field: value})
            if response.status_int >= 400:
                said.append(response.json["error"]["message"])
    assert said
    wrong = [message for message in said if PYTHON.search(message)]
    assert wrong == []
