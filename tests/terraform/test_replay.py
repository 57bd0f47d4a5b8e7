"""Each resource as Terraform's google provider asks for it, and what it then plans: nothing."""

from __future__ import annotations

import pytest

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import Gateway
from .replay import GOOGLE, Replay, configurations, loaded


@pytest.fixture(scope="module")
def router(make_router: MakeRouter) -> object:
    """A gateway with links of Google's, as ``gstack-configure`` makes it."""
    return make_router(
        links_url=GOOGLE,
        **{
            "settings.machine_types": "{e2-medium: medium}",
            "settings.disk_types": "{pd-standard: standard}",
        },
    )


@pytest.fixture
def gateway(router: object, make_gateway: MakeGateway) -> Gateway:
    return make_gateway(router)


@pytest.fixture(params=configurations(), ids="-".join)
def replay(request: pytest.FixtureRequest, gateway: Gateway) -> Replay:
    resource = loaded(f"resources/{request.param[0]}.yaml")
    return Replay(gateway, resource, resource["configurations"][request.param[1]])


def test_it_is_made_planned_changed_imported_and_deleted(replay: Replay) -> None:
    replay.prepare()
    if refused := replay.configuration.get("refused"):
        error = replay.gateway.refused(
            400, "POST", replay.collection, replay.configuration["create"]
        )
        assert refused in error["message"]
        return
    assert replay.create() == []
    assert replay.update() == []
    replay.delete()
