"""How much CPU a list of 500 instances costs, as a multiple of the hand-written floor.

The simulator runs in a process of its own, so that its work is not counted. All ways are measured
in turns within one run and compared by their medians: machines are noisy, ratios less so. The floor
has to give the same answer as gstack, to the byte, for machines that have been in use for a while:
with labels, tags, metadata, and second disks. The simulator's own are bare; what the way over HTTP
adds is shown for those.
"""

from __future__ import annotations

import gc
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from pyramid.config import Configurator
from pyramid.response import Response
from webtest import TestApp

from benchmarks.floor import list_instances
from benchmarks.processes import simulator
from gstack_pyramid.auth import access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack import Client, Credentials
from gstack_pyramid.cloudstack.client import Client as RealClient
from gstack_pyramid.cloudstack.transport import Answer
from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.told import KeptResources
from gstack_pyramid.routes import make_app
from gstack_pyramid.scheduling import GARBAGE
from gstack_pyramid.settings import Settings
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

COUNT = 500
ROUNDS = 30
ZONE = "ch-gva-2"
PATH = f"projects/demo-project/zones/{ZONE}/instances"


class Recorded(RealClient):
    """A client whose lists come out of recorded bytes: what is measured then has no socket."""

    recorded: dict[str, bytes]

    def sent(self, credentials: Credentials, command: str, params: Any) -> Answer:
        """The recorded bytes, as they would come from the wire, of a list in one page."""
        if command not in self.recorded:
            return super().sent(credentials, command, params)
        return Answer(200, self.recorded[command], None)

    @contextmanager
    def ahead(self, credentials: Credentials, reads: Any) -> Iterator[None]:
        """Nothing is on its way: it is here."""
        yield


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call.

    The garbage of the call before is collected first, or the next one would pay for it.
    """
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


@contextmanager
def collected_as_served() -> Iterator[None]:
    """Python's collector looks for garbage as seldom as in a served gateway."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def plain_view(content: bytes) -> TestApp:
    """A Pyramid application that returns the same bytes from one view, and does nothing else."""
    config = Configurator()
    config.add_route("list", f"/compute/v1/{PATH}")
    config.add_view(
        lambda request: Response(content, content_type="application/json", charset="UTF-8"),
        route_name="list",
    )
    return TestApp(config.make_wsgi_app(), lint=False)


def measure(count: int = COUNT, rounds: int = ROUNDS) -> dict[str, float]:
    """Median CPU milliseconds of each way.

    Args:
        count: how many instances are listed.
        rounds: how often each way is taken.

    Raises:
        RuntimeError: the floor gives another answer than the gateway, so they can't be compared.
    """
    with simulator(load=2 * count) as endpoint:
        credentials = Credentials(DEMO_API_KEY, DEMO_SECRET_KEY)
        app = make_app(settings_for(endpoint))
        application = app.registry["gstack"]
        now = int(time.time())
        token = access_token(
            application.keyring, credentials, scope=CLOUD, issued_at=now, expires_at=now + 3600
        )
        client: Client = application.engine.client
        gateway = TestApp(app, lint=False)
        headers = {"Authorization": f"Bearer {token}"}

        def ask() -> Any:
            return gateway.get(f"/compute/v1/{PATH}", headers=headers)

        answer = ask()
        if (found := len(answer.json["items"])) != count:
            raise RuntimeError(f"{found} instances are listed, and {count} were expected")
        recorded = Recorded(endpoint, client.model)
        recorded.recorded, floor = _floor(client, credentials, answer)
        application.engine.client = recorded
        body = ask().body
        application.engine.client = client
        if floor() != body:
            raise RuntimeError("the floor gives another answer")
        plain = plain_view(body)
        ways: dict[str, Callable[[], object]] = {
            "floor": floor,
            "plain view": lambda: plain.get(f"/compute/v1/{PATH}"),
            "bare, over HTTP": ask,
        }
        names = [*ways, "gstack", "again", "one changed"]
        figures: dict[str, list[float]] = {name: [] for name in names}
        before, since = _labelled(recorded.recorded["listVirtualMachines"])
        with collected_as_served():
            for _ in range(rounds):
                for name, work in ways.items():
                    figures[name].append(cpu(work))
                application.engine.client = recorded
                application.answers, application.kept_resources = Answers(0), KeptResources(0)
                figures["gstack"].append(cpu(ask))
                application.answers = Answers(1 << 26)
                ask()
                figures["again"].append(cpu(ask))
                application.answers = Answers(1 << 26)
                application.kept_resources = KeptResources(1 << 26)
                # What is asked for once isn't kept, so the third list is made of the second.
                for machines in (before, since):
                    recorded.recorded["listVirtualMachines"] = machines
                    ask()
                recorded.recorded["listVirtualMachines"] = before
                figures["one changed"].append(cpu(ask))
                application.answers, application.kept_resources = Answers(0), KeptResources(0)
                application.engine.client = client
        application.close()
    return {name: statistics.median(values) * 1000 for name, values in figures.items()}


def settings_for(endpoint: str) -> Settings:
    return Settings.from_ini(
        {
            "here": str(Path.cwd()),
            "gstack.cloudstack.endpoint": endpoint,
            "gstack.token_keys": "bench:" + "A" * 43,
            "gstack.catalogue_ttl": "3600",
        },
        {},
    )


def _labelled(machines: bytes) -> tuple[bytes, bytes]:
    """An answer of listVirtualMachines as it was, and with one more label of one machine."""
    told = orjson.loads(machines)
    rows = told["listvirtualmachinesresponse"]["virtualmachine"]
    rows[len(rows) // 2]["tags"].append({"key": "changed", "value": "yes"})
    return machines, orjson.dumps(told)


def _used(machines: list[dict[str, Any]], volumes: list[dict[str, Any]]) -> None:
    """Make machines and volumes look as if they had been in use."""
    for number, row in enumerate(machines):
        tags = {"env": "prod", "team": f"team-{number % 7}", "gce:tag:web": "web"}
        tags |= {"gce:metadata:startup-script": "#!/bin/sh", "gce:metadata:owner": f"{number}"}
        if not number % 5:
            tags["gce:description"] = f"The machine number {number}"
            row["nic"][0] |= {"type": "Isolated", "publicip": f"192.0.2.{number % 250}"}
        if not number % 6:
            tags["gce:asked:automaticRestart"] = "true"
        row["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    for number, volume in enumerate(list(volumes)):
        if not number % 3:
            more = {"id": str(uuid.UUID(int=number)), "name": f"data-{number}", "tags": []}
            volumes.append({**volume, **more, "type": "DATADISK", "deviceid": 1})
        if not number % 4:
            tags = {"gce:attached:deviceName": "system", "gce:attached:autoDelete": "false"}
            tags |= {"gce:attached:interface": "NVME"} if not number % 8 else {}
            volume["tags"] = [{"key": key, "value": value} for key, value in tags.items()]


def _floor(
    client: Client, credentials: Credentials, answer: Any
) -> tuple[dict[str, bytes], Callable[[], object]]:
    """What the cloud says, and the floor as a function."""
    listed = orjson.loads(answer.body)["items"]
    zone_link = str(listed[0]["zone"])
    zone_id = next(r["id"] for r in client.rows(credentials, "listZones", {}) if r["name"] == ZONE)
    keys = {"listVirtualMachines": "virtualmachine", "listVolumes": "volume"}
    rows = {
        command: client.rows(
            credentials, command, {**client.model.command(command).asked, "zoneid": zone_id}
        )
        for command in keys
    }
    machines = rows["listVirtualMachines"]
    _used(machines, rows["listVolumes"])
    raw = {
        command: orjson.dumps(
            {f"{command.lower()}response": {"count": len(rows[command]), key: rows[command]}}
        )
        for command, key in keys.items()
    }
    links: dict[str, dict[str, str]] = {"machineTypes": {}, "networks": {}, "subnetworks": {}}
    by_name = {row["name"]: row for row in machines}
    for item in listed:
        row = by_name[item["name"]]
        links["machineTypes"][row["serviceofferingid"]] = item["machineType"]
        for nic, shown in zip(row["nic"], item["networkInterfaces"], strict=True):
            links["networks"][nic["networkid"]] = shown["network"]
            links["subnetworks"][nic["networkid"]] = shown.get("subnetwork")

    def floor() -> bytes:
        return list_instances(
            raw["listVirtualMachines"], raw["listVolumes"], links, zone_link, PATH
        )

    return raw, floor


def report() -> None:
    """Print the figures of one run."""
    figures = measure()
    floor = figures["floor"]
    print(f"CPU for a list of {COUNT} instances, median of {ROUNDS} rounds in one run:")
    for name, milliseconds in figures.items():
        print(f"  {name:18} {milliseconds:7.2f} ms   {milliseconds / floor:5.2f} x floor")
    print(f"gstack to the floor: {figures['gstack'] / floor:.2f} (goal: at most 2)")
    print(f"asked again to the floor: {figures['again'] / floor:.2f} (goal: at most 0.35)")
    changed = figures["one changed"] / figures["gstack"]
    print(f"one of them changed to gstack: {changed:.2f} (goal: at most 0.35)")
    print(f"gstack to a plain Pyramid view: {figures['gstack'] / figures['plain view']:.1f}")
