"""Converters for protocols, ports, blocks of addresses and the order of rules about them."""

from __future__ import annotations

import ipaddress
import re
from itertools import islice
from typing import Any
from zlib import crc32

from gstack_pyramid.mapping.converters.registry import Group

_SMALLEST_NETWORK = 30
ALL_PORTS = ("1", "65535")
"""What CloudStack calls all ports, where GCE gives no ports at all."""
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_LAST_PORT = 65535
_VPC_PREFIX = 16
"""The length of the prefix of a VPC's range that is chosen for its first subnetwork."""
_PRIVATE = tuple(
    ipaddress.IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)

converter = Group()


_NAMED_BY_BOTH = {"1": "icmp", "6": "tcp", "17": "udp"}
_NAMED_BY_GCE = {"4": "ipip", "50": "esp", "51": "ah", "132": "sctp"}
_NUMBERS = {name: number for number, name in _NAMED_BY_GCE.items()}


@converter("GCE takes protocols by name in any case, or by number; CloudStack knows other names")
def protocol_name(value: str) -> str:
    """An IP protocol as CloudStack takes it: by the lower-case name where it has one, or by number.

    Source: ``Firewall.allowed[].IPProtocol`` in GCE's discovery document for GCE's names, IANA's
    protocol numbers for what they are. GCE's ``ipip`` is IP in IP (RFC 2003), number 4.
    """
    name = value.lower()
    return _NAMED_BY_BOTH.get(name) or _NUMBERS.get(name, name)


@converter("GCE tells protocols by the names that it has for them; CloudStack has fewer")
def gce_protocol(value: str) -> str:
    """An IP protocol of CloudStack's by GCE's name where there is one."""
    return _NAMED_BY_BOTH.get(value) or _NAMED_BY_GCE.get(value, value)


@converter("two numbers joined to a range, or one number where both are the same")
def port_range(value: dict[str, Any]) -> str | None:
    """``{startport, endport}`` as GCE's ``80`` or ``8000-8080``; None when there are no ports."""
    start, end = value.get("startport"), value.get("endport")
    if start is None or (str(start), str(end)) == ALL_PORTS:
        return None
    return str(start) if end is None or str(end) == str(start) else f"{start}-{end}"


@converter("splits a range, and checks it: CloudStack would name neither the field nor the rule")
def first_port(value: str) -> int | None:
    """The lower end of ``80`` or ``8000-8080``; None for the empty text, which means all ports.

    Raises:
        ValueError: it is neither, a port is above 65535, or the range runs backwards.
    """
    return _ports(value)[0] if value else None


@converter("splits a range, and checks it: CloudStack would name neither the field nor the rule")
def last_port(value: str) -> int | None:
    """The upper end of ``80`` or ``8000-8080``; None for the empty text, which means all ports.

    Raises:
        ValueError: as for the lower end.
    """
    return _ports(value)[1] if value else None


def _ports(value: str) -> tuple[int, int]:
    found = _PORTS.fullmatch(value)
    if not found:
        raise ValueError("Ports are given as 80 or 8000-8080")
    start = int(found.group(1))
    end = start if found.group(2) is None else int(found.group(2))
    if max(start, end) > _LAST_PORT:
        raise ValueError(f"A port is at most {_LAST_PORT}")
    if start > end:
        raise ValueError("The range of ports runs backwards")
    return start, end


@converter("checks and completes an address")
def cidr_block(value: str) -> str:
    """A source range as a CIDR block; a bare address is a block of one.

    Raises:
        ValueError: it is neither.
    """
    return str(ipaddress.ip_network(value, strict=False))


@converter("computed from an address")
def ipv4_gateway(value: str) -> str:
    """The first host address of a CIDR block.

    Raises:
        ValueError: it is no block of IPv4, or has no room for a host beside its gateway.
    """
    network = ipaddress.IPv4Network(value, strict=False)
    if network.prefixlen > _SMALLEST_NETWORK:
        raise ValueError(f"A network needs at least a /{_SMALLEST_NETWORK}")
    return str(network.network_address + 1)


@converter("computed from an address")
def ipv4_netmask(value: str) -> str:
    """The netmask of a CIDR block."""
    return str(ipaddress.IPv4Network(value, strict=False).netmask)


@converter("goes through the numbers of a range, of which each is given once")
def free_numbers(value: dict[str, Any]) -> list[int]:
    """Some numbers of a range that are not in use, in rising order.

    Args:
        value: how many, as ``count``; the ``first`` and the ``last`` of the range; ``taken``, the
            numbers that are in use; ``what`` they are for, in words; and perhaps a ``name``, whose
            they are: those of different names begin at different tens, as far as there is room, so
            that they seldom want the same ones at one time.

    Raises:
        ValueError: there is no room for so many in the range.
    """
    first, last, count = int(value["first"]), int(value["last"]), int(value["count"])
    taken = {int(number) for number in value.get("taken") or () if number is not None}
    size = last - first + 1
    room = size - len(taken.intersection(range(first, last + 1))) - count
    if room < 0:
        raise ValueError(f"There is room for {size} {value['what']}")
    wished = crc32(str(value["name"]).encode()) % (size // 10) * 10 if "name" in value else 0
    free = (number for number in range(first + min(wished, room), last + 1) if number not in taken)
    return list(islice(free, count))


@converter("arithmetic of addresses")
def wider_range(value: str) -> str:
    """The range that a VPC gets for its first subnetwork: 65,536 addresses, or as many as that has.

    Raises:
        ValueError: it is no range, or none of private addresses, of which CloudStack makes networks
            (RFC 1918 and RFC 6598, as its ``NetUtils.validateGuestCidr`` has them).
    """
    told = ipaddress.IPv4Network(value)
    if not any(told.subnet_of(private) for private in _PRIVATE):
        raise ValueError("CloudStack's networks have private addresses, as 10.0.0.0/8 has them")
    wide = told if told.prefixlen <= _VPC_PREFIX else told.supernet(new_prefix=_VPC_PREFIX)
    return str(wide)


@converter("arithmetic of addresses")
def range_within(value: dict[str, str]) -> bool:
    """Whether ``range`` lies within the range ``of``.

    Raises:
        ValueError: one of them is no range.
    """
    return ipaddress.IPv4Network(value["range"]).subnet_of(ipaddress.IPv4Network(value["of"]))
