"""Apache Libcloud's GCE driver: health checks, and target pools that have one."""

from __future__ import annotations

from typing import Any

import pytest
from libcloud.common.google import ResourceNotFoundError

pytestmark = pytest.mark.clients


@pytest.mark.matrix
def test_a_health_check_is_made_changed_used_and_destroyed(advanced: Any) -> None:
    check = advanced.ex_create_healthcheck("lib-ready", path="/ready", port=8080, interval=10)
    assert (check.path, check.port, check.interval, check.timeout) == ("/ready", 8080, 10, 5)
    check.interval = 20
    assert advanced.ex_update_healthcheck(check).interval == 20
    assert "lib-ready" in [each.name for each in advanced.ex_list_healthchecks()]

    pool = advanced.ex_create_targetpool("lib-checked", region="ch-zrh", healthchecks=["lib-ready"])
    assert [each.name for each in pool.healthchecks] == ["lib-ready"]
    assert advanced.ex_targetpool_remove_healthcheck(pool, check)
    assert advanced.ex_get_targetpool("lib-checked").healthchecks == []
    assert advanced.ex_targetpool_add_healthcheck(pool, check)
    assert advanced.ex_destroy_targetpool(pool)
    assert advanced.ex_destroy_healthcheck(advanced.ex_get_healthcheck("lib-ready"))
    with pytest.raises(ResourceNotFoundError):
        advanced.ex_get_healthcheck("lib-ready")
