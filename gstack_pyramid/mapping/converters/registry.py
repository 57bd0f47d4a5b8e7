"""How a converter is given its name and its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Converter = Callable[[Any], Any]


class Group:
    """Converters of one kind: the decorator that registers each under its function's name.

    Attributes:
        functions: the converters by name.
        reasons: why each is Python, by name.
    """

    def __init__(self) -> None:
        self.functions: dict[str, Converter] = {}
        self.reasons: dict[str, str] = {}

    def __call__(self, why: str) -> Callable[[Converter], Converter]:
        """Register a function, with the reason for its being Python."""

        def register(function: Converter) -> Converter:
            self.functions[function.__name__] = function
            self.reasons[function.__name__] = why
            return function

        return register
