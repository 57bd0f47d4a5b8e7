"""Steps that do another method: once, or for each of several bodies.

What such a method would refuse is refused before anything is changed, as if it had been asked for
by itself, and what it found out goes into the state of the plan. So a plan of many methods is as
durable as one of a single command.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Getter
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.planned_commands import (
    LostSight,
    Part,
    PlannedCommand,
    StepError,
    take_back,
)
from gstack_pyramid.engine.roles import heed
from gstack_pyramid.errors import GceError, already_exists, seen_from_outside
from gstack_pyramid.mapping.conditions import Condition, compile_condition
from gstack_pyramid.mapping.document import Finding, Place
from gstack_pyramid.mapping.loops import Loop, compile_loop
from gstack_pyramid.mapping.scope import Builder, Scope
from gstack_pyramid.mapping.shapes import GceShape

if TYPE_CHECKING:
    from gstack_pyramid.engine.methods import Method, Variant

_TARGET = ("self", "rows", "key", "resource")


@dataclass(slots=True)
class Run:
    """One compiled step that does another method.

    Attributes:
        name: the method, as ``instances.insert``.
        method: the same, once all mappings are compiled.
        unknown: what to report when it isn't mapped; None when GCE doesn't know it either.
        root: where the state of the plan keeps the turns.
        at: the field of the request's body that the method's body stems from, for messages.
        least: how many turns must succeed; None for all.
        zone: the name of the zone that it happens in; None for where the request is.
    """

    name: str
    about: str
    unknown: Finding | None
    root: str
    when: Condition | None
    loop: Loop | None
    body: Getter | None
    query: Builder
    least: Getter | None
    zone: Getter | None
    at: str
    method: Method | None = None

    asynchronous = False

    @property
    def creates(self) -> bool:
        """Whether the method makes something that has a name."""
        return self.method is not None and self.method.creates

    def settle(self, env: Env) -> None:
        """Check all turns and fix what they will do, for :meth:`run` to do it.

        Raises:
            GceError: what the method refuses.
        """
        body = env.roots.get("body")
        if self.when is not None and not self.when(body, env):
            return
        turns: list[dict[str, Any]] = []
        if self.loop is None:
            turns.append(self._turn(body, env, {}))
        else:
            for index, roots in enumerate([dict(env.roots) for _ in self.loop(body, env)]):
                turns.append(self._turn(body, env, {**roots, "index": index}))
        least = None if self.least is None else self.least(body, env)
        env.roots[self.root] = {
            "least": len(turns) if least is None else int(least),
            "turns": turns,
        }

    def _turn(self, body: Any, env: Env, roots: Mapping[str, Any]) -> dict[str, Any]:
        method = self._method()
        inner = env.child()
        inner.roots.update(roots)
        zone = None if self.zone is None else self.zone(body, inner)
        made = {} if self.body is None else self.body(body, inner)
        query = self.query(body, inner)
        if zone is not None:
            inner.enter_zone(*env.session.zone(zone, env))
        path = {**env.roots.get("path", {}), "zone": inner.zone, "region": inner.region}
        inner.roots |= {"body": made, "query": query}
        inner.roots["path"] = {name: value for name, value in path.items() if value is not None}
        if method.item is None:
            for name in _TARGET:
                inner.roots.pop(name, None)
        target = method.resource.prefix(inner).removeprefix(f"{env.session.base_url}/")
        try:
            if method.creates:
                target += str(made.get("name", ""))
                if method.resource.find(str(made.get("name", "")), inner) is not None:
                    raise already_exists(target)
            if method.body_rules is not None:
                method.body_rules.check(made)
            variant = settle(method, inner, alone=False)
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

    def run(
        self, env: Env, done: list[PlannedCommand]
    ) -> Generator[PlannedCommand, Any, list[Part]]:
        """Yield the commands of all turns; note in ``done`` what would take them back.

        Returns:
            What came of each turn that was to make something.
        """
        settled = env.roots.get(self.root)
        if settled is None:
            return []
        turns, least, lost = settled["turns"], settled["least"], 0
        parts: list[Part] = []
        for turn in turns:
            inner = env.child()
            inner.roots.update(turn["roots"])
            if turn["zone"] is not None:
                inner.zone, inner.zone_id = turn["zone"]
                inner.region, inner.region_zones = None, frozenset()
            steps = self._method().variants[turn["variant"]].steps
            part = Part(self._method().gce.name, turn["scope"], turn["target"])
            mine: list[PlannedCommand] = []
            try:
                for step in steps:
                    part = yield from _noting(step.run(inner, mine), part)
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
        return parts if self.creates else []

    def targets(self, env: Env) -> list[str]:
        """The paths of what is about to be made."""
        settled = env.roots.get(self.root)
        return [turn["target"] for turn in settled["turns"]] if settled and self.creates else []

    def _method(self) -> Method:
        if self.method is None:
            raise LookupError(f"{self.name} is not mapped")
        return self.method


def settle(method: Method, env: Env, *, alone: bool) -> Variant:
    """Check a change against the current state, and choose the way to do it.

    Args:
        method: what is to be done.
        env: with the request's body, checked against its rules, and what it is about. It gets the
            values that the steps will need.
        alone: whether nothing else is done for the same request.

    Raises:
        GceError: 400, 403, 404, 409 or 412, in GCE's words.
    """
    if method.body is not None:
        env.roots["body"] = method.body(env.roots.get("body"), env)
        if method.body_rules is not None:
            method.body_rules.check(env.roots["body"])
    if method.body_rules is not None and "advice" in method.uses:
        env.roots["advice"] = method.body_rules.advice(env.roots.get("body"))
    for kept in method.kept_for:
        kept.check(env)
    if method.common is not None:
        method.common.enter(env)
    if method.fingerprint is not None:
        method.fingerprint.check(env)
    variant = method.choose(env)
    variant.enter(env)
    own = [step for step in variant.steps if not isinstance(step, Run)]
    heed(own, env, alone=alone and len(own) == len(variant.steps))
    for step in variant.steps:
        if isinstance(step, Run):
            step.settle(env)
    return variant


def _noting(
    commands: Generator[PlannedCommand, Any, Any], part: Part
) -> Generator[PlannedCommand, Any, Part]:
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
    except StopIteration:
        return part


def compile_run(spec: Mapping[str, Any], scope: Scope, place: Place) -> Run:
    """Compile a step with ``run``; mistakes are reported to the scope."""
    name = spec["run"]
    resource, _, method_name = name.rpartition(".")
    try:
        method = scope.models.gce.methods(resource).get(method_name)
    except KeyError:
        method = None
    when = compile_condition(spec["when"], scope, (*place, "when")) if "when" in spec else None
    loop, inner = None, scope
    if "each" in spec:
        loop, inner = compile_loop(spec["each"], scope, (*place, "each"))
    elif "least" in spec:
        scope.report((*place, "least"), "'least' counts the turns of 'each', and there is none")
    body = inner.value(spec["body"], (*place, "body")) if "body" in spec else None
    query = inner.fields(spec.get("query", {}), (*place, "query"))
    if method is None:
        scope.report((*place, "run"), f"GCE has no method {name!r}")
    else:
        _check_names(spec, method, scope, place)
    unknown = None
    if method is not None:
        unknown = scope.document.finding((*place, "run"), f"{name!r} is not a mapped change")
    return Run(
        name=name,
        about=spec.get("about", ""),
        unknown=unknown,
        root=f"@{'.'.join(str(part) for part in place)}",
        when=when,
        loop=loop,
        body=body,
        query=query,
        least=scope.value(spec["least"], (*place, "least")) if "least" in spec else None,
        zone=inner.value(spec["in"], (*place, "in")) if "in" in spec else None,
        at=spec.get("at", ""),
    )


def _check_names(spec: Mapping[str, Any], method: Any, scope: Scope, place: Place) -> None:
    """Report what the method has no field or parameter for."""
    for name in spec.get("query", {}):
        if name not in method.query:
            scope.report((*place, "query", name), f"{method.id} has no parameter {name!r}")
    if "body" in spec and not method.request:
        scope.report((*place, "body"), f"{method.id} takes no body")
    fields = spec["body"].get("fields", {}) if isinstance(spec.get("body"), Mapping) else {}
    shape = GceShape(scope.models.gce, method.request or "", ())
    for name in fields if method.request else ():
        if shape.field(name) is None:
            message = f"GCE's {method.request} has no field {name!r}"
            scope.report((*place, "body", "fields", name), message)


def link_runs(methods: Mapping[str, Method], findings: list[Finding]) -> None:
    """Give each step that does another method, and what is kept for one, that method.

    All are compiled by then.
    """
    by_name = {f"{m.resource.name}.{m.gce.name}": m for m in methods.values()}
    for method in methods.values():
        for kept in method.kept_for:
            kept.method = by_name.get(kept.name)
            if kept.method is None or kept.method.body_rules is None:
                findings.append(kept.unknown)
        for variant in method.variants:
            for step in variant.steps:
                if not isinstance(step, Run):
                    continue
                step.method = by_name.get(step.name)
                if step.unknown is None:
                    continue
                if step.method is None or step.method.kind != "mutation" or step.method is method:
                    findings.append(step.unknown)
                else:
                    method.uses |= step.method.uses & {"resource"}
