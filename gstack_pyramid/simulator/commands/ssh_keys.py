"""SSH key pairs."""

from __future__ import annotations

import base64
import binascii
import hashlib

from joserfc.jwk import RSAKey

from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.listing import containing, listed, owned, same, select
from gstack_pyramid.simulator.rows import keypair
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Answer

_KINDS = frozenset(
    (
        "ssh-rsa",
        "ssh-ed25519",
        "ssh-dss",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
    )
)


@command("listSSHKeyPairs")
def list_pairs(call: Call) -> Answer:
    """Key pairs, by their public half."""
    docs = select(
        owned(call, "keypair"),
        same(call, "name"),
        same(call, "fingerprint"),
        containing(call, "keyword", "name", "fingerprint"),
    )
    return listed(call, docs, lambda doc: keypair(call.store, doc))


@command("registerSSHKeyPair")
def register(call: Call) -> Answer:
    """Keep a public key under a name."""
    blob = _blob(call.params.must("publickey"))
    return wrapped(call, keypair(call.store, _add(call, blob)))


@command("createSSHKeyPair")
def create(call: Call) -> Answer:
    """Make a key pair; its private half is told this once."""
    key = RSAKey.generate_key(2048, private=True)
    public = key.as_dict(private=False)
    blob = b"".join(
        _string(part) for part in (b"ssh-rsa", _integer(public["e"]), _integer(public["n"]))
    )
    row = keypair(call.store, _add(call, blob))
    return wrapped(call, {**row, "privatekey": key.as_pem(private=True).decode()})


@command("deleteSSHKeyPair")
def delete(call: Call) -> Answer:
    """Forget a key pair; instances that have it keep it."""
    name = call.params.must("name")
    for doc in call.store.by("keypair", "owner", call.creator()):
        if doc["name"] == name:
            call.store.remove(doc)
            return success()
    raise invalid(
        f"A key pair with name '{name}' does not exist for account {call.account['name']} in "
        f"specified domain id"
    )


def _add(call: Call, blob: bytes) -> Doc:
    owner, name = call.creator(), call.params.must("name")
    if any(doc["name"] == name for doc in call.store.by("keypair", "owner", owner)):
        raise invalid(f"A key pair with name '{name}' already exists.")
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    fingerprint = ":".join(digest[at : at + 2] for at in range(0, 32, 2))
    return call.add("keypair", owner, name=name, fingerprint=fingerprint)


def _blob(text: str) -> bytes:
    """The bytes of a public key in OpenSSH's form (RFC 4253, section 6.6)."""
    parts = text.split()
    try:
        if len(parts) < 2 or parts[0] not in _KINDS:
            raise invalid("Public key is invalid")
        blob = base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        raise invalid("Public key is invalid") from None
    if not blob.startswith(_string(parts[0].encode())):
        raise invalid("Public key is invalid")
    return blob


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _integer(text: str | list[str]) -> bytes:
    """A number of a JWK (base64url) as RFC 4251 writes it: with a zero byte before a set bit."""
    raw = base64.urlsafe_b64decode(f"{text}==")
    return b"\0" + raw if raw[0] & 0x80 else raw
