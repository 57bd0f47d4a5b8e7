from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from gstack_pyramid.simulator.store import Store

from .cloud import Cloud
from .conftest import MakeCloud


def test_state_in_a_file_survives_a_reopening(make_cloud: MakeCloud, tmp_path: Path) -> None:
    path = str(tmp_path / "cloud.sqlite")
    before = make_cloud(state=path, job_seconds=10.0)
    pending = before.call("deployVirtualMachine", **before.wish(name="one"))
    gone = before.call("createSecurityGroup", name="gone")["securitygroup"]["id"]
    before.call("deleteSecurityGroup", id=gone)
    zone = before.zone()
    before.app.close()

    after = make_cloud(state=path, job_seconds=10.0, clock=before.clock, seed=7, load=5)
    assert after.zone() == zone
    (vm,) = after.rows("listVirtualMachines")
    assert (vm["id"], vm["state"]) == (pending["id"], "Stopped")
    after.clock.now += 10
    assert after.rows("listVirtualMachines")[0]["state"] == "Running"
    assert after.rows("listSecurityGroups", id=gone) == []
    second = after.call("deployVirtualMachine", **after.wish(name="two"))
    assert second["id"] != pending["id"]


def test_a_failed_command_leaves_nothing_behind(cloud: Cloud) -> None:
    store = cloud.app.world.store

    def fail() -> None:
        with store.transaction():
            doc = store.add("thing", "a", "owner", {"name": "x"})
            store.update(doc, name="y")
            store.remove(doc)
            for zone in store.all("zone"):
                store.update(zone, name="changed")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not store.known("thing", "a")
    assert store.by("thing", "owner", "owner") == []
    assert [zone["name"] for zone in cloud.rows("listZones")] == ["ch-gva-2", "ch-zrh-1"]


def test_changes_need_a_transaction() -> None:
    store = Store(":memory:")
    with pytest.raises(RuntimeError):
        store.add("thing", "a", None, {})
    with pytest.raises(RuntimeError):
        store.count("x")
    store.close()


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(ValueError, match="format 99"):
        Store(str(path))


def test_load_fills_both_zones_with_running_instances(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(load=1200)
    first = cloud.call("listVirtualMachines", page=1, pagesize=500)
    assert (first["count"], len(first["virtualmachine"])) == (1200, 500)
    assert [vm["name"] for vm in first["virtualmachine"][:2]] == ["load-00001", "load-00002"]
    assert {vm["zonename"] for vm in first["virtualmachine"]} == {"ch-gva-2", "ch-zrh-1"}
    assert len(cloud.call("listVirtualMachines")["virtualmachine"]) == 500
    addresses = {vm["nic"][0]["ipaddress"] for vm in first["virtualmachine"]}
    assert len(addresses) == 500
    assert cloud.call("listVolumes")["count"] == 1200
    assert cloud.machine("one-more")["state"] == "Running"


def test_several_threads_change_one_cloud(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(limit=-1)
    wish = cloud.wish()
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(5):
                cloud.done("deployVirtualMachine", **wish, name=f"vm-{number}-{step}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    rows = cloud.rows("listVirtualMachines")
    assert len({row["nic"][0]["ipaddress"] for row in rows}) == 20
