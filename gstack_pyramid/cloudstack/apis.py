"""What a CloudStack says of itself: its version, and the commands that the caller's role allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials

_COMMAND = "listApis"
_CAPABILITIES = "listCapabilities"


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
    return frozenset(str(api["name"]) for api in client.rows(credentials, _COMMAND))


def capabilities(client: Client, credentials: Credentials) -> Mapping[str, Any]:
    """What the cloud can do, ``cloudstackversion`` among it.

    Raises:
        CloudStackError, CloudStackUnavailable: as the client.
    """
    return unwrap(client.call(credentials, _CAPABILITIES))
