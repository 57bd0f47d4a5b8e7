"""Changes: checked one after the other where they need the same thing, then begun."""

from __future__ import annotations

from functools import partial
from typing import Any

from gstack_pyramid import operations
from gstack_pyramid.application import Application
from gstack_pyramid.engine.calls import Call, Prepared
from gstack_pyramid.errors import GceError
from gstack_pyramid.observability.context import noted

TURN_WAIT = 60.0
"""Seconds that a change waits at most for others that change the same thing."""

BATCHED_TURN_WAIT = 2.0
"""The same within a batch."""


def changed(application: Application, call: Call, *, batched: bool = False) -> Any:
    """What a change is answered with, once it is begun or done: an operation, as a rule.

    Args:
        application: the gateway.
        call: the change.
        batched: whether it is a part of a batch, which has one of the few threads for all parts.

    Raises:
        GceError: it is refused, or what it changes is in use for too long.
        CloudStackError, CloudStackUnavailable: as the client.
    """
    told = _changed(application, call, BATCHED_TURN_WAIT if batched else TURN_WAIT)
    _note(told, call.base_url)
    return told


def _changed(application: Application, call: Call, patience: float) -> Any:
    engine, running, method = application.engine, application.operations, call.method
    with engine.turn(call):
        request, env = None, engine.admit(call)
        owner = str(env.roots["project"]["id"])
        if call.query.get("requestId") and method.answer is None:
            request = operations.Request.of(
                owner,
                method.gce.id,
                "/".join(call.path.values()),
                call.query["requestId"],
                [call.body, call.query],
            )
            # Before anything is checked: what the first request made is in the way of the second.
            repeated = running.repeated(request)
            if repeated is not None:
                return operations.shape(repeated, call.base_url)

        def begin(prepared: Prepared, holds: operations.Holds) -> Any:
            who = {"owner": prepared.owner, "user": prepared.user}
            kind = method.gce.name
            if method.answer is None:
                done = running.start(prepared, holds, operation_type=kind, request=request, **who)
                return operations.shape(done, call.base_url)
            if not holds:
                return operations.carry_out(prepared)
            do = operations.carry_out
            return running.directly(prepared, holds, do, operation_type=kind, **who)

        entered = [env]

        def prepare() -> Prepared:
            # Again with nothing of what was read before.
            return engine.prepare(call, entered.pop() if entered else engine.admit(call))

        asked = [call.asked] if call.asked and (method.alone or method.creates) else []
        try:
            return running.holding.carry(
                [operations.hold_of(owner, path) for path in asked],
                prepare,
                begin,
                patience,
                partial(application.scheduler.aside, call.credentials.api_key),
            )
        except GceError:
            # What is in the way may be what the same request has done on another node meanwhile.
            repeated = running.repeated(request) if request is not None else None
            if repeated is None:
                raise
            return operations.shape(repeated, call.base_url)


def _note(changed: Any, base_url: str) -> None:
    """Note what a change is told by, for the log."""
    known = noted()
    if known is not None and isinstance(changed, dict) and "operationType" in changed:
        known.operation, known.done = changed["name"], changed["status"] == "DONE"
        known.resource = changed["targetLink"].removeprefix(f"{base_url}/")
        known.user = changed["user"]
