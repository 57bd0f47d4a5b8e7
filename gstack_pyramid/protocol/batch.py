"""The wire format of batch requests: ``multipart/mixed`` parts, each of them an HTTP message.

Sources: https://cloud.google.com/compute/docs/api/how-tos/batch; RFC 2046, section 5.1.1 (parts
and their boundary); RFC 9112 (what stands in a part). The clients' side of it is
``apitools/base/py/batch.py`` of gcloud and ``BatchHttpRequest`` of google-api-python-client.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from urllib.parse import urlsplit

from gstack_pyramid.errors import GceError

MAX_PARTS = 1000
MAX_BYTES = 8 * 1024 * 1024

_MAX_HEADER_BYTES = 64 * 1024
_MAX_CONTENT_TYPE = 1000
_BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LINE_END = re.compile(rb"[ \t]*(?=\r?\n|\Z)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch.

    Attributes:
        method: the HTTP verb.
        target: path and query as they were written, still percent-encoded; a host is taken off.
        headers: the inner headers, names in lower case, repeated ones joined by a comma.
        body: the inner body, byte for byte.
        content_id: the outer ``Content-ID`` as it was written, None if there was none.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to one part: ``status`` such as ``200 OK``, and the request's ``content_id``."""

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    content_id: str | None


def parse_batch(
    content_type: str,
    body: bytes,
    *,
    max_parts: int = MAX_PARTS,
    max_bytes: int = MAX_BYTES,
) -> list[Part]:
    """Return the requests of a batch in their order.

    Args:
        content_type: the header of the outer request.
        body: its body.
        max_parts: more of them are refused (compute takes 1,000).
        max_bytes: a longer body is refused.

    Raises:
        GceError: 400 ``badRequest`` for a batch that is too large, or is not one.
    """
    if len(body) > max_bytes:
        raise _refused(f"The batch is larger than {max_bytes} bytes.")
    if len(content_type) > _MAX_CONTENT_TYPE:
        raise _refused(f"The Content-Type is longer than {_MAX_CONTENT_TYPE} characters.")
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/mixed" or not boundary or len(boundary) > 70:
        raise _refused("The Content-Type must be multipart/mixed with a boundary.")
    chunks = _split(body, boundary.encode("utf-8", "replace"), max_parts)
    parts = []
    for number, chunk in enumerate(chunks, 1):
        parts.append(_part(chunk, number))
    return parts


def render_batch(answers: Sequence[PartAnswer]) -> tuple[bytes, str]:
    """Return body and ``Content-Type`` of the answer to a batch.

    A part's ``Content-ID`` is that of its request with ``response-`` before it, inside the
    brackets. google-api-python-client needs CRLF between headers and body, and both clients need
    a reason phrase in the status line.
    """
    # 128 random bits are in no body, so none needs to be searched for them.
    boundary = f"batch_{secrets.token_urlsafe(16)}"
    out: list[bytes] = []
    for answer in answers:
        outer = [f"--{boundary}", "Content-Type: application/http"]
        if answer.content_id is not None:
            outer.append(f"Content-ID: {_response_id(answer.content_id)}")
        code, _, reason = answer.status.partition(" ")
        inner = [f"HTTP/1.1 {code} {reason.strip() or 'Unknown'}"]
        inner += [f"{name}: {_CONTROLS.sub(' ', value)}" for name, value in answer.headers]
        head = "\r\n".join([*outer, "", *inner, "", ""])
        out += [head.encode("latin-1", "replace"), answer.body, b"\r\n"]
    out.append(f"--{boundary}--\r\n".encode())
    return b"".join(out), f"multipart/mixed; boundary={boundary}"


def _refused(why: str) -> GceError:
    return GceError(400, "badRequest", f"Failed to parse batch request: {why}")


def _split(body: bytes, boundary: bytes, max_parts: int) -> list[bytes]:
    """Cut the body at its delimiters.

    Not by the email package, which would enter multiparts within multiparts by recursion; and not
    by one pattern for all, which would keep other threads from computing for as long as it takes.
    """
    mark = b"\n--" + boundary
    chunks: list[bytes] = []
    start: int | None = None
    # The line feed before a delimiter belongs to it; the first may be where the body begins.
    others, place = 0, (-1 if body.startswith(mark[1:]) else _find(body, mark, 0))
    while place is not None:
        end = place + len(mark)
        closing = body.startswith(b"--", end)
        line = _LINE_END.match(body, end + 2 * closing)
        if line is None:
            # A line that only begins as a delimiter does.
            others += 1
            if others > max_parts:
                raise _refused("Too many lines begin with the boundary.")
            place = _find(body, mark, end)
            continue
        if start is not None:
            stop = place - 1 if body[place - 1 : place] == b"\r" else place
            chunks.append(body[start : max(start, stop)])
        if closing:
            break
        if len(chunks) >= max_parts:
            raise _refused(f"The batch has more than {max_parts} requests.")
        start = line.end()
        place = _find(body, mark, start)
    else:
        raise _refused("The closing boundary is missing.")
    if not chunks:
        raise _refused("The batch holds no request.")
    return chunks


def _find(body: bytes, mark: bytes, start: int) -> int | None:
    found = body.find(mark, start)
    return None if found < 0 else found


def _part(chunk: bytes, number: int) -> Part:
    # What follows the delimiter is the end of its line, then the part.
    outer, content = _message(chunk.split(b"\n", 1)[-1], number)
    if not outer.get("content-type", "").lower().startswith("application/http"):
        raise _refused(f"Request {number} is not of type application/http.")
    request_line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    words = request_line.decode("ascii", "replace").split()
    if len(words) not in (2, 3) or not _TOKEN.fullmatch(words[0]):
        raise _refused(f"Request {number} has no request line of method, path and version.")
    try:
        url = urlsplit(words[1])
    except ValueError:
        raise _refused(f"Request {number} has an invalid URL.") from None
    target = f"{url.path}?{url.query}" if url.query else url.path
    headers, body = _message(rest, number)
    return Part(words[0].upper(), target, headers, body, outer.get("content-id"))


def _message(data: bytes, number: int) -> tuple[dict[str, str], bytes]:
    """Return the headers, names in lower case, and what follows the blank line after them."""
    blank = _BLANK_LINE.search(data)
    end = blank.end() if blank else len(data)
    if end > _MAX_HEADER_BYTES:
        raise _refused(
            f"The headers of request {number} are larger than {_MAX_HEADER_BYTES} bytes."
        )
    headers: dict[str, list[str]] = {}
    for name, value in BytesHeaderParser().parsebytes(data[:end]).items():
        headers.setdefault(name.lower(), []).append(_FOLD.sub(" ", str(value)).strip())
    return {name: ", ".join(values) for name, values in headers.items()}, data[end:]


def _response_id(content_id: str) -> str:
    plain = _CONTROLS.sub("", content_id)
    return f"<response-{plain[1:]}" if plain.startswith("<") else f"response-{plain}"
