"""Operations in GCE's shape, and the methods that read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gstack_pyramid.engine.calls import Call
from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.errors import GceError, not_found
from gstack_pyramid.operations.listing import Kept
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.runner import Operations
from gstack_pyramid.protocol.disconnects import Gone, never
from gstack_pyramid.protocol.filter_tree import Node


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def shape(operation: Operation, base_url: str) -> dict[str, Any]:
    """A ``compute#operation``.

    Args:
        operation: as it is kept.
        base_url: what links start with, up to and including ``/compute/v1``.

    Source: the type ``Operation`` of GCE's discovery document.
    """
    project = f"{base_url}/projects/{operation.project}"
    shaped: dict[str, Any] = {
        "kind": "compute#operation",
        "id": numeric_id(operation.name),
        "name": operation.name,
        "operationType": operation.type,
        "targetLink": f"{base_url}/{operation.target}",
        "status": "DONE" if operation.done else "RUNNING",
        "progress": operation.progress,
        "user": operation.user,
        "insertTime": _time(operation.inserted),
        "selfLink": f"{project}/{operation.scope}/operations/{operation.name}",
    }
    if operation.target_id is not None:
        shaped["targetId"] = operation.target_id
    if operation.started is not None:
        shaped["startTime"] = _time(operation.started)
    if operation.ended is not None:
        shaped["endTime"] = _time(operation.ended)
    segment, _, name = operation.scope.partition("/")
    if name:
        shaped[segment.removesuffix("s")] = f"{project}/{operation.scope}"
    if operation.request_id:
        shaped["clientOperationId"] = operation.request_id
    if operation.together:
        shaped["operationGroupId"] = operation.together
    if operation.warnings:
        shaped["warnings"] = operation.warnings
    if operation.error is not None:
        error = operation.error
        shaped["error"] = {"errors": [{"code": error["code"], "message": error["message"]}]}
        shaped["httpErrorStatusCode"] = error["status"]
        shaped["httpErrorMessage"] = error["reason"]
    return shaped


class Served:
    """The operations resources, with the engine's ways of being asked.

    Args:
        operations: the package's own.
        engine: finds out whose project it is.
        wait_seconds: how long ``wait`` waits at most.
        gone: tells whether who asks has hung up.
    """

    def __init__(
        self, operations: Operations, engine: Engine, wait_seconds: float, gone: Gone = never
    ) -> None:
        self._operations = operations
        self._engine = engine
        self._wait_seconds = wait_seconds
        self._gone = gone

    def get(self, call: Call) -> dict[str, Any]:
        """One operation, at once or, for ``wait``, when it is done; nothing for ``delete``.

        Raises:
            GceError: 404, there is no such operation; 400, an unknown scope, or an operation that
                runs is to be deleted.
        """
        owner, scope = self._where(call)
        wanted = call.path[call.method.item or ""]
        if call.method.gce.name == "delete" and self._operations.delete(owner, scope, wanted):
            return {}
        if call.method.gce.name == "wait":
            found = self._operations.wait(owner, scope, wanted, self._wait_seconds, self._gone)
        else:
            found = self._operations.get(owner, scope, wanted)
        if found is None:
            raise not_found(f"projects/{call.path['project']}/{scope}/operations/{wanted}")
        if call.method.gce.name == "delete":
            message = f"The operation '{wanted}' is running: it can be deleted once it is done."
            raise GceError(400, "resourceNotReady", message)
        return shape(found, call.base_url)

    def listing(self, call: Call, tree: Node) -> Kept:
        """The operations of one scope, or for ``aggregatedList`` of every scope that has any.

        Args:
            call: the call.
            tree: the filter.

        Raises:
            GceError: 404, somebody else's project; 400, an unknown scope.
        """
        env, owner, scope = self._place(call)
        shaped = partial(shape, base_url=call.base_url)
        if call.method.kind == "list":
            return self._operations.of_owner(owner, scope, tree, shaped)
        others: Iterable[str] = ()
        if call.query.get("includeAllScopes"):
            others = self._engine.other_scopes(call.method.resource, env)
        return self._operations.of_owner(owner, None, tree, shaped, dict.fromkeys(others))

    def _where(self, call: Call) -> tuple[str, str]:
        """CloudStack's id of the project, and the scope that the call is about."""
        return self._place(call)[1:]

    def _place(self, call: Call) -> tuple[Env, str, str]:
        env = self._engine.enter(call)
        segment = call.method.resource.collection.scope
        name = env.scope_name(segment)
        return env, str(env.roots["project"]["id"]), f"{segment}/{name}" if name else "global"
