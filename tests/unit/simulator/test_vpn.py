"""Site-to-site VPNs and certificates."""

from __future__ import annotations

import pytest

from .cloud import Cloud
from .vpn import CERTIFICATE, PEER, PRIVATE_KEY


def test_a_vpc_has_one_gateway_and_connections_keep_it_there(cloud: Cloud) -> None:
    vpc = cloud.id("listVPCs", "prod-vpc")
    gateway = cloud.done("createVpnGateway", vpcid=vpc)
    (source,) = cloud.rows("listPublicIpAddresses", vpcid=vpc, issourcenat=True)
    assert gateway["publicip"] == source["ipaddress"]
    assert cloud.refused("createVpnGateway", vpcid=vpc)[0] == 431
    customer = cloud.done("createVpnCustomerGateway", **PEER)
    pair = {"s2svpngatewayid": gateway["id"], "s2scustomergatewayid": customer["id"]}
    made = cloud.done("createVpnConnection", **pair)
    assert (made["state"], made["gateway"]) == ("Connected", "203.0.113.9")
    assert cloud.refused("createVpnConnection", **pair)[0] == 431
    assert cloud.failed("deleteVpnGateway", id=gateway["id"])[0] == 431
    assert cloud.failed("deleteVpnCustomerGateway", id=customer["id"])[0] == 431
    assert [row["id"] for row in cloud.rows("listVpnConnections", vpcid=vpc)] == [made["id"]]
    cloud.done("deleteVpnConnection", id=made["id"])
    cloud.done("deleteVpnGateway", id=gateway["id"])


def test_a_peer_must_not_have_the_vpcs_own_range(cloud: Cloud) -> None:
    gateway = cloud.done("createVpnGateway", vpcid=cloud.id("listVPCs", "prod-vpc"))["id"]
    customer = cloud.done("createVpnCustomerGateway", **{**PEER, "cidrlist": "10.8.0.0/24"})["id"]
    pair = {"s2svpngatewayid": gateway, "s2scustomergatewayid": customer}
    code, text = cloud.refused("createVpnConnection", **pair)
    assert (code, "overlapped with VPC cidr" in text) == (431, True)


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": "office"},
        {"cidrlist": "192.168.0.1/24"},
        {"ikepolicy": "aes256-sha256"},
        {"esppolicy": "rot13-md5"},
        {"ikeversion": "ikev3"},
        {"ipsecpsk": "two words"},
    ],
)
def test_wrong_peers_are_refused(cloud: Cloud, change: dict[str, object]) -> None:
    assert cloud.refused("createVpnCustomerGateway", **{**PEER, **change})[0] == 431


def test_certificates_are_listed_for_an_account_and_keep_their_key(cloud: Cloud) -> None:
    wish = {"name": "www", "certificate": CERTIFICATE, "privatekey": PRIVATE_KEY}
    made = cloud.call("uploadSslCert", **wish)["sslcert"]
    assert "privatekey" not in made
    account = cloud.rows("listAccounts")[0]["id"]
    assert [row["id"] for row in cloud.rows("listSslCerts", accountid=account)] == [made["id"]]
    assert cloud.refused("listSslCerts")[0] == 431
    assert cloud.other().refused("listSslCerts", accountid=account)[0] == 531
    assert cloud.refused("uploadSslCert", **wish)[0] == 530
    for change in ({"certificate": "no"}, {"privatekey": "no"}):
        assert cloud.refused("uploadSslCert", **{**wish, "name": "b", **change})[0] == 431
