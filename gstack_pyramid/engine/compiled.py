"""What mapping files are compiled to, as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.engine.error_table import ErrorTable
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

Generated = tuple[tuple[str | int, ...], str, Callable[[], str]]
"""A function that was made of an expression: the place and the text of that, and its Python."""


@dataclass(slots=True)
class Compiled:
    """Everything the engine runs on.

    Attributes:
        resources: by name.
        methods: by the model's id, for example ``compute.zones.list``.
        errors: CloudStack's errors in GCE's words.
        settings: what ``settings`` holds.
        generated: for each resource the functions that were made of its expressions.
    """

    gce: GceModel
    cloudstack: CloudStackModel
    resources: dict[str, Resource] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)
    errors: ErrorTable = field(default_factory=lambda: ErrorTable([]))
    settings: dict[str, Any] = field(default_factory=dict)
    generated: dict[str, list[Generated]] = field(default_factory=dict)
