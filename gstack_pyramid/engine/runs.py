"""Steps that do another method: once, or for each of several bodies.

What such a method would refuse is refused before anything is changed, as if it had been asked for
by itself, and what it found out goes into the state of the plan. So a plan of many methods is as
durable as one of a single command.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Builder, Condition, Getter, Loop
from gstack_pyramid.engine.methods import Method, settle
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.plans import (
    LostSight,
    Outcome,
    Part,
    Plan,
    PlannedCommand,
    StepError,
    take_back,
)
from gstack_pyramid.errors import GceError, already_exists, seen_from_outside

_TARGET = ("self", "rows", "key", "resource")


@dataclass(slots=True)
class Run:
    """One compiled step that does another method.

    Attributes:
        name: the method, as ``instances.insert``.
        method: the same, once all mappings are compiled.
        root: where the state of the plan keeps the turns.
        at: the field of the request's body that the method's body stems from, for messages.
        least: how many turns must succeed; None for all.
        zone: the name of the zone that it happens in; None for where the request is.
    """

    name: str
    about: str
    root: str
    when: Condition | None
    loop: Loop | None
    body: Getter | None
    query: Builder
    least: Getter | None
    zone: Getter | None
    at: str
    method: Method | None = None

    @property
    def creates(self) -> bool:
        """Whether the method makes something that has a name."""
        return self.method is not None and self.method.creates

    @property
    def making(self) -> str | None:
        """The resource of which its method makes one that has a name; None if none."""
        return self.name.rpartition(".")[0] if self.creates else None

    def settle(self, env: Env) -> Env:
        """Check all turns, and give the environment that tells :meth:`run` what they do.

        Raises:
            GceError: what the method refuses.
        """
        body = env.roots.get("body")
        if self.when is not None and not self.when(body, env):
            return env
        loop = [env]
        if self.loop is not None:
            loop = [turn.naming({"index": i}) for i, turn in enumerate(self.loop(body, env))]
        turns = [self._turn(body, env, turn, one_of_many=len(loop) > 1) for turn in loop]
        least = len(turns) if self.least is None else self.least(body, env)
        least = len(turns) if least is None else int(least)
        return env.naming({self.root: {"least": least, "turns": turns}})

    def _turn(self, body: Any, env: Env, inner: Env, *, one_of_many: bool) -> dict[str, Any]:
        method = self._method()
        zone = None if self.zone is None else self.zone(body, inner)
        made = {} if self.body is None else self.body(body, inner)
        query = self.query(body, inner)
        if zone is not None:
            inner = inner.in_zone(*env.session.zone(zone, env))
        path = {**env.roots.get("path", {}), "zone": inner.zone, "region": inner.region}
        path = {name: value for name, value in path.items() if value is not None}
        inner = inner.naming({"body": made, "query": query, "path": path})
        if method.item is None:
            inner = inner.forgetting(_TARGET)
        target = method.resource.prefix(inner).removeprefix(f"{env.session.base_url}/")
        try:
            if method.creates:
                name = str(made.get("name", ""))
                target += name
                if method.resource.find(name, inner, one_of_many=one_of_many) is not None:
                    raise already_exists(target)
            if method.body_rules is not None:
                method.body_rules.check(made)
            variant, inner = settle(method, inner, alone=False)
        except GceError as error:
            raise seen_from_outside(error, self.at) from None
        scope = method.resource.collection.scope
        place = inner.scope_name(scope)
        return {
            "variant": method.variants.index(variant),
            "roots": {
                name: value
                for name, value in inner.roots.items()
                if name != "settings" and env.roots.get(name) is not value
            },
            "zone": None if zone is None else [inner.zone, inner.zone_id],
            "scope": f"{scope}/{place}" if place else "global",
            "target": target,
        }

    def run(self, env: Env, done: list[PlannedCommand]) -> Plan:
        """Yield the commands of all turns; note in ``done`` what would take them back."""
        settled = env.roots.get(self.root)
        if settled is None:
            return Outcome(env)
        turns, least, lost = settled["turns"], settled["least"], 0
        parts: list[Part] = []
        for turn in turns:
            inner = env.naming(turn["roots"])
            if turn["zone"] is not None:
                inner = inner.at_zone(*turn["zone"])
            steps = self._method().variants[turn["variant"]].steps
            part = Part(self._method().gce.name, turn["scope"], turn["target"])
            mine: list[PlannedCommand] = []
            try:
                for step in steps:
                    part, inner = yield from _noting(step.run(inner, mine), part)
            except LostSight:
                done.extend(mine)
                raise
            except (StepError, GceError) as failure:
                lost += 1
                if len(turns) - lost < least:
                    done.extend(mine)
                    raise
                yield from take_back(mine)
                cause = failure.cause if isinstance(failure, StepError) else failure
                part = replace(part, failure=cause)
            else:
                done.extend(mine)
            parts.append(part)
        return Outcome(env, tuple(parts) if self.creates else ())

    def targets(self, env: Env) -> list[str]:
        """The paths of what is about to be made."""
        settled = env.roots.get(self.root)
        return [turn["target"] for turn in settled["turns"]] if settled and self.creates else []

    def _method(self) -> Method:
        if self.method is None:
            raise LookupError(f"{self.name} is not mapped")
        return self.method


def _noting(commands: Plan, part: Part) -> Generator[PlannedCommand, Any, tuple[Part, Env]]:
    """The same commands; the id of what they make is the part's, not that of the whole plan."""
    try:
        command = next(commands)
        while True:
            try:
                result = yield replace(command, makes=False)
            except (StepError, LostSight) as failure:
                command = commands.throw(failure)
                continue
            if command.makes and isinstance(result, dict) and result.get("id") is not None:
                part = replace(part, target_id=numeric_id(str(result["id"])))
            command = commands.send(result)
    except StopIteration as end:
        return part, end.value.env
