"""Several requests at the same time, as Terraform sends them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .gateway import Gateway


def at_once(gateway: Gateway, *asked: tuple[str, str, Any]) -> None:
    """Ask all of this at the same time; nothing of it may fail."""
    with ThreadPoolExecutor(len(asked)) as pool:
        begun = list(pool.map(lambda one: gateway.ask(*one), asked))
    ended = [gateway.finish(operation).get("error") for operation in begun]
    assert ended == [None] * len(asked)
