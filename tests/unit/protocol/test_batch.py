"""The multipart format of batch requests and answers."""

from __future__ import annotations

from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.batch import (
    Part,
    PartAnswer,
    _split,
    parse_batch,
    render_batch,
)

from ...support.cost import counted

TYPE = 'multipart/mixed; boundary="b+1"'


def multipart(*parts: bytes, newline: bytes = b"\r\n") -> bytes:
    body = b"".join(b"--b+1" + newline + part + newline for part in parts) + b"--b+1--" + newline
    return body if newline == b"\n" else body.replace(b"\r\r", b"\r")


def request_part(request: bytes, content_id: bytes = b"<u+1>") -> bytes:
    return b"Content-Type: application/http\r\nContent-ID: " + content_id + b"\r\n\r\n" + request


GET = b"GET /compute/v1/projects/p/zones?alt=json&filter=name%20eq%20z HTTP/1.1\r\nHost: h\r\n\r\n"


def test_a_part_is_read_with_all_that_belongs_to_it() -> None:
    post = (
        b"POST /compute/v1/x HTTP/1.1\r\nContent-Type: application/json\r\n"
        b'X-A: 1\r\nx-a: 2\r\n\r\n{"a": "\xc3\xa9\\u00e9"}\r\n\r\n'
    )
    assert parse_batch(TYPE, multipart(request_part(GET), request_part(post, b"<u+2>"))) == [
        Part("GET", "/compute/v1/projects/p/zones?alt=json&filter=name%20eq%20z", {"host": "h"},
             b"", "<u+1>"),
        Part("POST", "/compute/v1/x", {"content-type": "application/json", "x-a": "1, 2"},
             b'{"a": "\xc3\xa9\\u00e9"}\r\n\r\n', "<u+2>"),
    ]  # fmt: skip


def test_parts_of_the_usual_clients_end_their_lines_with_a_line_feed_only() -> None:
    body = multipart(
        b"Content-Type: application/http\nMIME-Version: 1.0\nContent-Transfer-Encoding: binary\n"
        b"Content-ID: <uuid+0>\n\nPOST /compute/v1/x?alt=json HTTP/1.1\n"
        b'Content-Type: application/json\nMIME-Version: 1.0\n\n{"a":\n1}',
        b"Content-Type: application/http\nContent-ID: <uuid+1>\n\nGET /compute/v1/y HTTP/1.1\n"
        b"Host: h\n",
        newline=b"\n",
    )
    first, second = parse_batch(TYPE, b"preamble\n" + body + b"epilogue")
    assert (first.body, first.content_id) == (b'{"a":\n1}', "<uuid+0>")
    assert (second.target, second.body, second.headers) == ("/compute/v1/y", b"", {"host": "h"})


def test_a_folded_content_id_is_one_line() -> None:
    [part] = parse_batch(TYPE, multipart(request_part(GET, b"<uuid\r\n + 1>")))
    assert part.content_id == "<uuid + 1>"


def test_an_absolute_url_is_taken_by_its_path() -> None:
    [part] = parse_batch(
        TYPE, multipart(request_part(b"get https://h:1/compute/v1/x?a=b HTTP/1.1"))
    )
    assert (part.method, part.target) == ("GET", "/compute/v1/x?a=b")


def test_a_part_needs_no_content_id_and_no_headers() -> None:
    [part] = parse_batch(
        TYPE, multipart(b"Content-Type: application/http\r\n\r\nDELETE /compute/v1/x HTTP/1.1\r\n")
    )
    assert part == Part("DELETE", "/compute/v1/x")


def test_a_boundary_within_a_line_is_no_boundary() -> None:
    request = b"POST /x HTTP/1.1\r\n\r\nx--b+1\r\n--b+12\r\n --b+1\r\n"
    [part] = parse_batch(TYPE, multipart(request_part(request)))
    assert part.body == b"x--b+1\r\n--b+12\r\n --b+1\r\n"


def test_a_multipart_within_a_multipart_is_not_entered() -> None:
    part = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n" * 5000
    with pytest.raises(GceError, match="application/http"):
        parse_batch(TYPE, multipart(part))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b""),
        ("application/json", b"{}"),
        ("multipart/mixed", multipart(request_part(GET))),
        ("multipart/form-data; boundary=b+1", multipart(request_part(GET))),
        (f"multipart/mixed; boundary={'b' * 71}", b""),
        (TYPE, b""),
        (TYPE, b"--b+1--"),
        (TYPE, b"--b+1\r\n" + request_part(GET)),
        (TYPE, multipart(request_part(GET)).replace(b"--b+1--", b"")),
        (TYPE, multipart(b"Content-Type: text/plain\r\n\r\n" + GET)),
        (TYPE, multipart(GET)),
        (TYPE, multipart(request_part(b""))),
        (TYPE, multipart(request_part(b"GET\r\n\r\n"))),
        (TYPE, multipart(request_part(b"G{T /x HTTP/1.1"))),
        (TYPE, multipart(request_part(b"GET /x y HTTP/1.1"))),
        (TYPE, multipart(request_part(b"GET //[x HTTP/1.1"))),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(content_type: str, body: bytes) -> None:
    with pytest.raises(GceError) as caught:
        parse_batch(content_type, body)
    assert (caught.value.status, caught.value.reason) == (400, "badRequest")


def test_the_number_of_parts_is_bounded() -> None:
    assert len(parse_batch(TYPE, multipart(*[request_part(GET)] * 1000))) == 1000
    with pytest.raises(GceError, match="more than 1000 requests"):
        parse_batch(TYPE, multipart(*[request_part(GET)] * 1001))
    with pytest.raises(GceError, match="more than 2 requests"):
        parse_batch(TYPE, b"--b+1\r\n" * 1_000_000, max_parts=2)


def test_the_size_is_bounded() -> None:
    with pytest.raises(GceError, match="larger than 10 bytes"):
        parse_batch(TYPE, multipart(request_part(GET)), max_bytes=10)


@pytest.mark.parametrize("header", [b"a:b\r\n", b"a: " + b"b" * 70_000, b" \r\n"])
def test_the_headers_of_a_part_are_bounded(header: bytes) -> None:
    request = b"GET /x HTTP/1.1\r\n" + header * (1_000_000 // len(header))
    body = multipart(request_part(request))
    with pytest.raises(GceError, match="headers of request 1"):
        parse_batch(TYPE, body)


def test_an_answer_keeps_ids_order_and_bytes() -> None:
    body, content_type = render_batch(
        [
            PartAnswer("200 OK", [("Content-Type", "application/json")], b'{"a":\r\n1}', "<u + 1>"),
            PartAnswer("404 Not Found", [], b"", "plain"),
            PartAnswer("299", [("X-A", "a\r\nSet-Cookie: b")], b"\xff", None),
        ]
    )
    message = BytesParser().parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
    )
    parts: Any = message.get_payload()
    assert [part["Content-ID"] for part in parts] == ["<response-u + 1>", "response-plain", None]
    assert {part["Content-Type"] for part in parts} == {"application/http"}
    assert [part.get_payload(decode=True) for part in parts] == [
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a":\r\n1}',
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 299 Unknown\r\nX-A: a Set-Cookie: b\r\n\r\n\xff",
    ]


def test_a_content_id_cannot_bring_headers_of_its_own() -> None:
    body, _ = render_batch([PartAnswer("200 OK", [], b"", "<u\r\nX-Evil: 1>")])
    assert b"\r\nX-Evil" not in body


TOKENS = st.text("abcdefgh", min_size=1, max_size=8)
PARTS = st.builds(
    Part,
    st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    st.builds("/compute/{}?{}".format, TOKENS, TOKENS),
    st.dictionaries(TOKENS, TOKENS, max_size=3),
    st.binary(max_size=60) | st.text("\r\n-b+1 :a").map(str.encode),
    st.none() | st.builds("<{} + {}>".format, TOKENS, st.integers(0, 99)),
)


def written(part: Part) -> bytes:
    outer = "Content-Type: application/http\r\n"
    if part.content_id is not None:
        outer += f"Content-ID: {part.content_id}\r\n"
    inner = "".join(f"{name}: {value}\r\n" for name, value in part.headers.items())
    head = f"{outer}\r\n{part.method} {part.target} HTTP/1.1\r\n{inner}\r\n"
    return head.encode() + part.body


@given(st.lists(PARTS, min_size=1, max_size=5))
def test_any_requests_survive_being_written_and_read(parts: list[Part]) -> None:
    boundary = "=_ a boundary that is in no body _="
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), written(part)) for part in parts)
    content_type = f'multipart/mixed; boundary="{boundary}"'
    assert parse_batch(content_type, body + f"--{boundary}--".encode()) == parts


@given(st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_are_refused(body: bytes) -> None:
    for whole in (body, multipart(body), multipart(request_part(body))):
        try:
            parts = parse_batch(TYPE, whole)
        except GceError:
            continue
        assert parts


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n" * 4_000_000,
        b"-" * 8_000_000,
        b"\r\n--bX" * 1_000_000,
        (b"\r\n--b" + b" " * 7_000 + b"x") * 1_000,
        b"--b\r\n" * 1_500_000,
        b"--b" + b" " * 8_000_000,
    ],
)
def test_a_body_that_is_no_batch_is_refused_without_looking_at_all_of_it(body: bytes) -> None:
    with counted() as calls, pytest.raises(GceError, match="Failed to parse"):
        parse_batch("multipart/mixed; boundary=b", body)
    assert calls.count < 20_000


def test_a_content_type_that_is_longer_than_any_is_not_taken_apart() -> None:
    kind = "multipart/mixed; " + "a=b; " * 40_000 + "boundary=b"
    with counted() as calls, pytest.raises(GceError, match="longer than 1000"):
        parse_batch(kind, b"--b--")
    assert calls.count < 1_000


LINES = st.lists(
    st.sampled_from([b"--b", b"--b--", b"--bx", b"--b ", b"--b-- \t", b"x", b"", b" --b", b"--B"]),
    max_size=8,
)


@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_a_body_is_cut_where_a_line_is_a_delimiter(
    lines: list[bytes], ending: bytes, ended: bool
) -> None:
    """Held against the same rule line by line (RFC 2046, section 5.1.1)."""
    expected: list[bytes] = []
    current: list[bytes] | None = None
    closed = False
    for line in lines:
        plain = line.rstrip(b" \t")
        if plain in (b"--b", b"--b--") and not closed:
            if current is not None:
                expected.append(ending.join([b"", *current]))
            current, closed = [], plain == b"--b--"
        elif current is not None:
            current.append(line)
    body = ending.join(lines) + (ending if ended else b"")
    if not closed or not expected:
        with pytest.raises(GceError):
            _split(body, b"b", 1000)
    else:
        assert _split(body, b"b", 1000) == expected
