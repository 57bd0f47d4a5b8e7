"""The goals for the cost of reads, each with its figure and verdict, from one run.

    python -m benchmarks goals
    make bench-compare REV=c329ff4

Gateways run as servers in processes of their own, in front of one cloud that answers from memory,
and are asked over HTTP, in turns. Counted is the CPU time of the gateway's process as the kernel
has it, so that other work on the machine changes little. With a revision, a gateway of that
revision is asked the same beside the present one, and the goals that speak of it have a figure.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.hostile import KEY, token
from benchmarks.list_instances import measure as in_process
from benchmarks.processes import PIDS, gateway, replay, simulator
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

ROUNDS = 9
ROOT = "/compute/v1/projects/demo-project"
ZONE = f"{ROOT}/zones/ch-gva-2"
FEW, MANY = 500, 10_000

WORK = {
    "list of 500": f"{ZONE}/instances",
    "page of 100 out of 500": f"{ZONE}/instances?maxResults=100",
    "get of one instance": f"{ZONE}/instances/load-00001",
    "aggregated list of 1,000": f"{ROOT}/aggregated/instances",
    "zones": f"{ROOT}/zones",
    "images": f"{ROOT}/global/images",
    "machine types": f"{ZONE}/machineTypes",
}
_NOTHING_KEPT = {"gstack.answers_kept_mb": "0", "gstack.resources_kept_mb": "0"}
PAGE_OF_MANY = "page of 100 out of 10,000"
SMALL = frozenset({"get of one instance", "zones", "images", "machine types"})
"""What takes so little that the first requests after a pause would be much of a figure."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table.

    Attributes:
        work: what was done.
        against: what it is a multiple of.
        goal: the largest multiple that it may be.
        figure: the multiple that it was.
    """

    work: str
    against: str
    goal: float
    figure: float

    @property
    def met(self) -> bool:
        """Whether it is as it should be."""
        return self.figure <= self.goal


class Asker:
    """Asks one gateway, and tells what its process paid for that.

    Args:
        port: where the gateway listens.
    """

    def __init__(self, port: int) -> None:
        self._pid = PIDS[port]
        self._bearer = token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def ask(self, path: str) -> None:
        """Ask once.

        Raises:
            RuntimeError: the answer is not 200.
        """
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {self._bearer}"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")

    def cost(self, path: str, times: int) -> float:
        """CPU milliseconds of one answer, of so many in a row."""
        before = _cpu(self._pid)
        for _ in range(times):
            self.ask(path)
        return (_cpu(self._pid) - before) / times / 1e6


def _cpu(pid: int) -> int:
    """Nanoseconds that all threads of a process have computed."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """A folder with the files of a revision, which goes away again.

    Raises:
        subprocess.CalledProcessError: there is no such revision.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["git", "archive", revision], check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield Path(folder)


def _settings(endpoint: str, **more: str) -> dict[str, str]:
    return {
        "here": str(Path.cwd()),
        "gstack.cloudstack.endpoint": endpoint,
        "gstack.token_keys": KEY,
        "gstack.catalogue_ttl": "3600",
        **more,
    }


def measure(
    revision: str | None, few: int = FEW, many: int = MANY, rounds: int = ROUNDS
) -> dict[str, dict[str, float]]:
    """CPU milliseconds by work, of a gateway that keeps no answers, one that does, and a revision.

    ``floor`` and ``first`` of the list of 500 come out of one more run within this process.

    Args:
        revision: what to measure beside the present program, as git names it.
        few: how many instances the zone of lists has.
        many: how many the zone has of which one page is read.
        rounds: how often everything is done.
    """
    figures: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        cloud = stack.enter_context(replay(stack.enter_context(simulator(load=2 * few)), 0))

        def asker_of(more: Mapping[str, str], source: Path | None = None) -> Asker:
            port = stack.enter_context(gateway(_settings(cloud, **more), source))
            return stack.enter_context(closing(Asker(port)))

        askers = {"first": asker_of(_NOTHING_KEPT), "again": asker_of({})}
        if revision is not None:
            askers["before"] = asker_of({}, stack.enter_context(checkout(revision)))
        for asker in askers.values():
            for path in WORK.values():
                asker.ask(path)
                asker.ask(path)
        for _ in range(rounds):
            for name, asker in askers.items():
                for work, path in WORK.items():
                    cost = asker.cost(path, 30 if work in SMALL else 5)
                    figures.setdefault(work, {}).setdefault(name, []).append(cost)
    with ExitStack() as stack:
        cloud = stack.enter_context(replay(stack.enter_context(simulator(load=2 * many)), 0))
        settings = _settings(cloud, **_NOTHING_KEPT)
        asker = stack.enter_context(closing(Asker(stack.enter_context(gateway(settings)))))
        asker.ask(WORK["page of 100 out of 500"])
        costs = [asker.cost(WORK["page of 100 out of 500"], 5) for _ in range(rounds)]
        figures[PAGE_OF_MANY] = {"first": costs}
    found = {
        work: {name: statistics.median(costs) for name, costs in by_name.items()}
        for work, by_name in figures.items()
    }
    found["in one process"] = in_process(few, rounds)
    return found


def goals(found: dict[str, dict[str, float]]) -> list[Goal]:
    """The table; lines about a revision only where one was measured."""
    inside, listed = found["in one process"], found["list of 500"]
    floor = "hand-written floor"
    lines = [
        Goal("list of 500, first time", floor, 1.15, inside["gstack"] / inside["floor"]),
        Goal("list of 500, nothing changed", floor, 0.35, inside["again"] / inside["floor"]),
    ]
    changed = inside["one changed"] / inside["gstack"]
    lines.append(Goal("list of 500, one of them changed", "list of 500", 0.35, changed))
    for work in ("page of 100 out of 500", PAGE_OF_MANY):
        lines.append(Goal(work, "list of 500", 0.25, found[work]["first"] / listed["first"]))
    if "before" not in listed:
        return lines

    def against(work: str, name: str, goal: float, told: str) -> Goal:
        return Goal(told, "the revision", goal, found[work][name] / found[work]["before"])

    return [
        *lines,
        against("list of 500", "first", 0.33, "list of 500, first time"),
        against("list of 500", "again", 0.1, "list of 500, nothing changed"),
        against("get of one instance", "again", 0.15, "get of one instance"),
        against("aggregated list of 1,000", "first", 0.33, "aggregated list of 1,000, first time"),
        against("aggregated list of 1,000", "again", 0.1, "aggregated list of 1,000, again"),
        *(against(work, "again", 0.6, work) for work in ("zones", "images", "machine types")),
    ]


def report(arguments: list[str] | None = None) -> None:
    """Print the table of one run, and write the figures where ``--json`` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.goals")
    parser.add_argument("--against", metavar="REV", help="a revision of this repository")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures here")
    told = parser.parse_args(arguments or [])
    found = measure(told.against)
    lines = goals(found)
    print(f"CPU of the gateway, median of {ROUNDS} rounds in one run, {os.cpu_count()} cores:")
    for line in lines:
        verdict = "met" if line.met else "MISSED"
        print(
            f"  {line.work:38} {line.figure:6.3f} x {line.against:19}"
            f" goal {line.goal:5.2f}  {verdict}"
        )
    if told.json:
        kept = {
            "milliseconds": found,
            "goals": [asdict(line) | {"met": line.met} for line in lines],
        }
        told.json.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    import sys

    report(sys.argv[1:])
