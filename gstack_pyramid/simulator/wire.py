"""CloudStack's wire protocol: reading a request, checking its signature, writing its answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

import orjson

from gstack_pyramid.simulator.faults import CommandError, malformed
from gstack_pyramid.simulator.names import envelope

VERSION = "4.22.0.0"
BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of a form; user data may have one MiB before it is percent-encoded."""

LONGEST_EXPIRY = 15 * 60
"""Seconds that ``expires`` may lie ahead where ``enforce.post.requests.and.timestamps`` is on."""

PROTOCOL_PARAMETERS = frozenset(
    ("command", "response", "apikey", "signature", "signatureversion", "expires", "sessionkey")
)

JSON_TYPE = "application/json; charset=UTF-8"
XML_TYPE = "text/xml; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the HTTP method, its parameters as sent (the first of each name), cookies.

    Attributes:
        folded: the parameters by their names in lower case, the first of each spelling.
    """

    method: str
    sent: Mapping[str, str]
    folded: Mapping[str, str]
    cookies: str = ""

    def named(self, name: str) -> str | None:
        """The parameter called ``name`` (lower case) in any spelling."""
        return self.folded.get(name)


def read_request(environ: Mapping[str, Any]) -> Request:
    """Read a WSGI request: the query string and, for POST, the form.

    Raises:
        CommandError: 405 for other methods, 430 for a form that is too large or cannot be read.
    """
    method = environ["REQUEST_METHOD"]
    if method not in ("GET", "POST"):
        raise CommandError(405, f"Method {method} is not allowed", None)
    try:
        pairs = parse_qsl(
            environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=5000
        )
        if method == "POST":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if length > BODY_LIMIT:
                raise malformed(f"The form is larger than {BODY_LIMIT} bytes")
            form = environ["wsgi.input"].read(length).decode("ascii", "strict")
            pairs += parse_qsl(form, keep_blank_values=True, max_num_fields=5000)
    except ValueError as error:
        raise malformed(f"The parameters cannot be read: {error}") from None
    sent: dict[str, str] = {}
    folded: dict[str, str] = {}
    for key, value in pairs:
        sent.setdefault(key, value)
        folded.setdefault(key.lower(), value)
    return Request(method, sent, folded, environ.get("HTTP_COOKIE", ""))


def encode(value: str) -> str:
    """Percent-encode as Java's ``URLEncoder``, with ``%20`` for a space."""
    return quote(value, safe="*-._").replace("~", "%7E")


def sign(sent: Mapping[str, str], secret: str) -> str:
    """The signature of parameters as sent: HMAC-SHA1 over their sorted, lower-cased string.

    Source: ``ApiServer.verifyRequest`` of CloudStack 4.22.
    """
    text = "&".join(
        f"{name}={encode(sent[name])}" for name in sorted(sent) if name.lower() != "signature"
    )
    digest = hmac.new(secret.encode(), text.lower().encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_signed(request: Request, secret: str) -> bool:
    """Whether the request carries the signature that ``secret`` gives it."""
    return hmac.compare_digest(
        (request.named("signature") or "").encode(), sign(request.sent, secret).encode()
    )


def is_fresh(request: Request, now: float, *, reading: bool) -> bool:
    """Whether signature version and ``expires`` are accepted at ``now`` (seconds).

    Version 3 goes with an expiry that is neither past nor more than fifteen minutes ahead.
    Requests of the older kind, which never expire, are accepted for reading only.
    """
    version, expires = request.named("signatureversion"), request.named("expires")
    if version is None and expires is None:
        return reading
    if version != "3" or expires is None:
        return False
    at = _instant(expires)
    return at is not None and now <= at <= now + LONGEST_EXPIRY


# Commands of one second expire in one second.
@lru_cache(maxsize=64)
def _instant(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        return None


def date(seconds: float) -> str:
    """A date as CloudStack writes it, in UTC: ``2026-06-09T10:31:35+0000``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def envelope_name(command: str | None) -> str:
    """The key around an answer; ``errorresponse`` where the command is not known."""
    return envelope(command) if command else "errorresponse"


def error_body(fault: CommandError) -> dict[str, Any]:
    """What stands in the envelope of an error."""
    body: dict[str, Any] = {"uuidList": [], "errorcode": fault.code}
    if fault.cscode is not None:
        body["cserrorcode"] = fault.cscode
    body["errortext"] = fault.text
    return body


class Constant(dict[str, Any]):
    """The body of an answer that stays the same and hides nothing: it is checked and written once.

    Attributes:
        content: the answer as it was written in JSON; empty before the first time.
    """

    content = b""


def render(name: str, body: Mapping[str, Any], *, as_json: bool) -> tuple[str, bytes]:
    """Content type and bytes of an answer; without ``response=json`` CloudStack writes XML."""
    if as_json:
        if not isinstance(body, Constant):
            return JSON_TYPE, orjson.dumps({name: body})
        body.content = body.content or orjson.dumps({name: body})
        return JSON_TYPE, body.content
    inner = "".join(_xml(key, value) for key, value in body.items())
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return XML_TYPE, f'{head}<{name} cloud-stack-version="{VERSION}">{inner}</{name}>'.encode()


def _xml(name: str, value: Any) -> str:
    if isinstance(value, list | tuple):
        return "".join(_xml(name, item) for item in value)
    if isinstance(value, Mapping):
        text = "".join(_xml(key, item) for key, item in value.items())
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = escape(str(value))
    return f"<{name}>{text}</{name}>"


def header_text(text: str) -> str:
    """``text`` as an HTTP header can carry it."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)
