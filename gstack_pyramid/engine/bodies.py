"""What of a request body a mapping honours: the rest is ignored with a reason, or refused.

Nothing is silently dropped: a field that no value of the mapping reads is refused (400) unless the
mapping lists it under ``ignores``. A field that asks for nothing passes: false, 0, an empty text,
list or object, an enum's UNSPECIFIED, GCE's own default said aloud, an object of such fields. A
field that GCE's type lacks is refused by the schema, unless the mapping lists it as ``unknown``:
then it is dropped before the schema sees the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from gstack_pyramid.errors import GceError
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.problems import is_number_as_text

Path = tuple[str, ...]

_PATHS = 1024
"""Paths of a body whose schemas are remembered."""


def without(value: Any, paths: Iterable[Path]) -> Any:
    """A decoded body without the fields at ``paths``, which lead through lists; not in place."""
    if isinstance(value, list):
        return [without(part, paths) for part in value]
    if not isinstance(value, dict):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    below: dict[str, list[Path]] = {}
    for first, *rest in paths:
        if rest:
            below.setdefault(first, []).append(tuple(rest))
    return {
        name: without(part, below[name]) if name in below else part
        for name, part in value.items()
        if name not in gone
    }


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class BodyRules:
    """The fields of one method's body that may be given.

    Args:
        model: GCE's model.
        type_name: the body's type.
        honoured: paths that the mapping reads.
        ignored: paths that are accepted without effect, as ``a.b`` -> reason.
        refused: paths that are refused, as ``a.b`` -> reason.
        kept: paths that are accepted with all that is below them, as ``a.b``.
        advice: paths that are kept and told, and change nothing, as ``a.b`` -> what is told
            anyway, and so needs not be kept.
        unknown: paths that GCE's type lacks and clients send, as ``a.b``.
    """

    def __init__(
        self,
        model: GceModel,
        type_name: str,
        honoured: Iterable[Path],
        ignored: Mapping[str, str],
        refused: Mapping[str, str],
        kept: Iterable[str] = (),
        unknown: Iterable[str] = (),
        advice: Mapping[str, Any] = _NOTHING,
    ) -> None:
        self._model = model
        # The entries of a list have their fields in common, and a list may have thousands. Keys of
        # maps are the client's: hence the bound.
        self._schema = lru_cache(_PATHS)(lambda path: model.field(type_name, path) or {})
        self._honoured = frozenset(honoured)
        self._ignored = frozenset(tuple(path.split(".")) for path in ignored)
        self._refused = {tuple(path.split(".")): reason for path, reason in refused.items()}
        self._kept = frozenset(tuple(path.split(".")) for path in kept)
        self._advice = {tuple(path.split(".")): told for path, told in advice.items()}
        self._unknown = frozenset(tuple(path.split(".")) for path in unknown)
        self._inside = frozenset(
            path[:length]
            for path in (*self._honoured, *self._ignored, *self._refused, *self._advice)
            for length in range(1, len(path))
        )

    @property
    def honoured(self) -> frozenset[Path]:
        """The paths that the mapping reads."""
        return self._honoured

    @property
    def told(self) -> frozenset[Path]:
        """The paths that are kept and told, and change nothing."""
        return frozenset(self._advice)

    def keeps_default(self, path: Path) -> bool:
        """Whether GCE's default, said aloud at this path, is kept and told: none is mentioned."""
        mentioned = self._honoured | self._ignored | self._kept | {*self._refused, *self._advice}
        above = {path[:length] for length in range(1, len(path) + 1)}
        whole = above & (self._ignored | self._kept | {*self._refused, *self._advice})
        return path not in mentioned and not whole and not self._is_output(path)

    def advice(self, body: Any) -> Any:
        """What of a body is to be kept and told although it changes nothing; None for nothing.

        That is what the mapping lists as advice, as far as it says something, and GCE's defaults
        that are said aloud and that the mapping doesn't mention. Elements of lists keep their
        places.
        """
        return self._advised(body, ()) or None if isinstance(body, dict) else None

    def _advised(self, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, item in value.items():
            inner = (*path, name)
            if inner in self._advice:
                kept = None if item == self._advice[inner] else item
            elif inner in self._ignored or inner in self._kept or inner in self._refused:
                continue
            elif isinstance(item, dict):
                kept = self._advised(item, inner) if self._has_fields(inner) else None
            elif isinstance(item, list):
                parts = [
                    self._advised(part, inner) if isinstance(part, dict) else {} for part in item
                ]
                kept = parts if any(parts) and self._has_fields(inner) else None
            else:
                kept = None if inner in self._honoured else self._default_said(item, inner)
            if kept or (kept == 0 and kept is not False):
                found[name] = kept
        return found

    def _default_said(self, item: Any, path: Path) -> Any:
        """A value if it is GCE's own default, said aloud; else None."""
        schema = self._schema(path)
        return (
            item if item and item == schema.get("default") and not self._is_output(path) else None
        )

    def known(self, body: Any) -> Any:
        """A decoded body without the fields that the mapping lists as unknown to GCE."""
        return without(body, self._unknown) if self._unknown else body

    def check(self, body: Any) -> None:
        """Refuse a body that asks for something the mapping does not do.

        Raises:
            GceError: 400 naming the field.
        """
        if isinstance(body, dict):
            self._check(body, (), "resource")

    def _check(self, value: Mapping[str, Any], path: Path, shown: str) -> None:
        for name, item in value.items():
            inner = (*path, name)
            if self._asks_for_nothing(item, inner):
                continue
            passed = inner in self._ignored or inner in self._kept or inner in self._advice
            if passed or self._is_output(inner):
                continue
            self._check_one(item, inner, f"{shown}.{name}")

    def _check_one(self, item: Any, path: Path, shown: str) -> None:
        if path in self._refused:
            raise GceError(
                400,
                "invalid",
                f"Invalid value for field '{shown}': {self._refused[path]}.",
                location=shown,
                location_type="other",
            )
        if path in self._inside or (path in self._honoured and self._has_fields(path)):
            for index, part in enumerate(item if isinstance(item, list) else [item]):
                if isinstance(part, dict):
                    where = f"{shown}[{index}]" if isinstance(item, list) else shown
                    self._check(part, path, where)
            return
        if path not in self._honoured:
            raise GceError(
                400,
                "invalid",
                f"Invalid value for field '{shown}': this cloud has no counterpart for it, and"
                " leaving it out would change what was asked for.",
                location=shown,
                location_type="other",
            )

    def _asks_for_nothing(self, item: Any, path: Path) -> bool:
        if isinstance(item, dict):
            # An entry of a map, such as a label, says something even when it is empty.
            return not item or (
                self._has_fields(path)
                and all(self._asks_for_nothing(part, (*path, name)) for name, part in item.items())
            )
        if item is None or item in (False, 0, "") or item == []:
            return True
        if isinstance(item, list):
            return False
        schema = self._schema(path)
        if item == "0" and is_number_as_text(schema):
            return True
        if isinstance(item, str) and "UNSPECIFIED" in item.split("_") and "enum" in schema:
            return True
        # True is no 1, and 1 is not true.
        default = schema.get("default")
        return item == default and isinstance(item, bool) == isinstance(default, bool)

    def _is_output(self, path: Path) -> bool:
        schema = self._schema(path)
        return bool(schema.get("readOnly")) or path[-1] in ("kind", "selfLink", "id")

    def _has_fields(self, path: Path) -> bool:
        schema = self._schema(path)
        if schema.get("type") == "array":
            schema = schema.get("items", {})
            if "$ref" in schema:
                schema = self._model.type(schema["$ref"].removesuffix(".json"))
        return bool(schema.get("properties"))
