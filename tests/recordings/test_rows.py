"""Recorded rows become resources of GCE's: every list is asked for, in front of the recordings.

Answers that are not as Google's model says are refused by the gateway itself, which is set to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gstack_pyramid.cases.files import Request
from gstack_pyramid.cases.runner import Runner

from ..support.lists import items_of, lists_of
from .clients import RecordedClient

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.schemas.cloudstack import CloudStackModel

EMPTY = frozenset(
    (
        "acceleratorTypes",  # the recorded offerings have no GPU
        *("globalOperations", "regionOperations", "zoneOperations"),  # the gateway's own
        *("instanceTemplates", "regionInstanceTemplates"),  # in tags of the account, not recorded
        *("networkFirewallPolicies", "regionNetworkFirewallPolicies"),  # likewise
        *("httpHealthChecks", "httpsHealthChecks"),  # likewise
        *("healthChecks", "regionHealthChecks"),  # likewise
        "instantSnapshots",  # the recorded storage takes none
        "targetInstances",  # only the user had rules
    )
)
"""Resources of which the recordings hold none."""


@pytest.fixture(params=[False, True], ids=["user", "admin"])
def runner(
    shared_router: Router, cloudstack_model: CloudStackModel, request: pytest.FixtureRequest
) -> Iterator[Runner]:
    client = RecordedClient(cloudstack_model, by_admin=request.param)
    made = Runner(shared_router, client, threading.Event())
    yield made
    made.close()


def test_every_list_of_recorded_rows_is_as_googles_model_says(runner: Runner) -> None:
    seen: dict[str, int] = {}
    wrong: list[tuple[str, Any]] = []
    for listed in lists_of(runner):
        asked = Request("GET", f"projects/demo/{listed.path}", {}, None, [])
        status, body = runner.send(asked)
        if status != 200:
            wrong.append((listed.path, body))
            continue
        seen[listed.resource] = seen.get(listed.resource, 0) + len(items_of(body))
    assert wrong == []
    empty = {resource for resource, count in seen.items() if not count}
    assert empty <= EMPTY, sorted(empty - EMPTY)
