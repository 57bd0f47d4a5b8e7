"""What a CloudStack says of itself: its version, and the commands that the caller's role allows."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

from cachetools import LRUCache

from gstack_pyramid.cloudstack.answers import rows_of, unwrap
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.table import Table

_COMMAND = "listApis"
CAPABILITIES = "listCapabilities"
"""A command that any CloudStack knows, and refuses without a signature."""

_NAMES: LRUCache[bytes, frozenset[str]] = LRUCache(64)
"""By the digest of an answer. It has two megabytes, which take 35 ms to read, and is the same for
all users of a role."""

_LOCK = threading.Lock()


def list_apis(client: Client, credentials: Credentials) -> Mapping[str, Any]:
    """The whole answer, ``{"count", "api"}``: each command with its parameters and its answer.

    Raises:
        CloudStackError, CloudStackUnavailable: as the client.
    """
    return client.call(credentials, _COMMAND)


def allowed_commands(client: Client, credentials: Credentials) -> frozenset[str]:
    """The names of the commands that the caller's role allows.

    Raises:
        CloudStackError, CloudStackUnavailable: as the client.
    """
    answer = client.answer(credentials, _COMMAND, {})
    digest = hashlib.blake2b(answer.content, digest_size=16).digest()
    with _LOCK:
        names = _NAMES.get(digest)
    if names is None:
        rows = rows_of(_COMMAND, client.read(_COMMAND, answer, cut=True), "api")
        apis = Table(rows, _COMMAND).looks(frozenset(("name",)))
        names = frozenset(str(api["name"]) for api in apis)
        with _LOCK:
            _NAMES[digest] = names
    return names


def capabilities(client: Client, credentials: Credentials) -> Mapping[str, Any]:
    """What the cloud can do, ``cloudstackversion`` among it.

    Raises:
        CloudStackError, CloudStackUnavailable: as the client.
    """
    return unwrap(client.call(credentials, CAPABILITIES))
