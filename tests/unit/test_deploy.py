"""What is shipped for containers and Kubernetes fits gstack: its settings, ports and paths.

No image is built here; `make image` does that where a builder is.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gstack_pyramid.hosts import LIVE, READY
from gstack_pyramid.settings import Settings, keys

DEPLOY = Path(__file__).parents[2] / "deploy"
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text()
INI = DEPLOY / "container" / "gstack.ini"
MANIFESTS: list[dict[str, Any]] = [
    found
    for found in yaml.safe_load_all((DEPLOY / "kubernetes" / "gstack.yaml").read_text())
    if found is not None
]


def manifest(kind: str) -> Any:
    (found,) = [one for one in MANIFESTS if one["kind"] == kind]
    return found


def container() -> Any:
    (found,) = manifest("Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def server() -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(INI)
    return dict(parser["server:main"])


def settings(environ: dict[str, str]) -> Settings:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(INI)
    return Settings.from_ini(dict(parser["app:main"]), environ)


@pytest.mark.parametrize("one", MANIFESTS, ids=lambda one: str(one["kind"]))
def test_each_manifest_is_one_of_kubernetes(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, "1.31", strict=True)


def test_the_environment_of_the_containers_is_all_that_the_ini_leaves_open() -> None:
    secrets = {
        "token-keys": "a:AAAA",
        "database": "postgresql://gstack:hush@db.example.com/gstack",
    }
    environ = dict(manifest("ConfigMap")["data"])
    for each in container()["env"]:
        environ[each["name"]] = secrets[each["valueFrom"]["secretKeyRef"]["key"]]
    assert [name for name in environ if keys().named(name) is None] == []
    found = settings(environ)
    assert found.token_keys == "a:AAAA"
    assert found.operations.url == found.signin.ledger == secrets["database"]
    assert found.public_url == "https://gce.example.com"


def test_ports_and_probes_are_those_of_the_server() -> None:
    ports = {each["name"]: each["containerPort"] for each in container()["ports"]}
    listened = int(server()["listen"].rpartition(":")[2])
    environ = dict(manifest("ConfigMap")["data"])
    figures = int(settings(environ).metrics.listen.rpartition(":")[2])
    assert ports == {"http": listened, "metrics": figures}
    exposed = re.findall(r"^EXPOSE (.*)$", CONTAINERFILE, re.MULTILINE)[0].split()
    assert sorted(map(int, exposed)) == sorted(ports.values())
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container()[probe]["httpGet"]["path"] in (LIVE, READY)
    (host,) = {
        manifest("Ingress")["spec"]["rules"][0]["host"],
        *manifest("Ingress")["spec"]["tls"][0]["hosts"],
    }
    assert manifest("ConfigMap")["data"]["GSTACK_PUBLIC_URL"] == f"https://{host}"


def test_nothing_of_a_services_variables_reaches_the_containers() -> None:
    """Kubernetes sets GSTACK_PORT for a service called gstack."""
    assert manifest("Service")["metadata"]["name"] == "gstack"
    assert manifest("Deployment")["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_a_proxy_waits_longer_than_an_operation_does() -> None:
    timeout = manifest("Ingress")["metadata"]["annotations"]
    environ = dict(manifest("ConfigMap")["data"])
    waits = settings(environ).wait_seconds
    assert int(timeout["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > waits


def test_the_image_is_made_of_what_there_is() -> None:
    root = DEPLOY.parent
    for source in re.findall(r"^COPY (?!--from)(\S+) ", CONTAINERFILE, re.MULTILINE):
        assert (root / source).exists(), source
    (user,) = re.findall(r"^USER (\d+)$", CONTAINERFILE, re.MULTILINE)
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    assert int(user) == pod["securityContext"]["runAsUser"]
    assert f"--uid {user} " in CONTAINERFILE
