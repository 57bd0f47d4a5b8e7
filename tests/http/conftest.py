"""What provides the workflows of gateways that answer by WSGI.

DBOS writes each step of an operation down in transactions of its own, which is two fifths of what
these tests cost, and the same for each method. So it is DBOS where a file is about operations
themselves, and in ``make test-all``; else they are kept in memory. ``tests/unit/operations`` holds
the two to one contract. Each resource's changes also run on DBOS in ``tests/terraform``, and what
clients call in ``tests/clients``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gstack_pyramid.operations.host import Host

from ..support.effort import THOROUGH
from ..unit.operations.fakes import SEALER
from ..unit.operations.memory_workflows import MemoryWorkflows

ON_DBOS = frozenset(
    f"test_{name}.py"
    for name in (
        "bad_polls",
        "cloud_faults",
        "concurrency",
        "database_away",
        "failing_steps",
        "fair_operations",
        "instances",
        "operations",
        "served",
        "traces",
    )
)


@pytest.fixture(scope="module", autouse=True)
def workflows(request: pytest.FixtureRequest, one_host: Host) -> Iterator[None]:
    """What a file's operations run on."""
    with pytest.MonkeyPatch.context() as patch:
        if not (THOROUGH or request.path.name in ON_DBOS):
            memory = MemoryWorkflows(one_host.database, "tests", SEALER, one_host._execute)
            patch.setattr(one_host, "workflows", memory)
        yield
