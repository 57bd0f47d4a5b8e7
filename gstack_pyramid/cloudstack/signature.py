"""Request signatures, version 3, bit for bit as the server computes them.

Source: ``com.cloud.api.ApiServer.verifyRequest``. The server sorts the parameter names as they
were sent, joins ``name=URLEncoder.encode(value)`` (with ``+`` made ``%20``) by ``&``, lower-cases
the whole, and compares the base64 of its HMAC-SHA1 under the user's secret key.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

SIGNATURE_VERSION = "3"
_EXPIRES = "expires"

_ODD = re.compile(r"[^A-Za-z0-9.\-_*]")


def encode(value: str) -> str:
    """``value`` as ``java.net.URLEncoder`` writes it in UTF-8, except that a space is ``%20``.

    Only ``A-Z a-z 0-9 . - _ *`` stay as they are. Python's ``quote`` never encodes ``~``, Java
    always does.

    Raises:
        ValueError: ``value`` holds half of a surrogate pair, which UTF-8 cannot express.
    """
    # Most are names and ids, in which nothing has to be encoded, or a comma or two.
    return _ODD.sub(_encoded, value)


@lru_cache(maxsize=1024)
def _of_character(character: str) -> str:
    return quote(character, safe="").replace("~", "%7E")


def _encoded(odd: re.Match[str]) -> str:
    return _of_character(odd[0])


@lru_cache(maxsize=1024)
def _name(name: str) -> str:
    """A parameter's name, encoded: there are few, those with brackets among them."""
    return encode(name)


def expiry(now: float, seconds: float) -> str:
    """The ``expires`` parameter for a request made at ``now`` (Unix time) and valid ``seconds``."""
    return _in_words(int(now + seconds))


@lru_cache(maxsize=64)
def _in_words(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def sign(params: Mapping[str, str], secret_key: str) -> str:
    """The base64 signature of ``params``: everything that is sent, without ``signature`` itself.

    The names must be ASCII, as :mod:`~gstack_pyramid.cloudstack.parameters` makes sure: Python
    and Java sort and lower-case other characters differently.
    """
    encoded = {name: encode(value) for name, value in params.items()}
    return _signature(_joined(encoded, encoded), secret_key)


class Form:
    """A request as it is sent again and again: all but when it expires stays as it is.

    Args:
        params: what is sent, without ``expires`` and ``signature``.
    """

    __slots__ = ("_after", "_before", "_sent")

    def __init__(self, params: Mapping[str, str]) -> None:
        encoded = {name: encode(value) for name, value in params.items()}
        self._before = _joined(encoded, [name for name in encoded if name < _EXPIRES])
        self._after = _joined(encoded, [name for name in encoded if name > _EXPIRES])
        self._sent = "&".join([f"{_name(name)}={value}" for name, value in encoded.items()])

    def signed(self, expires: str, secret_key: str) -> str:
        """The query string or form body, names and values encoded.

        Args:
            expires: until when it is good, from :func:`expiry`.
            secret_key: what signs it.
        """
        when = f"{_EXPIRES}={encode(expires)}"
        text = "&".join([part for part in (self._before, when.lower(), self._after) if part])
        signature = encode(_signature(text, secret_key))
        return "&".join([part for part in (self._sent, when, f"signature={signature}") if part])


def _joined(encoded: Mapping[str, str], names: Iterable[str]) -> str:
    """Encoded parameters as the server joins them to check a signature."""
    return "&".join([f"{name}={encoded[name]}" for name in sorted(names)]).lower()


def _signature(text: str, secret_key: str) -> str:
    # SHA-1 is CloudStack's choice; HMAC does not depend on its resistance to collisions.
    digest = hmac.digest(secret_key.encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode("ascii")
