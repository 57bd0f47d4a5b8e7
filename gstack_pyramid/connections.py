"""What waitress does with connections, mended: asking for bodies, and closing at the end."""

from __future__ import annotations

from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection on which only a client that has more to send is told to go on.

    Waitress (3.0.2) tells so each that asks by ``Expect: 100-continue``, and then waits for more:
    for ever, where the request has no body, or is refused for its head (RFC 9110, section 10.1.1).
    """

    def send_continue(self) -> None:
        """Tell the client to send the body of the request that has begun, if one is to come."""
        if not self.request.completed:
            super().send_continue()


def mend_connections() -> None:
    """Have all of waitress's servers in this process use :class:`Channel`.

    ``pserve`` makes the server itself, and none of waitress's settings chooses the class.
    """
    BaseWSGIServer.channel_class = Channel


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
