"""A caller of the simulator, over WSGI, with a clock of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus, urlencode

from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    OTHER_API_KEY,
    OTHER_SECRET_KEY,
    Simulator,
)
from gstack_pyramid.simulator.names import envelope

NOON = 1_780_000_000.0


def java_signature(sent: dict[str, str], secret: str) -> str:
    """The signature as Java's URLEncoder leads to it, written apart from the simulator's own."""

    def enc(value: str) -> str:
        return quote_plus(value, safe="*").replace("+", "%20").replace("~", "%7E")

    text = "&".join(f"{k}={enc(sent[k])}" for k in sorted(sent)).lower()
    return b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha1)).decode()


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.content)
        return told

    def body(self) -> dict[str, Any]:
        """What is in the envelope."""
        (body,) = self.json().values()
        told: dict[str, Any] = body
        return told


@dataclass
class Cloud:
    """One account's view of a simulated cloud."""

    app: Simulator
    clock: Clock
    api_key: str = DEMO_API_KEY
    secret: str = DEMO_SECRET_KEY

    def other(self) -> Cloud:
        return Cloud(self.app, self.clock, OTHER_API_KEY, OTHER_SECRET_KEY)

    def signed(self, command: str, **params: object) -> dict[str, str]:
        sent = {
            "command": command,
            "apikey": self.api_key,
            "response": "json",
            "signatureversion": "3",
            "expires": self.date(600),
        }
        for name, value in params.items():
            if isinstance(value, bool):
                sent[name] = str(value).lower()
            elif isinstance(value, dict):
                for at, (key, item) in enumerate(value.items()):
                    if name == "details":
                        sent[f"details[0].{key}"] = str(item)
                    else:
                        sent[f"{name}[{at}].key"] = key
                        sent[f"{name}[{at}].value"] = str(item)
            elif isinstance(value, list):
                sent[name] = ",".join(map(str, value))
            elif value is not None:
                sent[name] = str(value)
        sent["signature"] = java_signature(sent, self.secret)
        return sent

    def date(self, ahead: float) -> str:
        return datetime.fromtimestamp(self.clock.now + ahead, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")

    def send(
        self,
        sent: dict[str, str],
        method: str = "POST",
        path: str = "/client/api",
        cookie: str = "",
    ) -> Reply:
        form = urlencode(sent)
        body = form.encode() if method == "POST" else b""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "" if method == "POST" else form,
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_COOKIE": cookie,
            "wsgi.input": BytesIO(body),
        }
        return self.ask(environ)

    def ask(self, environ: dict[str, Any]) -> Reply:
        """The answer to a request as WSGI has it."""
        got: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            got.extend((status, headers))

        content = b"".join(self.app(environ, start_response))
        return Reply(int(got[0].split()[0]), dict(got[1]), content)

    def admin(self, method: str, path: str = "", body: object = None, **environ: str) -> Reply:
        """The answer of the simulator's endpoint for faults; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": f"/admin/faults{path}",
                "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(content)),
                "wsgi.input": BytesIO(content),
                **environ,
            }
        )

    def call(self, command: str, **params: object) -> dict[str, Any]:
        """The body of an answer that must succeed."""
        reply = self.send(self.signed(command, **params))
        assert reply.status == 200, reply.content
        assert list(reply.json()) == [envelope(command)]
        return reply.body()

    def refused(self, command: str, **params: object) -> tuple[int, str]:
        """Code and text of an answer that must be an error."""
        reply = self.send(self.signed(command, **params))
        body = reply.body()
        assert reply.status == body["errorcode"], reply.content
        assert reply.headers["X-Description"] == body["errortext"]
        return body["errorcode"], body["errortext"]

    def job(self, command: str, **params: object) -> dict[str, Any]:
        """The job of a command, when it is over."""
        started = self.call(command, **params)
        return self.call("queryAsyncJobResult", jobid=started["jobid"])

    def done(self, command: str, **params: object) -> dict[str, Any]:
        """The result of a job that must succeed, without the key around an object."""
        job = self.job(command, **params)
        assert job["jobstatus"] == 1, job
        result: dict[str, Any] = job["jobresult"]
        if len(result) == 1 and isinstance(next(iter(result.values())), dict):
            return next(iter(result.values()))
        return result

    def failed(self, command: str, **params: object) -> tuple[int, str]:
        """Code and text of a job that must fail."""
        job = self.job(command, **params)
        assert job["jobstatus"] == 2, job
        assert job["jobresultcode"] == job["jobresult"]["errorcode"]
        return job["jobresult"]["errorcode"], job["jobresult"]["errortext"]

    def rows(self, command: str, **params: object) -> list[dict[str, Any]]:
        """The rows of a list."""
        body = self.call(command, **params)
        if not body:
            return []
        (key,) = body.keys() - {"count"}
        found: list[dict[str, Any]] = body[key]
        return found

    def id(self, command: str, name: str, **params: object) -> str:
        """The id of the first row with a name."""
        for row in self.rows(command, **params):
            if row["name"] == name:
                return str(row["id"])
        raise LookupError(name)

    def zone(self, name: str = "ch-gva-2") -> str:
        return self.id("listZones", name)

    def offering(self, name: str = "Small") -> str:
        return self.id("listServiceOfferings", name)

    def template(self, name: str = "Linux Ubuntu 24.04 LTS 64-bit") -> str:
        return self.id("listTemplates", name, templatefilter="featured")

    def machine(self, name: str, zone: str = "ch-gva-2", **params: object) -> dict[str, Any]:
        """A new instance."""
        if zone == "ch-zrh-1" and "networkids" not in params:
            params["networkids"] = self.id("listNetworks", "backend")
        return self.done("deployVirtualMachine", **self.wish(zone, name=name, **params))

    def wish(self, zone: str = "ch-gva-2", /, **params: object) -> dict[str, object]:
        """The parameters of a deployment."""
        usual = {
            "zoneid": self.zone(zone),
            "serviceofferingid": self.offering(),
            "templateid": self.template(),
        }
        return {**usual, **params}
