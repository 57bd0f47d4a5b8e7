"""Operations: gstack's own resource, one for each mutation that it accepted."""

from __future__ import annotations

from gstack_pyramid.operations.database import DatabaseError
from gstack_pyramid.operations.direct import carry_out
from gstack_pyramid.operations.identity import Request, hold_of
from gstack_pyramid.operations.nodes import Watch
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.pace import Pace
from gstack_pyramid.operations.resource import Served, shape
from gstack_pyramid.operations.runner import Operations
from gstack_pyramid.operations.store import Holds

__all__ = [
    "DatabaseError",
    "Holds",
    "Operation",
    "Operations",
    "Pace",
    "Request",
    "Served",
    "Watch",
    "carry_out",
    "hold_of",
    "shape",
]
