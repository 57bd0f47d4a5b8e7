"""What networks and offerings say they can do: services, who provides them, and capabilities.

Source: recorded ``listNetworks``, ``listNetworkOfferings`` and ``listVPCs`` of CloudStack 4.22.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gstack_pyramid.simulator.store import Doc

Service = dict[str, Any]
Capabilities = tuple[tuple[str, str, bool], ...]
"""Name, value, and whether an operator may choose it."""

_ISOLATED = (
    *("Dns", "Dhcp", "StaticNat", "Firewall", "UserData", "Vpn", "Lb", "PortForwarding"),
    "SourceNat",
)
_TIER = (
    *("Dns", "Dhcp", "StaticNat", "NetworkACL", "UserData", "Vpn", "Lb", "PortForwarding"),
    "SourceNat",
)
_SHARED = ("Dns", "SecurityGroup", "Dhcp", "UserData")


def _params(*names: str, flags: str = "") -> list[dict[str, Any]]:
    return [
        {"paramname": name, "required": False, "isflag": name in flags.split(), "description": " "}
        for name in names
    ]


_STICKINESS = json.dumps(
    [
        {
            "methodname": "LbCookie",
            "paramlist": _params(
                *("cookie-name", "mode", "nocache", "indirect", "postonly", "domain"),
                flags="nocache indirect postonly",
            ),
            "description": "This is loadbalancer cookie based stickiness method.",
        },
        {
            "methodname": "AppCookie",
            "paramlist": _params(
                *("cookie-name", "length", "holdtime", "request-learn", "prefix", "mode"),
                flags="request-learn prefix",
            ),
            "description": "This is App session based sticky method.",
        },
        {
            "methodname": "SourceBased",
            "paramlist": _params("tablesize", "expire"),
            "description": "This is source based Stickiness method.",
        },
    ],
    separators=(",", ":"),
)
_COUNTERS = json.dumps(
    [{"methodname": name, "paramlist": []} for name in ("CPU", "MEMORY", "VIRTUALROUTER")],
    separators=(",", ":"),
)
_OFFERED: Mapping[str, Capabilities] = {
    "StaticNat": (("ElasticIp", "false", False), ("AssociatePublicIP", "true", False)),
    "Lb": (
        ("SupportedLBIsolation", "dedicated", False),
        ("ElasticLb", "false", False),
        ("InlineMode", "false", False),
        ("VmAutoScaling", "true", False),
    ),
    "SourceNat": (
        ("SupportedSourceNatTypes", "peraccount", False),
        ("RedundantRouter", "false", False),
    ),
}
"""What an offering tells; the rest is told by the networks of it."""

_CAPABILITIES: Mapping[str, Capabilities] = {
    "Dns": (("AllowDnsSuffixModification", "true", False),),
    "Dhcp": (("DhcpAccrossMultipleSubnets", "true", False),),
    "StaticNat": _OFFERED["StaticNat"],
    "Firewall": (
        ("MultipleIps", "true", False),
        ("SupportedTrafficDirection", "ingress, egress", False),
        ("TrafficStatistics", "per public ip", False),
        ("SupportedEgressProtocols", "tcp,udp,icmp, all", False),
        ("SupportedProtocols", "tcp,udp,icmp", False),
    ),
    "NetworkACL": (("SupportedProtocols", "tcp,udp,icmp", False),),
    "Lb": (
        ("LbSchemes", "Public", False),
        ("SupportedLBIsolation", "dedicated", True),
        ("SslTermination", "true", False),
        ("SupportedLbAlgorithms", "roundrobin,leastconn,source", False),
        ("SupportedStickinessMethods", _STICKINESS, False),
        ("SupportedProtocols", "tcp, udp, tcp-proxy, ssl", False),
        ("AutoScaleCounters", _COUNTERS, False),
        ("VmAutoScaling", "true", False),
        ("ElasticLb", "false", False),
        ("InlineMode", "false", False),
    ),
    "PortForwarding": (("SupportedProtocols", "tcp,udp", False),),
    "SourceNat": (
        ("SupportedSourceNatTypes", "peraccount", True),
        ("RedundantRouter", "false", True),
    ),
}


def _vpn(provider: str) -> Capabilities:
    kind = "s2svpn" if provider == "VpcVirtualRouter" else "remoteaccessvpn"
    return (("VpnTypes", kind, False), ("SupportedVpnTypes", "pptp,l2tp,ipsec", False))


def _told(capabilities: Capabilities) -> list[dict[str, Any]]:
    return [
        {"name": name, "value": value, "canchooseservicecapability": free}
        for name, value, free in capabilities
    ]


def _named(offering: Doc) -> tuple[tuple[str, ...], str]:
    if offering.get("guestiptype") == "Shared":
        return _SHARED, "VirtualRouter"
    if offering.get("forvpc", True):
        return _TIER, "VpcVirtualRouter"
    return _ISOLATED, "VirtualRouter"


def _service(name: str, provider: str) -> Service:
    who = "SecurityGroupProvider" if name == "SecurityGroup" else provider
    return {"name": name, "provider": [{"name": who}]}


def of_offering(offering: Doc) -> list[Service]:
    """What a network offering offers; few of its services tell what they can do."""
    names, provider = _named(offering)
    return [
        {**_service(name, provider), "capability": _told(_OFFERED[name])}
        if name in _OFFERED
        else _service(name, provider)
        for name in names
    ]


def of_network(offering: Doc) -> list[Service]:
    """What a network of an offering can do."""
    names, provider = _named(offering)
    can = {**_CAPABILITIES, "Vpn": _vpn(provider)}
    return [{**_service(name, provider), "capability": _told(can.get(name, ()))} for name in names]


def of_vpc() -> list[Service]:
    """What a VPC can do, and its offering; load is balanced inside of it as well."""
    told = [_service(name, "VpcVirtualRouter") for name in _TIER]
    for service in told:
        if service["name"] == "Lb":
            service["provider"].append({"name": "InternalLbVm"})
    return told
