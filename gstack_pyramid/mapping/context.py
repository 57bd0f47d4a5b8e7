"""What an expression can name where it stands, and where its mistakes are reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from gstack_pyramid.engine.methods import KeptFor
from gstack_pyramid.engine.runs import Run
from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.expressions.writer import Source
from gstack_pyramid.mapping.functions import NamedFunction
from gstack_pyramid.mapping.shapes import ANY, Shape
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel


@dataclass(frozen=True, slots=True)
class Models:
    """Both sides' models, and what the mappings themselves define."""

    gce: GceModel
    cloudstack: CloudStackModel
    row_shapes: Mapping[str, Shape]
    """The GCE resources whose mapping can be read, and what their CloudStack rows look like."""
    settings: Mapping[str, Any]
    functions: Mapping[str, NamedFunction] = field(default_factory=dict)
    links: list[tuple[Run | KeptFor, Finding]] = field(default_factory=list)
    """What names another method, and what to report if that isn't mapped."""


@dataclass(slots=True)
class Context:
    """What an expression stands in: the current value's shape, the named roots, the file.

    Attributes:
        current: what a bare field name is looked up in.
        roots: the shapes behind names.
        writing: whether a request is being turned into a command; then a value that does not fit
            is the client's mistake (400), while reading it is left out.
        honoured: the paths of the request body that this mapping makes use of.
        query: the query parameters that this mapping makes use of.
        used: the roots that were used; ``resource`` costs work only where it is.
        reached: the roots that were used, each with its field; None for the root as a whole.
        later: names that are made further down.
        generated: the functions that were made: the place and the text of each, and its Python.
    """

    models: Models
    document: Document
    findings: list[Finding]
    current: Shape = ANY
    roots: dict[str, Shape] = field(default_factory=dict)
    writing: bool = False
    honoured: set[tuple[str, ...]] = field(default_factory=set)
    query: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    reached: set[tuple[str, str | None]] = field(default_factory=set)
    later: frozenset[str] = frozenset()
    generated: list[tuple[Place, str, Source]] = field(default_factory=list)

    def report(self, place: Place, message: str, offset: int | None = None) -> None:
        """Note a mistake at ``place``, maybe at a character of the text that stands there."""
        self.findings.append(self.document.finding(place, message, offset))

    @contextmanager
    def using(self) -> Iterator[set[str]]:
        """The roots that what is compiled meanwhile makes use of."""
        before, self.used = self.used, set()
        try:
            yield self.used
        finally:
            before |= self.used
            self.used = before

    def entering(self, current: Shape, /, **roots: Shape) -> Self:
        """The scope inside a value whose current value and further roots are these."""
        return replace(self, current=current, roots={**self.roots, **roots})
