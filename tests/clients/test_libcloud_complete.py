"""Whether the tests of Apache Libcloud's GCE driver use all of it that can work here."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from inspect import isfunction
from pathlib import Path

import pytest
from libcloud.compute.drivers.gce import GCENodeDriver

from gstack_pyramid.mapping.loader import load
from gstack_pyramid.schemas.location import data_folder

#: The driver's methods, by patterns, that need one of GCE's that isn't mapped.
NEEDS = {
    "ex_get_serial_output": "instances.getSerialPortOutput",
    "ex_set_usage_export_bucket": "projects.setUsageExportBucket",
    "ex_*_backend*": "backendServices.insert",
    "ex_*_urlmap*": "urlMaps.insert",
    "ex_*targethttp*": "targetHttpProxies.insert",
    "ex_targetpool_get_health": "targetPools.getHealth",
    "ex_targetpool_set_backup_targetpool": "targetPools.setBackup",
    "ex_instancegroup_remove_instances": "instanceGroups.removeInstances",
    "ex_instancegroupmanager_set_autohealingpolicies": (
        "instanceGroupManagers.setAutoHealingPolicies"
    ),
}

METHODS = sorted(
    name
    for name, method in vars(GCENodeDriver).items()
    if isfunction(method) and not name.startswith("_")
)


def _used() -> set[str]:
    """Each name that a test of the driver takes from some object."""
    used = set()
    for file in Path(__file__).parent.glob("test_libcloud*.py"):
        if file != Path(__file__):
            tree = ast.parse(file.read_text("utf-8"))
            used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return used


def _mapped() -> set[str]:
    resources = load([data_folder("mappings")]).resources
    return {
        f"{name}.{method}"
        for name, document in resources.items()
        for method in document.data.get("methods", {})
    }


@pytest.fixture(scope="module")
def used() -> set[str]:
    return _used()


@pytest.mark.parametrize("method", METHODS)
def test_each_of_the_drivers_methods_is_tested_or_cannot_work(method: str, used: set[str]) -> None:
    cannot = any(fnmatchcase(method, pattern) for pattern in NEEDS)
    assert cannot or method in used, f"no test calls {method}"


def test_what_cannot_work_is_not_mapped() -> None:
    assert set(NEEDS.values()) & _mapped() == set()


def test_each_pattern_is_about_a_method_of_the_driver() -> None:
    patterns = {
        pattern for pattern in NEEDS if not any(fnmatchcase(method, pattern) for method in METHODS)
    }
    assert patterns == set()
