"""A private certificate authority of one gateway, and its server's certificate.

Both are made with ``cryptography``; the profile is that of RFC 5280 for a TLS server.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=397)
"""What browsers and Apple's systems take at most is 398 days."""

_SKEW = timedelta(hours=1)
"""Clocks of clients may be slow."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the parts lie. Both keys have mode 0600."""

    ca: Path
    ca_key: Path
    server: Path
    server_key: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> CertificateFiles:
        """The files of the profile ``name`` in its folder."""
        return cls(
            folder / f"{name}.ca.pem",
            folder / f"{name}.ca-key.pem",
            folder / f"{name}.server.pem",
            folder / f"{name}.server-key.pem",
        )


def make_certificates(files: CertificateFiles, names: Sequence[str], now: datetime) -> bool:
    """Make a server certificate, and the authority that signs it where there is none yet.

    An authority that is there already is used again, so that clients that trust it go on doing so;
    unless it ends before the certificate would.

    Args:
        files: where to write; a server certificate that is there is replaced.
        names: the host names and IP addresses that clients use.
        now: the present.

    Returns:
        Whether the authority is a new one.

    Raises:
        OSError: a file can't be read or written.
        ValueError: what lies in the place of the authority is none, or a name is none.
    """
    authority = _authority(files, now)
    made = authority is None
    if authority is None:
        ca_key = ec.generate_private_key(ec.SECP256R1())
        authority = _ca(ca_key, now), ca_key
        write_secret(files.ca_key, _pem_of_key(ca_key))
        files.ca.write_bytes(authority[0].public_bytes(serialization.Encoding.PEM))
    ca, ca_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server(key, ca, ca_key, names, now)
    write_secret(files.server_key, _pem_of_key(key))
    # The server sends the whole chain.
    chain = [each.public_bytes(serialization.Encoding.PEM) for each in (certificate, ca)]
    files.server.write_bytes(b"".join(chain))
    return made


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _authority(
    files: CertificateFiles, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
    if not files.ca.exists() or not files.ca_key.exists():
        return None
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    key = serialization.load_pem_private_key(files.ca_key.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != ca.public_key():
        raise ValueError(f"{files.ca_key} is not the key of {files.ca}")
    if ca.not_valid_after_utc < now + SERVER_LIFETIME:
        return None
    return ca, key


def _ca(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name(f"gstack private CA {now:%Y-%m-%d}")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return (
        _builder(name, name, key, now, CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    now: datetime,
) -> x509.Certificate:
    alternatives = [alternative(name) for name in names]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _builder(_name("gstack"), ca.subject, key, now, SERVER_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def alternative(name: str) -> x509.GeneralName:
    """A host name or an IP address as a certificate has it.

    Raises:
        ValueError: it is neither.
    """
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now - _SKEW + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(**used: bool) -> x509.KeyUsage:
    kinds = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{kind: used.get(kind, False) for kind in kinds})


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
