"""Whose keys they are: the CloudStack user behind an API key pair."""

from __future__ import annotations

from dataclasses import dataclass

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError


@dataclass(frozen=True, slots=True)
class User:
    """A user of CloudStack, as ``listUsers`` tells. A field that it leaves out is empty.

    Attributes:
        id: the user's UUID.
        name: what the user signs in with.
        account: the name of the account, which is a GCE project.
        account_id: its UUID.
        domain: the name of the account's domain.
        domain_id: its UUID.
        role: the role's name, for example ``User``.
        role_type: ``User``, ``DomainAdmin``, ``ResourceAdmin`` or ``Admin``.
        email: the address, or a made-up one of the same form where the user has none.
    """

    id: str
    name: str
    account: str
    account_id: str
    domain: str
    domain_id: str
    role: str
    role_type: str
    email: str


def find_user(client: Client, credentials: Credentials) -> User:
    """The user whose keys these are.

    Raises:
        CloudStackError: the keys are no good (code 401), or the user may not be looked at.
        CloudStackUnavailable: CloudStack doesn't answer.
    """
    rows = client.rows(credentials, "listUsers")
    mine = [row for row in rows if row.get("apikey") == credentials.api_key]
    # Servers that keep keys to themselves: then it is clear only where there is one user.
    if not mine and len(rows) == 1 and not rows[0].get("apikey"):
        mine = rows
    if not mine:
        raise CloudStackError("listUsers", 431, "CloudStack does not tell whose API key this is")

    def text(name: str) -> str:
        return str(mine[0].get(name) or "")

    return User(
        id=text("id"),
        name=text("username"),
        account=text("account"),
        account_id=text("accountid"),
        domain=text("domain"),
        domain_id=text("domainid"),
        role=text("rolename"),
        role_type=text("roletype"),
        email=_email(text("email"), text("username"), text("account")),
    )


def _email(given: str, user: str, account: str) -> str:
    # CloudStack takes any text for an address. Clients name their accounts by it, in files too.
    name, at, host = given.partition("@")
    if name and at and host and given.isascii() and given.isprintable() and not set(given) & _ODD:
        return given
    return f"{_plain(user)}@{_plain(account)}.invalid"


_ODD = frozenset(" /\\\"'<>:;,|?*`$")


def _plain(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text) or "-"
