"""How a call comes into the engine: the project, zone and region of its path looked up."""

from __future__ import annotations

from gstack_pyramid.engine.calls import Call
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.session import Session
from gstack_pyramid.errors import GceError, invalid_value, not_found

_LOOKING = frozenset({"get", "list", "answer"})
"""The kinds of methods that a foreign project can be asked."""


def enter(call: Call, session: Session, compiled: Compiled) -> Env:
    """The environment of a call: its project, zone and region looked up.

    Raises:
        GceError: 404 for somebody else's project, 400 for an unknown zone or region.
    """
    env = Env(
        session,
        {
            "path": call.path,
            "query": call.query,
            "body": call.body,
            "settings": compiled.settings,
        },
    )
    own = call.method.item if call.method.resource.collection.scope == "projects" else None
    segments = call.method.gce.path.split("/")
    for segment, parameter in zip(segments[::2], segments[1::2], strict=False):
        name = parameter.strip("{+}")
        if not parameter.startswith("{") or name == own:
            break
        if segment == segments[0]:
            env = _enter_any_project(call, segment, call.path[name], env, compiled)
        elif segment in ("zones", "regions"):
            env = _enter_scope(segment, name, call.path[name], env, compiled)
    return env


def _enter_any_project(call: Call, segment: str, name: str, env: Env, compiled: Compiled) -> Env:
    """Enter a project of the caller's, or to look only, a foreign one that is known.

    Raises:
        GceError: 404, it is neither.
    """
    try:
        return _enter_project(segment, name, env, compiled)
    except GceError as error:
        resource = call.method.resource
        known = resource.reaches(name) and call.method.kind in _LOOKING
        if error.status != 404 or not known:
            raise
        there = env.in_project(name, home=name in resource.elsewhere)
        return there.naming({"project": {}})


def _enter_project(segment: str, name: str, env: Env, compiled: Compiled) -> Env:
    env = env.in_project(name)
    found = compiled.resources[segment].find(name, env)
    if found is None:
        raise not_found(f"{segment}/{name}")
    shown, record = found
    if name.isdecimal():
        env = env.in_project(shown)
    row = record.rows[0]
    env = env.naming({"project": row})
    env.session.within(str(row["id"]))
    if record.source.scope_params is not None:
        env.session.scope_params = record.source.scope_params(row, env)
    return env


def _enter_scope(segment: str, parameter: str, name: str, env: Env, compiled: Compiled) -> Env:
    resource = compiled.resources[segment]
    found = resource.find(name, env)
    if found is None:
        raise invalid_value(parameter, name, f"Unknown {parameter}.")
    shown, record = found
    if segment == "zones":
        return env.in_zone(record.rows[0], shown)
    return env.in_region(record.rows, shown)
