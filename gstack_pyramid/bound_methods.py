"""Mapped methods with what checks their requests and their answers: what routes lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.methods import Method
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.validation import (
    Validator,
    coerce_body,
    query_parser,
    validator_for,
)


@dataclass(slots=True)
class BoundMethod:
    """A mapped method with what checks its requests and its answers.

    Attributes:
        query: parses the query string; raises GceError.
        coerce: brings a body into the model's types.
        body: the body's validator; None for a method without a body.
        response: the answer's validator; None where the model promises nothing.
    """

    method: Method
    query: Callable[[Mapping[str, Sequence[str]]], dict[str, Any]]
    coerce: Callable[[object], object]
    body: Validator | None
    response: Validator | None

    @property
    def changes(self) -> bool:
        """Whether it may change something: all but what surely reads does.

        Operations' ``delete`` does, which shares its kind with ``get``.
        """
        method = self.method
        reads = method.gce.http_method == "GET" or method.kind in ("answer", "permissions")
        return not reads and method.gce.name != "wait"

    @property
    def lists(self) -> bool:
        """Whether it answers with a list, of one scope or of all."""
        return self.method.kind in ("list", "aggregatedList")


def bind(method: Method, gce: GceModel) -> BoundMethod:
    """A method with its validators, which are made when they are first asked."""
    request, response = method.gce.request, method.gce.response
    # The model asks for the name in a PATCH as well; GCE does not, nor do its clients send it.
    required_for = None if method.gce.http_method == "PATCH" else method.gce.id
    # Parts of resources are patched by POST: patchRule.
    patches = method.gce.http_method == "PATCH" or method.gce.name.startswith("patch")
    return BoundMethod(
        method,
        query_parser(gce, method.gce),
        coerce_body(gce, request, patches=patches) if request else lambda body: body,
        validator_for(gce, request, method_id=required_for, request=True) if request else None,
        validator_for(gce, response) if response else None,
    )
