"""google-cloud-compute: a managed instance group and its autoscaler, from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1 as compute

from .google_cloud import Connect, connecting, done

pytestmark = pytest.mark.clients

PROJECT = "demo-project"
HERE = {"project": PROJECT, "zone": "ch-zrh-1"}
THERE = {"project": PROJECT, "region": "ch-zrh"}
IMAGE = "global/images/linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture(scope="module")
def connect(exports: dict[str, str]) -> Callable[[type[Any]], Any]:
    return connecting(exports)


def machine() -> dict[str, Any]:
    """What a template and an instance have in common."""
    parameters = compute.AttachedDiskInitializeParams(source_image=IMAGE)
    boot = compute.AttachedDisk(boot=True, auto_delete=True, initialize_params=parameters)
    return {
        "disks": [boot],
        "network_interfaces": [compute.NetworkInterface(network="global/networks/default")],
    }


def sizes(group: compute.InstanceGroupManager) -> tuple[int, bool]:
    return group.target_size, group.status.is_stable


@pytest.mark.matrix
def test_a_managed_group_and_its_autoscaler(connect: Connect[Any]) -> None:
    instances = connect(compute.InstancesClient)
    templates = connect(compute.InstanceTemplatesClient)
    pools, rules = connect(compute.TargetPoolsClient), connect(compute.ForwardingRulesClient)
    addresses = connect(compute.AddressesClient)
    groups = connect(compute.InstanceGroupManagersClient)
    scalers = connect(compute.AutoscalersClient)

    # The first instance of a zone makes its default network, which the address lies in.
    first = compute.Instance(
        name="py-first", machine_type=f"zones/{HERE['zone']}/machineTypes/micro", **machine()
    )
    done(instances.insert(**HERE, instance_resource=first))
    properties = compute.InstanceProperties(machine_type="micro", **machine())
    template = compute.InstanceTemplate(name="py-node", properties=properties)
    done(templates.insert(project=PROJECT, instance_template_resource=template))
    done(addresses.insert(**THERE, address_resource=compute.Address(name="py-entrance")))
    done(pools.insert(**THERE, target_pool_resource=compute.TargetPool(name="py-nodes")))
    pool = pools.get(**THERE, target_pool="py-nodes").self_link
    rule = compute.ForwardingRule(
        name="py-entrance",
        I_p_address=addresses.get(**THERE, address="py-entrance").address,
        I_p_protocol="TCP",
        port_range="80",
        target=pool,
    )
    done(rules.insert(**THERE, forwarding_rule_resource=rule))

    wanted = compute.InstanceGroupManager(
        name="py-fleet",
        base_instance_name="py-fleet",
        instance_template="global/instanceTemplates/py-node",
        target_pools=[pool],
        target_size=2,
    )
    done(groups.insert(**HERE, instance_group_manager_resource=wanted))
    mine = {**HERE, "instance_group_manager": "py-fleet"}
    made = groups.get(**mine)
    assert sizes(made) == (2, True)
    assert made.instance_template.endswith("/global/instanceTemplates/py-node")
    assert list(made.target_pools) == [pool]
    # A group is stable as soon as its machines are there, which then still start.
    for _ in range(500):
        members = list(groups.list_managed_instances(**mine))
        if not any(each.current_action == "CREATING" for each in members):
            break
    assert [each.instance_status for each in members] == ["RUNNING", "RUNNING"]
    scopes = dict(groups.aggregated_list(project=PROJECT))
    found = scopes[f"zones/{HERE['zone']}"].instance_group_managers
    assert [each.name for each in found] == ["py-fleet"]

    done(groups.resize(**mine, size=1))
    assert sizes(groups.get(**mine)) == (1, True)

    policy = compute.AutoscalingPolicy(
        min_num_replicas=1,
        max_num_replicas=3,
        cpu_utilization=compute.AutoscalingPolicyCpuUtilization(utilization_target=0.7),
    )
    scaler = compute.Autoscaler(name="py-scaler", target=made.self_link, autoscaling_policy=policy)
    done(scalers.insert(**HERE, autoscaler_resource=scaler))
    (listed,) = scalers.list(**HERE)
    assert listed.target == made.self_link
    assert listed.autoscaling_policy.max_num_replicas == 3
    assert listed.autoscaling_policy.cpu_utilization.utilization_target == 0.7
    done(scalers.delete(**HERE, autoscaler=listed.name))
    assert list(scalers.list(**HERE)) == []

    done(groups.delete(**mine))
    with pytest.raises(exceptions.NotFound):
        groups.get(**mine)
    done(rules.delete(**THERE, forwarding_rule="py-entrance"))
    done(pools.delete(**THERE, target_pool="py-nodes"))
    done(addresses.delete(**THERE, address="py-entrance"))
    done(templates.delete(project=PROJECT, instance_template="py-node"))
    done(instances.delete(**HERE, instance="py-first"))
