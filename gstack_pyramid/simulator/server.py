"""Serving the simulator over real HTTP: by itself, in the background, or beside the gateway."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml
from waitress.server import create_server

from gstack_pyramid.connections import end_loop, mend_connections
from gstack_pyramid.plain_yaml import Reader, YamlMistake
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.roles import ROLES, USER
from gstack_pyramid.simulator.app import PATH, Simulator, make_simulator
from gstack_pyramid.simulator.world import AS_INSTALLED

DEFAULT_LISTEN = "127.0.0.1:8080"


class SimulatorServer:
    """A simulator on a port of its own, with request threads of its own.

    Args:
        app: the simulator.
        host: the address to listen on.
        port: 0 takes a free one.
        threads: how many requests are carried out at a time.
    """

    def __init__(
        self, app: Simulator, host: str = "127.0.0.1", port: int = 0, threads: int = 8
    ) -> None:
        self._app, self._host, self._port, self._threads = app, host, port, threads
        self._sockets: dict[int, Any] = {}
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen, serve in a background thread, and return the endpoint's URL.

        Raises:
            OSError: the address is taken.
            RuntimeError: it serves already.
        """
        if self._thread is not None:
            raise RuntimeError("the simulator is served already")
        mend_connections()
        self._server = create_server(
            self._app,
            map=self._sockets,
            host=self._host,
            port=self._port,
            threads=self._threads,
            ident="CloudStack-simulator",
        )
        self._thread = threading.Thread(
            target=self._server.run, name="cloudstack-simulator", daemon=True
        )
        self._thread.start()
        return f"{_url(self._server)}{PATH}"

    def stop(self) -> None:
        """Stop serving and wait for the thread's end; nothing happens when it does not serve."""
        if self._thread is None:
            return
        self._server.task_dispatcher.shutdown()
        end_loop(self._sockets)
        self._thread.join(10)
        self._thread = self._server = None


def _url(server: Any) -> str:
    """Where a waitress server listens; the first address when there are several."""
    several = getattr(server, "effective_listen", None)
    host, port = several[0] if several else (server.effective_host, server.effective_port)
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def _from_settings(settings: Mapping[str, str]) -> Simulator:
    """The simulator that the ``simulator_*`` keys of an ini section describe."""
    lenient = (settings.get("simulator_lenient") or "").lower() == "true"
    return make_simulator(
        model=CloudStackModel(data_folder("schemas") / "cloudstack"),
        state=settings.get("simulator_state") or ":memory:",
        load=int(settings.get("simulator_load") or 0),
        job_seconds=float(settings.get("simulator_job_seconds") or 0),
        seed=int(settings.get("simulator_seed") or 1),
        limit=int(settings.get("simulator_limit") or 20),
        role=_role(settings.get("simulator_role") or USER),
        basic_zone=(settings.get("simulator_basic_zone") or "").lower() == "true",
        managed_storage=(settings.get("simulator_managed_storage") or "").lower() == "true",
        faults=_faults(settings.get("simulator_faults") or "[]"),
        **({} if lenient else AS_INSTALLED),
    )


def _role(name: str) -> str | None:
    if name not in (*ROLES, "any"):
        raise ValueError(f"simulator_role must be one of {', '.join(ROLES)} or any, not {name!r}")
    return None if name == "any" else name


def _faults(text: str) -> list[Any]:
    """The list that is in the setting, as YAML."""
    try:
        found = Reader().read(text)
    except (yaml.YAMLError, YamlMistake) as error:
        raise ValueError(f"simulator_faults is not YAML: {error}") from None
    if not isinstance(found, list):
        raise ValueError("simulator_faults is no list")
    return found


def main(global_config: Mapping[str, str], **settings: str) -> Simulator:
    """The simulator alone, for ``pserve``: ``use = egg:gstack_pyramid#simulator``.

    Settings: ``simulator_state``, ``simulator_load``, ``simulator_job_seconds``,
    ``simulator_seed``, ``simulator_limit``, ``simulator_role``, ``simulator_lenient``,
    ``simulator_basic_zone``, ``simulator_managed_storage``, ``simulator_faults`` (a list in YAML),
    as :func:`~gstack_pyramid.simulator.app.make_simulator` has them.

    Raises:
        ValueError: a setting is no number or no role, or the faults are none.
    """
    return _from_settings(settings)


def serve_with_simulator(app: Any, global_conf: Mapping[str, str], **settings: str) -> None:
    """Serve the gateway with a simulator beside it, until Ctrl-C or SIGTERM.

    A PasteDeploy server runner: ``use = egg:gstack_pyramid#with_simulator``. The settings are
    those of :func:`main`, ``simulator_listen`` (``host:port``), ``host``, ``port`` and whatever
    else waitress takes. The environment's GSTACK_PORT and GSTACK_SIMULATOR_PORT come first.

    Raises:
        SystemExit: an address is taken; the message names it and the way to choose another.
        OSError: an address can't be listened on for another reason.
        ValueError: a setting is wrong.
    """
    ours = {key: settings.pop(key) for key in list(settings) if key.startswith("simulator_")}
    host, _, port = (ours.get("simulator_listen") or DEFAULT_LISTEN).rpartition(":")
    port = os.environ.get("GSTACK_SIMULATOR_PORT") or port
    settings.setdefault("host", "127.0.0.1")
    settings["port"] = os.environ.get("GSTACK_PORT") or settings.get("port") or "5000"
    simulator = _from_settings(ours)
    beside = SimulatorServer(simulator, host or "127.0.0.1", int(port))
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with _told_if_taken(f"{host or '127.0.0.1'}:{port}", "GSTACK_SIMULATOR_PORT"):
            endpoint = beside.start()
        with _told_if_taken(f"{settings['host']}:{settings['port']}", "GSTACK_PORT"):
            server = create_server(app, **settings)
        try:
            _tell(_url(server), endpoint)
            server.run()
        finally:
            server.close()
    finally:
        beside.stop()
        simulator.close()


@contextmanager
def _told_if_taken(address: str, variable: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = f"{address} is taken by another program; choose another port with {variable}=PORT"
        raise SystemExit(message) from None


def _tell(gateway: str, endpoint: str) -> None:
    # A port that only this shell knows has to be known in the other one as well.
    port = os.environ.get("GSTACK_PORT")
    given = f"GSTACK_PORT={shlex.quote(port)} " if port else ""
    lines = (
        f"gstack serves {gateway}, an embedded CloudStack {endpoint}; Ctrl-C ends both.",
        f'Next, in a second shell:  eval "$({given}.venv/bin/gstack env)"',
        "and there, for example:   gcloud compute zones list",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
