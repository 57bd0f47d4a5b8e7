"""OAuth 2 scopes: what a token may be used for.

Source: https://developers.google.com/identity/protocols/oauth2/scopes
"""

from __future__ import annotations

from collections.abc import Collection

GOOGLE = "https://www.googleapis.com/auth/"
COMPUTE = f"{GOOGLE}compute"
CLOUD = f"{GOOGLE}cloud-platform"

READ, CHANGE = "read", "change"
"""The two permissions that the gateway's views ask for."""

_CHANGE = frozenset({COMPUTE, CLOUD})
_ALLOWS = {
    CHANGE: _CHANGE,
    READ: _CHANGE | {f"{COMPUTE}.readonly", f"{CLOUD}.read-only"},
}

ABOUT = {
    COMPUTE: "See, change and delete your virtual machines and all that belongs to them",
    CLOUD: "See, change and delete everything that this gateway serves",
    f"{COMPUTE}.readonly": "See your virtual machines and all that belongs to them",
    f"{CLOUD}.read-only": "See everything that this gateway serves",
    "openid": "Know who you are",
    "email": "Know your e-mail address",
    "profile": "Know your name",
    f"{GOOGLE}userinfo.email": "Know your e-mail address",
    f"{GOOGLE}userinfo.profile": "Know your name",
}
"""What the consent page says of the scopes that mean something here."""


def allows(scopes: Collection[str] | None, permission: str) -> bool:
    """Whether a token with these scopes may do what needs ``permission``; None is no limit."""
    return scopes is None or not _ALLOWS[permission].isdisjoint(scopes)


def split(scope: str | None) -> frozenset[str] | None:
    """The scopes in a text that separates them with blanks; None for none."""
    return frozenset(scope.split()) if scope else None
