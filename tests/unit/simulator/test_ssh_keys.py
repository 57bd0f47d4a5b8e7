from __future__ import annotations

import pytest

from .cloud import Cloud
from .test_every_command import KEY


def test_registered_keys_have_the_fingerprint_of_openssh(cloud: Cloud) -> None:
    pair = cloud.call("registerSSHKeyPair", name="mine", publickey=KEY)["keypair"]
    assert pair["fingerprint"] == "cd:98:f2:1d:a6:ee:d1:da:c1:64:2b:db:c0:87:91:32"
    assert cloud.rows("listSSHKeyPairs", fingerprint=pair["fingerprint"])[0]["name"] == "mine"
    assert cloud.machine("one", keypair="mine")["keypairs"] == "mine"


@pytest.mark.parametrize("key", ["nonsense", "ssh-rsa ???", "ssh-rsa AAAA", "ssh-ed25519"])
def test_unreadable_keys_are_refused(cloud: Cloud, key: str) -> None:
    assert cloud.refused("registerSSHKeyPair", name="x", publickey=key) == (
        431,
        "Public key is invalid",
    )


def test_names_are_unique_and_deletion_needs_one_that_is_there(cloud: Cloud) -> None:
    cloud.call("registerSSHKeyPair", name="mine", publickey=KEY)
    assert cloud.refused("registerSSHKeyPair", name="mine", publickey=KEY) == (
        431,
        "A key pair with name 'mine' already exists.",
    )
    cloud.call("deleteSSHKeyPair", name="mine")
    assert cloud.refused("deleteSSHKeyPair", name="mine")[0] == 431
