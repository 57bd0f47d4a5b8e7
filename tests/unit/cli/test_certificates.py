"""The private authority and the certificate of a profile are what TLS clients expect."""

from __future__ import annotations

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from gstack_pyramid.cli.certificates import CertificateFiles, make_certificates

NOW = datetime(2026, 5, 28, 12, 0, tzinfo=UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "gce.example.com"]


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    return CertificateFiles.of(tmp_path, "lab")


def chain(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def verify(files: CertificateFiles, subject: x509.GeneralName, now: datetime) -> None:
    """As RFC 5280 and the browsers' rules have it."""
    assert isinstance(subject, x509.DNSName | x509.IPAddress)
    policy = PolicyBuilder().store(Store(chain(files.ca))).time(now)
    policy.build_server_verifier(subject).verify(chain(files.server)[0], [])


def test_it_is_good_for_each_name_and_no_other(files: CertificateFiles) -> None:
    assert make_certificates(files, NAMES, NOW) is True
    for name in ("localhost", "gce.example.com"):
        verify(files, x509.DNSName(name), NOW)
    for address in ("127.0.0.1", "::1"):
        verify(files, x509.IPAddress(ipaddress.ip_address(address)), NOW)
    with pytest.raises(VerificationError):
        verify(files, x509.DNSName("other.example.com"), NOW)
    with pytest.raises(VerificationError):
        verify(files, x509.IPAddress(ipaddress.ip_address("127.0.0.2")), NOW)


def test_it_is_good_for_no_longer_than_clients_take(files: CertificateFiles) -> None:
    make_certificates(files, NAMES, NOW)
    name = x509.DNSName("localhost")
    verify(files, name, NOW - timedelta(minutes=50))
    verify(files, name, NOW + timedelta(days=396))
    with pytest.raises(VerificationError):
        verify(files, name, NOW + timedelta(days=398))
    certificate, _ = chain(files.server)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc < timedelta(days=398)


def test_only_the_owner_can_read_the_keys(files: CertificateFiles) -> None:
    make_certificates(files, NAMES, NOW)
    for key in (files.ca_key, files.server_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert b"PRIVATE KEY" in key.read_bytes()
    for public in (files.ca, files.server):
        assert b"PRIVATE" not in public.read_bytes()


def test_the_authority_can_sign_servers_only(files: CertificateFiles) -> None:
    make_certificates(files, NAMES, NOW)
    (ca,) = chain(files.ca)
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    assert chain(files.server)[1] == ca


def test_a_new_certificate_is_of_the_same_authority(files: CertificateFiles) -> None:
    make_certificates(files, NAMES, NOW)
    ca, server = files.ca.read_bytes(), files.server.read_bytes()
    assert make_certificates(files, NAMES, NOW + timedelta(days=300)) is False
    assert files.ca.read_bytes() == ca
    assert files.server.read_bytes() != server
    verify(files, x509.DNSName("localhost"), NOW + timedelta(days=600))


def test_an_authority_that_ends_too_soon_is_replaced(files: CertificateFiles) -> None:
    make_certificates(files, NAMES, NOW)
    ca = files.ca.read_bytes()
    late = NOW + timedelta(days=3400)
    assert make_certificates(files, NAMES, late) is True
    assert files.ca.read_bytes() != ca
    verify(files, x509.DNSName("localhost"), late)


def test_a_key_of_another_authority_is_refused(files: CertificateFiles, tmp_path: Path) -> None:
    make_certificates(files, NAMES, NOW)
    other = CertificateFiles.of(tmp_path, "other")
    make_certificates(other, NAMES, NOW)
    files.ca_key.write_bytes(other.ca_key.read_bytes())
    with pytest.raises(ValueError, match="is not the key of"):
        make_certificates(files, NAMES, NOW)
