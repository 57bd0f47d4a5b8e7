from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from ..clients.gateway import BIN, OTHER_CLOUDS, PATIENCE, end, free_ports, run
from ..clients.gcloud import Gcloud
from ..clients.gcloud_process import RunGcloud, forking
from .cloud import LISTS, Cloud, Inventory, chosen_cloud, sorted_out
from .places import Place, places_of
from .relay import Relay
from .report import Part, Report, Step

PREFIX = "gstack-real"

LONG = 600.0
"""Seconds in which a command of gcloud's has to end."""

_REPORT = "GSTACK_REAL_REPORT"
"""The folder for the report; by default one that pytest makes."""


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The cloud of the environment, or a simulated one."""
    with chosen_cloud() as cloud:
        yield cloud


@pytest.fixture(scope="session")
def relay(cloud: Cloud) -> Iterator[Relay]:
    """What the gateway takes for the cloud."""
    relay = Relay(cloud.endpoint)
    relay.start()
    yield relay
    relay.stop()


@pytest.fixture(scope="session")
def exports(
    cloud: Cloud, relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of a shell that is pointed at a gateway of a profile for that cloud."""
    folder = tmp_path_factory.mktemp("real")
    own = {k: v for k, v in os.environ.items() if not k.startswith(OTHER_CLOUDS)}
    own |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    (port,) = free_ports(1)
    address = urlsplit(relay.url)
    configure = (
        f"{BIN / 'gstack-configure'} --profile real --key-ring --no-certificate"
        f" --bind-address 127.0.0.1 --bind-port {port} --cloudstack-protocol http"
        f" --cloudstack-host {address.hostname} --cloudstack-port {address.port}"
        f" --cloudstack-path {address.path} --api-key {cloud.api_key}"
    )
    told = run(shlex.split(configure), own | {"GSTACK_SECRET_KEY": cloud.secret_key})
    assert told.returncode == 0, told.stdout + told.stderr
    gstack = [str(BIN / "gstack"), "--profile", "real"]
    with serving(gstack, own, f"http://127.0.0.1:{port}/") as log:
        shell = ["sh", "-c", f'exports=$({shlex.join(gstack)} env) && eval "$exports" && env -0']
        done = run(shell, own)
        assert done.returncode == 0, done.stderr
        pairs = (line.partition("=") for line in done.stdout.split("\0") if line)
        yield {name: value for name, _, value in pairs}
        assert [line for line in log.read_text().splitlines() if " ERROR " in line] == []


@contextmanager
def serving(command: list[str], environment: dict[str, str], url: str) -> Iterator[Path]:
    """Run a server that answers at a URL, until the block ends; the file of what it writes."""
    log = Path(environment["HOME"]) / "server.log"
    with log.open("wb") as file:
        server = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    patient = Retry(total=90, backoff_factor=0.02, backoff_max=1)
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", HTTPAdapter(max_retries=patient))
            session.get(url, timeout=PATIENCE)
        assert server.poll() is None, log.read_text()
        yield log
    finally:
        end(server, signal.SIGTERM)


@pytest.fixture(scope="session")
def report(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """What is told in the end, of all tests."""
    rows = cloud.rows("listAccounts")
    role = rows[0].get("rolename", "of no role") if rows else "that can't be listed"
    where = "the simulator" if cloud.simulated else urlsplit(cloud.endpoint).netloc
    version = _version(cloud)
    report = Report(f"CloudStack {version} at {where}, an account with the role {role}")
    before = Inventory.of(cloud)
    yield report
    after = Inventory.of(cloud)
    report.before = {command: len(before.rows[command]) for command in LISTS}
    report.after = {command: len(after.rows[command]) for command in LISTS}
    report.write(Path(os.environ.get(_REPORT) or tmp_path_factory.mktemp("report")))


def _version(cloud: Cloud) -> str:
    from gstack_pyramid.cloudstack import Client, Credentials
    from gstack_pyramid.cloudstack.apis import capabilities
    from gstack_pyramid.schemas.cloudstack import CloudStackModel
    from gstack_pyramid.schemas.location import data_folder

    client = Client(cloud.endpoint, CloudStackModel(data_folder("schemas") / "cloudstack"))
    try:
        told = capabilities(client, Credentials(cloud.api_key, cloud.secret_key))
    finally:
        client.close()
    return str(told.get("cloudstackversion", "of no version"))


@dataclass(frozen=True)
class NotingGcloud(Gcloud):
    """gcloud, with each command noted in a report."""

    relay: Relay = field(kw_only=True)
    part: Part = field(kw_only=True)

    def try_(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        self.relay.taken()
        began = time.monotonic()
        done = super().try_(command, *options)
        seconds = round(time.monotonic() - began, 1)
        words = shlex.join([*command.split(), *options])
        said = done.stderr if done.returncode else ""
        sent = dict(sorted(self.relay.taken().items()))
        self.part.steps.append(Step(words, done.returncode, seconds, sent, said))
        return done

    def tidy_up(self, name: str) -> None:
        """Remove what a test that failed has made, as far as it can be, the latest first."""
        ours = self.try_("instances list", f"--filter=name~^{name}", "--format=value(name,zone)")
        for line in ours.stdout.splitlines():
            self.try_("instances delete {} --zone={}".format(*line.split()))
        for step in reversed(self.part.steps.copy()):
            words = shlex.split(step.command)
            if step.status or "create" not in words or "bulk" in words:
                continue
            at = words.index("create")
            names = [word for word in words[at + 1 :] if not word.startswith("--")]
            where = [word for word in words if word.startswith(("--zone=", "--region="))]
            self.try_(" ".join([*words[:at], "delete", *names, *where]))


def in_use(said: str) -> bool:
    """Whether gcloud says that something can't be removed since something else needs it."""
    return re.search(r"in use|being used|used by", said) is not None


@pytest.fixture(scope="session")
def start_gcloud() -> Iterator[RunGcloud]:
    """Runs gcloud, which may have to wait for a cloud that is slow."""
    with forking(LONG) as start:
        yield start


@pytest.fixture(scope="session")
def some_gcloud(start_gcloud: RunGcloud, exports: dict[str, str], relay: Relay) -> NotingGcloud:
    """gcloud outside of any test."""
    return NotingGcloud(start_gcloud, exports, relay=relay, part=Part("before"))


@pytest.fixture(scope="session")
def places(cloud: Cloud, some_gcloud: NotingGcloud) -> dict[str, Place]:
    """A zone of each kind, with a machine type and an image to be had there."""
    return places_of(cloud, some_gcloud)


@pytest.fixture
def gcloud(
    request: pytest.FixtureRequest,
    some_gcloud: NotingGcloud,
    cloud: Cloud,
    report: Report,
    name: str,
) -> Iterator[NotingGcloud]:
    """gcloud for one test, after which nothing may be left of what the test has made."""
    part = report.part(request.node.name.removeprefix("test_").replace("_", " "))
    before = Inventory.of(cloud)
    gcloud = replace(some_gcloud, part=part)
    yield gcloud
    failed = request.node.stash.get(FAILED, None)
    if failed:
        gcloud.tidy_up(name)
    part.outcome = failed or "passed"
    part.leaked, part.waiting = sorted_out(Inventory.of(cloud).since(before), part.refused)
    assert part.leaked == []


FAILED = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember for the report what a test died of."""
    result = yield
    if call.excinfo is not None and call.when == "call":
        item.stash[FAILED] = call.excinfo.exconly().splitlines()[0][:200]
    return result


@pytest.fixture
def name() -> str:
    """A name that nobody else has, to which a test may add."""
    return f"{os.environ.get('GSTACK_REAL_PREFIX') or PREFIX}-{secrets.token_hex(3)}"


@pytest.fixture(params=["networks", "groups"])
def place(request: pytest.FixtureRequest, places: dict[str, Place]) -> Place:
    """A zone with networks of its own, and one with security groups."""
    return _place(request.param, places)


@pytest.fixture
def networks(places: dict[str, Place]) -> Place:
    """A zone with networks of its own."""
    return _place("networks", places)


def _place(kind: str, places: dict[str, Place]) -> Place:
    if kind not in places:
        pytest.skip(f"the cloud has no zone with {kind}, or not for this user")
    return places[kind]
