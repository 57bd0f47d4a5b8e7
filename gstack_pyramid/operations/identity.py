"""What tells requests and names apart, whoever asks and on whatever node."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class Request:
    """A request that carries a ``requestId``.

    Attributes:
        key: of the project, the method, the path and the id: what makes two requests the same.
        digest: of what was asked for, to refuse another request under the same id.
        id: the ``requestId``.
    """

    key: str
    digest: str
    id: str = ""

    @classmethod
    def of(cls, owner: str, method: str, path: str, request_id: str, content: Any) -> Request:
        """The request of a call, or its repetition."""
        told = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        key = orjson.dumps([owner, method, path, request_id])
        return cls(sha256(key).hexdigest(), sha256(told).hexdigest(), request_id)


def same(kept: Operation, request: Request | None) -> Operation:
    """The operation of a repeated request.

    Raises:
        GceError: 409, it was another request.
    """
    if request is None or kept.digest != request.digest:
        raise GceError(409, "conflict", "The requestId was used before, for another request.")
    return kept


def hold_of(owner: str, target: str) -> str:
    """What identifies a resource, or a name that is free, however the client calls the project."""
    return sha256(orjson.dumps([owner, target.split("/", 2)[-1]])).hexdigest()
