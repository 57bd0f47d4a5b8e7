"""Kubernetes set up by hand on six machines: the commands that the well-known tutorial prints.

Ranges, addresses, ports and flags are those that everybody pastes; from the network to the last
command that takes it away.
"""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

REGION = "--region=ch-zrh"
SCOPES = "compute-rw,storage-ro,service-management,service-control,logging-write,monitoring"
MACHINE = (
    "--async --boot-disk-size=200GB --can-ip-forward --image-family=ubuntu-2404-lts-amd64"
    f" --image-project=ubuntu-os-cloud --machine-type=e2-standard-2 --scopes={SCOPES}"
    " --subnet=nodes"
)
CONTROLLERS = [f"controller-{number}" for number in range(3)]
WORKERS = [f"worker-{number}" for number in range(3)]
FIREWALLS = ["k8s-internal", "k8s-external", "k8s-health-check", "k8s-node-port"]
KINDS = (
    "instances",
    "disks",
    "addresses",
    "firewall-rules",
    "forwarding-rules",
    "http-health-checks",
    "networks",
    "networks subnets",
    "routes",
    "target-pools",
)
LOOKS = 100
"""How often it is asked whether all operations have ended."""
ROUTES = [f"pods-10-200-{number}-0-24" for number in range(3)]


def test_from_the_first_command_to_the_last(cli: Gcloud) -> None:
    before = what_there_is(cli)
    build_the_network(cli)
    public = reserve_the_address(cli)
    start_the_machines(cli)
    look_at_the_machines(cli)
    balance_the_api(cli, public)
    route_the_pods(cli)
    reach_a_service(cli)
    clean_up(cli)
    assert what_there_is(cli) == before


def what_there_is(cli: Gcloud) -> dict[str, list[str]]:
    """The names of all that the tutorial could have left."""
    return {kind: sorted(cli.values(f"{kind} list")) for kind in KINDS}


def build_the_network(cli: Gcloud) -> None:
    cli.run("networks create k8s --subnet-mode custom")
    (row,) = cli.table("networks subnets create nodes --network k8s --range 10.240.0.0/24")
    assert (row["RANGE"], row["REGION"]) == ("10.240.0.0/24", "ch-zrh")
    (row,) = cli.table(
        "firewall-rules create k8s-internal --allow tcp,udp,icmp --network k8s"
        " --source-ranges 10.240.0.0/24,10.200.0.0/16"
    )
    assert row["ALLOW"] == "tcp,udp,icmp"
    (row,) = cli.table(
        "firewall-rules create k8s-external --allow tcp:22,tcp:6443,icmp --network k8s"
        " --source-ranges 0.0.0.0/0"
    )
    assert row["ALLOW"] == "tcp:22,tcp:6443,icmp"
    rows = cli.table("firewall-rules list", "--filter=network:k8s")
    assert [row["NAME"] for row in rows] == ["k8s-external", "k8s-internal"]


def reserve_the_address(cli: Gcloud) -> str:
    cli.run(f"addresses create k8s {REGION}")
    (row,) = cli.table("addresses list", "--filter=name=('k8s')")
    assert (row["TYPE"], row["REGION"], row["STATUS"]) == ("EXTERNAL", "ch-zrh", "RESERVED")
    (address,) = cli.values(f"addresses describe k8s {REGION}", of="address")
    assert address == row["ADDRESS/RANGE"]
    return address


def start_the_machines(cli: Gcloud) -> None:
    for number, name in enumerate(CONTROLLERS):
        own = f"--private-network-ip=10.240.0.1{number} --tags=k8s,controller"
        cli.run(f"instances create {name} {MACHINE} {own}")
    for number, name in enumerate(WORKERS):
        own = f"--private-network-ip=10.240.0.2{number} --tags=k8s,worker"
        cli.run(f"instances create {name} {MACHINE} {own} --metadata=pod-cidr=10.200.{number}.0/24")
    finish(cli)


def finish(cli: Gcloud) -> None:
    """Wait for what ``--async`` has left to itself."""
    for _ in range(LOOKS):
        if not cli.values("operations list", "--filter=status!=DONE"):
            return
    raise AssertionError("operations don't end")


def look_at_the_machines(cli: Gcloud) -> None:
    rows = cli.table("instances list", "--filter=tags.items=k8s")
    assert [(row["NAME"], row["INTERNAL_IP"], row["STATUS"]) for row in rows] == [
        *[(name, f"10.240.0.1{at}", "RUNNING") for at, name in enumerate(CONTROLLERS)],
        *[(name, f"10.240.0.2{at}", "RUNNING") for at, name in enumerate(WORKERS)],
    ]
    assert {row["MACHINE_TYPE"] for row in rows} == {"e2-standard-2"}
    external = {row["EXTERNAL_IP"] for row in rows}
    assert len(external - {""}) == 6
    for at, name in enumerate(WORKERS):
        (line,) = cli.values(
            f"instances describe {name}",
            of="networkInterfaces[0].networkIP,networkInterfaces[0].accessConfigs[0].natIP",
        )
        inner, outer = line.split("\t")
        assert inner == f"10.240.0.2{at}"
        assert outer in external
    shown = cli.json("instances describe controller-0")
    assert shown["canIpForward"] is True
    assert shown["disks"][0]["diskSizeGb"] == "200"
    assert len(shown["serviceAccounts"][0]["scopes"]) == 6
    # What the tutorial does in the machines, it does over this.
    shown = cli.run("ssh controller-0 --dry-run --command=hostname").stdout
    assert external_address(cli, "controller-0") in shown


def external_address(cli: Gcloud, name: str) -> str:
    """A machine's external address, as the tutorial asks for it."""
    where = "networkInterfaces[0].accessConfigs[0].natIP"
    (address,) = cli.values(f"instances describe {name}", of=where)
    return address


def balance_the_api(cli: Gcloud, public: str) -> None:
    cli.run(
        "http-health-checks create k8s --host=kubernetes.default.svc.cluster.local"
        " --request-path=/healthz",
        "--description=Is the API there?",
    )
    cli.run(
        "firewall-rules create k8s-health-check --network k8s --allow tcp"
        " --source-ranges 209.85.152.0/22,209.85.204.0/22,35.191.0.0/16"
    )
    cli.run("target-pools create controllers --http-health-check k8s")
    cli.run(f"target-pools add-instances controllers --instances {','.join(CONTROLLERS)}")
    cli.run(
        f"forwarding-rules create k8s-api --address {public} --ports 6443 {REGION}"
        " --target-pool controllers"
    )
    (row,) = cli.table("forwarding-rules list", "--filter=name=k8s-api")
    assert (row["IP_ADDRESS"], row["IP_PROTOCOL"]) == (public, "TCP")
    (row,) = cli.table("addresses list", "--filter=name=('k8s')")
    assert row["STATUS"] == "IN_USE"


def route_the_pods(cli: Gcloud) -> None:
    for at, (name, worker) in enumerate(zip(ROUTES, WORKERS, strict=True)):
        (line,) = cli.values(
            f"instances describe {worker}",
            of="networkInterfaces[0].networkIP,metadata.items[0].value",
        )
        address, pods = line.split("\t")
        (row,) = cli.table(
            f"routes create {name} --network k8s --next-hop-address {address}"
            f" --destination-range {pods}"
        )
        assert (row["DEST_RANGE"], row["NEXT_HOP"]) == (f"10.200.{at}.0/24", f"10.240.0.2{at}")
    rows = cli.table("routes list", "--filter=network:k8s")
    assert {"10.240.0.0/24", *(f"10.200.{at}.0/24" for at in range(3))} <= {
        row["DEST_RANGE"] for row in rows
    }


def reach_a_service(cli: Gcloud) -> None:
    cli.run("firewall-rules create k8s-node-port --allow=tcp:31234 --network k8s")
    assert external_address(cli, "worker-0")


def clean_up(cli: Gcloud) -> None:
    machines = [*CONTROLLERS, *WORKERS]
    gone = cli.run(f"instances delete {' '.join(machines)} --zone ch-zrh-1 --quiet")
    assert gone.stderr.count("Deleted [") == 6
    cli.run(f"forwarding-rules delete k8s-api {REGION} --quiet")
    cli.run("target-pools delete controllers --quiet")
    cli.run("http-health-checks delete k8s --quiet")
    cli.run("addresses delete k8s --quiet")
    cli.run(f"firewall-rules delete {' '.join(FIREWALLS)} --quiet")
    cli.run(f"routes delete {' '.join(ROUTES)} --quiet")
    cli.run("networks subnets delete nodes --quiet")
    cli.run("networks delete k8s --quiet")
