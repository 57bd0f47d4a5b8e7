"""Two nodes on PostgreSQL behind nginx, under load, while one thing after the other goes wrong.

A node is restarted, one is killed, PostgreSQL is restarted, CloudStack goes away, and both nodes
are replaced one after the other. Told are the requests of each phase and their answers. It fails
when a request is answered 5xx that could have been served, and when an operation is lost: each disk
that was accepted must be there, once, and each operation must have ended well.

What can't be served: changes while the database or CloudStack is away (503, which clients send
again with the same ``requestId``), and reads of what only CloudStack knows; and what a killed node
was at work on, for which nginx answers 502 where it must not send it twice.

It needs Debian's postgresql and nginx. GSTACK_AWAY_SECONDS is how long CloudStack is away, 30 by
default. GSTACK_UPDATE_FROM is the revision that nodes are of until they are replaced by the present
one: a rolling update, with a node of each version beside the other for a while.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.goals import checkout
from benchmarks.processes import await_port, free_port, write_ini
from gstack_pyramid.auth import KeyRing, access_token
from gstack_pyramid.auth.scopes import COMPUTE
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    SimulatorServer,
    make_simulator,
)

ZONE = "/compute/v1/projects/demo-project/zones/ch-gva-2"
PHASE = 6.0
"""Seconds of load before and after what goes wrong."""
LEFT_OUT = 5
"""Seconds for which nginx leaves out a node that it couldn't reach, its fail_timeout."""
PAUSE = 0.05
"""Seconds between two requests of one client."""
READERS, WRITERS = 3, 2
TRIES = 200

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream gstack {{
        least_conn;
        {servers}
        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


class Load:
    """Clients that read and make disks until they are told to stop.

    Attributes:
        answers: how often each status was answered, by phase and by what was asked: ``zone`` is
            known to a node that has been asked before, ``disks`` only to CloudStack.
        operations: the operations of accepted disks, by the disks' names.
    """

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self.phase = ""
        self.answers: dict[str, Counter[tuple[str, int]]] = {}
        self.slowest: dict[str, float] = {}
        self.operations: dict[str, str] = {}
        self._numbers = iter(range(1_000_000))
        self._over = threading.Event()
        self._lock = threading.Lock()
        works: list[Callable[[], None]] = [self._read] * READERS + [self._write] * WRITERS
        self._threads = [threading.Thread(target=self._repeat, args=(work,)) for work in works]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def during(self, phase: str, happens: Callable[[], object]) -> None:
        """Let something happen under load, with some seconds before and after it."""
        self.phase = phase
        self.answers[phase], self.slowest[phase] = Counter(), 0.0
        time.sleep(PHASE / 2)
        happens()
        time.sleep(PHASE)

    def ask(self, kind: str, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and content of an answer; status 0 where the connection was cut."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=150)
        began, phase = time.monotonic(), self.phase
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            text = None if body is None else json.dumps(body)
            connection.request(verb, path, text, headers)
            response = connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, http.client.HTTPException):
            status, content = 0, b""
        finally:
            connection.close()
        with self._lock:
            self.answers[phase][kind, status] += 1
            took = time.monotonic() - began
            self.slowest[phase] = max(self.slowest[phase], took)
        return status, json.loads(content) if status == 200 else None

    def _repeat(self, work: Callable[[], None]) -> None:
        while not self._over.is_set():
            work()
            self._over.wait(PAUSE)

    def _read(self) -> None:
        self.ask("machineTypes", "GET", f"{ZONE}/machineTypes")
        self.ask("disks", "GET", f"{ZONE}/disks")

    def _write(self) -> None:
        with self._lock:
            name = f"disk-{next(self._numbers)}"
        path = f"{ZONE}/disks?requestId={uuid.uuid4()}"
        for _ in range(TRIES):
            status, told = self.ask("insert", "POST", path, {"name": name, "sizeGb": "1"})
            if status == 200:
                self.operations[name] = told["name"]
                return
            if status not in (0, 502, 503, 504):
                raise AssertionError(f"{name}: {status}")
            # As clients do, though sooner than they are told.
            time.sleep(0.5)
        raise AssertionError(f"{name}: never accepted")


class Node:
    """A node in a process of its own, which can be started anew.

    Args:
        folder: where its ini and its logs lie.
        number: tells it from the others.
        settings: its settings, without ``gstack.``.
        source: the folder with the code that it runs; this one's where None.
    """

    def __init__(
        self, folder: Path, number: int, settings: dict[str, str], source: Path | None = None
    ) -> None:
        self.port = free_port()
        self._source = source
        self._ini, self.log = folder / f"node{number}.ini", folder / f"node{number}.log"
        server = {
            "listen": f"127.0.0.1:{self.port}",
            "threads": "16",
            "channel_request_lookahead": "1",
            "trusted_proxy": "127.0.0.1",
            "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto x-forwarded-host",
            "clear_untrusted_proxy_headers": "true",
        }
        write_ini(self._ini, settings, server)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "-P", "-m", "gstack_pyramid.cli", "--config", str(self._ini)]
        environment = {**os.environ, "PYTHONPATH": str(self._source or Path.cwd())}
        with self.log.open("ab") as told:
            self._process = subprocess.Popen(
                [*command, "serve"], env=environment, stdout=told, stderr=told
            )
        for _ in range(1200):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with closing(connection), suppress(OSError):
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"a node did not come up:\n{self.log.read_text()}")

    def end(self, by: signal.Signals) -> None:
        """End it by a signal."""
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(60)
            self._process = None

    def restart(self) -> None:
        """End it in order, and start it."""
        self.end(signal.SIGTERM)
        self.start()

    def update(self) -> None:
        """End it in order, and start it with the code of this folder."""
        self._source = None
        self.restart()

    def die(self) -> None:
        """Kill it, and start it some seconds later."""
        self.end(signal.SIGKILL)
        time.sleep(PHASE)
        self.start()


@contextmanager
def nginx(folder: Path, program: str, ports: list[int]) -> Iterator[int]:
    """nginx before these ports, with the location that ``deploy/nginx.conf`` has."""
    port = free_port()
    site = Path("deploy/nginx.conf").read_text("utf-8")
    location = site[site.index("    location / {") :].rstrip().removesuffix("}")
    servers = " ".join(
        f"server 127.0.0.1:{each} max_fails=1 fail_timeout={LEFT_OUT}s;" for each in ports
    )
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(folder=folder, port=port, servers=servers, location=location))
    process = subprocess.Popen([program, "-p", folder, "-c", conf], stderr=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


class Cloud:
    """A simulated CloudStack that can go away and come back."""

    def __init__(self, port: int) -> None:
        self._port = port
        model = CloudStackModel(data_folder("schemas") / "cloudstack")
        self._app = make_simulator(model=model, job_seconds=1.0, limit=-1)
        self._server = SimulatorServer(self._app, port=port, threads=16)

    def start(self) -> str:
        """Be there; gives the endpoint."""
        return self._server.start()

    def be_away(self, seconds: float) -> None:
        """Be away for some time."""
        self._server.stop()
        time.sleep(seconds)
        self._server = SimulatorServer(self._app, port=self._port, threads=16)
        self._server.start()

    def close(self) -> None:
        """End it."""
        self._server.stop()
        self._app.close()


MAY_FAIL: dict[str, frozenset[tuple[str, int]]] = {
    "nothing happens": frozenset(),
    "a node is restarted": frozenset(),
    # What it was at work on, and nginx must not send twice; and a list of which it has sent a part,
    # that nginx has passed on.
    "a node is killed": frozenset({("insert", 502), ("disks", 0)}),
    "PostgreSQL is restarted": frozenset({("insert", 503)}),
    "CloudStack is away": frozenset({("insert", 503), ("disks", 503), ("machineTypes", 503)}),
    "both nodes are replaced": frozenset(),
}
"""The answers of each phase that are no 200 and may be."""


def report() -> None:
    """Rehearse it all, and tell of it.

    Raises:
        SystemExit: something was answered 5xx that could have been served, or lost; or a program
            is missing.
    """
    from tests.support import postgres

    programs, proxy = postgres.programs(), shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if programs is None or proxy is None:
        raise SystemExit("rehearsal: Debian's postgresql and nginx are needed")
    away = float(os.environ.get("GSTACK_AWAY_SECONDS", "30"))
    problems = rehearse(programs, proxy, away, os.environ.get("GSTACK_UPDATE_FROM"))
    if problems:
        raise SystemExit("\n".join(problems))


def rehearse(programs: Path, proxy: str, away: float, before: str | None = None) -> list[str]:
    """Let it all go wrong, one after the other; gives what should not have been.

    Args:
        programs: the folder of PostgreSQL's.
        proxy: the path of nginx.
        away: the seconds for which CloudStack is away.
        before: the revision that nodes are of until they are replaced; None for the present one.
    """
    from tests.support import postgres

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gstack-rehearsal-")))
        database = stack.enter_context(postgres.serving(programs))
        cloud = Cloud(free_port())
        stack.callback(cloud.close)
        key, url = "bench:" + "A" * 43, database.database()
        settings = {
            "cloudstack.endpoint": cloud.start(),
            "token_keys": key,
            "hosts": "localhost 127.0.0.1",
            "operations.url": url,
            "signin.ledger": url,
            "operations.heartbeat": "1",
            "operations.takeover": "5",
        }
        old = stack.enter_context(checkout(before)) if before else None
        nodes = [Node(folder, number, settings, old) for number in range(2)]
        for node in nodes:
            node.start()
            stack.callback(node.end, signal.SIGTERM)
        port = stack.enter_context(nginx(folder, proxy, [node.port for node in nodes]))
        now = int(time.time())
        ring, keys = KeyRing.parse(key), Credentials(DEMO_API_KEY, DEMO_SECRET_KEY)
        token = access_token(ring, keys, scope=COMPUTE, issued_at=now, expires_at=now + 7200)
        load = Load(port, token)

        def restart_database() -> None:
            with database.away():
                time.sleep(PHASE / 2)

        def replace_both() -> None:
            for node in nodes:
                node.update()
                # Until nginx asks it again, as docs/deployment.md says. It counts whole seconds
                # from its last try, which may be as late as the node came up.
                time.sleep(2 * LEFT_OUT)

        phases: dict[str, Callable[[], object]] = {
            "nothing happens": lambda: None,
            "a node is restarted": nodes[0].restart,
            "a node is killed": nodes[1].die,
            "PostgreSQL is restarted": restart_database,
            "CloudStack is away": lambda: cloud.be_away(away),
            "both nodes are replaced": replace_both,
        }
        load.phase = next(iter(phases))
        load.answers[load.phase], load.slowest[load.phase] = Counter(), 0.0
        with load:
            for phase, happens in phases.items():
                load.during(phase, happens)
        return [*_told(load, phases), *_lost(load)]


def _told(load: Load, phases: dict[str, Callable[[], object]]) -> list[str]:
    """Tell of each phase; gives what should not have been."""
    problems = []
    for phase in phases:
        answers = load.answers[phase]
        failed = {each: count for each, count in answers.items() if each[1] != 200}
        told = ", ".join(f"{kind} {status}: {count}" for (kind, status), count in failed.items())
        slowest = load.slowest[phase]
        print(f"{phase:26} {sum(answers.values()):6} requests  slowest {slowest:5.1f} s  {told}")
        problems += [
            f"{phase}: {kind} was answered {status}, {count} times"
            for (kind, status), count in failed.items()
            if (kind, status) not in MAY_FAIL[phase]
        ]
    return problems


def _lost(load: Load) -> list[str]:
    """Wait for all operations that were accepted; gives what became of those that are lost."""
    load.phase = "afterwards"
    load.answers[load.phase], load.slowest[load.phase] = Counter(), 0.0
    problems = []
    for name, operation in load.operations.items():
        path = f"{ZONE}/operations/{operation}"
        told: Any = None
        for _ in range(5):
            status, told = load.ask("wait", "POST", f"{path}/wait", {})
            if status == 200 and told["status"] == "DONE":
                break
        if told is None or told["status"] != "DONE" or "error" in told:
            problems.append(f"{name}: {told}")
    _, listed = load.ask("disks", "GET", f"{ZONE}/disks?maxResults=500")
    there = [disk["name"] for disk in listed["items"]]
    while listed.get("nextPageToken"):
        page = f"{ZONE}/disks?maxResults=500&pageToken={listed['nextPageToken']}"
        _, listed = load.ask("disks", "GET", page)
        there += [disk["name"] for disk in listed["items"]]
    made = Counter(name for name in there if name.startswith("disk-"))
    problems += [f"{name} is not there" for name in load.operations if name not in made]
    problems += [f"{name} is there {count} times" for name, count in made.items() if count > 1]
    print(f"{len(load.operations)} operations were accepted, {len(problems)} lost or failed")
    return problems
