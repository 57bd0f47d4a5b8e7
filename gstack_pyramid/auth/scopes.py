"""OAuth 2 scopes: what a token may be used for.

There is no token without a limit. One that says nothing of scopes may do nothing, and who means all
says :data:`CLOUD`.

Source: https://developers.google.com/identity/protocols/oauth2/scopes
"""

from __future__ import annotations

from collections.abc import Collection

GOOGLE = "https://www.googleapis.com/auth/"
COMPUTE = f"{GOOGLE}compute"
CLOUD = f"{GOOGLE}cloud-platform"

READ, CHANGE = "read", "change"
"""The permissions that the views of GCE's methods ask for."""

NAME, EMAIL, IDENTITY = "name", "email", "identity"
"""To know who the caller is: name and account; the e-mail address; any of both."""

_CHANGE = frozenset({COMPUTE, CLOUD})
_ALL = frozenset({CLOUD, f"{CLOUD}.read-only"})
_NAME = _ALL | {"openid", "profile", f"{GOOGLE}userinfo.profile"}
_EMAIL = _ALL | {"openid", "email", f"{GOOGLE}userinfo.email"}
_ALLOWS = {
    CHANGE: _CHANGE,
    READ: _CHANGE | _ALL | {f"{COMPUTE}.readonly"},
    NAME: _NAME,
    EMAIL: _EMAIL,
    IDENTITY: _NAME | _EMAIL,
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


def allows(scopes: Collection[str], permission: str) -> bool:
    """Whether a token with these scopes may do what needs ``permission``; none allow nothing."""
    return not _ALLOWS[permission].isdisjoint(scopes)


def split(scope: object) -> frozenset[str]:
    """The scopes of a claim: a text with blanks between them, or as libcloud has it, a list.

    Anything else, and nothing at all, is no scope.
    """
    if isinstance(scope, list):
        return frozenset(one for one in scope if isinstance(one, str))
    return frozenset(scope.split()) if isinstance(scope, str) else frozenset()
