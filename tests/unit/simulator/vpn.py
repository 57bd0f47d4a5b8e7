"""A peer of a VPN, and a certificate that is made for tests and valid until 2046."""

from __future__ import annotations

from typing import Any

PEER: dict[str, Any] = {
    "name": "office",
    "gateway": "203.0.113.9",
    "cidrlist": "192.168.0.0/24",
    "ipsecpsk": "a-shared-secret",
    "ikepolicy": "aes256-sha256;modp2048",
    "esppolicy": "aes256-sha256;modp2048",
}

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBpDCCAUugAwIBAgIUCBC0ftzvYceGJhBUxNhmC0SdtxYwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMB4XDTI2MTEyMjIzMTY0MFoXDTQ2
MTExNzIzMTY0MFowGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEtsrBWy2zG4eETdGeFcOFUxuJY4RBneYM7iRU2XjQ
rDjeP9fYM5aMFtPWiyLqRQJSznJeOU4CzsnFIBSmWs11MaNvMG0wHQYDVR0OBBYE
FPMIxCQMjghUz5/Vx07h5PpSz4mmMB8GA1UdIwQYMBaAFPMIxCQMjghUz5/Vx07h
5PpSz4mmMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIPd3d3LmV4YW1wbGUu
Y29tMAoGCCqGSM49BAMCA0cAMEQCIGneFcucpV9YRgoSopmEu5TAKqF6LMAgh6nl
uNg8rHBOAiBgJ+e8rEyzT82fNb7CkQAfPoSmnJtWGBCM3mlfpNoE1g==
-----END CERTIFICATE-----
"""

# Nothing looks into it: CloudStack keeps it to itself.
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"
