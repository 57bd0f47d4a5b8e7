from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gstack_pyramid.cloudstack import Client, CloudStackUnavailable, Credentials

from .cloud import Cloud

MakeClient = Callable[..., Client]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gstack test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def cloud(certificate: Path) -> Iterator[Cloud]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Cloud(context)
    yield server
    server.stop()


@pytest.mark.parametrize("command", ["listZones", "stopVirtualMachine"])
def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, command: str
) -> None:
    with pytest.raises(CloudStackUnavailable, match="not trusted") as caught:
        make_client().call(credentials, command)
    assert not caught.value.sent
    assert cloud.seen == []


def test_own_certificates_can_be_named(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, certificate: Path
) -> None:
    client = make_client(verify=str(certificate))
    assert client.call(credentials, "listZones") == {}
    assert client.call(credentials, "stopVirtualMachine") == {"jobid": "j"}
    assert len({seen.peer for seen in cloud.seen}) == 1
