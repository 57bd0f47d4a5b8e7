"""Whether a CloudStack answers at a place, and if not, which part of the place is wrong.

Each step on the way can fail by itself: the name, the port, TLS and its certificate, the path.
CloudStack answers a command without a signature with an error of its own, which tells that it is
one (``listcapabilitiesresponse``).
"""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Literal

import certifi

from gstack_pyramid.cloudstack.apis import CAPABILITIES

SECONDS = 5.0
"""In which everything is known, however slow a name server or a host is."""

_ENOUGH = 1 << 16
"""Bytes of an answer that are read."""

Part = Literal["host", "port", "protocol", "path", "ca"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a CloudStack is thought to be.

    Attributes:
        host: a host name or an IP address.
        protocol: ``http`` or ``https``.
        port: the port.
        path: the URL's path.
        ca: a file of CA certificates; empty for those of the system.
    """

    host: str
    protocol: str
    port: int
    path: str
    ca: str = ""

    @property
    def url(self) -> str:
        """The URL of the API."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.protocol]
        return f"{self.protocol}://{host}{'' if self.port == usual else f':{self.port}'}{self.path}"


class UnreachableError(Exception):
    """No CloudStack answers; the message says why.

    Args:
        part: what of the place is wrong.
        reason: why.
    """

    def __init__(self, part: Part, reason: str) -> None:
        super().__init__(reason)
        self.part = part


def reach(places: Sequence[Place], seconds: float = SECONDS) -> list[UnreachableError | None]:
    """Try places, all at once.

    Args:
        places: of one host.
        seconds: in which there is an answer for each.

    Returns:
        For each place None where a CloudStack answers, else why not.
    """
    until = time.monotonic() + seconds
    answers: queue.Queue[tuple[int, UnreachableError | None]] = queue.Queue()

    def look(number: int, place: Place) -> None:
        try:
            _ask(place, seconds)
        except UnreachableError as error:
            answers.put((number, error))
        else:
            answers.put((number, None))

    for number, place in enumerate(places):
        # Names are resolved without any limit of time, so nobody waits for these threads.
        threading.Thread(target=look, args=(number, place), daemon=True).start()
    found: list[UnreachableError | None] = [
        UnreachableError("port", f"{place.host} port {place.port} says nothing in {seconds:g} s")
        for place in places
    ]
    for _ in places:
        try:
            number, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[number] = answer
    return found


def _ask(place: Place, seconds: float) -> None:
    """Ask for a command without a signature.

    Raises:
        UnreachableError: what comes back isn't CloudStack's.
    """
    connection = HTTPConnection(place.host, place.port, timeout=seconds)
    connection.sock = _connected(place, seconds)
    try:
        if place.protocol == "https":
            connection.sock = _with_tls(connection.sock, place)
        connection.request("GET", f"{place.path}?command={CAPABILITIES}&response=json")
        response = connection.getresponse()
        _recognise(place, response, response.read(_ENOUGH))
    except TimeoutError:
        raise UnreachableError(
            "port", f"{place.host} port {place.port} takes connections, but does not answer"
        ) from None
    except (OSError, HTTPException):
        other = "https" if place.protocol == "http" else "http"
        raise UnreachableError(
            "protocol",
            f"{place.host} port {place.port} does not speak {place.protocol}; is it {other}?",
        ) from None
    finally:
        connection.close()


def _connected(place: Place, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((place.host, place.port), seconds)
    except socket.gaierror as error:
        silent = error.errno == socket.EAI_AGAIN
        why = "the name servers do not answer" if silent else "there is no such name"
        raise UnreachableError("host", f"{place.host}: {why}") from None
    except ConnectionRefusedError:
        raise UnreachableError("port", f"{place.host} refuses port {place.port}") from None
    except TimeoutError:
        raise UnreachableError(
            "port", f"{place.host} port {place.port} does not answer: a firewall?"
        ) from None
    except (OSError, UnicodeError) as error:
        told = getattr(error, "strerror", None) or "that is no name"
        raise UnreachableError("host", f"{place.host}: {told}") from None


def _with_tls(plain: socket.socket, place: Place) -> ssl.SSLSocket:
    try:
        context = ssl.create_default_context(cafile=place.ca or certifi.where())
    except OSError:
        raise UnreachableError("ca", f"{place.ca} holds no certificate") from None
    try:
        return context.wrap_socket(plain, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(
            "ca", f"the certificate of {place.host} is not trusted: {error.verify_message}"
        ) from None


def _recognise(place: Place, response: HTTPResponse, body: bytes) -> None:
    to = response.getheader("Location", "")
    wants_tls = response.status == 400 and b"https" in body.lower()
    if place.protocol == "http" and (to.startswith("https:") or wants_tls):
        raise UnreachableError("protocol", f"{place.host} port {place.port} wants https")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and f"{CAPABILITIES.lower()}response" in answer:
        return
    sends = f", which sends to {to}" if to else ""
    raise UnreachableError(
        "path", f"what answers at {place.url} is no CloudStack (HTTP {response.status}{sends})"
    )
