"""Whether each command of gcloud's that gstack is to serve has a test that runs it.

The commands are those that gcloud was watched with when gstack was designed.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

#: command -> the tests that run it; they may stand in a table that the test goes through.
COMMANDS = {
    "accelerator-types list": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "addresses create": "network::test_addresses_are_reserved_listed_and_released",
    "addresses delete": "network::test_addresses_are_reserved_listed_and_released",
    "addresses describe": "network::test_addresses_are_reserved_listed_and_released",
    "addresses list": "network::test_addresses_are_reserved_listed_and_released",
    "backend-services list": "refusals::test_a_list_says_why_there_is_nothing_in_it",
    "commitments list": "refusals::test_a_list_says_why_there_is_nothing_in_it",
    "config-ssh": "catalogue::test_a_template_is_made_and_instances_of_it",
    "disk-types list": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "disks add-labels": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "disks create": "changes::test_disks_are_created_and_deleted_in_a_batch",
    "disks delete": "changes::test_disks_are_created_and_deleted_in_a_batch",
    "disks list": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "disks move": "refusals::test_a_command_is_refused_with_the_reason",
    "disks resize": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "disks snapshot": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "firewall-rules create": "network::test_a_vpc_has_firewalls_for_both_directions",
    "firewall-rules delete": "network::test_a_vpc_has_firewalls_for_both_directions",
    "firewall-rules list": "network::test_a_vpc_has_firewalls_for_both_directions",
    "firewall-rules update": "session::test_a_firewall_is_created_listed_changed_and_deleted",
    "forwarding-rules create": "network::test_a_pool_of_machines_is_balanced",
    "forwarding-rules delete": "network::test_a_pool_of_machines_is_balanced",
    "forwarding-rules describe": "network::test_a_pool_of_machines_is_balanced",
    "forwarding-rules list": "network::test_a_pool_of_machines_is_balanced",
    "health-checks list": "balancing::test_health_checks_are_made_changed_and_deleted",
    "http-health-checks create": "balancing::test_a_pool_takes_a_health_check_with_a_warning",
    "http-health-checks list": "balancing::test_a_pool_takes_a_health_check_with_a_warning",
    "images add-labels": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "images create": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "images delete": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "images deprecate": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "images describe": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "images describe-from-family": (
        "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine"
    ),
    "images list": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "instance-groups list": "instances::test_instance_groups_and_the_projects_metadata",
    "instance-groups unmanaged list": "instances::test_instance_groups_and_the_projects_metadata",
    "instance-groups unmanaged create": "instances::test_instance_groups_and_the_projects_metadata",
    "instance-templates create": "catalogue::test_a_template_is_made_and_instances_of_it",
    "instance-templates list": "catalogue::test_a_template_is_made_and_instances_of_it",
    "instances add-access-config": (
        "instances::test_an_external_address_and_interfaces_come_and_go"
    ),
    "instances add-iam-policy-binding": "refusals::test_a_command_is_refused_with_the_reason",
    "instances add-labels": "changes::test_labels_tags_and_metadata_are_added_and_removed",
    "instances add-metadata": "changes::test_labels_tags_and_metadata_are_added_and_removed",
    "instances add-tags": "changes::test_labels_tags_and_metadata_are_added_and_removed",
    "instances attach-disk": (
        "instances::test_disks_come_with_an_instance_are_attached_detached_and_kept"
    ),
    "instances create": (
        "session::test_an_instance_is_created_described_stopped_started_and_deleted"
    ),
    "instances delete": (
        "session::test_an_instance_is_created_described_stopped_started_and_deleted"
    ),
    "instances delete-access-config": (
        "instances::test_an_external_address_and_interfaces_come_and_go"
    ),
    "instances describe": (
        "session::test_an_instance_is_created_described_stopped_started_and_deleted"
    ),
    "instances detach-disk": (
        "instances::test_disks_come_with_an_instance_are_attached_detached_and_kept"
    ),
    "instances export": "instances::test_an_instance_is_exported_to_a_file_and_updated_from_it",
    "instances get-guest-attributes": "refusals::test_a_command_is_refused_with_the_reason",
    "instances get-serial-port-output": "refusals::test_a_command_is_refused_with_the_reason",
    "instances list": "catalogue::test_a_template_is_made_and_instances_of_it",
    "instances network-interfaces update": (
        "instances::test_an_external_address_and_interfaces_come_and_go"
    ),
    "instances os-inventory list-instances": (
        "refusals::test_a_list_says_why_there_is_nothing_in_it"
    ),
    "instances remove-labels": "changes::test_labels_tags_and_metadata_are_added_and_removed",
    "instances remove-metadata": "changes::test_labels_tags_and_metadata_are_added_and_removed",
    "instances remove-tags": "changes::test_labels_tags_and_metadata_are_added_and_removed",
    "instances reset": "instances::test_size_protection_and_scheduling_are_changed",
    "instances resume": "refusals::test_a_command_is_refused_with_the_reason",
    "instances set-machine-type": "instances::test_size_protection_and_scheduling_are_changed",
    "instances set-scheduling": "instances::test_size_protection_and_scheduling_are_changed",
    "instances set-service-account": "instances::test_size_protection_and_scheduling_are_changed",
    "instances simulate-maintenance-event": "refusals::test_a_command_is_refused_with_the_reason",
    "instances start": "session::test_an_instance_is_created_described_stopped_started_and_deleted",
    "instances stop": "instances::test_size_protection_and_scheduling_are_changed",
    "instances suspend": "refusals::test_a_command_is_refused_with_the_reason",
    "instances tail-serial-port-output": "refusals::test_a_command_is_refused_with_the_reason",
    "instances update": "instances::test_size_protection_and_scheduling_are_changed",
    "instances update-access-config": (
        "instances::test_an_external_address_and_interfaces_come_and_go"
    ),
    "instances update-from-file": (
        "instances::test_an_instance_is_exported_to_a_file_and_updated_from_it"
    ),
    "machine-types describe": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "machine-types list": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "networks create": "changes::test_networks_of_three_modes_are_created_and_deleted",
    "networks delete": "changes::test_networks_of_three_modes_are_created_and_deleted",
    "networks describe": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "networks list": "session::test_networks_of_every_kind_print_their_subnet_mode",
    "networks subnets create": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "networks subnets delete": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "networks subnets describe": (
        "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route"
    ),
    "networks subnets list": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "operations describe": "catalogue::test_operations_of_each_scope_are_listed_and_described",
    "operations list": "catalogue::test_operations_of_each_scope_are_listed_and_described",
    "project-info add-metadata": "instances::test_instance_groups_and_the_projects_metadata",
    "project-info remove-metadata": "instances::test_instance_groups_and_the_projects_metadata",
    "regions describe": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "regions list": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "routers create": "balancing::test_a_router_and_its_nat_come_and_go",
    "routers delete": "balancing::test_a_router_and_its_nat_come_and_go",
    "routers list": "network::test_routers_and_their_addresses_are_shown",
    "routers nats create": "balancing::test_a_router_and_its_nat_come_and_go",
    "routes create": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "routes delete": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "routes list": "network::test_a_network_with_a_subnetwork_a_firewall_and_a_route",
    "snapshots create": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "snapshots delete": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "snapshots describe": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "snapshots list": "storage::test_a_disk_becomes_a_snapshot_an_image_and_a_machine",
    "target-instances list": "network::test_a_pool_of_machines_is_balanced",
    "target-pools add-instances": "network::test_a_pool_of_machines_is_balanced",
    "target-pools create": "network::test_a_pool_of_machines_is_balanced",
    "target-pools delete": "network::test_a_pool_of_machines_is_balanced",
    "target-pools list": "network::test_a_pool_of_machines_is_balanced",
    "vpn-tunnels list": "network::test_a_vpn_leads_to_a_peer",
    "zones describe": "catalogue::test_zones_regions_and_types_are_listed_and_described",
    "zones list": "catalogue::test_zones_regions_and_types_are_listed_and_described",
}


def texts_of(file: str, test: str) -> list[str]:
    """The texts that stand in a test, or in a constant of its module that it names."""
    tree = ast.parse((Path(__file__).parent / f"test_gcloud_{file}.py").read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    inside = list(ast.walk(functions[test]))
    named = [constants[n.id] for n in inside if isinstance(n, ast.Name) and n.id in constants]
    inside += [node for constant in named for node in ast.walk(constant)]
    return [
        node.value
        for node in inside
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_run_by_its_test(command: str) -> None:
    texts = texts_of(*COMMANDS[command].split("::"))
    runs = re.compile(rf"{command}(?= |$)")
    assert any(runs.match(text) for text in texts), f"{COMMANDS[command]} doesn't run {command}"
