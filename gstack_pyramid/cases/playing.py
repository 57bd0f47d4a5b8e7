"""Playing a case in front of the simulator, and what is said between it and gstack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gstack_pyramid.cases.files import Request
from gstack_pyramid.cases.form import CaseError
from gstack_pyramid.cases.recorder import Recorder
from gstack_pyramid.cases.runner import BASE, DEMO, NOON, Runner
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import SimulatorServer, make_simulator

if TYPE_CHECKING:
    from pyramid.router import Router

_APIS = "listApis"
_PERMISSIONS = "testIamPermissions"
_DONE, _FAILED = 1, 2

_CATALOGUE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("listZones", {}),
    ("listServiceOfferings", {}),
    ("listDiskOfferings", {}),
    ("listNetworkOfferings", {}),
    ("listTemplates", {"templatefilter": "executable"}),
    ("listNetworks", {}),
    ("listSecurityGroups", {}),
    ("listProjects", {}),
    ("listAccounts", {}),
)
"""What there is in the simulated cloud from the beginning, which case files call by its name."""


@dataclass
class Played:
    """What came of a case.

    Attributes:
        before: the requests before it, each with the exchanges it led to.
        said: the exchanges of the case's own request, with whole rows and plain ids.
        status: of the answer.
        body: the answer.
        done: the operation when it was over; None where there is none to wait for.
        names: what ``<NAME>`` stands for: an id.
    """

    before: list[tuple[Mapping[str, Any], list[dict[str, Any]]]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0
    body: Any = None
    done: dict[str, Any] | None = None
    names: dict[str, str] = field(default_factory=dict)

    @property
    def failure(self) -> str | None:
        """What the answer says that went wrong; None where all went well."""
        if self.status >= 400:
            told = self.body.get("error", {}).get("message", "") if self.body else ""
            return f"{self.status}: {told}"
        errors = (self.done or {}).get("error", {}).get("errors", [])
        return str(errors[0].get("message", "")) if errors else None

    def by_id(self) -> dict[str, str]:
        """What ids are called: as the case calls them, else by what they are of."""
        found = {known: f"<{name}>" for name, known in self.names.items()}
        taken = set(self.names)
        for told in (*(each for _, said in self.before for each in said), *self.said):
            for name, known in named_rows(told, taken).items():
                found.setdefault(known, f"<{name}>")
        return found


@contextmanager
def case_gateway(
    mappings: Sequence[Path] = (), settings: Mapping[str, Any] | None = None
) -> Iterator[Router]:
    """A gateway to play cases on, with gstack's own mapping files and those of some folders.

    Args:
        mappings: the folders.
        settings: what ``settings`` holds in mappings, before ``_defaults.yaml``.

    Raises:
        MappingError: mapping files can't be used.
    """
    from gstack_pyramid.routes import make_app
    from gstack_pyramid.settings import Settings

    with TemporaryDirectory(prefix="gstack-cases-") as folder:
        ini = {
            "here": folder,
            # A port that nothing listens on: each case brings a cloud of its own.
            "gstack.cloudstack.endpoint": "http://127.0.0.1:1/client/api",
            "gstack.token_keys_file": "keys",
            "gstack.token_keys_create": "true",
            "gstack.check_answers": "refuse",
            "gstack.operations.url": ":memory:",
            "gstack.signin.ledger": ":memory:",
            "gstack.hosts": "localhost",
        }
        made = Settings.from_ini(ini, {})
        further = {"mappings": tuple(mappings), "settings": {**made.settings, **(settings or {})}}
        router = make_app(made.model_copy(update=further))
        try:
            yield router
        finally:
            router.registry["gstack"].close()


def play(
    router: Router,
    case: Mapping[str, Any],
    world: Sequence[Mapping[str, Any]] = (),
    known: Mapping[str, str] | None = None,
    *,
    roles: bool = False,
) -> Played:
    """Play a case in front of a simulated cloud of its own.

    Args:
        router: of :func:`case_gateway`.
        case: the case as its file has it; what is expected plays no part.
        world: what the cloud is sent before the case's own ``world``.
        known: ids by name, for ``<NAME>`` in the case; None: those that the cloud begins with.
        roles: whether it tells when roles are read, which is no part of what a method costs.

    Raises:
        CaseError: a command of the world fails, or names what there is not.
    """
    model: CloudStackModel = router.registry["gstack"].compiled.cloudstack
    simulator = make_simulator(model=model, clock=lambda: NOON)
    server = SimulatorServer(simulator)
    client = Recorder(server.start(), model, lambda: NOON)
    runner = Runner(router, client, client.answered)
    played = Played()
    try:
        played.names = _prepare(client, known, [*world, *case.get("world", [])])
        client.said.clear()
        for step in case.get("before", []):
            _send(runner, step["request"], played.names)
            played.before.append((step, _taken(client, roles)))
        told = _send(runner, case["request"], played.names)
        played.status, played.body, played.done = told
        played.said = _taken(client, roles)
    finally:
        runner.close()
        server.stop()
        simulator.close()
    return played


def about_roles(method: str) -> bool:
    """Whether what roles allow is what a method is about."""
    return method.endswith(_PERMISSIONS)


def _taken(client: Recorder, roles: bool) -> list[dict[str, Any]]:
    said = [told for told in client.said if roles or told["command"] != _APIS]
    client.said.clear()
    return said


def placed(value: Any, names: Mapping[str, str]) -> Any:
    """A value with ``<NAME>`` replaced wherever it stands in a text."""
    if isinstance(value, Mapping):
        return {key: placed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [placed(inner, names) for inner in value]
    if isinstance(value, str) and "<" in value:
        for name, told in names.items():
            value = value.replace(f"<{name}>", told)
    return value


def general(body: Any) -> Any:
    """An answer with placeholders for what is different each time."""
    if isinstance(body, Mapping):
        told = {
            key: "<fingerprint>" if key.lower().endswith("fingerprint") else general(value)
            for key, value in body.items()
        }
        if told.get("kind") == "compute#operation":
            name = told["name"]
            told = {
                key: value.replace(name, "<operation>") if isinstance(value, str) else value
                for key, value in told.items()
            }
            told["id"] = "<number>"
        return told
    if isinstance(body, list):
        return [general(value) for value in body]
    return body.replace(BASE, "<base>") if isinstance(body, str) else body


def with_names(value: Any, ids: Mapping[str, str]) -> Any:
    """A value in which each id is told by its name."""
    if isinstance(value, Mapping):
        return {key: with_names(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_names(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


def named_rows(told: Mapping[str, Any], taken: set[str]) -> dict[str, str]:
    """Names for the rows of an exchange, as ``zone ch-gva-2``, and their ids.

    Args:
        told: the exchange.
        taken: names that mean something else already; those that are given are added.
    """
    found = {}
    noun = told["command"].removeprefix("list").removesuffix("s").lower()
    for row in told.get("rows") or ():
        label = row.get("name") or row.get("displaytext") or row.get("ipaddress")
        if "id" not in row or not label:
            continue
        for name in (f"{noun} {label}", f"{noun} {label} in {row.get('zonename')}"):
            if name not in taken:
                taken.add(name)
                found[name] = str(row["id"])
                break
    return found


def _prepare(
    client: Client, known: Mapping[str, str] | None, world: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Send the commands of a world; gives the ids that there are names for."""
    if known is None:
        known, taken = {}, set[str]()
        for command, params in _CATALOGUE:
            rows = client.rows(DEMO, command, params)
            known |= named_rows({"command": command, "rows": rows}, taken)
    own: dict[str, str] = {}
    for step in world:
        if step["command"] not in client.model.commands:
            raise CaseError(f"world: {step['command']}: CloudStack has no such command")
        params = placed(step.get("params", {}), {**known, **own})
        try:
            answer = client.call(DEMO, step["command"], params)
        except CloudStackError as error:
            raise CaseError(f"world: {step['command']}: {error.errortext}") from None
        made = str(answer.get("id", ""))
        if "jobid" in answer:
            job = _over(client, step["command"], str(answer["jobid"]))
            made = made or _id_in(job)
        if "as" in step:
            own[step["as"]] = made or _id_in(answer)
    return {**known, **own}


def _over(client: Client, command: str, job_id: str) -> dict[str, Any]:
    while True:
        told = Client.call(client, DEMO, "queryAsyncJobResult", {"jobid": job_id})
        if told["jobstatus"] == _FAILED:
            why = told["jobresult"].get("errortext", "")
            raise CaseError(f"world: {command}: {why}")
        if told["jobstatus"] == _DONE:
            result: dict[str, Any] = told.get("jobresult", {})
            return result


def _id_in(answer: Mapping[str, Any]) -> str:
    for value in answer.values():
        if isinstance(value, Mapping) and "id" in value:
            return str(value["id"])
    return ""


def _send(
    runner: Runner, told: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[int, Any, dict[str, Any] | None]:
    told = placed(told, names)
    request = Request(
        told["method"], told["path"], told.get("query", {}), told.get("body"), cloudstack=[]
    )
    status, body = runner.send(request)
    running = isinstance(body, dict) and body.get("status") == "RUNNING"
    done = runner.finish() if running else None
    return status, body, done
