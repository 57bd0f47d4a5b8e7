"""Closing what waitress has open at the end of a server."""

from __future__ import annotations

from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel


def close_all(sockets: dict[int, Any]) -> None:
    """Close all that a loop of waitress' serves.

    ``wasyncore.close_all`` closes a connection's socket alone: the temporary file that a long
    answer was written to stays open, and whoever waits until there is room for more waits on.

    Args:
        sockets: the loop's sockets, which are forgotten.
    """
    for each in list(sockets.values()):
        if isinstance(each, HTTPChannel):
            each.handle_close()
    wasyncore.close_all(sockets, ignore_all=True)
