"""Fixtures of the tests that run the whole gateway."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from gstack_pyramid.collecting import paused

from .support import costs, garbage, workers
from .support.effort import tries
from .support.order import longest_first, scheduling
from .support.programs import required, say_what_is_missing

if TYPE_CHECKING:
    from pyramid.router import Router
    from xdist.scheduler import LoadFileScheduling

    from gstack_pyramid.operations.host import Host
    from gstack_pyramid.schemas.cloudstack import CloudStackModel

    from .support.gateway import Gateway
    from .support.postgres import Postgres

# A busy machine is no failure: how long an example takes says nothing of what is tested.
settings.register_profile(
    "gstack",
    deadline=None,
    max_examples=tries(25, 100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gstack")


def pytest_addoption(parser: pytest.Parser) -> None:
    costs.add_option(parser)
    parser.addoption(
        "--gcloud",
        choices=("fork", "exec"),
        default="fork",
        help="gcloud's commands in forks of one process (default), or each in one of its own",
    )


def pytest_configure(config: pytest.Config) -> None:
    costs.measure(config)
    garbage.between_files(config)
    say_what_is_missing(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return scheduling(config, log)


def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    workers.fork(config, specs)


MakeGateway = Callable[..., "Gateway"]
MakeRouter = Callable[..., "Router"]


@pytest.fixture(scope="session")
def cloudstack_model() -> CloudStackModel:
    from .support import shipped

    return shipped.cloudstack_model()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; its ``database()`` gives the URL of a new database."""
    from .support.postgres import serving

    with serving(required("PostgreSQL")) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def one_host() -> Iterator[Host]:
    """Keeps DBOS running between the gateways of a session: ending it takes half a second."""
    from gstack_pyramid.auth import KeyRing, Sealer
    from gstack_pyramid.operations.host import Host

    sealer = Sealer(KeyRing([("tests", bytes(32))]))
    host = Host.acquire(":memory:", "tests", sealer, upgrade=False)
    yield host
    host.release()


@pytest.fixture(scope="session")
def make_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeRouter]:
    """Makes gateways from ini settings, which come on top of a minimum."""
    from gstack_pyramid.routes import make_app
    from gstack_pyramid.settings import Settings

    from .support import shipped

    made: list[Router] = []
    folder: Path = tmp_path_factory.mktemp("ini")

    def make(pyramid: Mapping[str, str] | None = None, **settings: str) -> Router:
        ini = {
            "here": str(folder),
            # A port that nothing listens on; most tests put a cloud of their own in its place.
            "gstack.cloudstack.endpoint": "http://127.0.0.1:1/client/api",
            "gstack.token_keys_file": "keys",
            "gstack.token_keys_create": "true",
            "gstack.check_answers": "refuse",
            **{f"gstack.{key}": value for key, value in settings.items()},
        }
        with pytest.MonkeyPatch.context() as patch, paused():
            shipped.share(patch)
            router = make_app(Settings.from_ini(ini, {}), {**ini, **(pyramid or {})})
        made.append(router)
        return router

    yield make
    for router in made:
        router.registry["gstack"].close()


@pytest.fixture(scope="session")
def shared_router(make_router: MakeRouter) -> Router:
    """A gateway that is only ever used with a cloud put in for one test."""
    made = make_router()
    gc.freeze()
    return made


@contextmanager
def _making(shared_router: Router, model: CloudStackModel) -> Iterator[MakeGateway]:
    from gstack_pyramid.simulator import make_simulator

    from .support.gateway import Backend, Gateway
    from .unit.simulator.cloud import Clock, Cloud

    made: list[tuple[Backend, Cloud]] = []

    def make(
        router: Router | None = None,
        endpoint: str | None = None,
        read_timeout: float | None = None,
        patience: float = 1.0,
        **settings: Any,
    ) -> Gateway:
        clock = settings.pop("clock", None) or Clock()
        app = make_simulator(model=model, clock=clock, **settings)
        cloud = Cloud(app, clock)
        router = router or shared_router
        backend = Backend(
            router, cloud, endpoint=endpoint, read_timeout=read_timeout, patience=patience
        )
        made.append((backend, cloud))
        return Gateway(router, cloud, sent=backend.sent)

    yield make
    for backend, cloud in reversed(made):
        backend.close()
        cloud.app.close()


@pytest.fixture
def make_gateway(shared_router: Router, cloudstack_model: CloudStackModel) -> Iterator[MakeGateway]:
    """Makes gateways in front of simulated clouds; settings are the simulator's."""
    with _making(shared_router, cloudstack_model) as make:
        yield make


@pytest.fixture(scope="module")
def make_lasting_gateway(
    shared_router: Router, cloudstack_model: CloudStackModel
) -> Iterator[MakeGateway]:
    """Makes gateways for all tests of a module, which only read.

    The one that is made last is the one that answers; so a test has no other beside it.
    """
    with _making(shared_router, cloudstack_model) as make:
        yield make


@pytest.fixture
def gateway(make_gateway: MakeGateway) -> Gateway:
    """A gateway in front of the sample world, whose jobs are done when they are asked for."""
    return make_gateway()
