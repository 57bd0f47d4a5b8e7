"""What was asked for, changes nothing, and is told all the same, as it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any


def told_besides(
    shown: dict[str, Any], advice: Any, wanted: Set[str] | None = None
) -> dict[str, Any]:
    """A resource with what is kept as advice.

    Objects are laid over each other, and so are the elements of lists, place by place: what isn't
    there any more, such as an interface that was removed, is not told.

    Args:
        shown: the resource as its rows tell it.
        advice: what is kept; anything but an object says nothing.
        wanted: the fields that anybody will look at; None for all.
    """
    if not isinstance(advice, Mapping):
        return shown
    result = dict(shown)
    for name, value in advice.items():
        if wanted is None or name in wanted:
            result[name] = _laid_over(result.get(name), value)
    return result


def _laid_over(shown: Any, advice: Any) -> Any:
    if isinstance(shown, dict) and isinstance(advice, Mapping):
        return told_besides(shown, advice)
    if isinstance(shown, list) and isinstance(advice, list):
        known = [*advice, *[None] * (len(shown) - len(advice))]
        return [_laid_over(one, said) for one, said in zip(shown, known, strict=False)]
    return shown if advice is None or isinstance(shown, dict | list) else advice
