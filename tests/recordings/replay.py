"""Playing the recorded requests to a simulated cloud, one after the other, and comparing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.simulator import PASSWORD

from ..unit.simulator.cloud import Cloud, java_signature
from .keys import certificate
from .recorded import Recording
from .shapes import Shape, differences, kind, merge, shape_of

_TAG = re.compile(r"<([a-z?]+)")
ANSWERED = "queryAsyncJobResult"

Key = tuple[str, str]
"""Command, or class of a job's command, and outcome: what of several answers have one shape."""


class Stage:
    """A simulated cloud, and which of its ids stand for which recorded ones.

    Args:
        cloud: whose jobs take a second.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ids: dict[str, str] = {}
        self.shapes: dict[Key, Shape] = {}

    def play(self, recording: Recording, other: bool = False, **instead: Any) -> Iterator[str]:
        """Send a recorded request.

        Args:
            recording: what was sent, and what came of it.
            other: send it on behalf of the other account.
            instead: parameters with other values; None leaves one out.

        Yields:
            what is different, field by field.
        """
        sent = {**recording.request, **instead}
        command = str(sent.pop("command"))
        if isinstance(recording.body, str):
            yield from self._xml(recording)
            return
        status, body = self.send(command, sent, other=other)
        inside = next(iter(body.values()))
        fine = status == 200
        self._remember((command, "success" if fine else "error"), body)
        if status != recording.status:
            yield f"status {status}, not {recording.status}"
        if fine and status == recording.status and command.startswith("list"):
            # What is in a list depends on what else was there: its rows are compared at the end.
            yield from self._compare(body, recording.body, rows=False)
            return
        yield from self._compare(body, recording.body)
        if recording.final is None or "jobid" not in inside:
            return
        for real, passed in ((recording.pending, 0.0), (recording.final, 2.0)):
            self.cloud.clock.now += passed
            job = self._job(inside["jobid"], other)
            what = "final" if passed else "pending"
            if real is not None:
                yield from (f"{what}: {told}" for told in self._compare(job, real))

    def _xml(self, recording: Recording) -> Iterator[str]:
        sent = self.cloud.signed(recording.command)
        del sent["response"], sent["signature"]
        sent["signature"] = java_signature(sent, self.cloud.secret)
        content = self.cloud.send(sent).content.decode()
        for ours, real in zip(
            _TAG.findall(content)[:3], _TAG.findall(recording.body)[:3], strict=True
        ):
            if ours != real:
                yield f"{ours}, not {real}"

    def send(
        self, command: str, params: Mapping[str, Any], *, other: bool = False
    ) -> tuple[int, dict[str, Any]]:
        """Send a command whose parameters mention recorded ids."""
        cloud = self.cloud.other() if other else self.cloud
        ours = self.ours(params)
        if command == "login":
            ours = {**ours, "command": command, "response": "json"}
            if ours["password"] == "***":
                ours["password"] = PASSWORD
            reply = cloud.send(ours)
        else:
            reply = cloud.send(cloud.signed(command, **ours))
        return reply.status, reply.json()

    def ours(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as the simulated caller takes them, with its own ids."""
        told: dict[str, Any] = {}
        for name, value in params.items():
            if name == "tags" and isinstance(value, list):
                for at, entry in enumerate(value):
                    told.update({f"tags[{at}].{key}": text for key, text in entry.items()})
            elif name == "details" and isinstance(value, list):
                told[name] = value[0]
            elif isinstance(value, str):
                told[name] = ",".join(self.ids.get(part, part) for part in value.split(","))
            else:
                told[name] = value
        if "certificate" in told:
            told.update(certificate())
        return told

    def call(self, command: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Do what was not recorded, to its end; the body of the answer, or the job's result."""
        status, body = self.send(command, params)
        inside: dict[str, Any] = next(iter(body.values()))
        assert status == 200, inside
        self._remember((command, "success"), body)
        if "jobid" not in inside:
            return inside
        self._job(inside["jobid"], False)
        self.cloud.clock.now += 2
        told = self._job(inside["jobid"], False)[f"{ANSWERED.lower()}response"]
        assert told["jobstatus"] == 1, told
        result: dict[str, Any] = told["jobresult"]
        return {**inside, **result}

    def _job(self, key: str, other: bool) -> dict[str, Any]:
        _, body = self.send(ANSWERED, {"jobid": key}, other=other)
        told = body[f"{ANSWERED.lower()}response"]
        outcome = ("pending", "success", "failed")[told["jobstatus"]]
        self._remember((told["cmd"].rpartition(".")[2], outcome), body)
        return body

    def _remember(self, key: Key, body: Mapping[str, Any]) -> None:
        merge(self.shapes.setdefault(key, {}), shape_of(next(iter(body.values()))))

    def _compare(
        self, body: Mapping[str, Any], real: Mapping[str, Any], *, rows: bool = True
    ) -> Iterator[str]:
        if list(body) != list(real):
            yield f"envelope {', '.join(body)}, not {', '.join(real)}"
        mine, other = next(iter(body.values())), next(iter(real.values()))
        self.pair(mine, other)
        if rows:
            yield from differences(mine, other)

    def pair(self, ours: Any, real: Any) -> None:
        """Learn which ids stand for which, from two answers that tell of the same."""
        if kind(ours) != kind(real):
            return
        if isinstance(real, Mapping):
            for key in {*ours} & {*real}:
                self.pair(ours[key], real[key])
        elif isinstance(real, list):
            for mine, other in zip(ours, real, strict=False):
                self.pair(mine, other)
        elif isinstance(real, str) and len(real) == 36 and real.count("-") == 4:
            self.ids.setdefault(real, ours)
