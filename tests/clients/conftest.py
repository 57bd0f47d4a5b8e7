from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import pytest

from ..support.effort import THOROUGH
from .gateway import Gateway, served
from .gcloud import Gcloud
from .gcloud_process import RunGcloud, executed, forking, sampled

_ONE_ALONE = 10
"""In a thorough run, of how many commands one has a process of its own."""


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for all tests of a run; each has resources of its own, by their names."""
    with served(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway
        assert gateway.complaints() == []


@pytest.fixture(scope="session")
def exports(gateway: Gateway) -> dict[str, str]:
    """The environment of a shell that has been pointed at the gateway."""
    return gateway.exports()


@pytest.fixture(scope="session")
def forked_gcloud() -> Iterator[RunGcloud]:
    """Runs gcloud in forks of one process."""
    with forking() as run:
        yield run


@pytest.fixture(scope="session")
def run_gcloud(request: pytest.FixtureRequest) -> RunGcloud:
    """Runs gcloud, the way that ``--gcloud`` says."""
    if request.config.getoption("--gcloud") == "exec":
        return executed
    forked: RunGcloud = request.getfixturevalue("forked_gcloud")
    return sampled(forked, _ONE_ALONE) if THOROUGH else forked


@pytest.fixture(scope="session")
def gcloud(run_gcloud: RunGcloud, exports: dict[str, str]) -> Gcloud:
    """gcloud with no other configuration than ``gstack env`` makes."""
    return Gcloud(run_gcloud, exports)


@pytest.fixture(scope="module")
def libcloud_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with links for Libcloud and a disk type by the name that it takes by default.

    Libcloud takes a link's path by cutting off ``https://host``, whatever it speaks itself, so this
    gateway makes such links although it is served without TLS.
    """
    with served(
        tmp_path_factory.mktemp("libcloud"),
        {
            "gstack.public_url": "https://gce.example.com",
            "gstack.settings.disk_types": "{pd-standard: standard}",
        },
    ) as gateway:
        yield gateway
        assert gateway.complaints() == []


@pytest.fixture(scope="module")
def libcloud_exports(libcloud_gateway: Gateway) -> dict[str, str]:
    """The environment of a shell that has been pointed at that gateway."""
    return libcloud_gateway.exports()


@pytest.fixture
def libcloud(
    libcloud_gateway: Gateway, libcloud_exports: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Any]:
    """Makes Libcloud's driver for a zone, as a user makes it who was told host and port."""
    # Only those who ask for it wait for Libcloud to be imported.
    from libcloud.compute.drivers.gce import GCEConnection, GCENodeDriver

    host, _, port = libcloud_gateway.url.removeprefix("http://").partition(":")

    # Host and port of a driver can be told only by a connection class of one's own.
    there = partialmethod(GCEConnection.__init__, host=host, port=int(port))
    connection = type("Connection", (GCEConnection,), {"__init__": there, "poll_interval": 0.05})
    kind: Any = type("Driver", (GCENodeDriver,), {"connectionCls": connection})
    # Proxies that the shell names are for other hosts.
    monkeypatch.setenv("NO_PROXY", host)
    exports = libcloud_exports

    def connect(zone: str) -> Any:
        return kind(
            "id",
            "secret",
            project=exports["GSTACK_PROJECT"],
            datacenter=zone,
            auth_type="IA",
            credential_file=exports["GSTACK_CREDENTIAL_FILE"],
            secure=False,
        )

    return connect


@pytest.fixture
def driver(libcloud: Callable[[str], Any]) -> Any:
    """Libcloud's driver for the zone with security groups."""
    return libcloud("ch-gva-2")


@pytest.fixture
def advanced(libcloud: Callable[[str], Any]) -> Any:
    """Libcloud's driver for the zone with networks of its own."""
    driver = libcloud("ch-zrh-1")
    # It would look for new forwarding rules and addresses in another region.
    driver.region = driver.ex_get_region("ch-zrh")
    return driver


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory, run_gcloud: RunGcloud) -> Iterator[Gcloud]:
    """gcloud at a gateway whose operator has named types and families as Google does.

    A region and a zone are set, as tutorials set them first.
    """
    with served(
        tmp_path_factory.mktemp("site"),
        {
            "gstack.settings.image_families": "{Ubuntu 24.04 LTS: ubuntu-2404-lts-amd64}",
            "gstack.settings.machine_types": "{e2-standard-2: medium, e2-small: small}",
            "gstack.settings.disk_types": "{pd-standard: standard}",
            "gstack.links_url": "https://www.googleapis.com",
        },
        simulator={"limit": "-1"},
    ) as site:
        gcloud = Gcloud(run_gcloud, site.exports())
        for key, value in {"compute/region": "ch-zrh", "compute/zone": "ch-zrh-1"}.items():
            done = run_gcloud(["config", "set", key, value], gcloud.environment)
            assert done.returncode == 0, done.stderr
        yield gcloud
        assert site.complaints() == []
