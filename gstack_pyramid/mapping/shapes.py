"""What is known of a value before any request: the types that the lint walks along.

A shape answers one question: what lies under this field? ``None`` means that there is no such
field, which is a finding; ``ANY`` means that nobody can tell, which is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gstack_pyramid.engine.records import ALL_ROWS, NAME, PARENT
from gstack_pyramid.schemas.gce import GceModel


class Shape:
    """Anything; the base of the more telling shapes."""

    def field(self, name: str) -> Shape | None:
        """The shape of a field, or None when there is no such field."""
        return self

    def element(self) -> Shape:
        """The shape of a list's elements."""
        return self

    def describe(self) -> str:
        """What this is, for a finding."""
        return "a value"

    def names(self) -> Iterable[str]:
        """The fields that are known, for who is looking for a name near another."""
        return ()

    def is_list(self) -> bool:
        """Whether this is known to be a list, whose elements have the fields."""
        return False


ANY = Shape()


@dataclass(frozen=True)
class RowShape(Shape):
    """A CloudStack row, or a part of it, as ``schemas/cloudstack`` tells it.

    Attributes:
        fields: nested fields; a list of one element stands for a list of such.
        of: the command whose answer it is, for findings.
        extra: fields that the engine adds, such as the parts of a parsed name.
    """

    fields: Any
    of: str
    extra: frozenset[str] = frozenset()

    def field(self, name: str) -> Shape | None:
        if name in self.extra:
            return ANY
        if name == ALL_ROWS:
            return ListShape(self)
        if name in (PARENT, NAME):
            return ANY
        if isinstance(self.fields, str):
            return ANY if self.fields in ("map", "any", "object") else None
        if not isinstance(self.fields, Mapping) or name not in self.fields:
            return None
        return RowShape(self.fields[name], self.of)

    def element(self) -> Shape:
        if isinstance(self.fields, list):
            return RowShape(self.fields[0], self.of)
        return KEY_AND_VALUE if self.fields == "map" else ANY

    def names(self) -> Iterable[str]:
        return [*(self.fields if isinstance(self.fields, Mapping) else ()), *sorted(self.extra)]

    def describe(self) -> str:
        return f"the answer of {self.of}"

    def is_list(self) -> bool:
        return isinstance(self.fields, list)


@dataclass(frozen=True)
class NotedShape(RowShape):
    """A row of which is taken down what is asked of it.

    Attributes:
        asked: the names of fields; None among them where the row is asked for as a whole.
    """

    asked: set[str | None] = field(default_factory=set, compare=False)

    def field(self, name: str) -> Shape | None:
        self.asked.add(name)
        return super().field(name)


@dataclass(frozen=True)
class GceShape(Shape):
    """A GCE resource, a request body or a part of it.

    Attributes:
        model: where the types are.
        type_name: the type at the top, for example ``Instance``.
        path: the fields from there.
        body: whether this is what a client sends; then reading it is honouring it.
        inside: whether this is an element of the list at ``path``, not the list.
    """

    model: GceModel
    type_name: str
    path: tuple[str, ...] = ()
    body: bool = False
    inside: bool = False

    def schema(self) -> dict[str, Any]:
        """The JSON schema of this value."""
        return self.model.field(self.type_name, self.path) or {}

    def field(self, name: str) -> Shape | None:
        inner = (*self.path, name)
        if self.is_list() or self.model.field(self.type_name, inner) is None:
            return None
        return GceShape(self.model, self.type_name, inner, self.body)

    def element(self) -> Shape:
        schema = self.schema()
        if self.is_list():
            # Model paths enter arrays by themselves, so an element has the path of its list.
            return replace(self, inside=True)
        if "additionalProperties" in schema and not schema.get("properties"):
            return KEY_AND_VALUE
        return ANY

    def names(self) -> Iterable[str]:
        schema = self.schema()
        if self.inside and schema.get("type") == "array":
            schema = schema.get("items", {})
            if "$ref" in schema:
                schema = self.model.type(schema["$ref"].removesuffix(".json"))
        return list(schema.get("properties", {}))

    def words(self) -> list[str]:
        """The words that an enumeration takes; none for anything else."""
        schema = self.schema()
        if self.inside and schema.get("type") == "array":
            schema = schema.get("items", {})
        words: list[str] = schema.get("enum", [])
        return words

    def describe(self) -> str:
        return ".".join((self.type_name, *self.path))

    def is_list(self) -> bool:
        return not self.inside and self.schema().get("type") == "array"


@dataclass(frozen=True)
class ObjectShape(Shape):
    """An object with exactly the fields named."""

    fields: Mapping[str, Shape] = field(default_factory=dict)
    name: str = "an object"

    def field(self, name: str) -> Shape | None:
        return self.fields.get(name)

    def names(self) -> Iterable[str]:
        return self.fields

    def describe(self) -> str:
        return self.name


@dataclass(frozen=True)
class ListShape(Shape):
    """A list that the language made, of elements of one shape."""

    of: Shape

    def field(self, name: str) -> Shape | None:
        return None

    def element(self) -> Shape:
        return self.of

    def describe(self) -> str:
        return "this"

    def is_list(self) -> bool:
        return True


@dataclass(frozen=True)
class UnionShape(Shape):
    """One of several shapes: a field of any of them is a field."""

    members: tuple[Shape, ...]

    def field(self, name: str) -> Shape | None:
        found = [s for member in self.members if (s := member.field(name)) is not None]
        return union(found) if found else None

    def element(self) -> Shape:
        return union(member.element() for member in self.members)

    def names(self) -> Iterable[str]:
        return dict.fromkeys(name for member in self.members for name in member.names())

    def describe(self) -> str:
        return " or ".join(dict.fromkeys(member.describe() for member in self.members))

    def is_list(self) -> bool:
        return all(member.is_list() for member in self.members)


KEY_AND_VALUE = ObjectShape({"key": ANY, "value": ANY}, "a map's entry (key, value)")


def union(shapes: Iterable[Shape]) -> Shape:
    """The shape of a value that has one of these shapes."""
    members: list[Shape] = []
    for shape in shapes:
        for member in shape.members if isinstance(shape, UnionShape) else (shape,):
            if member not in members:
                members.append(member)
    if not members:
        return ANY
    return members[0] if len(members) == 1 else UnionShape(tuple(members))


def body_paths(shape: Shape) -> list[tuple[str, ...]]:
    """The paths within the request body that ``shape`` may be at."""
    members = shape.members if isinstance(shape, UnionShape) else (shape,)
    return [member.path for member in members if isinstance(member, GceShape) and member.body]
