"""The commands that the simulator carries out; importing this registers all of them."""

from __future__ import annotations

from gstack_pyramid.simulator.commands import (
    accounts,
    acls,
    addresses,
    catalogue,
    deploy,
    job_queries,
    machine_changes,
    machine_power,
    machines,
    networks,
    offerings,
    security_groups,
    ssh_keys,
    tags,
    volume_changes,
    volumes,
    vpcs,
)

__all__ = [
    "accounts",
    "acls",
    "addresses",
    "catalogue",
    "deploy",
    "job_queries",
    "machine_changes",
    "machine_power",
    "machines",
    "networks",
    "offerings",
    "security_groups",
    "ssh_keys",
    "tags",
    "volume_changes",
    "volumes",
    "vpcs",
]
