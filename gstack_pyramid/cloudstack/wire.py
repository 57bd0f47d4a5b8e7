"""One answer of HTTP/1.1, read off a connection (RFC 9112).

httptools, which is the parser of Node.js, takes it apart: Python's own ``http.client`` reads the
head of an answer as it reads mails, which takes three quarters of a call.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from http.client import HTTPException
from io import BufferedReader
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_LONGEST_HEAD = 65_536
_PIECE = 65_536
_AT_ONCE = 1 << 24
"""Bytes for which room is made at once; a length may be told of what never comes."""
_HEAD_END = b"\r\n\r\n"
_FIRST_FINAL = 200
"""The first status of an answer that nothing follows (RFC 9110, section 15)."""


class Reading:
    """Reads one answer.

    Args:
        raw: what the connection's bytes come from.

    Attributes:
        status: the status of the answer.
        headers: its headers, by their names in lower case; of one that is given twice, the first.
        lasting: whether the connection can be used for another request.

    Raises:
        OSError: the connection was lost; TimeoutError: nothing came in time.
        HTTPException: it is no answer as HTTP has them, or not the whole of it.
    """

    def __init__(self, raw: socket.SocketIO) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.lasting = False
        self._named: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._headed = self._ended = False
        self._parser = HttpResponseParser(self)
        # It reads ahead; what comes behind the answer goes with it, and is never the next one.
        stream = BufferedReader(raw)
        try:
            self.content = self._body(stream, self._read_head(stream))
        finally:
            stream.detach()
            # They hold each other.
            del self._parser

    def _read_head(self, stream: BufferedReader[Any]) -> int:
        """Read the head; gives how many bytes have come behind what was read."""
        left = _LONGEST_HEAD
        behind = 0
        while not self._headed:
            come = stream.peek()
            # The body, if its length is known, needs no parser.
            end = come.find(_HEAD_END)
            piece = stream.read(len(come) if end < 0 else end + len(_HEAD_END))
            behind = len(come) - len(piece)
            left -= len(piece)
            if not piece or left < 0:
                raise HTTPException("the head of an answer has no end")
            self._feed(piece)
        return behind

    def _body(self, stream: BufferedReader[Any], behind: int) -> bytes:
        """Read the body."""
        length, coded = self.headers.get("content-length"), "transfer-encoding" in self.headers
        missing = 0
        if length is not None and not coded and not self._ended:
            # The parser has made sure that it is a number, and the only one.
            missing = int(length) - sum(map(len, self._pieces))
            left = missing
            while left > 0:
                piece = stream.read(min(left, _AT_ONCE))
                if not piece:
                    raise HTTPException("the connection ended within a body")
                self._pieces.append(piece)
                left -= len(piece)
            self._ended = True
        if self._ended and behind > missing:
            self.lasting = False
        while not self._ended:
            piece = stream.read1(_PIECE)
            if piece:
                self._feed(piece)
            elif coded:
                raise HTTPException("the connection ended within a body")
            else:
                # Of no told length: it ends with the connection (RFC 9112, section 6.3).
                self._ended = True
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def _feed(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self._ended:
                raise HTTPException("what came is no answer as HTTP/1.1 has them") from error
            self.lasting = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which counts for nothing."""
        if not self._headed:
            self._named.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """The head is over, of the answer or of one that says that it is yet to come."""
        if self._ended:
            return
        self.status = self._parser.get_status_code()
        self._headed = self.status >= _FIRST_FINAL
        if self._headed:
            self.headers = self._named
            self.lasting = self._parser.should_keep_alive()
        else:
            self._named = {}

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if not self._ended:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        """The answer is over."""
        self._ended = self._headed

    def on_message_begin(self) -> None:
        """Something begins: an answer, or what nobody has asked for."""
        self.lasting = self.lasting and not self._ended
