"""What of an answer is for the root admin only.

Source: the ``Restricted`` and ``Full`` views of the responses of CloudStack 4.22, and recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DISPLAY = frozenset(("fordisplay",))
_VOLUME = frozenset(("displayvolume", "hypervisor", "storagetype"))
_NETWORK = frozenset(("displaynetwork",))

_HIDDEN: Mapping[str, frozenset[str]] = {
    "virtualmachine": frozenset(("arch", "displayvm", "instancename")),
    "volume": _VOLUME,
    "network": _NETWORK,
    "vpc": _DISPLAY,
    "publicipaddress": _DISPLAY,
    "ipaddress": _DISPLAY,
    "firewallrule": _DISPLAY,
    "portforwardingrule": _DISPLAY,
    "loadbalancer": _DISPLAY,
    "loadbalancerrule": _DISPLAY,
    "networkacl": _DISPLAY,
    "networkacllist": _DISPLAY,
    "snapshotpolicy": _DISPLAY,
    "vpngateway": _DISPLAY,
    "vpnconnection": _DISPLAY,
}
"""By the key around the row or object."""


def restricted(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what users are not told."""
    return {key: _within(key, value) for key, value in answer.items()}


def _within(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_within(key, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    hidden = _HIDDEN.get(key, frozenset())
    # Only a VPC has rows of another kind in its own.
    nested = {"network"} if key == "vpc" else set()
    return {
        name: _within(name, item) if name in nested else item
        for name, item in value.items()
        if name not in hidden
    }
