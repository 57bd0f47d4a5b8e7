from __future__ import annotations

import pytest

from .cloud import Cloud
from .conftest import MakeCloud


def state(cloud: Cloud, key: str) -> str:
    (row,) = cloud.rows("listVirtualMachines", id=key)
    return str(row["state"])


def test_an_instance_in_the_basic_zone_gets_address_group_and_root_disk(cloud: Cloud) -> None:
    vm = cloud.machine("one")
    (row,) = cloud.rows("listVirtualMachines")
    assert row["id"] == vm["id"]
    assert row["state"] == "Running"
    (nic,) = row["nic"]
    assert nic["type"] == "Shared"
    assert nic["isdefault"]
    assert [group["name"] for group in row["securitygroup"]] == ["default"]
    (root,) = cloud.rows("listVolumes", virtualmachineid=vm["id"])
    assert (root["type"], root["state"], root["size"]) == ("ROOT", "Ready", 10 * 2**30)
    assert root["name"].startswith("ROOT-")
    assert "password" not in row


def test_networks_are_not_chosen_in_a_basic_zone(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(basic_zone=True)
    network = cloud.rows("listNetworks")[0]["id"]
    code, told = cloud.refused("deployVirtualMachine", **cloud.wish(networkids=network))
    assert (code, told) == (431, "Can't specify network Ids in Basic zone")


def test_the_shared_network_of_an_advanced_zone_may_be_named(cloud: Cloud) -> None:
    network = cloud.id("listNetworks", "guestNetworkForSG")
    vm = cloud.machine("one", networkids=network)
    assert [nic["networkid"] for nic in vm["nic"]] == [network]
    assert [group["name"] for group in vm["securitygroup"]] == ["default"]
    code, _ = cloud.refused("deleteNetwork", id=network)
    assert code == 531


def test_a_password_is_told_once_by_the_job(cloud: Cloud) -> None:
    template = cloud.template("Windows Server 2022")
    assert cloud.machine("win", templateid=template)["password"]
    assert "password" not in cloud.rows("listVirtualMachines")[0]


def test_a_data_disk_and_a_larger_root_disk_come_with_the_instance(cloud: Cloud) -> None:
    disk = cloud.id("listDiskOfferings", "Standard")
    vm = cloud.machine("one", rootdisksize=20, diskofferingid=disk, size=7)
    volumes = cloud.rows("listVolumes", virtualmachineid=vm["id"])
    assert [(v["type"], v["size"] // 2**30, v["deviceid"]) for v in volumes] == [
        ("ROOT", 20, 0),
        ("DATADISK", 7, 1),
    ]
    assert volumes[1]["name"].startswith("DATA-")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"name": "1abc"}, "Invalid value provided for API arg: name"),
        ({"name": "a" * 64}, "Invalid value provided for API arg: name"),
        ({"name": "a_b"}, "Invalid value provided for API arg: name"),
        ({"rootdisksize": 5}, "smaller than template size"),
        ({"keypair": "none"}, "A key pair with name 'none' was not found."),
        ({"hypervisor": "VMware"}, "Hypervisor"),
        ({"securitygroupnames": "none"}, "Unable to find group by name none"),
        ({"size": 7, "disk": "SSD 50 GB"}, "does not allow custom size"),
        ({"disk": "Standard"}, "requires a custom size"),
        ({"disk": "Standard", "size": 1025}, "out of allowed range"),
        ({"networkids": "backend"}, "Network is not security group enabled"),
        ({"ipaddress": "10.3.0.5"}, "Unable to acquire Guest IP address"),
    ],
)
def test_wrong_wishes_are_refused_at_once(
    cloud: Cloud, params: dict[str, object], text: str
) -> None:
    if "disk" in params:
        params = {**params, "diskofferingid": cloud.id("listDiskOfferings", str(params["disk"]))}
        del params["disk"]
    if "networkids" in params:
        params = {"networkids": cloud.id("listNetworks", "backend")}
    code, told = cloud.refused("deployVirtualMachine", **cloud.wish(**params))
    assert code == 431
    assert text in told
    assert cloud.rows("listVirtualMachines") == []


def test_names_are_unique_in_a_network_until_the_instance_is_expunged(cloud: Cloud) -> None:
    vm = cloud.machine("one")
    wish = cloud.wish(name="ONE")
    assert (
        "already exists in the network domain" in cloud.refused("deployVirtualMachine", **wish)[1]
    )
    assert cloud.machine("one", "ch-zrh-1")["name"] == "one"
    cloud.done("destroyVirtualMachine", id=vm["id"])
    assert cloud.refused("deployVirtualMachine", **wish)[0] == 431
    cloud.done("expungeVirtualMachine", id=vm["id"])
    assert cloud.machine("one")["id"] != vm["id"]


def test_advanced_zones_refuse_security_groups(cloud: Cloud) -> None:
    group = cloud.id("listSecurityGroups", "default")
    wish = cloud.wish("ch-zrh-1", securitygroupids=group)
    assert (
        "security group feature is not enabled" in cloud.refused("deployVirtualMachine", **wish)[1]
    )


def test_several_isolated_networks_need_a_choice_and_tiers_count(cloud: Cloud) -> None:
    wish = cloud.wish("ch-zrh-1")
    code, text = cloud.refused("deployVirtualMachine", **wish)
    assert code == 431
    assert text.startswith("More than 1 default Isolated networks are found for account")


def test_the_only_isolated_network_is_used_and_one_is_made_where_there_is_none(
    cloud: Cloud,
) -> None:
    other = cloud.other()
    first = other.done("deployVirtualMachine", **other.wish("ch-zrh-1", name="a"))
    second = other.done("deployVirtualMachine", **other.wish("ch-zrh-1", name="b"))
    assert first["nic"][0]["networkname"] == "other-project-network"
    assert second["nic"][0]["networkid"] == first["nic"][0]["networkid"]
    assert [a["issourcenat"] for a in other.rows("listPublicIpAddresses")] == [True]


def test_addresses_can_be_chosen_for_each_network(cloud: Cloud) -> None:
    backend, web = cloud.id("listNetworks", "backend"), cloud.id("listNetworks", "prod-web")
    chosen = {"iptonetworklist[0].networkid": web, "iptonetworklist[0].ip": "10.8.1.77"}
    wish = cloud.wish("ch-zrh-1", name="a", **chosen, **{"iptonetworklist[1].networkid": backend})
    nics = cloud.done("deployVirtualMachine", **wish)["nic"]
    assert [nic["networkname"] for nic in nics] == ["prod-web", "backend"]
    assert nics[0]["ipaddress"] == "10.8.1.77"
    wish["name"] = "b"
    assert "Unable to acquire Guest IP" in cloud.refused("deployVirtualMachine", **wish)[1]
    wish["networkids"] = backend
    assert "can't be specified along" in cloud.refused("deployVirtualMachine", **wish)[1]


def test_customizable_offerings_take_their_size_from_details(cloud: Cloud) -> None:
    custom = cloud.offering("Custom")
    vm = cloud.machine("one", serviceofferingid=custom, details={"cpuNumber": 4, "memory": 8192})
    assert (vm["cpunumber"], vm["memory"], vm["cpuspeed"]) == (4, 8192, 2198)
    for details in ({}, {"cpuNumber": 17, "memory": 512}, {"cpuNumber": 1, "memory": 65537}):
        wish = cloud.wish(serviceofferingid=custom, details=details)
        assert cloud.refused("deployVirtualMachine", **wish)[0] == 431
    wish["details"] = {"cpuNumber": 1, "memory": 512, "cpuSpeed": 1}
    assert "not customizable" in cloud.refused("deployVirtualMachine", **wish)[1]


def test_a_full_zone_fails_the_job_and_leaves_an_instance_in_error(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(zone_cpus=3)
    cloud.machine("one")
    code, text = cloud.failed("deployVirtualMachine", **cloud.wish(name="two"))
    assert code == 533
    assert "No destination found for a deployment for VM instance {" in text
    (row,) = cloud.rows("listVirtualMachines", name="two")
    assert row["state"] == "Error"
    assert cloud.machine("elsewhere", "ch-zrh-1")["state"] == "Running"
    cloud.done("destroyVirtualMachine", id=row["id"], expunge=True)
    assert cloud.rows("listVirtualMachines", name="two") == []


def test_the_limit_of_the_account_refuses_at_once(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(limit=1)
    vm = cloud.machine("one")
    reply = cloud.send(cloud.signed("deployVirtualMachine", **cloud.wish(name="two")))
    assert reply.status == 535
    assert reply.body()["cserrorcode"] == 9999
    assert "Maximum amount of resources of Type = 'user_vm'" in reply.body()["errortext"]
    cloud.done("destroyVirtualMachine", id=vm["id"], expunge=True)
    cloud.machine("two")


def test_power_states_follow_the_commands(cloud: Cloud) -> None:
    vm = cloud.machine("one", startvm=False)
    key = vm["id"]
    assert vm["state"] == "Stopped"
    told = f"The VM {key} (one) is not running, unable to reboot it"
    assert cloud.failed("rebootVirtualMachine", id=key) == (431, told)
    assert cloud.done("stopVirtualMachine", id=key)["state"] == "Stopped"
    assert cloud.done("startVirtualMachine", id=key)["state"] == "Running"
    code, text = cloud.failed("startVirtualMachine", id=key)
    assert (code, "already running" in text) == (431, True)
    assert cloud.done("rebootVirtualMachine", id=key)["state"] == "Running"
    assert cloud.done("stopVirtualMachine", id=key, forced=True)["state"] == "Stopped"


def test_destroyed_instances_are_hidden_and_can_be_recovered(cloud: Cloud) -> None:
    key = cloud.machine("one")["id"]
    assert cloud.done("destroyVirtualMachine", id=key)["state"] == "Destroyed"
    assert cloud.rows("listVirtualMachines") == []
    assert cloud.failed("startVirtualMachine", id=key)[0] == 431
    recovered = cloud.call("recoverVirtualMachine", id=key)["virtualmachine"]
    assert recovered["state"] == "Stopped"
    assert cloud.refused("recoverVirtualMachine", id=key)[0] == 431
    assert cloud.failed("expungeVirtualMachine", id=key)[0] == 431


def test_expunged_instances_are_gone_but_their_id_stays_known(cloud: Cloud) -> None:
    key = cloud.machine("one")["id"]
    cloud.done("createTags", resourcetype="UserVm", resourceids=key, tags={"a": "b"})
    told = cloud.done("destroyVirtualMachine", id=key, expunge=True)
    assert (told["nic"], "id" in told) == ([], False)
    assert cloud.rows("listVirtualMachines", id=key) == []
    assert cloud.rows("listVolumes") == []
    assert cloud.rows("listTags") == []
    assert cloud.refused("startVirtualMachine", id=key)[0] == 431


def test_data_disks_outlive_the_instance_unless_named(cloud: Cloud) -> None:
    disk = cloud.id("listDiskOfferings", "SSD 50 GB")
    vm = cloud.machine("one", diskofferingid=disk)
    more = cloud.done("createVolume", name="m", diskofferingid=disk, virtualmachineid=vm["id"])
    root, data, _ = cloud.rows("listVolumes")
    code, text = cloud.failed("destroyVirtualMachine", id=vm["id"], volumeids=root["id"])
    assert (code, "not DATADISK" in text) == (431, True)
    assert state(cloud, vm["id"]) == "Running"
    cloud.done("destroyVirtualMachine", id=vm["id"], expunge=True, volumeids=more["id"])
    (left,) = cloud.rows("listVolumes")
    assert left["id"] == data["id"]
    assert "virtualmachineid" not in left


def test_protected_instances_cannot_be_destroyed(cloud: Cloud) -> None:
    key = cloud.machine("one")["id"]
    cloud.call("updateVirtualMachine", id=key, deleteprotection=True)
    code, text = cloud.failed("destroyVirtualMachine", id=key)
    assert (code, "delete protection" in text) == (431, True)
    cloud.call("updateVirtualMachine", id=key, deleteprotection=False)
    cloud.done("destroyVirtualMachine", id=key)


def test_updates_change_description_details_and_name(cloud: Cloud) -> None:
    key = cloud.machine("one")["id"]
    cloud.machine("two")
    row = cloud.call(
        "updateVirtualMachine",
        id=key,
        name="uno",
        displayname="Uno",
        group="g",
        haenable=True,
        details={"a": "b"},
    )["virtualmachine"]
    assert (row["name"], row["displayname"], row["group"]) == ("uno", "Uno", "g")
    assert (row["haenable"], row["details"]) == (True, {"a": "b"})
    row = cloud.call("updateVirtualMachine", id=key, cleanupdetails=True)["virtualmachine"]
    assert row["details"] == {}
    assert cloud.refused("updateVirtualMachine", id=key, name="two")[0] == 431
    assert cloud.refused("updateVirtualMachine", id=key, name="-")[0] == 431


def test_security_groups_change_only_while_stopped(cloud: Cloud) -> None:
    key = cloud.machine("one")["id"]
    web = cloud.call("createSecurityGroup", name="web")["securitygroup"]["id"]
    both = [web, cloud.id("listSecurityGroups", "default")]
    code, text = cloud.refused("updateVirtualMachine", id=key, securitygroupids=both)
    assert (code, "must be stopped" in text) == (431, True)
    cloud.done("stopVirtualMachine", id=key)
    row = cloud.call("updateVirtualMachine", id=key, securitygroupids=both)["virtualmachine"]
    assert [group["name"] for group in row["securitygroup"]] == ["web", "default"]
    elsewhere = cloud.machine("two", "ch-zrh-1", startvm=False)["id"]
    assert cloud.refused("updateVirtualMachine", id=elsewhere, securitygroupids=web)[0] == 431


def test_size_changes_when_stopped_or_dynamically_scalable(cloud: Cloud) -> None:
    key = cloud.machine("one")["id"]
    large, micro = cloud.offering("Large"), cloud.offering("Micro")
    code, text = cloud.refused("changeServiceForVirtualMachine", id=key, serviceofferingid=large)
    assert (code, "make sure the virtual machine is stopped" in text) == (431, True)
    code, text = cloud.failed("scaleVirtualMachine", id=key, serviceofferingid=large)
    assert (code, "not dynamically scalable" in text) == (431, True)
    cloud.call("updateVirtualMachine", id=key, isdynamicallyscalable=True)
    assert cloud.done("scaleVirtualMachine", id=key, serviceofferingid=large)["memory"] == 8192
    assert cloud.failed("scaleVirtualMachine", id=key, serviceofferingid=micro)[0] == 431
    cloud.done("stopVirtualMachine", id=key)
    assert cloud.done("scaleVirtualMachine", id=key, serviceofferingid=micro)["memory"] == 512
    changed = cloud.call("changeServiceForVirtualMachine", id=key, serviceofferingid=large)
    assert changed["virtualmachine"]["serviceofferingname"] == "Large"
    (root,) = cloud.rows("listVolumes")
    assert root["serviceofferingname"] == "Large"
    assert (
        cloud.refused("changeServiceForVirtualMachine", id=key, serviceofferingid=large)[0] == 431
    )


def test_lists_are_filtered_as_asked(cloud: Cloud) -> None:
    web = cloud.machine("web-1")
    cloud.machine("db-1", "ch-zrh-1")
    cloud.done("createTags", resourcetype="UserVm", resourceids=web["id"], tags={"env": "prod"})
    group = web["securitygroup"][0]["id"]
    for params in (
        {"name": "WEB-1"},
        {"keyword": "web"},
        {"ids": [web["id"]]},
        {"zoneid": cloud.zone()},
        {"securitygroupid": group},
        {"networkid": web["nic"][0]["networkid"]},
        {"tags": {"env": "prod"}},
        {"templateid": web["templateid"], "zoneid": cloud.zone()},
    ):
        assert [row["name"] for row in cloud.rows("listVirtualMachines", **params)] == ["web-1"]
    assert len(cloud.rows("listVirtualMachines", state="running")) == 2
    assert cloud.rows("listVirtualMachines", state="Stopped") == []
    assert cloud.rows("listVirtualMachines", tags={"env": "test"}) == []


def test_details_decide_how_much_comes_back(cloud: Cloud) -> None:
    cloud.machine("one")
    (least,) = cloud.rows("listVirtualMachines", details="min")
    assert (least["nic"], least["securitygroup"]) == ([], [])
    assert "templateid" not in least
    assert "memory" not in least
    (some,) = cloud.rows("listVirtualMachines", details=["nics", "servoff"])
    assert some["nic"][0]["ipaddress"] == some["ipaddress"]
    assert some["memory"] == 2048
    assert some["securitygroup"] == []


def test_parameters_that_are_not_simulated_are_logged(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.machine("one", macaddress="02:00:00:00:00:01")
    assert "ignores macaddress" in caplog.text


def test_an_instance_starts_from_a_volume_that_once_was_a_root_volume(cloud: Cloud) -> None:
    first = cloud.machine("one")["id"]
    (root,) = cloud.rows("listVolumes", virtualmachineid=first)
    wish = cloud.wish(name="two", volumeid=root["id"])
    assert "only one of" in cloud.refused("deployVirtualMachine", **wish)[1]
    wish["templateid"] = None
    assert "attached to a VM already" in cloud.refused("deployVirtualMachine", **wish)[1]
    cloud.done("stopVirtualMachine", id=first)
    cloud.done("detachVolume", id=root["id"])
    second = cloud.done("deployVirtualMachine", **wish)
    (again,) = cloud.rows("listVolumes", virtualmachineid=second["id"])
    assert (again["id"], again["type"], again["deviceid"]) == (root["id"], "ROOT", 0)


def test_a_blank_volume_and_one_elsewhere_are_no_root_volumes(cloud: Cloud) -> None:
    disk = cloud.id("listDiskOfferings", "Standard")
    for zone, text in (("ch-gva-2", "only for Zone-wide storage"), ("ch-zrh-1", "another zone")):
        blank = cloud.done(
            "createVolume", name="d", diskofferingid=disk, size=5, zoneid=cloud.zone(zone)
        )
        wish = cloud.wish(name="one", volumeid=blank["id"], templateid=None)
        assert text in cloud.refused("deployVirtualMachine", **wish)[1]
