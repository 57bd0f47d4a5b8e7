"""Names that follow from no model: of envelopes, and of the Java classes behind jobs.

Source: ``getCommandName`` and ``getApiResourceType`` of the commands of CloudStack 4.22, and
recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping

ENVELOPES: Mapping[str, str] = {
    "addIpToNic": "addiptovmnicresponse",
    "createAutoScalePolicy": "autoscalepolicyresponse",
    "createAutoScaleVmGroup": "autoscalevmgroupresponse",
    "createAutoScaleVmProfile": "autoscalevmprofileresponse",
    "createCondition": "conditionresponse",
    "createCounter": "counterresponse",
    "createLBStickinessPolicy": "createLBStickinessPolicy",
    "deleteLBStickinessPolicy": "deleteLBstickinessrruleresponse",
    "disableAutoScaleVmGroup": "disableautoscalevmGroupresponse",
    "enableAutoScaleVmGroup": "enableautoscalevmGroupresponse",
    "listCounters": "counterresponse",
    "moveNetworkAclItem": "moveNetworkAclItemResponse",
    "resetSSHKeyForVirtualMachine": "resetSSHKeyforvirtualmachineresponse",
    "restoreVirtualMachine": "restorevmresponse",
    "updateNetworkACLItem": "createnetworkaclresponse",
    "updateVMAffinityGroup": "updatevirtualmachineresponse",
}
"""The envelopes of commands that have another one than their name says."""

JOBS: Mapping[str, tuple[str, str | None]] = {
    "addNicToVirtualMachine": ("vm.AddNicToVMCmd", "VirtualMachine"),
    "assignToLoadBalancerRule": ("loadbalancer.AssignToLoadBalancerRuleCmd", None),
    "assignVirtualMachineToBackupOffering": (
        "backup.AssignVirtualMachineToBackupOfferingCmd",
        None,
    ),
    "associateIpAddress": ("address.AssociateIPAddrCmd", "IpAddress"),
    "attachVolume": ("volume.AttachVolumeCmd", "Volume"),
    "authorizeSecurityGroupEgress": (
        "securitygroup.AuthorizeSecurityGroupEgressCmd",
        "SecurityGroup",
    ),
    "authorizeSecurityGroupIngress": (
        "securitygroup.AuthorizeSecurityGroupIngressCmd",
        "SecurityGroup",
    ),
    "copySnapshot": ("snapshot.CopySnapshotCmd", "Snapshot"),
    "copyTemplate": ("template.CopyTemplateCmd", "Template"),
    "createAffinityGroup": ("affinitygroup.CreateAffinityGroupCmd", "AffinityGroup"),
    "createAutoScalePolicy": ("autoscale.CreateAutoScalePolicyCmd", "AutoScalePolicy"),
    "createAutoScaleVmGroup": ("autoscale.CreateAutoScaleVmGroupCmd", "AutoScaleVmGroup"),
    "createAutoScaleVmProfile": ("autoscale.CreateAutoScaleVmProfileCmd", "AutoScaleVmProfile"),
    "createBackup": ("backup.CreateBackupCmd", "Backup"),
    "createCondition": ("autoscale.CreateConditionCmd", "Condition"),
    "createEgressFirewallRule": ("firewall.CreateEgressFirewallRuleCmd", "FirewallRule"),
    "createFirewallRule": ("firewall.CreateFirewallRuleCmd", "FirewallRule"),
    "createLoadBalancerRule": ("loadbalancer.CreateLoadBalancerRuleCmd", "FirewallRule"),
    "createNetworkACL": ("network.CreateNetworkACLCmd", "NetworkAclItem"),
    "createNetworkACLList": ("network.CreateNetworkACLListCmd", "NetworkAcl"),
    "createPortForwardingRule": ("firewall.CreatePortForwardingRuleCmd", "FirewallRule"),
    "createSnapshot": ("snapshot.CreateSnapshotCmd", "Snapshot"),
    "createStaticRoute": ("vpc.CreateStaticRouteCmd", "StaticRoute"),
    "createTags": ("tag.CreateTagsCmd", None),
    "createTemplate": ("template.CreateTemplateCmd", "Template"),
    "createVMFromBackup": ("vm.CreateVMFromBackupCmd", "VirtualMachine"),
    "createVPC": ("vpc.CreateVPCCmd", "None"),
    "createVolume": ("volume.CreateVolumeCmd", "Volume"),
    "createVpnConnection": ("vpn.CreateVpnConnectionCmd", "None"),
    "createVpnCustomerGateway": ("vpn.CreateVpnCustomerGatewayCmd", "VpnCustomerGateway"),
    "createVpnGateway": ("vpn.CreateVpnGatewayCmd", "None"),
    "deleteAffinityGroup": ("affinitygroup.DeleteAffinityGroupCmd", "AffinityGroup"),
    "deleteAutoScalePolicy": ("autoscale.DeleteAutoScalePolicyCmd", None),
    "deleteAutoScaleVmGroup": ("autoscale.DeleteAutoScaleVmGroupCmd", None),
    "deleteAutoScaleVmProfile": ("autoscale.DeleteAutoScaleVmProfileCmd", None),
    "deleteBackup": ("backup.DeleteBackupCmd", None),
    "deleteCondition": ("autoscale.DeleteConditionCmd", None),
    "deleteEgressFirewallRule": ("firewall.DeleteEgressFirewallRuleCmd", None),
    "deleteFirewallRule": ("firewall.DeleteFirewallRuleCmd", None),
    "deleteLoadBalancerRule": ("loadbalancer.DeleteLoadBalancerRuleCmd", None),
    "deleteNetwork": ("network.DeleteNetworkCmd", "Network"),
    "deleteNetworkACL": ("network.DeleteNetworkACLCmd", "NetworkAclItem"),
    "deleteNetworkACLList": ("network.DeleteNetworkACLListCmd", "NetworkAcl"),
    "deletePortForwardingRule": ("firewall.DeletePortForwardingRuleCmd", None),
    "deleteSnapshot": ("snapshot.DeleteSnapshotCmd", "Snapshot"),
    "deleteStaticRoute": ("vpc.DeleteStaticRouteCmd", None),
    "deleteTags": ("tag.DeleteTagsCmd", None),
    "deleteTemplate": ("template.DeleteTemplateCmd", "Template"),
    "deleteVPC": ("vpc.DeleteVPCCmd", "Vpc"),
    "deleteVpnConnection": ("vpn.DeleteVpnConnectionCmd", None),
    "deleteVpnCustomerGateway": ("vpn.DeleteVpnCustomerGatewayCmd", "VpnCustomerGateway"),
    "deleteVpnGateway": ("vpn.DeleteVpnGatewayCmd", None),
    "deployVirtualMachine": ("vm.DeployVMCmd", "VirtualMachine"),
    "destroyVirtualMachine": ("vm.DestroyVMCmd", "VirtualMachine"),
    "detachVolume": ("volume.DetachVolumeCmd", "Volume"),
    "disableAutoScaleVmGroup": ("autoscale.DisableAutoScaleVmGroupCmd", None),
    "disableStaticNat": ("nat.DisableStaticNatCmd", None),
    "disassociateIpAddress": ("address.DisassociateIPAddrCmd", "IpAddress"),
    "enableAutoScaleVmGroup": ("autoscale.EnableAutoScaleVmGroupCmd", None),
    "expungeVirtualMachine": ("admin.vm.ExpungeVMCmd", "VirtualMachine"),
    "extractTemplate": ("template.ExtractTemplateCmd", "Template"),
    "rebootVirtualMachine": ("vm.RebootVMCmd", "VirtualMachine"),
    "removeFromLoadBalancerRule": ("loadbalancer.RemoveFromLoadBalancerRuleCmd", None),
    "removeNicFromVirtualMachine": ("vm.RemoveNicFromVMCmd", None),
    "replaceNetworkACLList": ("network.ReplaceNetworkACLListCmd", None),
    "resizeVolume": ("volume.ResizeVolumeCmd", "Volume"),
    "revokeSecurityGroupEgress": ("securitygroup.RevokeSecurityGroupEgressCmd", "SecurityGroup"),
    "revokeSecurityGroupIngress": ("securitygroup.RevokeSecurityGroupIngressCmd", "SecurityGroup"),
    "scaleVirtualMachine": ("vm.ScaleVMCmd", "VirtualMachine"),
    "startVirtualMachine": ("vm.StartVMCmd", "VirtualMachine"),
    "stopVirtualMachine": ("vm.StopVMCmd", "VirtualMachine"),
    "updateAutoScalePolicy": ("autoscale.UpdateAutoScalePolicyCmd", None),
    "updateAutoScaleVmGroup": ("autoscale.UpdateAutoScaleVmGroupCmd", None),
    "updateAutoScaleVmProfile": ("autoscale.UpdateAutoScaleVmProfileCmd", None),
    "updateCondition": ("autoscale.UpdateConditionCmd", None),
    "updateDefaultNicForVirtualMachine": ("vm.UpdateDefaultNicForVMCmd", None),
    "updateLoadBalancerRule": ("loadbalancer.UpdateLoadBalancerRuleCmd", None),
    "updateNetwork": ("network.UpdateNetworkCmd", "Network"),
    "updateNetworkACLItem": ("network.UpdateNetworkACLItemCmd", "NetworkAclItem"),
    "updateVMAffinityGroup": ("affinitygroup.UpdateVMAffinityGroupCmd", None),
    "updateVPC": ("vpc.UpdateVPCCmd", "Vpc"),
    "updateVmNicIp": ("vm.UpdateVmNicIpCmd", None),
    "updateVolume": ("volume.UpdateVolumeCmd", "Volume"),
    "uploadVolume": ("volume.UploadVolumeCmd", None),
}
"""The class behind an asynchronous command, in one of the packages below
``org.apache.cloudstack.api.command.user``, and the type of what its job is about."""

BY_ADMIN = frozenset(
    (
        "addNicToVirtualMachine",
        "associateIpAddress",
        "attachVolume",
        "copyTemplate",
        "createTemplate",
        "createVMFromBackup",
        "createVPC",
        "createVolume",
        "deployVirtualMachine",
        "destroyVirtualMachine",
        "detachVolume",
        "rebootVirtualMachine",
        "removeNicFromVirtualMachine",
        "resizeVolume",
        "scaleVirtualMachine",
        "startVirtualMachine",
        "stopVirtualMachine",
        "updateDefaultNicForVirtualMachine",
        "updateNetwork",
        "updateVMAffinityGroup",
        "updateVPC",
        "updateVolume",
        "uploadVolume",
    )
)
"""Commands that have another class for the root admin."""

WITHOUT_ID = frozenset(
    (
        *("AffinityGroup", "Backup", "Network", "NetworkAcl", "NetworkAclItem", "None", "Vpc"),
        "VpnCustomerGateway",
    )
)
"""Types whose jobs don't say which object they are about."""


def envelope(command: str) -> str:
    """The key around the answer to a command."""
    return ENVELOPES.get(command, f"{command.lower()}response")


def job_class(command: str, *, by_admin: bool) -> str:
    """The class that a job tells as its ``cmd``."""
    name, _ = JOBS[command]
    package = "" if name.startswith("admin.") else "user."
    if by_admin and command in BY_ADMIN:
        package, name = "admin.", f"{name}ByAdmin"
    return f"org.apache.cloudstack.api.command.{package}{name}"
