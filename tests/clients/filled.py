"""A served gateway with plenty in every list, made over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from gstack_pyramid.simulator import make_simulator

from ..support import shipped
from ..support.plenty import SIMULATOR, fill, prepare
from ..unit.simulator.cloud import Clock, Cloud, Reply
from .gateway import PATIENCE, Gateway, served


class FarCloud(Cloud):
    """A simulated cloud in another process."""

    url = ""

    def send(
        self,
        sent: dict[str, str],
        method: str = "POST",
        path: str = "/client/api",
        cookie: str = "",
    ) -> Reply:
        answer = requests.request(method, self.url + path, data=sent, timeout=PATIENCE)
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    def job(self, command: str, **params: object) -> dict[str, Any]:
        started = self.call(command, **params)
        while True:
            job = self.call("queryAsyncJobResult", jobid=started["jobid"])
            if job["jobstatus"]:
                return job


class Filled:
    """The API of a served gateway, as far as filling it and looking into it needs."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.exports: Mapping[str, str] = gateway.exports()
        self.token = Path(self.exports["GSTACK_TOKEN_FILE"]).read_text()
        self.project = f"{gateway.url}/compute/v1/projects/demo-project"
        far = FarCloud(app=None, clock=Clock(time.time()))  # type: ignore[arg-type]  # it is far
        far.url = f"http://127.0.0.1:{gateway.environment['GSTACK_SIMULATOR_PORT']}"
        self.cloud: Cloud = far

    def ask(self, verb: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The JSON of an answer that must be 200."""
        url = path if path.startswith("http") else f"{self.project}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(
            verb, url, json=body, params=query, headers=headers, timeout=PATIENCE
        )
        assert answer.status_code == 200, f"{verb} {path}\n{answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    def do(self, verb: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """A change that must succeed, to its end."""
        done = self.ask(verb, path, body, **query)
        while done["status"] != "DONE":
            done = self.ask("POST", f"{done['selfLink']}/wait")
        assert "error" not in done, done
        return done

    def items(self, path: str) -> list[dict[str, Any]]:
        """The resources of a list, of all scopes if it is an aggregated one."""
        items = self.ask("GET", path).get("items", [])
        if isinstance(items, list):
            return items
        return [
            item
            for scope in items.values()
            for held in scope.values()
            if isinstance(held, list)
            for item in held
        ]


@contextmanager
def filled(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Filled]:
    """Serve a gateway in whose lists there is plenty.

    Args:
        folder: empty; the cloud's state lies there, too.
        settings: more settings of the gateway than development.ini has.
    """
    state = folder / "cloud.sqlite"
    model = shipped.cloudstack_model()
    app = make_simulator(model=model, state=str(state), **SIMULATOR)
    prepare(app)
    app.close()
    simulator = {"state": str(state), "job_seconds": "0"}
    simulator |= {key: str(value).lower() for key, value in SIMULATOR.items()}
    with served(folder, settings, simulator=simulator) as gateway:
        there = Filled(gateway)
        fill(there)
        yield there
