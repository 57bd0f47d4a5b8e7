"""What the log and the metrics cost: CPU of a request with them, and without what tells of it.

A request is answered by the whole application. Its own telling, a line formatted as text or JSON
and all that is counted and timed, is measured beside it, by the same tween around a handler that
does nothing but what is counted of the commands that were sent.
"""

from __future__ import annotations

import io
import logging
import statistics
import time
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from webtest import TestApp

from benchmarks.list_instances import COUNT, PATH, collected_as_served, cpu, settings_for
from benchmarks.processes import simulator
from gstack_pyramid.auth import access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.logs import one_line_each
from gstack_pyramid.observability import metrics
from gstack_pyramid.observability.formats import Json, Text
from gstack_pyramid.observability.requests import telling
from gstack_pyramid.routes import make_app
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

ROUNDS = 30
TIMES = 5000
LISTS, ZONES = 0.05, 0.2
"""The goals: a share of the CPU of a list, and milliseconds for a zone."""
LIST = f"a list of {COUNT}"
FORMATTERS = {
    "text": Text("%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s  %(message)s"),
    "JSON": Json(),
}
PATHS = {
    LIST: (f"/compute/v1/{PATH}", 2),
    "a zone": ("/compute/v1/projects/demo-project/zones/ch-gva-2", 0),
}


@dataclass(frozen=True, slots=True)
class Observed:
    """What is told of one kind of request.

    Attributes:
        name: of the request.
        form: of the log.
        median: CPU milliseconds of its telling.
        p99: what 99 of 100 stay below.
        whole: CPU milliseconds of the whole request.
    """

    name: str
    form: str
    median: float
    p99: float
    whole: float


def telling_milliseconds(
    app: Any, path: str, commands: int, formatter: logging.Formatter, times: int = TIMES
) -> tuple[float, float]:
    """CPU milliseconds of what is told of one request that sends some commands.

    Returns:
        The median, and what 99 of 100 requests stay below.
    """
    logger = logging.getLogger("gstack_pyramid.requests")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter)
    before = logger.handlers, logger.propagate, logger.level
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    response = Response(b"{}")

    def answered(request: Request) -> Response:
        for _ in range(commands):
            metrics.commanded("listVirtualMachines", 0.01, "ok")
        return response

    handle = telling(answered, app.registry)
    costs = []
    for _ in range(times):
        request = Request.blank(path)
        request.environ["REMOTE_ADDR"] = "127.0.0.1"
        began = time.thread_time_ns()
        handle(request)
        costs.append((time.thread_time_ns() - began) / 1e6)
    logger.handlers, logger.propagate = before[:2]
    logger.setLevel(before[2])
    return statistics.median(costs), statistics.quantiles(costs, n=100)[98]


def measure(count: int, rounds: int, times: int) -> list[Observed]:
    """What is told of a list and of a zone costs, as text and as JSON.

    Args:
        count: how many instances the list has.
        rounds: how often the whole request is measured.
        times: how often its telling is.
    """
    found = []
    with simulator(load=2 * count) as endpoint:
        app = make_app(settings_for(endpoint))
        application = app.registry["gstack"]
        now = int(time.time())
        token = access_token(
            application.keyring,
            Credentials(DEMO_API_KEY, DEMO_SECRET_KEY),
            scope=CLOUD,
            issued_at=now,
            expires_at=now + 3600,
        )
        web, headers = TestApp(app, lint=False), {"Authorization": f"Bearer {token}"}
        for name, (path, commands) in PATHS.items():
            web.get(path, headers=headers)
            whole = statistics.median(
                cpu(lambda path=path: web.get(path, headers=headers))  # type: ignore[misc]  # mypy knows no type of such a lambda
                for _ in range(rounds)
            )
            for form, formatter in FORMATTERS.items():
                with collected_as_served():
                    told = telling_milliseconds(app, path, commands, formatter, times)
                found.append(Observed(name, form, *told, whole * 1000))
        application.close()
    return found


def report() -> None:
    """Print the figures."""
    one_line_each()
    print("CPU of logs and metrics; the list is one that CloudStack has told before:")
    for each in measure(COUNT, ROUNDS, TIMES):
        limit = LISTS * each.whole if each.name == LIST else ZONES
        verdict = "met" if each.p99 <= limit else "MISSED"
        print(
            f"  {each.name:14} {each.form:5} median {each.median:6.3f} ms, p99 {each.p99:6.3f} ms"
            f" of {each.whole:6.2f} ms; goal {limit:5.3f} ms: {verdict}"
        )
