"""Conditions: ``when``, ``where`` and the like, which are expressions that hold or don't."""

from __future__ import annotations

from gstack_pyramid.engine.getters import Condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.expressions.compiled import compile_test
from gstack_pyramid.mapping.scope import Scope


def compile_condition(text: str, scope: Scope, place: Place) -> Condition:
    """A function that decides a condition; mistakes are reported to the scope."""
    return compile_test(text, scope, place)
