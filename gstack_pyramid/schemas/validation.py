"""Check a body or an answer against the type that the model gives it.

``jsonschema-rs`` says yes or no, fast enough for every request; :mod:`.report` says what is wrong,
and only after a no. Both read the same schema and give the same verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any
from weakref import WeakKeyDictionary

import jsonschema_rs

from gstack_pyramid.errors import GceError
from gstack_pyramid.schemas.bodies import coerce_body
from gstack_pyramid.schemas.bundle import bundle
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.query import query_parser
from gstack_pyramid.schemas.report import Problem, Reporter

__all__ = ["Problem", "Validator", "coerce_body", "query_parser", "refusal", "validator_for"]

MOST = 10
"""Problems that are looked for in one value, and told."""


class Validator:
    """Checks values of one type; made by :func:`validator_for`.

    The schema is made when something is checked for the first time, in a millisecond: a server has
    some 200 of these, and most of them are never asked.
    """

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self._make = make

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return self._make()

    @cached_property
    def _fast(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self._schema)

    def is_valid(self, value: object) -> bool:
        """Whether ``value`` fits, which is made of what JSON decodes to (keys are str)."""
        return self._fast.is_valid(value)

    def problems(self, value: object, most: int = MOST) -> list[Problem]:
        """What is wrong with ``value``, by path; empty exactly when it is valid.

        Args:
            value: what JSON decodes to (keys are str).
            most: how many problems are looked for; nothing that comes after them costs anything.
        """
        return self._reporter.problems(value, most)

    @cached_property
    def _reporter(self) -> Reporter:
        return Reporter(self._schema)


_validators: WeakKeyDictionary[GceModel, dict[tuple[str, str | None, bool], Validator]] = (
    WeakKeyDictionary()
)


def validator_for(
    model: GceModel, type_name: str, *, method_id: str | None = None, request: bool = False
) -> Validator:
    """The validator of a type, made once per model, type, method and direction.

    Args:
        model: the API.
        type_name: for example ``Instance``.
        method_id: for the body of a method, for example ``compute.instances.insert``: the fields
            that it requires must be there.
        request: whether it is for what clients send, which has no more entries than GCE takes.

    Raises:
        KeyError: the model has no such type.
    """
    made = _validators.setdefault(model, {})
    key = type_name, method_id, request
    if key not in made:
        model.type(type_name)  # whether there is one is told now
        made[key] = Validator(
            partial(bundle, model, type_name, method_id=method_id, limited=request)
        )
    return made[key]


def refusal(problems: list[Problem]) -> GceError:
    """400 for a body with these problems, of which there is at least one: five of them told."""
    first = problems[0]
    return GceError(
        400,
        "required" if first.kind == "required" else "invalid",
        "; ".join(problem.message for problem in problems[:5]),
        location=first.field,
        location_type="other",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {"field": problem.field, "description": problem.message} for problem in problems
                ],
            }
        ],
    )
