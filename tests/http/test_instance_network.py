"""Network interfaces and external addresses of an instance that is there."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, instance_body

APP = f"zones/{ADVANCED_ZONE}/instances/app"
BACKEND = "global/networks/backend"
NAT = "accessConfigs[0].natIP"
TYPE = "accessConfigs[0].type"


@pytest.fixture
def app(gateway: Gateway) -> Gateway:
    """A gateway with an instance in the isolated network `backend`."""
    gateway.create("app", ADVANCED_ZONE, networkInterfaces=[{"network": BACKEND}])
    return gateway


def nics(gateway: Gateway) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = gateway.get(APP)["networkInterfaces"]
    return shown


def addresses(gateway: Gateway) -> list[str]:
    rows = gateway.cloud.rows("listPublicIpAddresses", issourcenat=False)
    return [row["ipaddress"] for row in rows]


def test_an_external_address_comes_and_goes_with_the_access_config(app: Gateway) -> None:
    wish = {"type": "ONE_TO_ONE_NAT", "name": "external-nat"}
    app.do("POST", f"{APP}/addAccessConfig", wish, networkInterface="nic0")
    (access,) = nics(app)[0]["accessConfigs"]
    assert addresses(app) == [access["natIP"]]
    error = app.refused(400, "POST", f"{APP}/addAccessConfig", wish, networkInterface="nic0")
    assert "At most one" in error["message"]
    gone: dict[str, Any] = {"networkInterface": "nic0", "accessConfig": "external-nat"}
    app.do("POST", f"{APP}/deleteAccessConfig", **gone)
    assert (nics(app)[0]["accessConfigs"], addresses(app)) == ([], [])
    app.refused(400, "POST", f"{APP}/deleteAccessConfig", **gone)


def test_an_address_of_ones_own_is_taken_and_kept(app: Gateway) -> None:
    network = app.cloud.id("listNetworks", "backend")
    mine = app.cloud.done("associateIpAddress", networkid=network)["ipaddress"]
    app.do("POST", f"{APP}/addAccessConfig", {"natIP": mine}, networkInterface="nic0")
    assert nics(app)[0]["accessConfigs"][0]["natIP"] == mine
    app.do(
        "POST", f"{APP}/deleteAccessConfig", networkInterface="nic0", accessConfig="External NAT"
    )
    assert addresses(app) == [mine]


@pytest.mark.parametrize(
    ("body", "nic", "said"),
    [
        ({}, "nic7", "nic7"),
        ({"natIP": "192.0.2.1"}, "nic0", "does not exist in this project"),
        ({"type": "DIRECT_IPV6"}, "nic0", "resource.type"),
    ],
)
def test_a_wrong_access_config_is_refused(
    app: Gateway, body: dict[str, Any], nic: str, said: str
) -> None:
    error = app.refused(400, "POST", f"{APP}/addAccessConfig", body, networkInterface=nic)
    assert said in error["message"]
    assert addresses(app) == []


def test_an_address_that_is_in_use_is_not_given_twice(app: Gateway) -> None:
    app.do("POST", f"{APP}/addAccessConfig", {}, networkInterface="nic0")
    (taken,) = addresses(app)
    app.create("other", ADVANCED_ZONE, networkInterfaces=[{"network": BACKEND}])
    other = f"zones/{ADVANCED_ZONE}/instances/other"
    error = app.refused(
        400, "POST", f"{other}/addAccessConfig", {"natIP": taken}, networkInterface="nic0"
    )
    assert "already in-use" in error["message"]


def test_a_new_address_is_given_back_when_it_can_not_be_used(
    app: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = app.machine("app")["id"]
    backend = app.cloud.id("listNetworks", "backend")
    spare = app.cloud.done("associateIpAddress", networkid=backend)
    # Somebody else is quicker: between our look and our step the interface gets an address.
    seen = app.application.engine.client.call

    def quicker(credentials: Any, command: str, params: Any) -> Any:
        if command == "enableStaticNat":
            app.cloud.call("enableStaticNat", ipaddressid=spare["id"], virtualmachineid=machine)
        return seen(credentials, command, params)

    monkeypatch.setattr(app.application.operations._client, "call", quicker)
    operation = app.finish(app.ask("POST", f"{APP}/addAccessConfig", {}, networkInterface="nic0"))
    assert "static nat" in operation["error"]["errors"][0]["message"]
    assert addresses(app) == [spare["ipaddress"]]


def test_interfaces_in_a_shared_network_have_their_address_for_good(gateway: Gateway) -> None:
    asked = {"accessConfigs": [{"type": "ONE_TO_ONE_NAT"}], "network": "global/networks/default"}
    gateway.create("web", networkInterfaces=[asked])
    web = f"zones/{SG_ZONE}/instances/web"
    gateway.refused(400, "POST", f"{web}/addAccessConfig", {}, networkInterface="nic0")
    gateway.refused(
        400,
        "POST",
        f"{web}/deleteAccessConfig",
        networkInterface="nic0",
        accessConfig="external-nat",
    )


def test_an_interface_is_added_and_removed(app: Gateway) -> None:
    app.do("POST", "global/networks", {"name": "second", "IPv4Range": "10.77.0.0/16"})
    wish = {"network": "global/networks/second", "networkIP": "10.77.0.9"}
    app.do("POST", f"{APP}/addNetworkInterface", wish)
    first, new = nics(app)
    assert (first["name"], new["name"], new["networkIP"]) == ("nic0", "nic1", "10.77.0.9")
    assert new["network"].endswith("/global/networks/second")
    app.do("POST", f"{APP}/addAccessConfig", {}, networkInterface="nic1")
    assert [len(nic["accessConfigs"]) for nic in nics(app)] == [0, 1]
    app.do(
        "POST", f"{APP}/deleteAccessConfig", networkInterface="nic1", accessConfig="external-nat"
    )
    app.refused(400, "POST", f"{APP}/deleteNetworkInterface", networkInterfaceName="nic0")
    app.do("POST", f"{APP}/deleteNetworkInterface", networkInterfaceName="nic1")
    assert nics(app) == [first]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "a network is needed"),
        ({"network": "global/networks/none"}, "does not exist"),
        ({"network": "global/networks/prod-vpc"}, "must specify a subnet"),
        ({"network": BACKEND, "accessConfigs": [{}]}, ""),
    ],
)
def test_a_wrong_interface_is_refused(app: Gateway, body: dict[str, Any], said: str) -> None:
    response = app.request("POST", f"{APP}/addNetworkInterface", body)
    if said:
        assert response.status_int == 400
        assert said in response.json["error"]["message"]
    assert len(nics(app)) == 1


def test_the_internal_address_of_a_stopped_instance_is_changed(app: Gateway) -> None:
    (before,) = nics(app)
    wish = {"networkIP": "10.1.44.4", "fingerprint": before["fingerprint"]}
    query: dict[str, Any] = {"networkInterface": "nic0"}
    app.refused(400, "PATCH", f"{APP}/updateNetworkInterface", wish, **query)
    app.do("POST", f"{APP}/stop")
    app.refused(400, "PATCH", f"{APP}/updateNetworkInterface", {"networkIP": "10.1.44.4"}, **query)
    app.do("PATCH", f"{APP}/updateNetworkInterface", wish, **query)
    (after,) = nics(app)
    assert after["networkIP"] == "10.1.44.4"
    app.refused(412, "PATCH", f"{APP}/updateNetworkInterface", wish, **query)


def test_an_instance_comes_with_several_interfaces(gateway: Gateway) -> None:
    tier = f"regions/{ADVANCED_ZONE.rpartition('-')[0]}/subnetworks/prod-web"
    wish = [
        {
            "network": BACKEND,
            "networkIP": "10.1.2.3",
            "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}],
        },
        {"subnetwork": tier, "networkIP": "10.8.1.50", "accessConfigs": [{}]},
    ]
    made = gateway.create("app", ADVANCED_ZONE, networkInterfaces=wish)
    first, second = made["networkInterfaces"]
    assert (first["networkIP"], second["networkIP"]) == ("10.1.2.3", "10.8.1.50")
    assert second["network"].endswith("/global/networks/prod-vpc")
    assert second["subnetwork"].endswith(f"/{tier}")
    told = [nic["accessConfigs"][0]["natIP"] for nic in (first, second)]
    assert sorted(told) == sorted(addresses(gateway))
    gateway.do("DELETE", APP)
    assert addresses(gateway) == []


@pytest.mark.parametrize(
    ("second", "field", "said"),
    [
        ({"network": "global/networks/prod-vpc"}, "network", "must specify a subnet"),
        ({"network": BACKEND, "accessConfigs": [{"type": "DIRECT_IPV6"}]}, TYPE, "of IPv4 only"),
        ({"network": BACKEND, "accessConfigs": [{"natIP": "192.0.2.9"}]}, NAT, "is none that"),
        ({"network": BACKEND, "accessConfigs": [{"natIP": "taken"}]}, NAT, "already in-use"),
    ],
)
def test_a_refusal_names_the_interface_that_is_meant(
    app: Gateway, second: dict[str, Any], field: str, said: str
) -> None:
    if second.get("accessConfigs") == [{"natIP": "taken"}]:
        app.do("POST", f"{APP}/addAccessConfig", {}, networkInterface="nic0")
        second = {**second, "accessConfigs": [{"natIP": addresses(app)[0]}]}
    wish = [{"network": "global/networks/default"}, second]
    body = instance_body("two", ADVANCED_ZONE, networkInterfaces=wish)
    message = app.refused(400, "POST", f"zones/{ADVANCED_ZONE}/instances", body)["message"]
    assert f"'resource.networkInterfaces[1].{field}'" in message
    assert said in message
    assert app.names(f"zones/{ADVANCED_ZONE}/instances") == ["app"]


def test_an_address_that_was_not_asked_for_is_told_when_it_is(gateway: Gateway) -> None:
    """In a shared network every interface has one, whether it asked for one or not."""
    path = f"zones/{SG_ZONE}/instances/web"
    (nic,) = gateway.create("web")["networkInterfaces"]
    assert not nic.get("accessConfigs")
    body = {"name": "External NAT", "type": "ONE_TO_ONE_NAT"}
    elsewhere = {**body, "natIP": "198.51.100.77"}
    said = gateway.refused(
        400, "POST", f"{path}/addAccessConfig", elsewhere, networkInterface="nic0"
    )
    assert "'resource.natIP'" in said["message"]
    gateway.do("POST", f"{path}/addAccessConfig", body, networkInterface="nic0")
    (told,) = gateway.get(path)["networkInterfaces"][0]["accessConfigs"]
    assert (told["natIP"], told["name"]) == (nic["networkIP"], "External NAT")
    gateway.refused(400, "POST", f"{path}/addAccessConfig", body, networkInterface="nic0")
    query = {"networkInterface": "nic0", "accessConfig": "External NAT"}
    gateway.refused(400, "POST", f"{path}/deleteAccessConfig", **query)  # type: ignore[arg-type]  # a query
