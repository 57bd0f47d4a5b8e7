"""Operations: gstack's own resource, one for each mutation that it accepted."""

from __future__ import annotations

from gstack_pyramid.operations.direct import carry_out
from gstack_pyramid.operations.resource import Served, shape
from gstack_pyramid.operations.runner import Operations, Request
from gstack_pyramid.operations.store import Operation, Store

__all__ = ["Operation", "Operations", "Request", "Served", "Store", "carry_out", "shape"]
