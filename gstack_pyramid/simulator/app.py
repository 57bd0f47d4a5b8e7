"""The simulator as a WSGI application."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.roles import ROOT_ADMIN
from gstack_pyramid.simulator import autoscaling, commands, expunging, jobs
from gstack_pyramid.simulator.admin import Admin
from gstack_pyramid.simulator.calls import HANDLERS, Call
from gstack_pyramid.simulator.faults import (
    CommandError,
    Forbidden,
    internal,
    unauthorised,
    unsupported,
)
from gstack_pyramid.simulator.fields import check_answer
from gstack_pyramid.simulator.injection import ConnectionDropped, Injection
from gstack_pyramid.simulator.load import fill
from gstack_pyramid.simulator.parameters import check
from gstack_pyramid.simulator.sample import build
from gstack_pyramid.simulator.sessions import Sessions
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.views import restricted
from gstack_pyramid.simulator.wire import (
    Constant,
    Request,
    envelope_name,
    error_body,
    header_text,
    is_fresh,
    is_signed,
    read_request,
    render,
)
from gstack_pyramid.simulator.world import Answer, Settings, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

PATH = "/client/api"
_READS = ("list", "get", "query", "find")

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Simulator:
    """A CloudStack that is all made up; a WSGI application on any path that ends in /client/api.

    Its faults are set at /admin/faults.

    Attributes:
        world: its state and settings, for tests that want to look or to interfere.
        injection: its faults.
    """

    def __init__(self, world: World, injection: Injection | None = None) -> None:
        self.world = world
        self.injection = injection or Injection(world.settings.seed)
        self._admin = Admin(world, self.injection)
        # What an earlier process held is held on only by a fault that is there again.
        jobs.release(world, world.clock(), keep=self.injection.keys())
        self._sessions = Sessions()

    def close(self) -> None:
        """Close the database."""
        self.world.store.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            ConnectionDropped: it is to have no answer.
        """
        if self._admin.is_for(environ.get("PATH_INFO", "")):
            return self._admin(environ, start_response)
        if not environ.get("PATH_INFO", "").rstrip("/").endswith(PATH):
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=UTF-8")])
            return [f"CloudStack answers at {PATH}\n".encode()]
        name: str | None = None
        as_json = True
        headers: list[tuple[str, str]] = []
        try:
            request = read_request(environ)
            as_json = (request.named("response") or "").lower() == "json"
            name = self._known(request)
            if name == "login":
                body, cookie = self._sessions.login(self.world.store, request, self.world.clock())
                headers.append(("Set-Cookie", cookie))
            elif name == "logout":
                body = self._sessions.logout(request)
            else:
                body = self._carry_out(request, name)
            status = 200
        except CommandError as fault:
            body, status = error_body(fault), fault.code
            if isinstance(fault, Forbidden):
                name = None
            headers.append(("X-Description", header_text(fault.text)))
        except ConnectionDropped:
            log.debug("%s %s dropped", environ["REQUEST_METHOD"], name)
            raise
        except Exception:
            log.exception("the simulated %s broke", name)
            broken = internal(
                "Internal error executing command, please contact your system administrator"
            )
            body, status = error_body(broken), broken.code
        log.debug("%s %s %d", environ["REQUEST_METHOD"], name, status)
        kind, content = render(envelope_name(name), body, as_json=as_json)
        headers += [("Content-Type", kind), ("Content-Length", str(len(content)))]
        start_response(f"{status} {_PHRASES.get(status, 'CloudStack error')}", headers)
        return [content]

    def _known(self, request: Request) -> str | None:
        name = request.named("command")
        try:
            return None if name is None else self.world.model.command(name).name
        except KeyError:
            return None

    def _carry_out(self, request: Request, name: str | None) -> Answer:
        if name is None:
            raise unauthorised()
        user = self._authenticate(request, reading=name.startswith(_READS))
        if request.method != "POST" and not name.startswith(_READS):
            raise CommandError(
                400, f"State changing command {name} needs to be sent using POST request", 9999
            )
        settings = self.world.settings
        account = self.world.store.get("account", user["owner"])
        if not self.world.allows(account, name):
            raise Forbidden(name, user["id"])
        handler = HANDLERS.get(name)
        if handler is None:
            raise unsupported(f"The simulator has no {name}")
        command = self.world.model.command(name)
        strike = self.injection.meet(
            name,
            asynchronous=command.asynchronous,
            account=user["owner"],
            now=self.world.clock(),
        )
        if strike.latency:
            self.injection.sleep(strike.latency)
        strike.raise_before()
        params = check(
            command,
            request.sent,
            strict=settings.strict_parameters,
            page_size=settings.page_size,
        )
        now = self.world.clock()
        with self.world.store.locked():
            jobs.advance(self.world, now)
            expunging.check(self.world, now)
            if autoscaling.check(self.world, now):
                jobs.start(self.world, now)
            with self.world.store.transaction():
                answer = handler(Call(self.world, account, user, now, command, params))
                told_before = isinstance(answer, Constant) and bool(answer.content)
                if not command.asynchronous and not told_before:
                    check_answer(command, answer)
                elif strike.on_job:
                    self.world.store.update(
                        self.world.store.get("job", answer["jobid"]), **strike.on_job
                    )
            # A new job begins at once; it ends with a later request.
            jobs.start(self.world, now)
        if account.get("role") != ROOT_ADMIN and not isinstance(answer, Constant):
            answer = restricted(answer)
        strike.raise_after()
        if unused := params.unused():
            log.warning("the simulated %s ignores %s", name, ", ".join(unused))
        return answer

    def _authenticate(self, request: Request, *, reading: bool) -> Doc:
        if request.named("apikey") is None and request.named("sessionkey") is not None:
            return self._sessions.user(self.world.store, request, self.world.clock())
        users = self.world.store.by("user", "apikey", request.named("apikey") or "")
        if (
            not users
            or not is_fresh(request, self.world.clock(), reading=reading)
            or not is_signed(request, users[0]["secretkey"])
        ):
            raise unauthorised()
        return users[0]


def make_simulator(
    *,
    model: CloudStackModel,
    state: str = ":memory:",
    clock: Callable[[], float] = time.time,
    job_seconds: float = 0.0,
    load: int = 0,
    seed: int = 1,
    faults: Sequence[Any] = (),
    **settings: Any,
) -> Simulator:
    """A simulator with the sample world.

    Args:
        model: what commands, parameters and fields there are.
        state: a file to keep the state in, or ``":memory:"``. A file that holds a world is taken
            up as it is; ``load`` and ``seed`` count for a new one only.
        clock: seconds since the epoch.
        job_seconds: how long asynchronous jobs take.
        load: how many instances ``demo-project`` has from the start.
        seed: from which UUIDs and the chances of faults follow.
        faults: to begin with, each as ``/admin/faults`` takes one.
        settings: more of :class:`~gstack_pyramid.simulator.world.Settings`.

    Raises:
        ValueError: a fault is none; or as :class:`~gstack_pyramid.simulator.store.Store`.
        sqlite3.Error: as :class:`~gstack_pyramid.simulator.store.Store`.
        TypeError: there is no such setting.
    """
    injection = Injection(seed, faults)
    world = World(
        Store(state), model, Settings(job_seconds=job_seconds, seed=seed, **settings), clock
    )
    if not world.store.all("zone"):
        build(world)
        fill(world, load)
    return Simulator(world, injection)


__all__ = ["PATH", "Simulator", "commands", "make_simulator"]
