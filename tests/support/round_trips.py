"""What insert accepted, get returns: bodies drawn from the schema, and how they are compared.

A body holds only fields that the mapping makes use of. What the schema alone can't tell, such as
which machine types there are, a :class:`RoundTrip` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gstack_pyramid.application import Application
from gstack_pyramid.engine.methods import Method

from .gateway import BASE, Gateway

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
LABELS = st.dictionaries(
    st.from_regex(r"[a-z][-_a-z0-9]{0,62}", fullmatch=True),
    st.from_regex(r"[-_a-z0-9]{0,63}", fullmatch=True),
    max_size=4,
)


@dataclass(frozen=True)
class RoundTrip:
    """One resource's life from insert to get.

    Attributes:
        resource: GCE's name of it.
        path: its collection, below the project.
        always: fields that each body has, or how they are drawn.
        fields: how fields are drawn that the schema can't draw alone, by path.
        unread: fields that only say how it is made, by path, with the reason why get doesn't
            return them.
        before: makes what the bodies refer to.
        after: what has to be done before it can be deleted.
    """

    resource: str
    path: str
    always: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Gateway], object] = lambda gateway: None
    after: Callable[[Gateway, str], object] = lambda gateway, path: None

    def __str__(self) -> str:
        return self.resource


class Bodies:
    """Draws bodies of one resource's insert method.

    Args:
        trip: what the schema doesn't tell.
        application: the compiled mappings.
    """

    def __init__(self, trip: RoundTrip, application: Application) -> None:
        self._trip = trip
        self._model = application.compiled.gce
        methods: list[Method] = [bound.method for bound in application.methods.values()]
        (method,) = [m for m in methods if m.gce.id == f"compute.{trip.resource}.insert"]
        assert method.body_rules is not None
        assert method.gce.request is not None
        self._type = method.gce.request
        honoured = {path for path in method.body_rules.honoured if self._settable(path)}
        self._paths = {path[:length] for path in honoured for length in range(1, len(path) + 1)}

    def _settable(self, path: tuple[str, ...]) -> bool:
        schema = self._model.field(self._type, path)
        return schema is not None and not schema.get("readOnly")

    def draw(self, draw: Any) -> dict[str, Any]:
        """A body: what is always there, and any of the other fields."""
        body: dict[str, Any] = {
            name: draw(value) if isinstance(value, SearchStrategy) else value
            for name, value in self._trip.always.items()
        }
        for name in sorted({path[0] for path in self._paths} - body.keys()):
            if draw(st.booleans()):
                body[name] = draw(self._field((name,)))
        return body

    def _field(self, path: tuple[str, ...]) -> SearchStrategy[Any]:
        told = self._trip.fields.get(".".join(path))
        if told is not None:
            return told
        schema = self._model.field(self._type, path) or {}
        if path[-1] == "labels":
            return LABELS
        if path[-1] == "description":
            return TEXT
        if schema.get("properties"):
            inside = [name for name in schema["properties"] if (*path, name) in self._paths]
            parts = {name: self._field((*path, name)) for name in inside}
            return st.fixed_dictionaries({}, optional=parts)
        return _of_schema(schema, ".".join(path))


def _of_schema(schema: Mapping[str, Any], path: str) -> SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "boolean":
        return st.booleans()
    if schema.get("type") == "string" and "pattern" in schema:
        return st.from_regex(schema["pattern"].removesuffix("$"), fullmatch=True)
    raise AssertionError(f"say in the table how {path} is drawn: {dict(schema)}")


def lost(trip: RoundTrip, sent: Any, shown: Any, path: tuple[str, ...] = ()) -> list[str]:
    """The paths of ``sent`` that ``shown`` doesn't tell as they were sent."""
    if ".".join(path) in trip.unread:
        return []
    if isinstance(sent, Mapping):
        told = shown if isinstance(shown, Mapping) else {}
        return [
            problem
            for name, value in sent.items()
            for problem in lost(trip, value, told.get(name), (*path, name))
        ]
    if isinstance(sent, list):
        if len(sent) != len(shown or []):
            return [f"{'.'.join(path)}: {sent!r} became {shown!r}"]
        pairs = zip(sent, shown or [], strict=True)
        return [problem for one, other in pairs for problem in lost(trip, one, other, path)]
    if same(sent, shown):
        return []
    return [f"{'.'.join(path)}: {sent!r} became {shown!r}"]


def same(sent: Any, shown: Any) -> bool:
    """Whether a value is the one that was sent: a link may have been a name or a part of it."""
    if sent == shown or str(sent) == str(shown):
        return True
    if shown is None:
        return sent in (False, "", 0, "0")
    return isinstance(shown, str) and shown.startswith(BASE) and shown.endswith(f"/{sent}")
