"""Certificates for load balancers.

Source: ``CertServiceImpl`` of CloudStack.
"""

from __future__ import annotations

import hashlib
import ssl

from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import denied, internal, invalid
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.vpn_rows import certificate
from gstack_pyramid.simulator.world import Answer


@command("listSslCerts")
def list_certificates(call: Call) -> Answer:
    """Certificates of an account or project, or one of them; one of these must be said."""
    single = call.maybe("certid", "sslcert")
    account, project = call.params.text("accountid"), call.project()
    if account is not None and account != call.account["id"]:
        raise denied(f"Caller does not have permission to operate with account {account}")
    if single is None and account is None and project is None:
        raise invalid("Invalid parameters either certificate ID or Account ID or Loadbalancer ID")
    docs: list[Doc] = [single] if single else []
    if not docs:
        key = project["id"] if project else str(account)
        docs = call.store.by("sslcert", "owner", key)
    if not docs:
        return {}
    rows = [certificate(call.store, doc) for doc in docs]
    return {"count": len(rows), str(call.command.list_key): rows}


@command("uploadSslCert")
def upload(call: Call) -> Answer:
    """Keep a certificate and its private key."""
    text, name = call.params.must("certificate"), call.params.must("name")
    if "PRIVATE KEY-----" not in call.params.must("privatekey"):
        raise invalid("Parsing certificate/key failed: no private key")
    try:
        binary = ssl.PEM_cert_to_DER_cert(text.strip() + "\n")
    except ValueError:
        raise invalid("Invalid Certificate format. Expected X509 certificate") from None
    owner = call.creator()
    if any(doc["name"] == name for doc in call.store.by("sslcert", "owner", owner)):
        raise internal(f"A certificate with name {name} exists already")
    doc = call.add(
        "sslcert",
        owner,
        name=name,
        certificate=text,
        certchain=call.params.text("certchain"),
        fingerprint=hashlib.sha1(binary, usedforsecurity=False).hexdigest(),
    )
    return wrapped(call, certificate(call.store, doc))


@command("deleteSslCert")
def delete(call: Call) -> Answer:
    """Remove a certificate."""
    remove_tagged(call, call.one("id", "sslcert"))
    return success()
