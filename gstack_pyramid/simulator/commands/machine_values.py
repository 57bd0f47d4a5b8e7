"""Values of an instance that several commands check: its name, user data, size, details, groups."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from gstack_pyramid.simulator.calls import Call
from gstack_pyramid.simulator.faults import denied, invalid, parameter
from gstack_pyramid.simulator.store import Doc

_LABEL = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
USER_DATA_LIMIT = 32768
"""Bytes of user data (``vm.userdata.max.length``)."""

_MOST = 2**31 - 1

Size = tuple[int, int, int]
"""Processors, MHz of each, and memory in MB."""


def checked_name(command: str, name: str) -> None:
    """Refuse what is no label of RFC 1035.

    Raises:
        CommandError: 431.
    """
    if not _LABEL.fullmatch(name):
        raise parameter(
            f"Unable to execute API command {command.lower()} due to invalid value. Invalid value "
            "provided for API arg: name - it can contain ASCII letters 'a' through 'z', the digits "
            "'0' through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and "
            "can't start or end with \"-\" and can't start with digit"
        )


def checked_user_data(data: str | None) -> None:
    """Refuse user data that is not base64 or too long.

    Raises:
        CommandError: 431.
    """
    if data is None:
        return
    try:
        decoded = base64.b64decode(data, validate=True)
    except binascii.Error:
        raise invalid("User data is not base64 encoded") from None
    if len(data) > USER_DATA_LIMIT * 4 // 3 + 4 or len(decoded) > USER_DATA_LIMIT:
        raise invalid(f"User data has exceeded configurable max length : {USER_DATA_LIMIT}")


def checked_details(details: Mapping[str, str]) -> dict[str, str]:
    """Refuse details whose name or value the database could not keep.

    Raises:
        CommandError: 431.
    """
    for name, value in details.items():
        if len(name) > 255 or len(value) > 5120:
            raise invalid(f"The value of detail {name} is too long")
    return dict(details)


def sized(offering: Doc, details: Mapping[str, str]) -> Size:
    """Processors, speed and memory of an instance of an offering.

    A customizable offering takes them from the details ``cpuNumber`` and ``memory``, within its
    limits if it has any, and one without a speed that from ``cpuSpeed``; letter case counts.

    Raises:
        CommandError: 431, in the words of ``UserVmManagerImpl.validateCustomParameters``.
    """
    if not offering["custom"]:
        return offering["cpunumber"], offering["cpuspeed"], offering["memory"]
    if not details:
        raise invalid(
            "Need to specify custom parameter values cpu, cpu speed and memory when using custom "
            "offering"
        )
    limits = offering["details"] or {}

    def within(name: str, what: str, least: int, key: str) -> int:
        first = int(limits.get(f"min{key}", least))
        return _within(details, name, what, first, int(limits.get(f"max{key}", _MOST)))

    cpus = within("cpuNumber", "cpu cores", 1, "cpunumber")
    speed = offering["cpuspeed"]
    if speed is None:
        speed = within("cpuSpeed", "cpu speed", 1, "")
    elif "cpuSpeed" in details:
        raise invalid(
            f"The cpu speed of this offering id:{offering['id']} is not customizable. "
            "This is predefined in the template."
        )
    return cpus, speed, within("memory", "memory", 32, "memory")


def _within(details: Mapping[str, str], name: str, what: str, least: int, most: int) -> int:
    raw = details.get(name, "0")
    value = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
    if not least <= value <= most:
        raise invalid(f"Invalid {what} value, specify a value between {least} and {most}")
    return value


def asked_groups(call: Call, owner: str) -> list[str] | None:
    """The ids of the groups that a command names for a machine; None when it names none.

    Raises:
        CommandError: 431 when there is no such group, 531 when it is another owner's.
    """
    names = call.params.many("affinitygroupnames")
    if "affinitygroupnames" in call.params and "affinitygroupids" in call.params:
        raise invalid(
            "affinitygroupids parameter is mutually exclusive with affinitygroupnames parameter"
        )
    if "affinitygroupnames" not in call.params and "affinitygroupids" not in call.params:
        return None
    groups = call.several("affinitygroupids", "affinitygroup")
    for name in names:
        mine = call.store.by("affinitygroup", "owner", owner)
        found = [group for group in mine if group["name"] == name]
        if not found:
            raise invalid(f"Unable to find group by name {name} for account {owner}")
        groups += found
    for group in groups:
        if group["owner"] != owner:
            raise denied(f"Affinity Group {group['name']} does not belong to the VM's account")
    return [group["id"] for group in groups]
