"""How long statements take in the databases, for Prometheus."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from prometheus_client import Histogram

SECONDS = Histogram(
    "gstack_database_statement_seconds",
    "Until a statement was carried out",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def time_statements(engine: sa.Engine) -> None:
    """Time all that is sent over an engine from now on."""
    sa.event.listen(engine, "before_cursor_execute", _begin_statement)
    sa.event.listen(engine, "after_cursor_execute", _end_statement)


def _begin_statement(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    context.gstack_began = time.perf_counter()


def _end_statement(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    SECONDS.observe(time.perf_counter() - context.gstack_began)
