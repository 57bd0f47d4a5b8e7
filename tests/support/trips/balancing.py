"""What leads to machines, and groups that make them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..gateway import ADVANCED_ZONE, UBUNTU, Gateway
from ..round_trips import RoundTrip, text
from .values import PROJECT, REGION, THERE

INSTANCES = [f"{PROJECT}/{THERE}/instances/{name}" for name in ("one", "two")]
GROUP = f"{PROJECT}/{THERE}/instanceGroupManagers/fleet"
TEMPLATE = f"{PROJECT}/global/instanceTemplates/node"


def machines(gateway: Gateway) -> None:
    """Two instances, a target pool with them, and a target instance of the first."""
    for name in ("one", "two"):
        gateway.create(name, ADVANCED_ZONE)
    gateway.do("POST", f"{REGION}/targetPools", {"name": "pool", "instances": INSTANCES})
    gateway.do("POST", "global/httpHealthChecks", {"name": "ready"})
    target = {"name": "door", "instance": INSTANCES[0]}
    gateway.do("POST", f"{THERE}/targetInstances", target)
    gateway.do("POST", f"{REGION}/addresses", {"name": "front", "address": "203.0.113.200"})


def entrance(gateway: Gateway) -> None:
    """What a managed group needs: a template, and an empty pool behind a forwarding rule."""
    disks = [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}]
    nics = [{"network": "global/networks/backend"}]
    properties = {"machineType": "small", "disks": disks, "networkInterfaces": nics}
    gateway.do("POST", "global/instanceTemplates", {"name": "node", "properties": properties})
    gateway.do("POST", f"{REGION}/targetPools", {"name": "pool"})
    where = {"name": "front", "network": "global/networks/backend"}
    gateway.do("POST", f"{REGION}/addresses", where)
    rule = {"name": "www", "portRange": "80", "IPAddress": f"{REGION}/addresses/front"}
    rule["target"] = f"{PROJECT}/{REGION}/targetPools/pool"
    gateway.do("POST", f"{REGION}/forwardingRules", rule)


def fleet(gateway: Gateway, **more: Any) -> None:
    """A managed group of two machines."""
    entrance(gateway)
    body = {
        "name": "fleet",
        "targetSize": 2,
        "instanceTemplate": TEMPLATE,
        "targetPools": [f"{REGION}/targetPools/pool"],
    }
    gateway.do("POST", f"{THERE}/instanceGroupManagers", body)


def both_ends(ports: str) -> str:
    """A range of ports as GCE shows it."""
    return ports if "-" in ports else f"{ports}-{ports}"


RULE: dict[str, st.SearchStrategy[Any]] = {
    "IPProtocol": st.sampled_from(["TCP", "UDP"]),
    "loadBalancingScheme": st.just("EXTERNAL"),
    "description": text(250),
}
POLICY: dict[str, st.SearchStrategy[Any]] = {
    "autoscalingPolicy.minNumReplicas": st.integers(1, 3),
    "autoscalingPolicy.maxNumReplicas": st.integers(3, 5),
    "autoscalingPolicy.coolDownPeriodSec": st.integers(0, 600),
    "autoscalingPolicy.cpuUtilization.utilizationTarget": st.integers(2, 100).map(
        lambda whole: whole / 100
    ),
    "autoscalingPolicy.mode": st.sampled_from(["ON", "ONLY_SCALE_OUT"]),
}
CHECK: dict[str, st.SearchStrategy[Any]] = {
    "description": text(300),
    "checkIntervalSec": st.integers(10, 300),
    "timeoutSec": st.integers(1, 5),
    "healthyThreshold": st.integers(1, 10),
    "unhealthyThreshold": st.integers(1, 10),
}
LEGACY: dict[str, st.SearchStrategy[Any]] = {
    **CHECK,
    "host": st.sampled_from(["www.example.com", "192.0.2.7"]),
    "requestPath": st.sampled_from(["/", "/ready?now=1"]),
    "port": st.integers(1, 65535),
}
PROBES = [
    {"type": "TCP", "tcpHealthCheck": {"port": 22, "request": "hello", "response": "who"}},
    {"type": "SSL", "sslHealthCheck": {"port": 993}},
    {"type": "HTTP", "httpHealthCheck": {"requestPath": "/ready", "host": "www.example.com"}},
    {"type": "HTTPS", "httpsHealthCheck": {"port": 8443, "proxyHeader": "PROXY_V1"}},
    {"type": "HTTP2", "http2HealthCheck": {"portSpecification": "USE_SERVING_PORT"}},
    {"type": "GRPC", "grpcHealthCheck": {"port": 50051, "grpcServiceName": "shop"}},
    {"type": "GRPC_WITH_TLS", "grpcTlsHealthCheck": {"port": 50052}},
]

TRIPS = [
    *(
        RoundTrip(resource=kind, path=f"global/{kind}", always={"name": "it"}, fields=LEGACY)
        for kind in ("httpHealthChecks", "httpsHealthChecks")
    ),
    *(
        RoundTrip(
            resource=resource,
            special=str(probe["type"]) if number else "",
            path=f"{place}/healthChecks",
            always={"name": "it", **probe},
            fields=CHECK,
            examples=4,
        )
        for resource, place in (("healthChecks", "global"), ("regionHealthChecks", REGION))
        for number, probe in enumerate(PROBES)
    ),
    RoundTrip(
        resource="targetPools",
        path=f"{REGION}/targetPools",
        always={"name": "it"},
        fields={
            "sessionAffinity": st.sampled_from(["NONE", "CLIENT_IP", "CLIENT_IP_PROTO"]),
            "description": text(40),
            "instances": st.sampled_from([[], INSTANCES[:1], INSTANCES]),
            "healthChecks": st.sampled_from([[], [f"{PROJECT}/global/httpHealthChecks/ready"]]),
        },
        before=machines,
    ),
    RoundTrip(
        resource="targetInstances",
        path=f"{THERE}/targetInstances",
        always={"name": "it", "instance": INSTANCES[0]},
        fields={"description": text(100)},
        before=machines,
    ),
    RoundTrip(
        resource="forwardingRules",
        special="to a pool",
        path=f"{REGION}/forwardingRules",
        always={
            "name": "it",
            "target": f"{REGION}/targetPools/pool",
            "portRange": st.sampled_from(["80", "443-443"]),
        },
        fields={**RULE, "IPAddress": st.just("203.0.113.200")},
        told={"portRange": both_ends},
        before=machines,
    ),
    RoundTrip(
        resource="forwardingRules",
        special="to an instance",
        path=f"{REGION}/forwardingRules",
        always={"name": "it", "target": f"{PROJECT}/{THERE}/targetInstances/door"},
        fields={
            **RULE,
            "IPAddress": st.just("203.0.113.200"),
            "portRange": st.sampled_from(["22", "8000-8080"]),
        },
        told={"portRange": both_ends},
        before=machines,
    ),
    RoundTrip(
        resource="instanceGroupManagers",
        path=f"{THERE}/instanceGroupManagers",
        always={
            "name": "it",
            "targetPools": [f"{PROJECT}/{REGION}/targetPools/pool"],
            "targetSize": st.integers(1, 3),
            "instanceTemplate": TEMPLATE,
        },
        fields={
            "versions": st.sampled_from(
                [[{"instanceTemplate": TEMPLATE}], [{"instanceTemplate": TEMPLATE, "name": "v1"}]]
            ),
            "baseInstanceName": st.sampled_from(["it", "node"]),
            "instanceLifecyclePolicy": st.just({"forceUpdateOnRepair": "YES"}),
            "updatePolicy": st.just({"type": "PROACTIVE", "maxSurge": {"fixed": 3}}),
            "description": text(250),
        },
        before=entrance,
        examples=10,
    ),
    RoundTrip(
        resource="autoscalers",
        path=f"{THERE}/autoscalers",
        always={
            "name": "it",
            "target": GROUP,
            "autoscalingPolicy.maxNumReplicas": POLICY["autoscalingPolicy.maxNumReplicas"],
        },
        fields=POLICY,
        before=fleet,
    ),
]
