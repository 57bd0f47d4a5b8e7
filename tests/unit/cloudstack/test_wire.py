"""One answer, in whatever pieces it comes (RFC 9112)."""

from __future__ import annotations

import tracemalloc
from http.client import HTTPException
from io import RawIOBase
from itertools import pairwise
from socket import SocketIO
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.cloudstack.wire import Reading

HEAD = b"HTTP/1.1 200 OK\r\nX-Description: a\r\nx-description: b\r\n"
BODY = b'{"of":\r\n\r\n"it"}'
ANSWERS = {
    "of a length": HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "in chunks": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n4\r\n%b\r\n%x\r\n%b\r\n0\r\nX-Late: c\r\n\r\n"
    % (BODY[:4], len(BODY) - 4, BODY[4:]),
    "to its end": HEAD + b"\r\n" + BODY,
    "after another": b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"
    + HEAD
    + b"Content-Length: %d\r\n\r\n" % len(BODY)
    + BODY,
}


class Pieces(RawIOBase):
    """What comes piece by piece, and then the end."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._left = [piece for piece in pieces if piece]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer, by typeshed
        if not self._left:
            return 0
        piece = self._left.pop(0)
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if size < len(piece):
            self._left.insert(0, piece[size:])
        return size


def read(pieces: list[bytes]) -> Reading:
    return Reading(cast("SocketIO", Pieces(pieces)))


@given(form=st.sampled_from(sorted(ANSWERS)), places=st.lists(st.integers(0, 200), max_size=6))
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(form: str, places: list[int]) -> None:
    answer = ANSWERS[form]
    ends = [0, *sorted(places), len(answer)]
    found = read([answer[start:end] for start, end in pairwise(ends)])
    assert (found.status, found.content) == (200, BODY)
    assert found.headers["x-description"] == "a"
    assert not {"link", "x-late"} & found.headers.keys()
    assert found.lasting == (form != "to its end")


@given(form=st.sampled_from(["of a length", "in chunks", "after another"]), part=st.floats(0, 1))
def test_a_part_of_an_answer_is_none(form: str, part: float) -> None:
    answer = ANSWERS[form]
    with pytest.raises(HTTPException):
        read([answer[: min(int(len(answer) * part), len(answer) - 1)]])


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\n\r\nmore", b"x"])
@pytest.mark.parametrize("form", ["of a length", "in chunks"])
def test_an_answer_that_is_followed_at_once_is_the_last_of_its_connection(
    form: str, more: bytes
) -> None:
    found = read([ANSWERS[form] + more])
    assert (found.content, found.lasting) == (BODY, False)


def test_an_answer_without_a_body_is_over_with_its_head() -> None:
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    assert (read([empty]).content, read([empty]).lasting) == (b"", True)
    assert (read([empty + b"x"]).content, read([empty + b"x"]).lasting) == (b"", False)


def test_a_length_of_what_never_comes_makes_no_room_for_it() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(HTTPException, match="within a body"):
            read([HEAD + b"Content-Length: 1000000000000\r\n\r\n", BODY])
        assert tracemalloc.get_traced_memory()[1] < 1 << 25
    finally:
        tracemalloc.stop()


def test_a_body_in_chunks_and_of_a_length_is_refused() -> None:
    """RFC 9112, section 6.3: so one who listens on the way may be told another body."""
    both = HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with pytest.raises(HTTPException):
        read([both])


def test_a_head_is_read_as_far_as_heads_go() -> None:
    with pytest.raises(HTTPException, match="no end"):
        read([HEAD, *([b"X-More: " + b"x" * 1000 + b"\r\n"] * 80), b"\r\n"])
