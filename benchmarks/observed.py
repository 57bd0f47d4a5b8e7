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
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from webtest import TestApp

from benchmarks.list_instances import COUNT, PATH, cpu, settings_for
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
TIMES = 1000
FORMATTERS = {
    "text": Text("%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s  %(message)s"),
    "JSON": Json(),
}
PATHS = {
    f"a list of {COUNT}": (f"/compute/v1/{PATH}", 2),
    "a zone": ("/compute/v1/projects/demo-project/zones/ch-gva-2", 0),
}


def telling_milliseconds(app: Any, path: str, commands: int, formatter: logging.Formatter) -> float:
    """Median CPU milliseconds of what is told of one request that sends some commands."""
    logger = logging.getLogger("gstack_pyramid.requests")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    response = Response(b"{}")

    def answered(request: Request) -> Response:
        for _ in range(commands):
            metrics.commanded("listVirtualMachines", 0.01, "ok")
        return response

    handle = telling(answered, app.registry)

    def once() -> None:
        for _ in range(TIMES):
            request = Request.blank(path)
            request.environ["REMOTE_ADDR"] = "127.0.0.1"
            handle(request)

    def without() -> None:
        for _ in range(TIMES):
            request = Request.blank(path)
            request.environ["REMOTE_ADDR"] = "127.0.0.1"
            assert request.method
            for _ in range(commands):
                pass

    costs = [cpu(once) - cpu(without) for _ in range(9)]
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)
    return statistics.median(costs) * 1000 / TIMES


def report() -> None:
    """Print the figures."""
    one_line_each()
    print("what logs and metrics cost")
    with simulator(load=2 * COUNT) as endpoint:
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
                cpu(lambda path=path: web.get(path, headers=headers))  # type: ignore[misc]
                for _ in range(ROUNDS)
            )
            for form, formatter in FORMATTERS.items():
                told = telling_milliseconds(app, path, commands, formatter)
                share = told / (whole * 1000)
                print(f"  {name:14} {form:5} {told:6.3f} ms of {whole * 1000:7.2f} ms, {share:.1%}")
        application.close()
