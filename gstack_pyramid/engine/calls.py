"""What the engine is asked, and what it makes of a change before that begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.environment import Caller
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.plans import Outcome, Plan
from gstack_pyramid.engine.reader import Trace
from gstack_pyramid.engine.told import Pieces


@dataclass(frozen=True, slots=True)
class Call:
    """One GCE call, free of HTTP.

    Attributes:
        method: the mapped method.
        path: the path parameters.
        query: the query parameters, typed.
        body: the checked body, if the method takes one.
        credentials: the caller's CloudStack keys.
        base_url: what links start with, up to and including ``/compute/v1``.
        fields: the fields of a resource that the answer shows; None for all.
        trace: takes down what the answer is made of, if that is wanted.
        pieces: makes resources that may have been told before, where nobody is to look at them.
    """

    method: Method
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    credentials: Credentials
    base_url: str
    fields: frozenset[str] | None = None
    trace: Trace | None = None
    pieces: Pieces | None = None

    @property
    def asked(self) -> str | None:
        """The path of what a change makes or is about, as the client calls it; None if unknown."""
        collection, item = self.method.resource.collection, self.method.item
        scope = self.path.get(collection.scope.removesuffix("s"))
        prefix = collection.prefix(self.path.get("project", ""), scope)
        if item is not None:
            return prefix + self.path[item]
        name = self.body.get("name") if isinstance(self.body, dict) else None
        return f"{prefix}{name}" if self.method.creates and name else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mutation that was checked and can start.

    Attributes:
        plan: its commands.
        owner: CloudStack's id of the account or project it happens in.
        user: who asks, as CloudStack calls them.
        project: the project's name.
        scope: the path of the zone, region or global scope, below the project, where the
            operation belongs: ``zones/z``, ``regions/r`` or ``global``.
        target: the path of the resource that changes, below ``/compute/v1/``.
        target_id: its numeric id; None until a resource that is being made has one.
        session: the caller's way to CloudStack.
        answer: makes the answer of what the plan has come to, where GCE answers with no operation.
        takes: the paths of resources whose names must be free until they have been made.
        alone: the paths of resources that nobody else may change meanwhile.
        fingerprinted: whether it was based on a state that the client has proved to know.
        grouped: whether parts of it are operations of their own.
        state: all that the plan depends on, as JSON can hold it: what :meth:`Engine.restore` makes
            the same plan from. To be written down before the plan is begun, which changes it.
        warnings: what its reader should know from the beginning, ``{code, message}`` each.
    """

    plan: Plan
    owner: str
    user: str
    project: str
    scope: str
    target: str
    target_id: str | None
    session: Caller
    answer: Callable[[Outcome], Any] | None = None
    takes: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    fingerprinted: bool = False
    grouped: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[dict[str, str], ...] = ()
