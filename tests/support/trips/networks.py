"""Networks, and what belongs to one: ranges, routes, firewalls, addresses, VPNs."""

from __future__ import annotations

from hypothesis import strategies as st

from ...unit.simulator.vpn import CERTIFICATE, PRIVATE_KEY
from ..gateway import Gateway
from ..round_trips import LABELS, RoundTrip, text
from .values import NOTHING, PROJECT, REGION

RANGES = st.lists(
    st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "192.0.2.7/32"]), min_size=1, unique=True
)
ALLOWED = [
    [{"IPProtocol": "all"}],
    [{"IPProtocol": "icmp"}],
    [{"IPProtocol": "tcp"}, {"IPProtocol": "udp", "ports": ["53"]}],
    [{"IPProtocol": "tcp", "ports": ["22", "8000-8080"]}],
]
CERTIFICATES = st.sampled_from([CERTIFICATE, CERTIFICATE + CERTIFICATE])
NAT = {
    "name": "out",
    "type": "PUBLIC",
    "natIpAllocateOption": "AUTO_ONLY",
    "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
    "enableEndpointIndependentMapping": False,
}
BGP = {"asn": 4200000000, "keepaliveInterval": 60, "advertisedIpRanges": [{"range": "10.0.0.0/8"}]}
TIMES = {"udpIdleTimeoutSec": 30, "icmpIdleTimeoutSec": 30, "tcpEstablishedIdleTimeoutSec": 1200}
GATE = f"{REGION}/targetVpnGateways/gate"
BEHIND_PEER = st.lists(
    st.sampled_from(["192.168.0.0/24", "192.168.4.0/22", "172.16.0.0/12"]), min_size=1, unique=True
)


def gate(gateway: Gateway) -> None:
    """A VPC with a VPN gateway."""
    body = {"name": "gate", "network": "global/networks/prod-vpc"}
    gateway.do("POST", f"{REGION}/targetVpnGateways", body)


TRIPS = [
    RoundTrip(
        resource="networks",
        path="global/networks",
        always={"name": "it"},
        fields={
            "IPv4Range": st.none(),
            "networkFirewallPolicyEnforcementOrder": st.just("AFTER_CLASSIC_FIREWALL"),
            "mtu": st.sampled_from([1460, 1500]),
            "description": text(255),
        },
    ),
    RoundTrip(
        resource="networks",
        special="of GCE's first kind",
        path="global/networks",
        always={"name": "it", "IPv4Range": st.sampled_from(["10.77.0.0/16", "192.168.9.0/24"])},
        fields={
            "autoCreateSubnetworks": st.none(),
            "networkFirewallPolicyEnforcementOrder": st.just("AFTER_CLASSIC_FIREWALL"),
            "mtu": st.just(1460),
            "description": text(255),
        },
        examples=10,
    ),
    RoundTrip(
        resource="subnetworks",
        path=f"{REGION}/subnetworks",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "ipCidrRange": st.sampled_from(["10.8.64.0/24", "10.8.65.0/28"]),
        },
        fields={
            "purpose": st.sampled_from(["PRIVATE", "PRIVATE_RFC_1918"]),
            "stackType": st.just("IPV4_ONLY"),
            "description": text(255),
        },
    ),
    RoundTrip(
        resource="firewalls",
        path="global/firewalls",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "allowed": st.sampled_from(ALLOWED),
            "sourceRanges": RANGES,
        },
        fields={
            # A firewall allows or denies, and this one allows.
            "denied": st.just([]),
            "direction": st.just("INGRESS"),
            "destinationRanges": st.just([]),
            "priority": st.integers(0, 65535),
            "description": text(80),
        },
    ),
    RoundTrip(
        resource="firewalls",
        special="for traffic out",
        path="global/firewalls",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "denied": st.sampled_from(ALLOWED),
            "direction": "EGRESS",
        },
        fields={
            "allowed": st.just([]),
            "sourceRanges": st.just([]),
            "destinationRanges": RANGES,
            "priority": st.integers(0, 65535),
            "description": text(80),
        },
        examples=10,
    ),
    RoundTrip(
        resource="firewalls",
        special="of a security group",
        path="global/firewalls",
        always={"name": "it", "allowed": st.sampled_from(ALLOWED)},
        fields={
            "network": st.just("global/networks/default"),
            "denied": st.just([]),
            "direction": st.just("INGRESS"),
            "destinationRanges": st.just([]),
            "sourceRanges": RANGES,
            "priority": st.just(1000),
            "description": text(80),
        },
        examples=10,
    ),
    RoundTrip(
        resource="networkFirewallPolicies",
        path="global/firewallPolicies",
        always={"name": "it"},
    ),
    RoundTrip(
        resource="regionNetworkFirewallPolicies",
        path=f"{REGION}/firewallPolicies",
        always={"name": "it"},
    ),
    RoundTrip(
        resource="routes",
        path="global/routes",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "destRange": st.sampled_from(["10.77.0.0/16", "192.0.2.0/24", "198.51.100.7/32"]),
            "nextHopIp": st.sampled_from(["10.8.1.9", "10.8.1.10"]),
            "priority": 1000,
        },
        fields={
            "description": text(200),
            "nextHopGateway": st.none(),
            "nextHopInstance": st.none(),
        },
    ),
    RoundTrip(
        resource="routes",
        special="to the internet",
        path="global/routes",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "destRange": "0.0.0.0/0",
            "nextHopGateway": f"{PROJECT}/global/gateways/default-internet-gateway",
            "priority": st.integers(0, 65535),
        },
        fields={
            "description": text(600),
            "nextHopIp": st.none(),
            "nextHopInstance": st.none(),
        },
        examples=10,
    ),
    RoundTrip(
        resource="routers",
        path=f"{REGION}/routers",
        always={"name": "it", "network": "global/networks/prod-vpc"},
        fields={
            "description": text(300),
            "bgp": st.sampled_from([BGP, {**BGP, "advertiseMode": "DEFAULT"}, {"asn": 64512}]),
            "nats": st.sampled_from([[NAT], [{**NAT, **TIMES}]]),
        },
        examples=10,
    ),
    *(
        RoundTrip(
            resource="addresses",
            special=special,
            path=f"{REGION}/addresses",
            always={"name": "it", "network": f"global/networks/{network}"},
            fields={
                "address": st.just("203.0.113.200"),
                "addressType": st.just("EXTERNAL"),
                "ipVersion": st.just("IPV4"),
                # They are for addresses that are refused.
                "purpose": st.none(),
                "subnetwork": NOTHING,
            },
            examples=10,
        )
        for special, network in (("", "backend"), ("of a VPC", "prod-vpc"))
    ),
    RoundTrip(
        resource="sslCertificates",
        path="global/sslCertificates",
        always={"name": "it", "certificate": CERTIFICATES, "privateKey": PRIVATE_KEY},
        fields={
            "type": st.just("SELF_MANAGED"),
            "selfManaged": st.just({}),
            "description": text(600),
        },
        unread={"privateKey": "GCE never shows it"},
    ),
    RoundTrip(
        resource="sslCertificates",
        special="as self-managed",
        path="global/sslCertificates",
        always={
            "name": "it",
            "selfManaged.certificate": CERTIFICATES,
            "selfManaged.privateKey": PRIVATE_KEY,
        },
        fields={
            "type": st.just("SELF_MANAGED"),
            "description": text(600),
            # They may be given twice, if they are the same.
            "privateKey": st.just(PRIVATE_KEY),
            "certificate": st.none(),
        },
        unread={
            "certificate": "there is the other one",
            "privateKey": "GCE never shows it",
            "selfManaged.privateKey": "GCE never shows it",
        },
        examples=10,
    ),
    RoundTrip(
        resource="targetVpnGateways",
        path=f"{REGION}/targetVpnGateways",
        always={"name": "it", "network": f"{PROJECT}/global/networks/prod-vpc"},
        fields={"description": text(150), "labels": LABELS.filter(bool)},
    ),
    RoundTrip(
        resource="vpnTunnels",
        path=f"{REGION}/vpnTunnels",
        always={
            "name": "it",
            "targetVpnGateway": GATE,
            "peerIp": st.sampled_from(["203.0.113.9", "198.51.100.200"]),
            "sharedSecret": st.just("a-shared-secret"),
            "remoteTrafficSelector": BEHIND_PEER,
        },
        fields={
            "ikeVersion": st.sampled_from([1, 2]),
            "localTrafficSelector": st.just(["10.8.0.0/16"]),
            "description": text(600),
            "labels": LABELS.filter(bool),
        },
        unread={"sharedSecret": "GCE never shows it"},
        before=gate,
    ),
]
