"""What is counted and timed of a gateway, for Prometheus.

Names follow https://prometheus.io/docs/practices/naming/. Labels have few values each: methods,
commands, results. None is a caller's, a project's or a resource's name.

Where the environment has PROMETHEUS_MULTIPROC_DIR, these are sums over all processes that share the
folder it names; see prometheus_client's documentation of that mode.
"""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from gstack_pyramid.observability.context import command_sent

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

REQUESTS = Counter(
    "gstack_requests", "Requests that were answered, parts of batches too", ["method", "status"]
)
REQUEST_SECONDS = Histogram(
    "gstack_request_seconds", "Until a request was answered", ["method"], buckets=_SECONDS
)
IN_PROGRESS = Gauge(
    "gstack_requests_in_progress", "Requests that are being answered", multiprocess_mode="livesum"
)
COMMANDS = Counter(
    "gstack_cloudstack_commands", "Commands that CloudStack was sent", ["command", "result"]
)
COMMAND_SECONDS = Histogram(
    "gstack_cloudstack_command_seconds",
    "Until CloudStack has answered a command, with repetitions",
    ["command"],
    buckets=_SECONDS,
)
RETRIES = Counter("gstack_cloudstack_retries", "Reads that were sent again", ["command"])
ENDED = Counter("gstack_operations_ended", "Operations that ended here", ["type", "result"])
SIGNINS = Counter("gstack_signins", "Sign-ins, and attempts at them", ["how", "result"])
REFUSED = Counter("gstack_refused_credentials", "What may have been guessed", ["what", "why"])
CATALOGUE = Counter("gstack_catalogue_reads", "Reads that may be answered from memory", ["result"])
HIT, MISS = CATALOGUE.labels("hit"), CATALOGUE.labels("miss")

# Looking a label up takes longer than counting.
_requests = lru_cache(4096)(REQUESTS.labels)
_request_seconds = lru_cache(4096)(REQUEST_SECONDS.labels)
_commands = lru_cache(4096)(COMMANDS.labels)
_command_seconds = lru_cache(4096)(COMMAND_SECONDS.labels)


def answered(method: str, status: int, seconds: float) -> None:
    """A request was answered; ``method`` is GCE's name, or ``other``."""
    _requests(method, str(status)).inc()
    _request_seconds(method).observe(seconds)


def commanded(command: str, seconds: float, outcome: str) -> None:
    """A command was answered, or wasn't: as the client's ``on_call``."""
    command_sent()
    _commands(command, outcome).inc()
    _command_seconds(command).observe(seconds)


def repeated(command: str, times: int) -> None:
    """A read was sent again."""
    RETRIES.labels(command).inc(times)


def ended(kind: str, failed: bool) -> None:
    """An operation is over; ``kind`` is GCE's ``operationType``."""
    ENDED.labels(kind, "failed" if failed else "done").inc()
