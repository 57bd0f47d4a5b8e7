"""Sessions: what a user name and a password open, and a cookie with a session key keep open.

Source: ``DefaultLoginAPIAuthenticatorCmd``, ``ApiServlet`` and ``ApiServer.loginUser`` of
CloudStack 4.22. Sessions are kept in memory: they end with the simulator, whatever its state.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from threading import Lock
from typing import Any

from gstack_pyramid.simulator.faults import CommandError, parameter, unauthorised
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.wire import Request
from gstack_pyramid.simulator.world import Answer

COOKIE = "JSESSIONID"
TIMEOUT = 1800
"""Seconds without a request after which a session ends."""

_WRONG = "Failed to authenticate user {name} in domain {domain}; please provide valid credentials"


class Sessions:
    """The open sessions of one simulated cloud. Safe for use by many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[str, tuple[str, str, float]] = {}

    def login(self, store: Store, request: Request, now: float) -> tuple[Answer, str]:
        """Carry out ``login``: the answer, and the cookie that belongs to it.

        Raises:
            CommandError: 431 for a missing parameter, 531 for wrong credentials.
        """
        if request.method != "POST":
            raise CommandError(405, "Please use HTTP POST to authenticate using this API", 9999)
        name, password = _needed(request, "username"), _needed(request, "password")
        domain = _domain(store, request.named("domain") or "")
        user = _user(store, name, domain)
        # A user without a password, such as one of an old state file, can't sign in.
        if user is None or not user.get("password") or user["password"] != password:
            raise CommandError(531, _WRONG.format(name=name, domain=domain["serial"]), None)
        session, key = secrets.token_hex(16).upper(), secrets.token_urlsafe(18)
        with self._lock:
            self._open[session] = (user["id"], key, now)
        account = store.get("account", user["owner"])
        second = bool(user.get("secondfactor"))
        return {
            "username": user["username"],
            "userid": user["id"],
            "domainid": account["domainid"],
            "timeout": TIMEOUT,
            "account": account["name"],
            "firstname": user["firstname"],
            "lastname": user["lastname"],
            "type": "0",
            "timezone": "UTC",
            "timezoneoffset": "0.0",
            "registered": "false",
            "sessionkey": key,
            "is2faenabled": str(second).lower(),
            "is2faverified": str(not second).lower(),
            "issuerfor2fa": "CloudStack",
        }, f"{COOKIE}={session}; Path=/client; HttpOnly"

    def logout(self, request: Request) -> Answer:
        """Carry out ``logout``.

        Raises:
            CommandError: 431, there is no session.
        """
        with self._lock:
            if self._open.pop(_cookie(request), None) is None:
                raise parameter("Session not found for the logout process.")
        return {"description": "success"}

    def user(self, store: Store, request: Request, now: float) -> Doc:
        """Whose session a request belongs to.

        Raises:
            CommandError: 401 without cookie and key of one and the same open session; 511 while
                its user owes the second factor.
        """
        name = _cookie(request)
        with self._lock:
            opened = self._open.get(name)
            if opened and now - opened[2] > TIMEOUT:
                del self._open[name]
                opened = None
            if opened is None or opened[1] != request.named("sessionkey"):
                # A wrong key ends the session that the cookie is of.
                self._open.pop(name, None)
                raise unauthorised("unable to verify user credentials")
            self._open[name] = (opened[0], opened[1], now)
        user = store.find("user", opened[0])
        if user is None:
            raise unauthorised()
        if user.get("secondfactor"):
            text = "Two factor authentication is enabled but not verified"
            raise CommandError(511, text, None)
        return user


def _needed(request: Request, name: str) -> str:
    value = request.named(name)
    if not value:
        raise parameter(f"Unable to execute API command login due to missing parameter {name}")
    return value


def _domain(store: Store, path: str) -> Doc:
    """The domain at a path below ROOT."""
    told = "/".join(("ROOT", *(part for part in path.split("/") if part)))
    for domain in store.all("domain"):
        if domain.get("path", "ROOT") == told:
            return domain
    raise CommandError(531, f"Unable to find the domain from the path /{path.strip('/')}/", None)


def _user(store: Store, name: str, domain: Doc) -> Doc | None:
    for user in store.all("user"):
        account = store.get("account", user["owner"])
        if user["username"] == name and account["domainid"] == domain["id"]:
            return user
    return None


def _cookie(request: Request) -> str:
    try:
        cookies: Mapping[str, Any] = SimpleCookie(request.cookies)
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
