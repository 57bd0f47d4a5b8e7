"""Every command once: its answer holds only fields of the model, else the simulator says 530."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.list_apis import render_list_apis
from gstack_pyramid.simulator.calls import HANDLERS
from gstack_pyramid.simulator.faults import CommandError
from gstack_pyramid.simulator.fields import check_answer

from .autoscale import scaled
from .cloud import Cloud
from .test_parameters import NOWHERE
from .vpn import CERTIFICATE, PEER, PRIVATE_KEY

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFvBUzfcfYvevhM+KF5gp8u5Cr/4JPqT3GA6QnevPoUd me"


NEEDY = frozenset(("listSslCerts", "listLoadBalancerRuleInstances", "listTemplatePermissions"))
"""Lists that don't list everything."""


class Recorder(Cloud):
    """Notes which commands have been sent."""

    def signed(self, command: str, **params: object) -> dict[str, str]:
        seen.add(command)
        return super().signed(command, **params)


seen: set[str] = set()


def test_every_command_answers_what_the_model_knows(cloud: Cloud) -> None:
    seen.clear()
    every(Recorder(cloud.app, cloud.clock))
    assert set(HANDLERS) - seen == set()


def every(c: Cloud) -> None:
    for command in HANDLERS:
        if command.startswith("list") and command not in NEEDY:
            c.call(command, **({"templatefilter": "featured"} if "Template" in command else {}))
    me = c.call("getUser", userapikey=c.api_key)["user"]["id"]
    assert c.call("getUserKeys", id=me)["userkeys"]["apikey"] == c.api_key
    c.call("registerSSHKeyPair", name="mine", publickey=KEY)
    made = c.call("createSSHKeyPair", name="made")["keypair"]
    assert "PRIVATE KEY" in made["privatekey"]
    c.call("deleteSSHKeyPair", name="made")

    group = c.call("createSecurityGroup", name="web", description="Web")["securitygroup"]["id"]
    c.call("updateSecurityGroup", id=group, name="www")
    rule = {"securitygroupid": group, "protocol": "tcp", "startport": 80, "endport": 81}
    for direction in ("Ingress", "Egress"):
        told = c.done(f"authorizeSecurityGroup{direction}", **rule, cidrlist="0.0.0.0/0")
        (new,) = told[f"{direction.lower()}rule"]
        c.done(f"revokeSecurityGroup{direction}", id=new["ruleid"])
    c.call("deleteSecurityGroup", id=group)

    vm = c.machine("one", "ch-zrh-1", keypair="mine")["id"]
    tag = {"resourcetype": "UserVm", "resourceids": vm, "tags": {"a": "b"}}
    c.done("createTags", **tag)
    c.call("listTags", resourceid=vm)
    c.done("deleteTags", **tag)
    c.call("updateVirtualMachine", id=vm, displayname="One", isdynamicallyscalable=True)
    c.done("rebootVirtualMachine", id=vm)
    c.done("scaleVirtualMachine", id=vm, serviceofferingid=c.offering("Large"))
    network = c.id("listNetworks", "backend")
    group = c.call("createInstanceGroup", name="a")["instancegroup"]["id"]
    c.call("updateInstanceGroup", id=group, name="b")
    c.call("updateVirtualMachine", id=vm, group="b")
    c.call("deleteInstanceGroup", id=group)
    address = c.done("associateIpAddress", networkid=network)["id"]
    c.call("enableStaticNat", ipaddressid=address, virtualmachineid=vm)
    c.done("disableStaticNat", ipaddressid=address)
    c.done("disassociateIpAddress", id=address)
    disk = c.id("listDiskOfferings", "Standard")
    zone = c.zone("ch-zrh-1")
    volume = c.done("createVolume", name="d", diskofferingid=disk, size=5, zoneid=zone)["id"]
    c.done("attachVolume", id=volume, virtualmachineid=vm)
    c.done("resizeVolume", id=volume, size=6)
    c.done("updateVolume", id=volume, name="e")
    c.done("detachVolume", id=volume)
    c.call("deleteVolume", id=volume)
    c.done("stopVirtualMachine", id=vm)
    c.call("changeServiceForVirtualMachine", id=vm, serviceofferingid=c.offering("Micro"))
    c.done("startVirtualMachine", id=vm)
    c.done("destroyVirtualMachine", id=vm)
    c.call("recoverVirtualMachine", id=vm)
    c.done("destroyVirtualMachine", id=vm)
    c.done("expungeVirtualMachine", id=vm)
    networks(c)
    rules(c)
    vpns(c)
    groups(c)
    storage(c)
    assert c.call("registerUserKeys", id=me)["userkeys"]["apikey"] != c.api_key


def storage(c: Cloud) -> None:
    vm = c.machine("two")["id"]
    root = c.rows("listVolumes", virtualmachineid=vm)[0]["id"]
    snapshot = c.done("createSnapshot", volumeid=root, tags={"a": "b"})["id"]
    c.call("listSnapshots", volumeid=root)
    c.done("copySnapshot", id=snapshot, destzoneids=[c.zone("ch-zrh-1")])
    policy = c.call(
        "createSnapshotPolicy",
        volumeid=root,
        intervaltype="DAILY",
        schedule="0:4",
        timezone="Etc/UTC",
        maxsnaps=3,
    )["snapshotpolicy"]["id"]
    c.call("listSnapshotPolicies", volumeid=root)
    c.call("deleteSnapshotPolicies", id=policy)

    system = {"ostypeid": c.rows("listOsTypes")[0]["id"]}
    made = c.done("createTemplate", name="t", snapshotid=snapshot, **system)["id"]
    c.call("listTemplates", templatefilter="self", id=made)
    c.done("copyTemplate", id=made, sourcezoneid=c.zone(), destzoneids=[c.zone("ch-zrh-1")])
    c.call("updateTemplate", id=made, displaytext="T")
    c.call("updateTemplatePermissions", id=made, op="add", accounts="other-project")
    c.call("listTemplatePermissions", id=made)
    c.done("deleteTemplate", id=made)
    url = "https://images.example.com/t.qcow2"
    wish = {"format": "QCOW2", "hypervisor": "KVM", "url": url, "isextractable": True, **system}
    (own,) = c.call("registerTemplate", name="u", **wish)["template"]
    url = c.done("extractTemplate", id=own["id"], mode="HTTP_DOWNLOAD", zoneid=c.zone())["url"]
    c.done("uploadVolume", name="v", zoneid=c.zone(), url=url, format="QCOW2")
    c.done("deleteSnapshot", id=snapshot)

    group = c.done("createAffinityGroup", name="apart", type="host anti-affinity")["id"]
    c.call("listAffinityGroups", id=group)
    c.done("stopVirtualMachine", id=vm)
    c.done("updateVMAffinityGroup", id=vm, affinitygroupids=group)
    c.done("deleteAffinityGroup", id=group)

    offering = backup_offering(c)
    c.done("assignVirtualMachineToBackupOffering", virtualmachineid=vm, backupofferingid=offering)
    c.done("createBackup", virtualmachineid=vm, name="b")
    kept = c.rows("listBackups", virtualmachineid=vm)[0]["id"]
    c.done("createVMFromBackup", backupid=kept, zoneid=c.zone(), name="restored")
    c.done("deleteBackup", id=kept)


def backup_offering(c: Cloud, zone: str = "ch-gva-2", provider: str = "nas") -> str:
    """The id of a new backup offering: making one is a matter of the cloud's operator."""
    world = c.app.world
    fields = {"name": "Nightly", "provider": provider}
    fields |= {"zoneid": c.zone(zone), "created": c.date(0)}
    with world.store.transaction():
        return str(world.store.add("backupoffering", world.uuid(), None, fields)["id"])


def rules(c: Cloud) -> None:
    offering = c.rows("listNetworkOfferings", guestiptype="Isolated", forvpc=False)[0]["id"]
    wish = {"zoneid": c.zone("ch-zrh-1"), "networkofferingid": offering}
    network = c.call("createNetwork", name="rules", **wish)["network"]["id"]
    vm = c.machine("two", "ch-zrh-1", networkids=network)["id"]
    address = c.done("associateIpAddress", networkid=network)["id"]
    web = {"protocol": "tcp", "startport": 80}
    c.done("deleteFirewallRule", id=c.done("createFirewallRule", ipaddressid=address, **web)["id"])
    out = c.done("createEgressFirewallRule", networkid=network, **web)
    c.done("deleteEgressFirewallRule", id=out["id"])
    ports = {"protocol": "tcp", "publicport": 22, "privateport": 22, "openfirewall": False}
    rule = c.done("createPortForwardingRule", ipaddressid=address, virtualmachineid=vm, **ports)
    c.done("deletePortForwardingRule", id=rule["id"])
    lb = c.done(
        "createLoadBalancerRule", publicipid=address, name="web", algorithm="roundrobin", **ports
    )["id"]
    c.done("updateLoadBalancerRule", id=lb, algorithm="source")
    c.done("assignToLoadBalancerRule", id=lb, virtualmachineids=vm)
    assert "loadbalancerruleinstance" in c.rows("listLoadBalancerRuleInstances", id=lb)[0]
    c.done("removeFromLoadBalancerRule", id=lb, virtualmachineids=vm)
    c.done("deleteLoadBalancerRule", id=lb)


def groups(c: Cloud) -> None:
    group = scaled(c)
    assert len(group.machines(c)) == 1
    c.done("disableAutoScaleVmGroup", id=group.id)
    c.done("updateAutoScaleVmGroup", id=group.id, maxmembers=3)
    c.done("updateAutoScaleVmProfile", id=group.profile, expungevmgraceperiod=1)
    c.done("updateAutoScalePolicy", id=group.policies[0], quiettime=1)
    c.done("updateCondition", id=group.conditions[0], relationaloperator="LE", threshold=1)
    c.done("enableAutoScaleVmGroup", id=group.id)
    c.done("deleteAutoScaleVmGroup", id=group.id, cleanup=True)
    c.done("deleteAutoScaleVmProfile", id=group.profile)
    c.done("deleteAutoScalePolicy", id=group.policies[0])
    c.done("deleteCondition", id=group.conditions[0])


def vpns(c: Cloud) -> None:
    vpc = c.id("listVPCs", "prod-vpc")
    route = c.done("createStaticRoute", vpcid=vpc, cidr="10.20.0.0/16", nexthop="10.8.1.9")["id"]
    c.done("deleteStaticRoute", id=route)
    gateway = c.done("createVpnGateway", vpcid=vpc)["id"]
    customer = c.done("createVpnCustomerGateway", **PEER)["id"]
    pair = {"s2svpngatewayid": gateway, "s2scustomergatewayid": customer}
    c.done("deleteVpnConnection", id=c.done("createVpnConnection", **pair)["id"])
    c.done("deleteVpnCustomerGateway", id=customer)
    c.done("deleteVpnGateway", id=gateway)
    account = c.rows("listAccounts")[0]["id"]
    cert = c.call("uploadSslCert", name="c", certificate=CERTIFICATE, privatekey=PRIVATE_KEY)
    assert [row["name"] for row in c.rows("listSslCerts", accountid=account)] == ["c"]
    c.call("deleteSslCert", id=cert["sslcert"]["id"])


def networks(c: Cloud) -> None:
    zone = c.zone("ch-zrh-1")
    vpc_offering = c.rows("listVPCOfferings")[0]["id"]
    vpc = c.done("createVPC", name="v", cidr="10.9.0.0/16", zoneid=zone, vpcofferingid=vpc_offering)
    c.done("updateVPC", id=vpc["id"], name="w")
    tier_offering = c.rows("listNetworkOfferings", forvpc=True)[0]["id"]
    tier = c.call(
        "createNetwork",
        name="t",
        zoneid=zone,
        vpcid=vpc["id"],
        networkofferingid=tier_offering,
        gateway="10.9.1.1",
        netmask="255.255.255.0",
    )["network"]
    acl = c.done("createNetworkACLList", name="l", vpcid=vpc["id"])["id"]
    c.done("replaceNetworkACLList", aclid=acl, networkid=tier["id"])
    item = c.done("createNetworkACL", aclid=acl, protocol="tcp", startport=1, endport=2)["id"]
    c.done("updateNetworkACLItem", id=item, action="Deny")
    c.done("deleteNetworkACL", id=item)
    c.done("updateNetwork", id=tier["id"], displaytext="Tier")
    vm = c.machine("many", "ch-zrh-1")
    here = {"virtualmachineid": vm["id"]}
    nics = c.done("addNicToVirtualMachine", **here, networkid=tier["id"])["nic"]
    c.done("updateDefaultNicForVirtualMachine", **here, nicid=nics[1]["id"])
    c.done("updateDefaultNicForVirtualMachine", **here, nicid=nics[0]["id"])
    c.done("removeNicFromVirtualMachine", **here, nicid=nics[1]["id"])
    c.done("stopVirtualMachine", id=vm["id"])
    c.done("updateVmNicIp", nicid=nics[0]["id"], ipaddress="10.1.3.3")
    c.done("destroyVirtualMachine", id=vm["id"], expunge=True)
    c.done("deleteNetwork", id=tier["id"])
    c.done("deleteNetworkACLList", id=acl)
    c.done("deleteVPC", id=vpc["id"])


def test_list_apis_tells_the_whole_model(cloud: Cloud, model: CloudStackModel) -> None:
    assert cloud.call("listApis") == render_list_apis(model)
    (one,) = cloud.call("listApis", name="listZones")["api"]
    assert one["name"] == "listZones"
    assert cloud.refused("listApis", name="listUnicorns")[0] == 431


def test_no_answer_holds_a_null(cloud: Cloud) -> None:
    cloud.machine("one")

    def values(value: Any) -> Iterator[Any]:
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, dict | list):
                yield from values(item)
            else:
                yield item

    for command in ("listVirtualMachines", "listVolumes", "listNetworks", "listVPCs"):
        assert None not in list(values(cloud.call(command)))


def test_fields_and_types_that_the_model_does_not_know_are_refused(model: CloudStackModel) -> None:
    zones, deletion = model.command("listZones"), model.command("deleteVolume")
    check_answer(zones, {"count": 1, "zone": [{"id": NOWHERE, "name": "z", "tags": []}]})
    check_answer(deletion, {"success": True})
    for command, body in (
        (zones, {"count": 1, "zone": [{"colour": "blue"}]}),
        (zones, {"count": 1, "zone": [{"localstorageenabled": "no"}]}),
        (zones, {"count": 1, "zone": [{"tags": [{"colour": "blue"}]}]}),
        (zones, {"count": 1, "zones": []}),
        (deletion, {"colour": "blue"}),
    ):
        with pytest.raises(CommandError) as refusal:
            check_answer(command, body)
        assert refusal.value.code == 530
