"""Programs that know Google's hosts only: Packer, Prometheus and Ansible, as users.md has them."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..support.programs import required
from .gateway import PATIENCE, free_ports, run
from .google_hosts import Site, site
from .manual import example
from .packages import ansible

pytestmark = [pytest.mark.clients, pytest.mark.matrix]


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where Google's names lead to a gateway."""
    with site(tmp_path_factory.mktemp("site")) as site_:
        yield site_
        assert site_.gateway.complaints() == []


@pytest.fixture
def machine(google: Site) -> Iterator[str]:
    """A machine of the gateway's; its name."""
    google.ask(
        "POST",
        "zones/ch-zrh-1/instances",
        {
            "name": "watched",
            "machineType": "zones/ch-zrh-1/machineTypes/small",
            "disks": [
                {
                    "boot": True,
                    "autoDelete": True,
                    "initializeParams": {
                        "sourceImage": "global/images/linux-ubuntu-24-04-lts-64-bit"
                    },
                }
            ],
            "networkInterfaces": [{"network": "global/networks/default"}],
            "labels": {"role": "web"},
        },
    )
    yield "watched"
    google.ask("DELETE", "zones/ch-zrh-1/instances/watched")


def test_packer_builds_an_image(google: Site, tmp_path: Path) -> None:
    template = tmp_path / "image.json"
    template.write_text(example("Packer", "json", my_account="demo-project"))
    shell = {**google.environment, "CHECKPOINT_DISABLE": "1", "PACKER_LOG": ""}
    command = [str(required("packer")), "build", "-color=false", "-var", f"key={google.key}"]
    done = run([*command, str(template)], shell)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A disk image was created: web-server" in done.stdout
    image = google.ask("GET", "global/images/web-server")
    assert (image["status"], image["family"], image["diskSizeGb"]) == ("READY", "web", "20")
    # Nothing but the image is left.
    for kind in ("instances", "disks"):
        left = google.ask("GET", f"zones/ch-zrh-1/{kind}").get("items", [])
        assert not [each["name"] for each in left if each["name"].startswith("packer-")]


def test_prometheus_finds_the_machines(google: Site, machine: str, tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text(example("Prometheus", "yaml", my_account="demo-project"))
    (port,) = free_ports(1)
    listen = f"127.0.0.1:{port}"
    command = [
        str(required("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address={listen}",
    ]
    with (tmp_path / "log").open("w") as log:
        # What it finds is not there to be asked, and must not be looked for through the proxy.
        prometheus = subprocess.Popen(command, env=google.environment, stdout=log, stderr=log)
    try:
        (target,) = _targets(listen, prometheus)
    finally:
        prometheus.terminate()
        prometheus.wait(PATIENCE)
    found = target["discoveredLabels"]
    assert found["__meta_gce_instance_name"] == machine
    assert found["__meta_gce_instance_status"] == "RUNNING"
    assert found["__meta_gce_label_role"] == "web"
    assert found["__meta_gce_project"] == "demo-project"
    assert found["__meta_gce_zone"].endswith("/zones/ch-zrh-1")
    assert found["__meta_gce_machine_type"].endswith("/machineTypes/small")
    assert found["__address__"] == f"{found['__meta_gce_private_ip']}:9100"


def _targets(listen: str, prometheus: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    """What it has discovered, as soon as that is anything; it answers while it still looks."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(int(PATIENCE)):
        assert prometheus.poll() is None, "prometheus has ended"
        try:
            with opener.open(f"http://{listen}/api/v1/targets") as answer:
                targets: list[dict[str, Any]] = json.load(answer)["data"]["activeTargets"]
        except OSError:
            targets = []
        if targets:
            return targets
        # Time given to another process: there is nothing of its to wait for.
        try:
            prometheus.wait(1)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("prometheus finds no machine")


def test_ansible_changes_nothing_on_the_second_run(google: Site, tmp_path: Path) -> None:
    playbook = tmp_path / "site.yml"
    playbook.write_text(example("Ansible", "yaml", my_account="demo-project"))
    shell = {
        **google.environment,
        "GCP_AUTH_KIND": "serviceaccount",
        "GCP_SERVICE_ACCOUNT_FILE": str(google.key),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_PYTHON_INTERPRETER": str(ansible().parent / "python"),
    }
    command = [str(ansible()), str(playbook), "--inventory", "localhost,", "--connection", "local"]
    first = run(command, shell)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "changed=5 " in first.stdout
    second = run(command, shell)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "changed=0 " in second.stdout, second.stdout
