"""The columns that gcloud prints, by command: what is made is printed like what is listed."""

from __future__ import annotations

_NETWORKS = "NAME SUBNET_MODE BGP_ROUTING_MODE IPV4_RANGE GATEWAY_IPV4 INTERNAL_IPV6_RANGE"
_SUBNETS = (
    "NAME REGION NETWORK RANGE STACK_TYPE IPV6_ACCESS_TYPE"
    " INTERNAL_IPV6_PREFIX EXTERNAL_IPV6_PREFIX"
)

COLUMNS = {
    "addresses list": "NAME ADDRESS/RANGE TYPE PURPOSE NETWORK REGION SUBNET STATUS",
    "disk-types list": "NAME ZONE VALID_DISK_SIZES",
    "disks create": "NAME ZONE SIZE_GB TYPE STATUS",
    "disks list": "NAME LOCATION LOCATION_SCOPE SIZE_GB TYPE STATUS",
    "firewall-rules create": "NAME NETWORK DIRECTION PRIORITY ALLOW DENY DISABLED",
    "firewall-rules list": "NAME NETWORK DIRECTION PRIORITY ALLOW DENY DISABLED",
    "forwarding-rules list": "NAME REGION IP_ADDRESS IP_PROTOCOL TARGET",
    "images create": "NAME PROJECT FAMILY DEPRECATED STATUS",
    "images list": "NAME PROJECT FAMILY DEPRECATED STATUS",
    "instance-groups list": "NAME LOCATION SCOPE NETWORK MANAGED INSTANCES",
    "instance-groups list-instances": "NAME ZONE STATUS",
    "instance-groups managed list": (
        "NAME LOCATION SCOPE BASE_INSTANCE_NAME SIZE TARGET_SIZE INSTANCE_TEMPLATE AUTOSCALED"
    ),
    "instance-groups managed list-instances": (
        "NAME ZONE STATUS HEALTH_STATE ACTION INSTANCE_TEMPLATE VERSION_NAME LAST_ERROR"
    ),
    "instance-groups unmanaged create": "NAME LOCATION SCOPE NETWORK MANAGED INSTANCES",
    "instance-groups unmanaged list": "NAME ZONE NETWORK NETWORK_PROJECT MANAGED INSTANCES",
    "instance-groups unmanaged list-instances": "NAME STATUS",
    "instance-templates create": "NAME MACHINE_TYPE PREEMPTIBLE CREATION_TIMESTAMP",
    "instance-templates list": "NAME MACHINE_TYPE PREEMPTIBLE CREATION_TIMESTAMP",
    "instances create": "NAME ZONE MACHINE_TYPE PREEMPTIBLE INTERNAL_IP EXTERNAL_IP STATUS",
    "instances list": "NAME ZONE MACHINE_TYPE PREEMPTIBLE INTERNAL_IP EXTERNAL_IP STATUS",
    "machine-types list": "NAME ZONE CPUS MEMORY_GB DEPRECATED",
    "network-firewall-policies list": "NAME REGION DESCRIPTION",
    "health-checks list": "NAME REGION PROTOCOL",
    "http-health-checks list": "NAME HOST PORT REQUEST_PATH",
    "https-health-checks list": "NAME HOST PORT REQUEST_PATH",
    "networks create": _NETWORKS,
    "networks list": _NETWORKS,
    "networks subnets create": _SUBNETS,
    "networks subnets list": _SUBNETS,
    "operations list": "NAME TYPE TARGET HTTP_STATUS STATUS TIMESTAMP",
    "regions list": "NAME CPUS DISKS_GB ADDRESSES RESERVED_ADDRESSES STATUS TURNDOWN_DATE",
    "resource-policies list": "NAME DESCRIPTION REGION CREATION_TIMESTAMP",
    "routers list": "NAME REGION NETWORK",
    "routes create": "NAME NETWORK DEST_RANGE NEXT_HOP PRIORITY",
    "routes list": "NAME NETWORK DEST_RANGE NEXT_HOP PRIORITY",
    "snapshots list": "NAME DISK_SIZE_GB SRC_DISK STATUS",
    "target-instances create": "NAME ZONE INSTANCE NAT_POLICY",
    "target-instances list": "NAME ZONE INSTANCE NAT_POLICY",
    "target-pools create": "NAME REGION SESSION_AFFINITY BACKUP HEALTH_CHECKS",
    "target-pools list": "NAME REGION SESSION_AFFINITY BACKUP HEALTH_CHECKS",
    "target-vpn-gateways list": "NAME NETWORK REGION",
    "vpn-tunnels list": "NAME REGION GATEWAY PEER_ADDRESS",
    "zones list": "NAME REGION STATUS NEXT_MAINTENANCE TURNDOWN_DATE",
}


def columns_of(command: str) -> list[str]:
    """The headings of a command's table.

    Raises:
        LookupError: they aren't known.
    """
    words = command.split()
    for length in range(len(words), 0, -1):
        known = COLUMNS.get(" ".join(words[:length]))
        if known is not None:
            return known.split()
    raise LookupError(f"COLUMNS doesn't say what {command!r} prints")
