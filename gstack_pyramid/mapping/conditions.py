"""Conditions: ``when``, ``where`` and the like, which are expressions that hold or don't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.compiled import compile_test
from gstack_pyramid.mapping.scope import Scope

Condition = Callable[[Any, Any], bool]
"""Whether it holds for a current value and an environment."""


def compile_condition(text: str, scope: Scope, place: Place) -> Condition:
    """A function that decides a condition; mistakes are reported to the scope."""
    return compile_test(text, scope, place)
