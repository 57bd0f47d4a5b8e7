"""Which GCE field a value of a mapping becomes, so that the lint can hold it against the model.

Where a value stands in its document says it: below ``fields`` of the resource or of one of its
sources it becomes a field of the resource, below a method's ``answer`` a part of the answer.
"""

from __future__ import annotations

from typing import Any

from gstack_pyramid.mapping.document import Document, Place
from gstack_pyramid.mapping.shapes import GceShape, Shape
from gstack_pyramid.schemas.gce import GceModel


def resource_type(resource: str, gce: GceModel) -> str:
    """The type of one resource: what ``get`` answers with, else what ``list`` holds, else "".

    Raises:
        KeyError: GCE has no such resource.
    """
    methods = gce.methods(resource)
    if "get" in methods and methods["get"].response:
        return methods["get"].response
    return (gce.item_type(methods["list"]) if "list" in methods else None) or ""


def target_of(document: Document, place: Place, gce: GceModel) -> GceShape | None:
    """The GCE field that the value at ``place`` becomes; None when it becomes none, or a wrong one.

    A list's field stands for its elements where the value at ``place`` makes one of them.
    """
    try:
        start, rest = _start(document.data, place, gce)
    except KeyError:
        return None
    shape: Shape | None = start
    keys = iter(rest)
    for key in keys:
        if shape is None:
            return None
        if key == "fields":
            if shape.is_list():
                shape = shape.element()
            shape = shape.field(str(next(keys, "")))
        elif key == "first":
            next(keys, None)
        elif key == "get":
            shape = shape.element()
        else:
            return None
    return shape if isinstance(shape, GceShape) else None


def _start(data: Any, place: Place, gce: GceModel) -> tuple[GceShape | None, Place]:
    resource = data["resource"]
    if place[:1] == ("methods",) and place[2:3] == ("answer",):
        response = gce.method(resource, str(place[1])).response
        return (GceShape(gce, response) if response else None), place[3:]
    rest = place
    if rest[:1] == ("read",):
        rest = rest[2:] if len(rest) > 1 and isinstance(rest[1], int) else rest[1:]
    type_name = resource_type(resource, gce)
    if rest[:1] != ("fields",) or not type_name:
        return None, rest
    return GceShape(gce, type_name), rest
