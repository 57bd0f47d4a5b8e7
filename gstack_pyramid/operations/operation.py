"""One operation, as it is kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, fields, replace
from typing import Any

import orjson
import sqlalchemy as sa

from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.names import numeric_id


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, free of links: those depend on how a client addresses us.

    Attributes:
        name: unique, legal as a GCE name.
        owner: CloudStack's id of the account or project it belongs to.
        project: the project's name.
        scope: ``zones/z``, ``regions/r`` or ``global``.
        type: GCE's ``operationType``, for example ``insert``.
        target: the path of the changed resource, below ``/compute/v1/``.
        inserted, started, ended: Unix times in seconds.
        target_id: its numeric id, once known.
        user: who asked for it.
        request: identifies the request by its ``requestId``; None without one.
        digest: of the request's content, to tell a repeated request from another one.
        request_id: the ``requestId`` as the client gave it.
        together: GCE's ``operationGroupId``; None where it stands alone.
        progress: 0 to 100.
        error: ``{code, message}`` once failed; ``status`` and ``reason`` are its HTTP form.
        warnings: ``{code, message}`` each.
        done: whether it has ended.
        node: who runs it; None when nobody does.
        call: what was asked for, sealed; None once it has ended.
    """

    name: str
    owner: str
    project: str
    scope: str
    type: str
    target: str
    inserted: float
    target_id: str | None = None
    user: str = ""
    request: str | None = None
    digest: str | None = None
    request_id: str | None = None
    started: float | None = None
    ended: float | None = None
    together: str | None = None
    progress: int = 0
    error: dict[str, Any] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    done: bool = False
    node: str | None = None
    call: str | None = field(default=None, repr=False)


def begun(prepared: Prepared, owner: str, operation_type: str, user: str, now: float) -> Operation:
    """A new operation.

    Args:
        prepared: the checked mutation that it carries out.
        owner: CloudStack's id of the account or project.
        operation_type: GCE's ``operationType``.
        user: who asks.
        now: the present as Unix time.
    """
    name = f"operation-{int(now * 1000)}-{uuid.uuid4().hex[:20]}"
    return Operation(
        name=name,
        owner=owner,
        project=prepared.project,
        scope=prepared.scope,
        type=operation_type,
        target=prepared.target,
        target_id=prepared.target_id,
        user=user,
        inserted=now,
        started=now,
        together=numeric_id(name) if prepared.grouped else None,
        warnings=list(prepared.warnings),
    )


def finished(operation: Operation, now: float, error: dict[str, Any] | None) -> Operation:
    """The same operation, ended: nothing of what was asked for is kept."""
    return replace(
        operation,
        done=True,
        progress=100,
        ended=now,
        error=error,
        node=None,
        call=None,
    )


def as_row(operation: Operation) -> dict[str, Any]:
    """The columns of its row, by name."""
    row = {item.name: getattr(operation, item.name) for item in fields(Operation)}
    row["error"] = None if operation.error is None else orjson.dumps(operation.error).decode()
    row["warnings"] = orjson.dumps(operation.warnings).decode() if operation.warnings else None
    return row


def from_row(row: sa.RowMapping) -> Operation:
    """The operation that a row, or some columns of one, tells of."""
    told = dict(row)
    told["error"] = None if told["error"] is None else orjson.loads(told["error"])
    told["warnings"] = orjson.loads(told["warnings"]) if told["warnings"] else []
    return Operation(**told)
