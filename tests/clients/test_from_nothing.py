"""The README's way from nothing to the first answer on a CloudStack of one's own.

In ``make test-all`` pip fetches all that gstack needs from its index, and what builds it, as it
does for ``make`` itself in a fresh clone. ``make test`` gives it what ``make`` has fetched, but
nothing that is only there for development, and asks nobody.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    SimulatorServer,
    make_simulator,
)

from ..support.effort import THOROUGH
from .dependencies import link_what_it_needs
from .gateway import OTHER_CLOUDS, ROOT, end, free_ports
from .gcloud_process import find_gcloud

pytestmark = pytest.mark.clients

_NOT_SOURCE = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "tests")


@pytest.fixture
def cloud(cloudstack_model: CloudStackModel) -> Iterator[str]:
    """A CloudStack on a free port; its URL."""
    app = make_simulator(model=cloudstack_model)
    server = SimulatorServer(app)
    yield server.start()
    server.stop()
    app.close()


def blocks() -> list[str]:
    """The shell commands of the README's section."""
    text = (ROOT / "README.md").read_text()
    (section,) = re.findall(r"^## Use it with your CloudStack$(.*?)^## ", text, re.M | re.S)
    return re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)


def shell(command: str, environment: dict[str, str], folder: Path) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        ["bash", "-euc", command],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of the source, and an environment with what the README's first block installs."""
    home = tmp_path_factory.mktemp("home")
    source = home / "gstack"
    shutil.copytree(ROOT, source, ignore=_NOT_SOURCE)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(OTHER_CLOUDS)}
    for name in ("XDG_CONFIG_HOME", "VIRTUAL_ENV"):
        environment.pop(name, None)
    # What pip has fetched once it need not fetch again.
    environment.setdefault("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
    # The versions that the other tests run on, and only what is run gets compiled.
    environment.setdefault("PIP_CONSTRAINT", str(ROOT / "constraints.txt"))
    environment.setdefault("PIP_NO_COMPILE", "1")
    path = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment |= {"HOME": str(home), "PATH": path}
    make, install = blocks()[0].strip().splitlines()
    shell(make, environment, source)
    if THOROUGH:
        shell(install, environment, source)
    else:
        (site_packages,) = home.glob("gstack-env/lib/*/site-packages")
        link_what_it_needs("gstack_pyramid", site_packages)
        # What gstack needs has brought setuptools, which builds it.
        shell(install, {**environment, "PIP_NO_BUILD_ISOLATION": "0"}, source)
    environment["PATH"] = f"{home}/gstack-env/bin:{environment['PATH']}"
    return source, environment


@contextmanager
def serving(command: str, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Serve until the block ends; the line in which the server says that it listens."""
    server = subprocess.Popen(
        ["bash", "-euc", f"exec {command}"],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert server.stdout
        greetings = (b"Serving on", b"gstack serves http://127.0.0.1")
        yield next(line for line in server.stdout if line.startswith(greetings)).decode().strip()
    finally:
        end(server, signal.SIGTERM)


def test_what_a_service_needs_is_installed_with_it(
    installed: tuple[Path, dict[str, str]],
) -> None:
    source, environment = installed
    (package,) = Path(environment["HOME"]).glob("gstack-env/lib/*/site-packages/gstack_pyramid")
    for name in ("mappings", "schemas", "deploy"):
        shipped, there = (
            {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
            for folder in (source / name, package / "_data" / name)
        )
        assert there == shipped


@pytest.mark.matrix
def test_what_is_installed_serves_a_simulated_cloud_and_looks_into_another(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    _, environment = installed
    gateway, cloud = free_ports(2)
    own = environment | {"GSTACK_PORT": str(gateway), "GSTACK_SIMULATOR_PORT": str(cloud)}
    shell("gstack init --simulator trial", own, tmp_path)
    with serving("gstack", own, tmp_path / "trial") as told:
        assert told.startswith(f"gstack serves http://127.0.0.1:{gateway}")
        # A service for that cloud, which is checked and not served: it wants a proxy.
        url = f"http://127.0.0.1:{cloud}/client/api"
        shell(f"gstack init --cloudstack {url} service", own, tmp_path)
        ini = tmp_path / "service" / "production.ini"
        ini.write_text(ini.read_text().replace("127.0.0.1:5000", f"127.0.0.1:{gateway}"))
        checked = shell("gstack --config service/production.ini doctor", own, tmp_path)
        assert "CloudStack answers" in checked


def test_the_readme_leads_to_an_answer(installed: tuple[Path, dict[str, str]], cloud: str) -> None:
    find_gcloud()
    _, configure, serve, ask, sign_in = (block.strip() for block in blocks())
    assert configure == "gstack-configure"
    assert serve == "gstack --profile default"
    # Walked with a browser in test_sign_in.py.
    assert sign_in == 'eval "$(gstack --profile default env --sign-in)"\ngcloud auth login'
    source, environment = installed
    address = urlsplit(cloud)
    (port,) = free_ports(1)
    flags = (
        f"--bind-port {port} --bind-address localhost --key-ring --certificate"
        f" --cloudstack-host {address.hostname} --cloudstack-port {address.port}"
        f" --cloudstack-protocol {address.scheme} --cloudstack-path {address.path}"
        f" --api-key {DEMO_API_KEY}"
    )
    keys = {"GSTACK_SECRET_KEY": DEMO_SECRET_KEY}
    told = shell(f"{configure} {flags}", environment | keys, source)
    assert "zone ch-gva-2: Advanced networking, with security groups" in told

    with serving(serve, environment, source) as told:
        assert told == f"Serving on https://localhost:{port}"
        answer = shell(ask, environment, source)
        assert [line.split()[0] for line in answer.splitlines()] == ["NAME", "ch-gva-2", "ch-zrh-1"]
