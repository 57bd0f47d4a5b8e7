"""What DBOS keeps of operations: JSON, sealed with the key ring. It reads nothing else.

By itself, DBOS keeps pickles, and each row names the form that it is in. Whoever could write to the
database could so have this process run any code, whatever form we write. Here the other forms are
taken away from DBOS: a row that says it is one of them can't be read.
"""

from __future__ import annotations

import base64
import pickle
from typing import Any

import orjson
from dbos import DBOSPortableJSONSerializer, Serializer

# Not public, and there is no other way to keep DBOS from using it; `forbid_other_forms` checks that
# this still works.
from dbos._serialization import DefaultSerializer, deserialize_value

from gstack_pyramid.operations.database import DatabaseError
from gstack_pyramid.operations.notes import Sealing

NAME = "gstack_sealed_json"
"""What rows say that they are."""

_OTHERS = (DefaultSerializer, DBOSPortableJSONSerializer)


class RecordedError(Exception):
    """An error that was written down; its text is what it was."""


class SealedJson(Serializer):
    """Writes JSON and seals it. The names of its methods are DBOS's.

    Args:
        sealing: encrypts and authenticates.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def name(self) -> str:
        """What rows say that they are."""
        return NAME

    def serialize(self, data: Any) -> str:
        """The sealed form of what JSON can hold, or of an error.

        Raises:
            TypeError: JSON can't hold it.
        """
        if isinstance(data, BaseException):
            content = {"error": f"{type(data).__name__}: {data}"}
        else:
            content = {"value": data}
        return self._sealing.seal(orjson.dumps(content))

    def deserialize(self, serialized_data: str) -> Any:
        """What :meth:`serialize` was given; lists where there were tuples.

        Raises:
            Exception: what the sealing raises when it is not of this service.
        """
        content = orjson.loads(self._sealing.open(serialized_data))
        return RecordedError(content["error"]) if "error" in content else content["value"]


def forbid_other_forms() -> None:
    """Keep DBOS from reading anything but what :class:`SealedJson` has written.

    Raises:
        DatabaseError: this DBOS reads pickles all the same.
    """
    for other in _OTHERS:
        setattr(other, "deserialize", _refused)  # noqa: B010 - of several classes' types
    harmless = base64.b64encode(pickle.dumps("read")).decode()
    try:
        deserialize_value(harmless, DefaultSerializer().name(), DefaultSerializer())
    except TypeError:
        return
    raise DatabaseError("This version of DBOS can't be kept from reading pickles.")


def _refused(self: Serializer, *given: Any) -> Any:
    raise TypeError(f"gstack reads no rows of the form {self.name()}")
