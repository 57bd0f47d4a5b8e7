"""Single values and conditions of the mapping language, compiled and evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gstack_pyramid.engine.environment import Env, RowLink
from gstack_pyramid.engine.getters import Condition, Getter
from gstack_pyramid.errors import GceError
from gstack_pyramid.mapping.context import Models
from gstack_pyramid.mapping.document import Document, Finding
from gstack_pyramid.mapping.forms.holds import value_at
from gstack_pyramid.mapping.forms.keys import Node, read_form
from gstack_pyramid.mapping.forms.nodes import Text, text_at
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ANY, RowShape, Shape
from gstack_pyramid.mapping.values import compile_value
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

ROW = RowShape({"id": "string", "name": "string"}, "a made-up command")


class OneRequest:
    """The surroundings that values ask: a few zones, and rows by command. Notes every question."""

    def __init__(
        self, rows: Mapping[str, list[dict[str, Any]]] | None = None, project: str | None = None
    ) -> None:
        self.rows, self.project = rows or {}, project
        self.asked: list[tuple[str, dict[str, Any], bool]] = []

    def fetch(
        self, command: str, params: Mapping[str, Any], *, cached: bool = False
    ) -> list[dict[str, Any]]:
        self.asked.append((command, dict(params), cached))
        return self.rows.get(command, [])

    def with_scope(self, command: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return {**({"projectid": self.project} if self.project else {}), **params}

    def links(self, resource: str, env: Any) -> dict[str, Any]:
        by_pattern: Callable[[Mapping[str, Any]], str] = lambda v: f"/{resource}/of-{v['size']}"  # noqa: E731
        return {"1": f"/{resource}/one", "2": by_pattern}

    def row_link(self, resource: str, env: Any, zone_id: str | None = None) -> RowLink:
        path = f"/{zone_id}/{resource}" if zone_id else f"/{resource}"
        return lambda key, raw: f"{path}/{raw}?{key}"

    def find(
        self, resource: str, reference: Any, env: Any, field: str, *, anywhere: bool = False
    ) -> dict[str, Any]:
        if reference == "nowhere":
            raise GceError(400, "invalid", f"nothing for {field}")
        return {"id": f"id of {reference}", "of": resource}

    def pick(
        self,
        resource: str,
        wanted: Mapping[str, Any],
        newest: str | None,
        env: Any,
        where: Condition | None,
    ) -> dict[str, Any]:
        return {"picked": resource, "wanted": dict(wanted), "newest": newest}

    def pick_all(
        self, resource: str, wanted: Mapping[str, Any], env: Any, where: Condition | None
    ) -> list[dict[str, Any]]:
        return [{"picked": resource, "wanted": dict(wanted)}]


class Language:
    """Compiles values against the real models.

    ``findings`` holds what was found wrong with all that was compiled so far.
    """

    def __init__(self, gce: GceModel, cloudstack: CloudStackModel) -> None:
        self.findings: list[Finding] = []
        models = Models(gce, cloudstack, {"zones": ROW, "images": ROW}, {})
        document = Document("made-up.yaml", {"resource": "zones"})
        self.scope = Scope(models, document, self.findings, compiler=compile_value)

    def scope_of(
        self, shape: Shape = ANY, *, writing: bool = False, roots: Mapping[str, Any] | None = None
    ) -> Scope:
        shapes = dict.fromkeys(roots or (), ANY)
        return replace(self.scope.entering(shape, **shapes), writing=writing)

    def compile(self, spec: Any, **how: Any) -> Getter:
        """The closure of a value that has nothing wrong with it."""
        getter, _ = compile_value(value_at(spec, ()), self.scope_of(**how))
        assert self.findings == []
        return getter

    def value(
        self,
        spec: Any,
        current: Any = None,
        *,
        writing: bool = False,
        request: OneRequest | None = None,
        **roots: Any,
    ) -> Any:
        """What a value comes to."""
        getter = self.compile(spec, writing=writing, roots=roots)
        return getter(current, env_of(roots, request))

    def holds(self, spec: Any, current: Any = None, **roots: Any) -> bool:
        """Whether a condition holds."""
        condition = self.scope_of(roots=roots).holds(text_at(spec, ()))
        assert self.findings == []
        return condition(current, env_of(roots))

    def complaints(self, spec: Any, **how: Any) -> list[str]:
        """What is wrong with a value."""
        self.findings.clear()
        compile_value(value_at(spec, ()), self.scope_of(**how))
        return [finding.message for finding in self.findings]


def steps_of(*specs: Mapping[str, Any]) -> list[Any]:
    """Steps as a mapping file has them, read."""
    return [read_form("step", spec, (number,)) for number, spec in enumerate(specs)]


def texts_in(held: Any) -> Iterator[Text]:
    """All texts that stand in forms, whatever they mean."""
    if isinstance(held, Text):
        yield held
    elif isinstance(held, Node):
        for _, inner in held.said():
            yield from texts_in(inner)
    elif isinstance(held, Mapping):
        for inner in held.values():
            yield from texts_in(inner)
    elif isinstance(held, Sequence) and not isinstance(held, str):
        for inner in held:
            yield from texts_in(inner)


def env_of(roots: Mapping[str, Any], request: OneRequest | None = None) -> Env:
    """An environment with these roots."""
    session: Any = request or OneRequest()
    return Env(session, MappingProxyType(dict(roots)), "p")
