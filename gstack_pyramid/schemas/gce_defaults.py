"""What GCE takes a field for that isn't given, where its discovery document says so in prose only.

Clients say many of these aloud: gcloud, the console's command lines, Terraform's provider. Whoever
asks for a default asks for nothing, so a mapping need not know the field. ``gstack sync-models``
writes them into ``schemas/gce`` as JSON Schema's ``default``.

Source: the fields' descriptions in the discovery document of compute v1; those in
:data:`ELSEWHERE` the page that stands beside them, below https://cloud.google.com/.
"""

from __future__ import annotations

DESCRIBED: dict[str, object] = {
    "AccessConfig.type": "ONE_TO_ONE_NAT",
    "Address.addressType": "EXTERNAL",
    "Address.networkTier": "PREMIUM",
    "AttachedDisk.interface": "SCSI",
    "AttachedDisk.mode": "READ_WRITE",
    "AttachedDisk.type": "PERSISTENT",
    "AutoscalingPolicyCpuUtilization.predictiveMethod": "NONE",
    "Disk.accessMode": "READ_WRITE_SINGLE",
    "Disk.physicalBlockSizeBytes": "4096",
    "Firewall.direction": "INGRESS",
    "Firewall.priority": 1000,
    "FirewallPolicy.policyType": "VPC_POLICY",
    "FirewallPolicyRule.targetType": "INSTANCES",
    "ForwardingRule.networkTier": "PREMIUM",
    "Image.sourceType": "RAW",
    "Instance.keyRevocationActionType": "NONE",
    "Instance.privateIpv6GoogleAccess": "INHERIT_FROM_SUBNETWORK",
    "InstanceProperties.keyRevocationActionType": "NONE",
    "InstanceProperties.privateIpv6GoogleAccess": "INHERIT_FROM_SUBNETWORK",
    "InstanceGroupManagerInstanceLifecyclePolicy.defaultActionOnFailure": "REPAIR",
    "InstanceGroupManagerInstanceLifecyclePolicy.forceUpdateOnRepair": "NO",
    "InstanceGroupManagerInstanceLifecyclePolicy.onFailedHealthCheck": "DEFAULT_ACTION",
    "InstanceGroupManagerStandbyPolicy.mode": "MANUAL",
    "Network.mtu": 1460,
    "Network.networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
    "NetworkInterface.stackType": "IPV4_ONLY",
    "NetworkRoutingConfig.bgpBestPathSelectionMode": "LEGACY",
    "ReservationAffinity.consumeReservationType": "ANY_RESERVATION",
    "Route.priority": 1000,
    "Scheduling.onHostMaintenance": "MIGRATE",
    "ShieldedInstanceConfig.enableIntegrityMonitoring": True,
    "ShieldedInstanceConfig.enableVtpm": True,
    "Snapshot.snapshotType": "STANDARD",
    "Subnetwork.stackType": "IPV4_ONLY",
    "TargetInstance.natPolicy": "NO_NAT",
    "VpnTunnel.ikeVersion": 2,
}
"""``TYPE.FIELD`` -> the default that the field's description names."""

ELSEWHERE: dict[str, tuple[object, str]] = {
    "AccessConfig.networkTier": ("PREMIUM", "network-tiers/docs/overview"),
    "Address.ipVersion": ("IPV4", "sdk/gcloud/reference/compute/addresses/create"),
    "AttachedDiskInitializeParams.architecture": (
        "X86_64",
        "compute/docs/instances/arm-on-compute",
    ),
    "AttachedDiskInitializeParams.onUpdateAction": (
        "USE_EXISTING_DISK",
        "compute/docs/instances/update-instance-properties",
    ),
    "AutoscalingPolicy.mode": ("ON", "compute/docs/autoscaler/managing-autoscalers"),
    "Disk.architecture": ("X86_64", "compute/docs/instances/arm-on-compute"),
    "ForwardingRule.ipVersion": ("IPV4", "sdk/gcloud/reference/compute/forwarding-rules/create"),
    "ForwardingRule.loadBalancingScheme": (
        "EXTERNAL",
        "sdk/gcloud/reference/compute/forwarding-rules/create",
    ),
    "Image.architecture": ("X86_64", "compute/docs/instances/arm-on-compute"),
    "Instance.minCpuPlatform": (
        "Automatic",
        "compute/docs/instances/specify-min-cpu-platform",
    ),
    "InstanceProperties.minCpuPlatform": (
        "Automatic",
        "compute/docs/instances/specify-min-cpu-platform",
    ),
    "InstanceGroupManager.listManagedInstancesResults": (
        "PAGELESS",
        "sdk/gcloud/reference/compute/instance-groups/managed/create",
    ),
    "InstanceGroupManagerUpdatePolicy.minimalAction": (
        "REPLACE",
        "compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups",
    ),
    "InstanceGroupManagerUpdatePolicy.mostDisruptiveAllowedAction": (
        "REPLACE",
        "compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups",
    ),
    "InstanceGroupManagerUpdatePolicy.replacementMethod": (
        "SUBSTITUTE",
        "compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups",
    ),
    "InstanceGroupManagerUpdatePolicy.type": (
        "OPPORTUNISTIC",
        "compute/docs/instance-groups/updating-migs",
    ),
    "NetworkPerformanceConfig.totalEgressBandwidthTier": (
        "DEFAULT",
        "compute/docs/networking/configure-vm-with-high-bandwidth-configuration",
    ),
    "NetworkRoutingConfig.routingMode": ("REGIONAL", "vpc/docs/vpc"),
    "Scheduling.provisioningModel": (
        "STANDARD",
        "compute/docs/instances/provisioning-models",
    ),
    "SslCertificate.type": ("SELF_MANAGED", "load-balancing/docs/ssl-certificates"),
    "Subnetwork.privateIpv6GoogleAccess": (
        "DISABLE_GOOGLE_ACCESS",
        "vpc/docs/configure-private-google-access",
    ),
    "Subnetwork.purpose": ("PRIVATE", "vpc/docs/subnets"),
    "TargetPool.sessionAffinity": ("NONE", "load-balancing/docs/target-pools"),
}
"""``TYPE.FIELD`` -> the default, and the page of Google's that names it."""


def documented_defaults() -> dict[str, object]:
    """``TYPE.FIELD`` -> what GCE takes the field for when it isn't given."""
    return DESCRIBED | {field: value for field, (value, _) in ELSEWHERE.items()}
