"""gcloud's commands for managed instance groups and their autoscalers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .gcloud import Gcloud, rows_of

pytestmark = pytest.mark.clients

REGION, ZONE = "--region=ch-zrh", "--zone=ch-zrh-1"
LINUX = "linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture
def place(gcloud: Gcloud) -> Iterator[Gcloud]:
    """A template, and an empty target pool that a forwarding rule leads to."""
    made = f"--machine-type=micro --image={LINUX} --no-address"
    gcloud.run(f"instances create first {ZONE} {made}")
    gcloud.run(f"instance-templates create node {made}")
    gcloud.run(f"addresses create entrance {REGION}")
    gcloud.run(f"target-pools create nodes {REGION}")
    where = f"{REGION} --target-pool=nodes --ports=80 --address=entrance"
    gcloud.run(f"forwarding-rules create entrance {where}")
    yield gcloud
    gcloud.run(f"forwarding-rules delete entrance {REGION} --quiet")
    gcloud.run(f"target-pools delete nodes {REGION} --quiet")
    gcloud.run(f"addresses delete entrance {REGION} --quiet")
    gcloud.run("instance-templates delete node --quiet")
    gcloud.run(f"instances delete first {ZONE} --quiet")


@pytest.mark.matrix
def test_a_managed_group_from_its_beginning_to_its_end(place: Gcloud) -> None:
    managed = "instance-groups managed"
    wish = f"--template=node --size=2 --target-pool=nodes {ZONE}"
    (row,) = rows_of(place.run(f"{managed} create fleet {wish}").stdout)
    assert (row["NAME"], row["LOCATION"], row["SCOPE"]) == ("fleet", "ch-zrh-1", "zone")
    assert (row["TARGET_SIZE"], row["INSTANCE_TEMPLATE"], row["AUTOSCALED"]) == ("2", "node", "no")

    place.run(f"{managed} wait-until fleet {ZONE} --stable")
    machines = place.table(f"{managed} list-instances fleet {ZONE}")
    assert [machine["STATUS"] for machine in machines] == ["RUNNING", "RUNNING"]
    assert {machine["ACTION"] for machine in machines} == {"NONE"}
    (row,) = place.table("instance-groups list", "--filter=name=fleet")
    assert (row["NAME"], row["MANAGED"], row["INSTANCES"]) == ("fleet", "Yes", "2")
    (row,) = place.table(f"{managed} list", "--filter=name=fleet")
    assert (row["SIZE"], row["TARGET_SIZE"]) == ("2", "2")
    shown = place.json(f"{managed} describe fleet {ZONE}")
    assert shown["instanceTemplate"].endswith("/instanceTemplates/node")
    listed = place.table(f"instance-groups list-instances fleet {ZONE}")
    assert {machine["NAME"] for machine in listed} == {machine["NAME"] for machine in machines}

    place.run(f"{managed} resize fleet --size=3 {ZONE}")
    place.run(f"{managed} wait-until fleet {ZONE} --stable")
    machines = place.table(f"{managed} list-instances fleet {ZONE}")
    assert len(machines) == 3
    gone, left, _ = (machine["NAME"] for machine in machines)
    place.run(f"{managed} delete-instances fleet --instances={gone} {ZONE}")
    place.run(f"{managed} abandon-instances fleet --instances={left} {ZONE}")
    (row,) = place.table(f"{managed} list", "--filter=name=fleet")
    assert (row["SIZE"], row["TARGET_SIZE"]) == ("1", "1")
    place.run(f"instances delete {left} {ZONE} --quiet")

    limits = "--min-num-replicas=1 --max-num-replicas=3 --target-cpu-utilization=0.7"
    place.run(f"{managed} set-autoscaling fleet {ZONE} {limits}")
    shown = place.json(f"{managed} describe fleet {ZONE}")
    policy = shown["autoscaler"]["autoscalingPolicy"]
    assert (policy["minNumReplicas"], policy["maxNumReplicas"]) == (1, 3)
    assert policy["cpuUtilization"]["utilizationTarget"] == 0.7
    (row,) = place.table(f"{managed} list", "--filter=name=fleet")
    assert row["AUTOSCALED"] == "yes"
    place.run(f"{managed} set-autoscaling fleet {ZONE} --max-num-replicas=4")
    place.run(f"{managed} update-autoscaling fleet {ZONE} --mode=only-scale-out")
    assert "is needed" not in place.refusal(f"{managed} resize fleet --size=2 {ZONE}")
    place.run(f"{managed} stop-autoscaling fleet {ZONE}")

    place.run(f"instance-templates create bigger --machine-type=small --image={LINUX} --no-address")
    place.run(f"{managed} set-instance-template fleet --template=bigger {ZONE}")
    place.run(f"{managed} set-autoscaling fleet {ZONE} --max-num-replicas=2")
    place.run(f"{managed} delete fleet {ZONE} --quiet")
    assert place.values("instance-groups list", "--filter=name=fleet") == []
    place.run("instance-templates delete bigger --quiet")


@pytest.mark.matrix
def test_what_cloudstack_needs_is_told(place: Gcloud) -> None:
    wish = f"instance-groups managed create fleet --template=node --size=1 {ZONE}"
    assert "a target pool that a forwarding rule leads to is needed" in place.refusal(wish)
    place.run(f"target-pools create lonely {REGION}")
    said = place.refusal(f"{wish} --target-pool=lonely")
    assert "no forwarding rule of this zone leads to the target pool" in said
    place.run(f"target-pools delete lonely {REGION} --quiet")
    place.run(f"instance-templates create open --machine-type=micro --image={LINUX}")
    said = place.refusal(wish.replace("node", "open") + " --target-pool=nodes")
    assert "no external addresses" in said
    place.run("instance-templates delete open --quiet")
