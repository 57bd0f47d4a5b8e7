"""What insert accepted, get returns: bodies drawn from the schema, and how they are compared.

A body holds only fields that the mapping makes use of or keeps as advice, and GCE's own defaults.
What the schema alone can't tell, such as which machine types there are, a :class:`RoundTrip` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gstack_pyramid.application import Application
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.schemas.gce import GceModel

from .gateway import BASE, Gateway

LABELS = st.dictionaries(
    st.from_regex(r"[a-z][-_a-z0-9]{0,62}", fullmatch=True),
    st.from_regex(r"[-_a-z0-9]{0,63}", fullmatch=True),
    max_size=4,
)
Told = Callable[[Any], Any]


ODD = ["", " ", "it", "(empty)", "((empty)", "\t", "\u2409", "\u2426", "a\u2426b", '"', "\\", "\n "]
"""Texts that CloudStack would refuse or alter somewhere, or that stand for something."""


def text(longest: int) -> SearchStrategy[str]:
    """Any text of up to so many characters, and often an odd one."""
    return st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=longest),
        st.sampled_from(ODD),
        st.sampled_from(['"', "\x0f", "\u00e9"]).map(lambda odd: odd * longest),
    )


TEXT = text(300)


@dataclass(frozen=True, kw_only=True)
class Trip:
    """What the schema doesn't tell of the bodies of one method.

    Attributes:
        always: fields that each body has, by path, or how they are drawn.
        fields: how fields are drawn that the schema can't draw alone, by path.
        unread: fields that get doesn't return, by path, with the reason.
        told: how get spells what was sent, by path.
        before: makes what the bodies refer to.
        cloud: settings of the simulator.
        examples: how many bodies are drawn.
    """

    always: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    before: Callable[[Gateway], object] = lambda gateway: None
    cloud: Mapping[str, Any] = field(default_factory=dict)
    examples: int = 20


@dataclass(frozen=True, kw_only=True)
class RoundTrip(Trip):
    """One resource's life from insert to get.

    Attributes:
        resource: GCE's name of it.
        path: its collection, below the project.
        special: what is special about these bodies, where a resource has several tables.
        after: what has to be done before it can be deleted.
    """

    resource: str
    path: str
    special: str = ""
    after: Callable[[Gateway, str], object] = lambda gateway, path: None

    @property
    def method(self) -> str:
        """The method that is meant, as in GCE's discovery document."""
        return f"compute.{self.resource}.insert"

    def __str__(self) -> str:
        return f"{self.resource} {self.special}".strip()


def methods(application: Application) -> dict[str, Method]:
    """The mapped methods, by their ids."""
    return {bound.method.gce.id: bound.method for bound in application.methods.values()}


class Bodies:
    """Draws bodies of one method.

    Args:
        trip: what the schema doesn't tell.
        method: the method.
        model: GCE's model.
    """

    def __init__(self, trip: Trip, method: Method, model: GceModel) -> None:
        assert method.body_rules is not None
        assert method.gce.request is not None
        self._trip, self._model, self._type = trip, model, method.gce.request
        rules = method.body_rules
        honoured = {path for path in rules.honoured | rules.told if self._settable(path)}
        self._defaults: dict[tuple[str, ...], Any] = {}
        if "advice" in method.uses:
            self._defaults = {
                path: default
                for path, default in self._said(self._type, ())
                if default and rules.keeps_default(path) and self._settable(path)
            }
            honoured |= self._defaults.keys()
        told = {tuple(path.split(".")) for path in trip.always}
        self._paths = {
            path[:length] for path in honoured | told for length in range(1, len(path) + 1)
        }
        self._always = {path[:length] for path in told for length in range(1, len(path) + 1)}

    def _settable(self, path: tuple[str, ...]) -> bool:
        schema = self._model.field(self._type, path)
        return schema is not None and not schema.get("readOnly")

    def _said(self, type_name: str, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        """The fields that have a default in GCE, but for those of lists' elements."""
        for name, schema in self._model.type(type_name).get("properties", {}).items():
            if "default" in schema and name != "kind":
                yield (*path, name), schema["default"]
            if "$ref" in schema and len(path) < 2:
                yield from self._said(schema["$ref"].removesuffix(".json"), (*path, name))

    def any(self) -> SearchStrategy[dict[str, Any]]:
        """A body: what is always there, and any of the other fields."""
        return self._object(())

    def _object(self, path: tuple[str, ...]) -> SearchStrategy[dict[str, Any]]:
        inside = {
            inner[-1]: self._field(inner)
            for inner in sorted(self._paths)
            if inner[:-1] == path and inner[-1] and not _is_fingerprint(inner)
        }
        needed = {name for name in inside if (*path, name) in self._always}
        return st.fixed_dictionaries(
            {name: made for name, made in inside.items() if name in needed},
            optional={name: made for name, made in inside.items() if name not in needed},
        )

    def _field(self, path: tuple[str, ...]) -> SearchStrategy[Any]:
        dotted = ".".join(path)
        always = self._trip.always.get(dotted)
        if always is not None:
            return always if isinstance(always, SearchStrategy) else st.just(always)
        told = self._trip.fields.get(dotted)
        if told is not None:
            return told
        if path in self._defaults:
            return st.just(self._defaults[path])
        schema = self._model.field(self._type, path) or {}
        if path[-1] == "labels":
            return LABELS
        if path[-1] == "description":
            return TEXT
        if schema.get("properties"):
            return self._object(path)
        return _of_schema(schema, dotted)


def _is_fingerprint(path: tuple[str, ...]) -> bool:
    return path[-1].lower().endswith("fingerprint")


def _of_schema(schema: Mapping[str, Any], path: str) -> SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "boolean":
        return st.booleans()
    if schema.get("type") == "string" and "pattern" in schema:
        return st.from_regex(schema["pattern"].removesuffix("$"), fullmatch=True)
    raise AssertionError(f"say in the table how {path} is drawn: {dict(schema)}")


def lost(trip: Trip, sent: Any, shown: Any, path: tuple[str, ...] = ()) -> list[str]:
    """The paths of ``sent`` that ``shown`` doesn't tell as they were sent."""
    dotted = ".".join(path)
    if dotted in trip.unread or (path and _is_fingerprint(path)):
        return []
    if dotted in trip.told:
        sent = trip.told[dotted](sent)
    if isinstance(sent, Mapping):
        told = shown if isinstance(shown, Mapping) else {}
        return [
            problem
            for name, value in sent.items()
            for problem in lost(trip, value, told.get(name), (*path, name))
        ]
    if isinstance(sent, list):
        if len(sent) != len(shown or []):
            return [f"{dotted}: {sent!r} became {shown!r}"]
        pairs = zip(sent, shown or [], strict=True)
        return [problem for one, other in pairs for problem in lost(trip, one, other, path)]
    if same(sent, shown):
        return []
    return [f"{dotted}: {sent!r} became {shown!r}"]


def same(sent: Any, shown: Any) -> bool:
    """Whether a value is the one that was sent: a link may have been a name or a part of it."""
    if sent == shown or str(sent) == str(shown):
        return True
    if shown is None:
        return sent in (False, "", 0, "0")
    return isinstance(shown, str) and shown.startswith(BASE) and shown.endswith(f"/{sent}")
