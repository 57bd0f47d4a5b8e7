"""A real Prometheus in front of a gateway at work: the shipped dashboard and alerts ask it."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import yaml

from ..support.programs import required
from .gateway import PATIENCE, ROOT, free_ports, served

pytestmark = pytest.mark.clients

DASHBOARD = json.loads((ROOT / "deploy/grafana/gstack.json").read_text())
RULES = ROOT / "deploy/prometheus/gstack.rules.yml"
ASKED = [
    pytest.param(target["expr"], id=f"{panel['title']}: {target['legendFormat']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
SILENT = frozenset({"gstack_cloudstack_retries_total", "gstack_signins_total"})
"""What nothing has happened of here: there are no figures, and the question is only understood."""

_open = build_opener(ProxyHandler({})).open


def fetched(url: str, **headers: str) -> bytes:
    content: bytes = _open(Request(url, headers=headers), timeout=60).read()
    return content


def until(true: Callable[[], object]) -> None:
    """Ask again until it is so, for as long as a busy machine may need."""
    pause = threading.Event()
    for _ in range(int(PATIENCE)):
        try:
            if true():
                return
        except URLError:
            pass
        pause.wait(1)
    raise AssertionError("it never came")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that has looked at a gateway at work a few times."""
    program = str(required("prometheus"))
    folder = tmp_path_factory.mktemp("prometheus")
    own, port = free_ports(2)
    (folder / "gateway").mkdir()
    settings = {"gstack.metrics.listen": f"127.0.0.1:{port}"}
    with served(folder / "gateway", settings, load=20) as gateway:
        config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
        job = config["scrape_configs"][0]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
        job["scrape_interval"], job["scrape_timeout"] = "1s", "1s"
        config["rule_files"] = [str(RULES)]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, f"--config.file={folder}/prometheus.yml",
                 f"--storage.tsdb.path={folder}/db", f"--web.listen-address=127.0.0.1:{own}"],
                stdout=log, stderr=log,
            )  # fmt: skip
        url = f"http://127.0.0.1:{own}"
        try:
            until(lambda: rows(url, "up == 1"))
            token = gateway.exports()["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]
            work(gateway.url, Path(token).read_text().strip(), "first")
            # The last that it did is seen twice.
            until(lambda: rows(url, 'rate(gstack_refused_credentials_total{what="token"}[1m])'))
            work(gateway.url, Path(token).read_text().strip(), "second")
            yield url
        finally:
            process.terminate()
            process.wait(60)


def work(gateway: str, token: str, disk: str) -> None:
    """Some of what clients do."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    base = f"{gateway}/compute/v1/projects/demo-project"
    fetched(f"{base}/zones", **headers)
    fetched(f"{base}/zones/ch-gva-2/instances", **headers)
    body = json.dumps({"name": disk, "sizeGb": "1"}).encode()
    made = json.loads(posted(f"{base}/zones/ch-gva-2/disks", body, headers))
    operation = made["selfLink"].partition("/compute/v1/")[2]
    posted(f"{gateway}/compute/v1/{operation}/wait", b"", headers)
    for wrong in (f"{base}/zones/none", f"{gateway}/nothing"):
        with pytest.raises(URLError):
            fetched(wrong, **headers)
    with pytest.raises(URLError):
        fetched(f"{base}/zones", Authorization="Bearer made-up")


def posted(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    content: bytes = _open(Request(url, body, headers), timeout=60).read()
    return content


def rows(url: str, expression: str) -> list[Any]:
    told = json.loads(fetched(f"{url}/api/v1/query?{urlencode({'query': expression})}"))
    assert told["status"] == "success", told
    found: list[Any] = told["data"]["result"]
    return found


@pytest.mark.parametrize("expression", ASKED)
def test_each_question_of_the_dashboard_has_an_answer(prometheus: str, expression: str) -> None:
    asked = expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
    found = rows(prometheus, asked)
    if not set(re.findall(r"gstack_\w+", asked)) <= SILENT:
        assert found, asked
        assert all(float(row["value"][1]) >= 0 for row in found if row["value"][1] != "NaN")


def test_alerts_are_loaded_and_none_fires_while_all_is_well(prometheus: str) -> None:
    until(
        lambda: all(
            rule["health"] == "ok"
            for group in json.loads(fetched(f"{prometheus}/api/v1/rules"))["data"]["groups"]
            for rule in group["rules"]
        )
    )
    told = json.loads(fetched(f"{prometheus}/api/v1/alerts"))["data"]["alerts"]
    assert [alert["labels"]["alertname"] for alert in told if alert["state"] == "firing"] == []


def test_an_alert_names_only_figures_that_there_are(prometheus: str) -> None:
    names = set(json.loads(fetched(f"{prometheus}/api/v1/label/__name__/values"))["data"])
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            asked = set(re.findall(r"gstack_\w+", rule["expr"]))
            assert asked <= names, rule["alert"]


def test_the_figures_have_the_form_that_promtool_asks_for(prometheus: str) -> None:
    program = str(required("promtool"))
    target = json.loads(fetched(f"{prometheus}/api/v1/targets"))["data"]["activeTargets"][0]
    told = subprocess.run(
        [program, "check", "metrics"], input=fetched(target["scrapeUrl"]), capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    complaints = [
        line for line in (told.stdout + told.stderr).decode().splitlines() if "gstack_" in line
    ]
    assert complaints == []
