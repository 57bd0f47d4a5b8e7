"""Fill in case files from what the gateway does in front of the simulator.

Write a case with its ``request`` only, and if need be ``world`` and ``before``, then run::

    .venv/bin/python -m tests.record tests/cases/disks.resize.yaml

``world`` is a list of commands that the demo account sends to the simulator beforehand, each with
``command``, ``params`` and perhaps ``as``, a name: ``<NAME>`` stands for the id in its answer in
what follows it, in ``before`` and in ``request`` too. What _world.yaml lists is there in any case:
the machines and disks that the shared rows show. What is recorded is what happens, not what
should: read it, line by line. Cases that have a ``response`` are left alone unless ``--again`` is
given.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.routes import make_app
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.settings import Settings
from gstack_pyramid.simulator import SimulatorServer, make_simulator

from .support.cases import FOLDER, Request, shared_reads, shared_rows_by_command
from .support.gateway import BASE, DEMO
from .support.recorder import Recorder
from .support.runner import NOON, Runner

_WIDTH = 96
_SHORT = 88
_ACCOUNTS = "listAccounts"
_APIS = "listApis"
_PERMISSIONS = "testIamPermissions"

MOST_LINES = 1000
"""How long a recorded case may be: who records is to read it, and every test run does."""


class Rows:
    """The shared rows, to which those that a recording brings are added."""

    def __init__(self, resource: str, model: CloudStackModel) -> None:
        self._resource, self._model = resource, model
        self._path = FOLDER / f"_rows-{resource}.yaml"
        self._named: dict[str, tuple[str, dict[str, Any]]] = {
            name: (command, row) for command, name, row in shared_rows_by_command()
        }
        self._own: dict[str, dict[str, Any]] = (
            yaml.safe_load(self._path.read_text()) if self._path.exists() else {}
        )
        self._reads = {
            (read.command, repr(sorted(read.params.items())), repr(read.rows)): name
            for name, read in shared_reads().items()
        }
        self.changed = False

    def ids(self) -> dict[str, str]:
        """The names of the rows by id; of several for one the resource's own, else the first."""
        ids: dict[str, str] = {}
        for name, (_, row) in self._named.items():
            if "id" in row:
                ids.setdefault(row["id"], name)
        # The same number of commands makes the same id, whatever they make.
        for rows in self._own.values():
            ids.update((row["id"], name) for name, row in rows.items() if "id" in row)
        return ids

    def named(self) -> dict[str, str]:
        """The ids of the rows by name."""
        return {name: str(row["id"]) for name, (_, row) in self._named.items() if "id" in row}

    def read(self, told: Mapping[str, Any]) -> str | None:
        """The name of the shared exchange that this one is, if it is one."""
        shown = told["rows"]
        if told["command"] == _ACCOUNTS and self._resource != "projects":
            # What the account uses is counted in its row, and of no interest to other resources.
            by_id = {row["id"]: row for name, (_, row) in self._named.items() if "id" in row}
            shown = [by_id.get(row["id"], row) for row in shown]
        key = (told["command"], repr(sorted(told.get("params", {}).items())), repr(shown))
        return self._reads.get(key)

    def row(self, command: str, row: dict[str, Any]) -> Any:
        """A row of a list as a case file refers to it; it is shared from now on."""
        if "id" not in row:
            return row
        like = self._nearest(row, command)
        if like is None:
            return self._add(command, row)
        return like if self._named[like][1] == row else self._changed(like, row)

    def alike(self, row: dict[str, Any]) -> dict[str, Any]:
        """What another command than a list tells of a thing, by the row that is shared of it."""
        like = self._nearest(row) if "id" in row else None
        return row if like is None else self._changed(like, row)

    def _nearest(self, row: dict[str, Any], command: str | None = None) -> str | None:
        found = [
            name
            for name, (by, known) in self._named.items()
            if known.get("id") == row["id"]
            and (by == command if command else 2 * _distance(known, row) < len(row))
        ]
        return min(found, key=lambda name: _distance(self._named[name][1], row), default=None)

    def _changed(self, like: str, row: dict[str, Any]) -> dict[str, Any]:
        known = self._named[like][1]
        changed = {key: value for key, value in row.items() if known.get(key) != value}
        return {"like": like, **changed, **{key: None for key in known if key not in row}}

    def save(self) -> None:
        """Write the rows that are new."""
        if self.changed:
            self._path.write_text(
                "# Rows that the case files of one resource share, as _rows.yaml has them.\n"
                + dumped(self._own)
            )

    def _add(self, command: str, row: dict[str, Any]) -> str:
        kinds = [name for name, (by, _) in self._named.items() if by == command]
        noun = kinds[0].split(" ")[0] if kinds else str(self._model.command(command).list_key)
        label = str(row.get("name") or row.get("displaytext") or row.get("ipaddress") or "")
        # The names of all resources' files are one space.
        name = base = f"{noun} {label or row['id'][:8]} for {self._resource}"
        count = 1
        while name in self._named:
            count += 1
            name = f"{base} {count}"
        self._named[name] = (command, row)
        self._own.setdefault(command, {})[name] = row
        self.changed = True
        return name


def _distance(known: Mapping[str, Any], row: Mapping[str, Any]) -> int:
    return sum(known.get(key) != row.get(key) for key in known.keys() | row.keys())


class Dumper(yaml.SafeDumper):
    """Short things on one line, as a person would write them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _flow(data: Any) -> bool:
    told = yaml.safe_dump(data, default_flow_style=True, width=10_000, sort_keys=False)
    return len(told) <= _SHORT


def _mapping(dumper: Dumper, data: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=_flow(data))


def _sequence(dumper: Dumper, data: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=_flow(data))


Dumper.add_representer(dict, _mapping)
Dumper.add_representer(list, _sequence)


def dumped(told: Any) -> str:
    """YAML as the case files are written."""
    text: str = yaml.dump(told, Dumper=Dumper, width=_WIDTH, sort_keys=False, allow_unicode=True)
    return text


def readable(told: Mapping[str, Any], name: str) -> None:
    """Refuse a recorded case that is too long to be read.

    Raises:
        SystemExit: the case is longer than ``MOST_LINES`` lines; it says which command is to blame.
    """
    lines = dumped(told).count("\n")
    if lines > MOST_LINES:
        requests = [*told.get("before", []), told]
        longest = max(
            (entry for request in requests for entry in request["cloudstack"]),
            key=lambda entry: len(dumped(entry)),
        )
        told_by = longest if isinstance(longest, str) else longest["command"]
        raise SystemExit(
            f"{name}: {lines} lines, more than {MOST_LINES}. The longest answer is that of "
            f"{told_by}: write it, cut down, into _reads.yaml"
        )


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


class Recording:
    """Records the cases of one file.

    Args:
        path: the file.
        again: whether cases that are recorded already are recorded once more.
    """

    def __init__(self, path: Path, again: bool) -> None:
        self._path, self._again = path, again
        self._told: dict[str, Any] = yaml.safe_load(path.read_text())
        # A case file is named after its resource and method.
        self._resource = path.name.split(".")[0]

    def run(self, router: Any) -> None:
        """Record in front of an application, and write the file."""
        model: CloudStackModel = router.registry["gstack"].compiled.cloudstack
        rows = Rows(self._resource, model)
        for name, case in self._told["cases"].items():
            if self._again or "response" not in case:
                recorded = self._record(router, model, rows, case)
                readable(recorded, f"{self._path.name}: {name}")
                self._told["cases"][name] = recorded
        rows.save()
        self._path.write_text(dumped(self._told))

    def _record(
        self, router: Any, model: CloudStackModel, rows: Rows, case: dict[str, Any]
    ) -> dict[str, Any]:
        simulator = make_simulator(model=model, clock=lambda: NOON)
        server = SimulatorServer(simulator)
        client = Recorder(server.start(), model, lambda: NOON)
        runner = Runner(router, client, client.answered)
        try:
            names = _prepare(client, [*_shared_world(), *case.get("world", [])], rows)
            client.said.clear()
            before = []
            for step in case.get("before", []):
                _send(runner, step["request"], names)
                before.append({**step, "cloudstack": self._taken(client, rows)})
            status, body, done = _send(runner, case["request"], names)
            said = self._taken(client, rows)
        finally:
            runner.close()
            server.stop()
            simulator.close()
        recorded: dict[str, Any] = {key: case[key] for key in ("about", "world") if key in case}
        if before:
            recorded["before"] = placed(before, names)
        recorded["request"] = placed(case["request"], names)
        recorded["cloudstack"] = said
        recorded["response"] = {"status": status} if status != 200 else {}
        recorded["response"]["body"] = _general(body)
        if done is not None:
            at_once = _general(body)
            recorded["operation"] = {
                key: value for key, value in _general(done).items() if at_once.get(key) != value
            }
        return recorded

    def _taken(self, client: Recorder, rows: Rows) -> list[Any]:
        # What a role allows is read once in a while, and is no part of what a change costs.
        asked = self._path.stem.endswith(_PERMISSIONS)
        said = [told for told in client.said if asked or told["command"] != _APIS]
        lists = [_listed(told, rows) for told in said]
        said = [_told(told, rows) for told in lists]
        ids = {known: f"<{name}>" for known, name in rows.ids().items()}
        client.said.clear()
        return [_with_ids(told, ids) for told in said]


def _listed(told: dict[str, Any], rows: Rows) -> Any:
    if "rows" not in told:
        return told
    name = rows.read(told)
    if name is not None:
        return name
    return {**told, "rows": [rows.row(told["command"], row) for row in told["rows"]]}


def _told(told: Any, rows: Rows) -> Any:
    if isinstance(told, str):
        return told
    return {
        key: {
            name: rows.alike(row) if isinstance(row, dict) else row for name, row in value.items()
        }
        if key in ("object", "job")
        else value
        for key, value in told.items()
    }


def _with_ids(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_ids(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_ids(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


def _general(body: Any) -> Any:
    """An answer with placeholders for what is different each time."""
    if isinstance(body, Mapping):
        told = {
            key: "<fingerprint>" if key.lower().endswith("fingerprint") else _general(value)
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
        return [_general(value) for value in body]
    return body.replace(BASE, "<base>") if isinstance(body, str) else body


def _shared_world() -> list[dict[str, Any]]:
    world: list[dict[str, Any]] = yaml.safe_load((FOLDER / "_world.yaml").read_text())
    return world


def _prepare(client: Client, world: list[dict[str, Any]], rows: Rows) -> dict[str, str]:
    """Send the commands of ``world``; the ids that they gave names to."""
    names = rows.named()
    own: dict[str, str] = {}
    for step in world:
        params = placed(step.get("params", {}), {**names, **own})
        answer = client.call(DEMO, step["command"], params)
        made = str(answer.get("id", ""))
        if "jobid" in answer:
            job = _over(client, str(answer["jobid"]))
            made = made or _id_in(job)
        if "as" in step:
            own[step["as"]] = made or _id_in(answer)
    return own


def _over(client: Client, job_id: str) -> dict[str, Any]:
    while True:
        told = Client.call(client, DEMO, "queryAsyncJobResult", {"jobid": job_id})
        if told["jobstatus"] == 2:
            raise SystemExit(f"a command of `world` failed: {told['jobresult']}")
        if told["jobstatus"] == 1:
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


@contextmanager
def _application(folder: Path) -> Iterator[Any]:
    ini = {
        "here": str(folder),
        "gstack.cloudstack.endpoint": "http://127.0.0.1:1/client/api",
        "gstack.token_keys_file": "keys",
        "gstack.token_keys_create": "true",
        "gstack.check_answers": "refuse",
    }
    router = make_app(Settings.from_ini(ini, {}))
    yield router
    router.registry["gstack"].close()


def main(arguments: list[str]) -> None:
    """Record the files named on the command line."""
    paths = [Path(argument) for argument in arguments if not argument.startswith("-")]
    if not paths:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder, _application(Path(folder)) as router:
        for path in paths:
            Recording(path, "--again" in arguments).run(router)
            print(f"recorded {path}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
