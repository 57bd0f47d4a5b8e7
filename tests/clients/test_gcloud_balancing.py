"""gcloud's commands for health checks, routers with NAT, and routes to the internet."""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

REGION = "--region=ch-zrh"
NAT = "--auto-allocate-nat-external-ips --nat-all-subnet-ip-ranges"


@pytest.mark.matrix
def test_health_checks_are_made_changed_and_deleted(gcloud: Gcloud) -> None:
    gcloud.run("health-checks create http web --port=8080 --request-path=/ready --global")
    gcloud.run(f"health-checks create tcp ssh --port=22 {REGION}")
    rows = {row["NAME"]: row["PROTOCOL"] for row in gcloud.table("health-checks list")}
    assert rows == {"web": "HTTP", "ssh": "TCP"}
    gcloud.run("health-checks update http web --check-interval=30 --global")
    shown = gcloud.json("health-checks describe web --global")
    assert (shown["checkIntervalSec"], shown["timeoutSec"]) == (30, 5)
    assert shown["httpHealthCheck"]["requestPath"] == "/ready"
    assert "no greater than" in gcloud.refusal(
        "health-checks update http web --timeout=31 --global"
    )
    gcloud.run("health-checks delete web --global --quiet")
    gcloud.run(f"health-checks delete ssh {REGION} --quiet")
    assert gcloud.table("health-checks list") == []


@pytest.mark.matrix
def test_a_pool_takes_a_health_check_with_a_warning(gcloud: Gcloud) -> None:
    gcloud.run("http-health-checks create ready --request-path=/ready --host=www.example.com")
    (row,) = gcloud.table("http-health-checks list")
    assert (row["HOST"], row["PORT"], row["REQUEST_PATH"]) == ("www.example.com", "80", "/ready")
    done = gcloud.run(f"target-pools create checked {REGION} --http-health-check=ready")
    assert "takes connections" in done.stderr
    (row,) = gcloud.table("target-pools list", "--filter=name=checked")
    assert row["HEALTH_CHECKS"] == "ready"
    assert "already being used" in gcloud.refusal("http-health-checks delete ready --quiet")
    gcloud.run(f"target-pools remove-health-checks checked {REGION} --http-health-check=ready")
    gcloud.run(f"target-pools add-health-checks checked {REGION} --http-health-check=ready")
    gcloud.run(f"target-pools delete checked {REGION} --quiet")
    gcloud.run("http-health-checks delete ready --quiet")


@pytest.mark.matrix
def test_a_router_and_its_nat_come_and_go(gcloud: Gcloud) -> None:
    gcloud.run("networks create inner --subnet-mode=custom")
    gcloud.run(f"routers create gate --network=inner {REGION}", "--description=Way out")
    gcloud.run(f"routers nats create out --router=gate {NAT} {REGION}")
    shown = gcloud.json(f"routers describe gate {REGION}")
    assert (shown["description"], [nat["name"] for nat in shown["nats"]]) == ("Way out", ["out"])
    assert "CloudStack chooses the address" in gcloud.refusal(
        f"routers nats update out --router=gate {REGION} --nat-external-ip-pool=any"
    )
    gcloud.run(f"routers nats delete out --router=gate {REGION} --quiet")
    assert "nats" not in gcloud.json(f"routers describe gate {REGION}")
    gcloud.run(f"routers delete gate {REGION} --quiet")
    gcloud.run("networks delete inner --quiet")


@pytest.mark.matrix
def test_the_way_to_the_internet_is_a_route(gcloud: Gcloud) -> None:
    gcloud.run("networks create outward --subnet-mode=custom")
    where = "--destination-range=0.0.0.0/0 --next-hop-gateway=default-internet-gateway"
    (row,) = gcloud.table(f"routes create out --network=outward {where}")
    # gcloud shortens the links of https only.
    assert row["DEST_RANGE"] == "0.0.0.0/0"
    assert row["NEXT_HOP"].endswith("/global/gateways/default-internet-gateway")
    gcloud.run("routes delete out --quiet")
    gcloud.run("networks delete outward --quiet")
