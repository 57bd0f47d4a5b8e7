"""What stands in mapping files, with where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.mapping.document import Place


class Text(str):
    """A text of a mapping file that stands for something: an expression, or a message.

    Attributes:
        place: where it stands.
    """

    __slots__ = ("place",)
    place: Place


class Named(dict[str, Any]):
    """What stands under names of the mapping's own, or of the two APIs.

    Attributes:
        place: where it stands.
    """

    __slots__ = ("place",)
    place: Place


def text_at(data: str, place: Place) -> Text:
    """A text that knows its place."""
    made = Text(data)
    made.place = place
    return made


def named_at(data: Mapping[str, Any], place: Place, read: Callable[[Any, Place], Any]) -> Named:
    """What stands under names at a place."""
    made = Named({name: read(held, (*place, name)) for name, held in data.items()})
    made.place = place
    return made
