"""Signing in with a password: a session that lasts only until it has told the user's keys.

Sources: ``DefaultLoginAPIAuthenticatorCmd``, ``GetUserKeysCmd``, ``RegisterUserKeysCmd`` and
``ApiServlet`` of CloudStack 4.22.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from gstack_pyramid.cloudstack.answers import read_answer, unwrap
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.cloudstack.telling import OnCall, told
from gstack_pyramid.cloudstack.transport import failure_of

SECOND_FACTOR = 511
"""The code of ``CloudStackError`` for a user who must show a second factor."""


class PasswordLogin:
    """Trades user name and password for the user's API keys. Safe for use by many threads.

    Nothing is kept: each call has an HTTP session of its own, so that no user's cookie ever goes
    with another's request, and CloudStack's session is closed at the end.

    Args:
        endpoint: the URL of the API.
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for each part of an answer.
        verify: check the server's certificate; or the path of CA certificates to check it with.
        waiting: entered while a thread waits for an answer; told "", as nobody is known yet.
        on_call: told of every command, as :class:`Client`'s.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        verify: bool | str = True,
        waiting: Callable[[str], AbstractContextManager[object]] = nullcontext,
        on_call: OnCall | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._timeouts = (connect_timeout, read_timeout)
        self._verify = verify
        self._waiting = waiting
        self._on_call = on_call

    def keys(self, user: str, domain: str, password: str) -> Credentials:
        """The API keys of a user; made for one who has none.

        Keys that there are stay as they are: new ones would void them for every program that the
        user has given them to.

        Args:
            user: the user's name.
            domain: the path of the domain below ROOT, empty for ROOT itself.
            password: what CloudStack or what it asks (LDAP) knows.

        Raises:
            CloudStackError: 531 for wrong credentials; :data:`SECOND_FACTOR`.
            CloudStackUnavailable: CloudStack doesn't answer.
        """
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self._verify
            session.headers.update({"User-Agent": "gstack", "Accept": "application/json"})
            form = {"username": user, "password": password, "domain": domain_path(domain)}
            opened = self._send(session, "login", form)
            key = {"sessionkey": str(opened.get("sessionkey", ""))}
            try:
                if _true(opened.get("is2faenabled")) and not _true(opened.get("is2faverified")):
                    raise CloudStackError("login", SECOND_FACTOR, "a second factor is needed")
                user_id = {"id": str(opened.get("userid", "")), **key}
                found = unwrap(self._send(session, "getUserKeys", user_id))
                if not (found.get("apikey") and found.get("secretkey")):
                    found = unwrap(self._send(session, "registerUserKeys", user_id))
                return Credentials(str(found["apikey"]), str(found["secretkey"]))
            except KeyError:
                text = "CloudStack does not tell the user's API keys"
                failure = CloudStackError("registerUserKeys", 530, text)
            finally:
                self._close(session, key)
            raise failure

    def _close(self, session: requests.Session, key: dict[str, str]) -> None:
        # It ends by itself after a while; what was asked for has its answer already.
        with contextlib.suppress(CloudStackError, CloudStackUnavailable):
            self._send(session, "logout", key)

    def _send(self, session: requests.Session, command: str, form: dict[str, str]) -> Any:
        with told(command, self._on_call):
            return self._sent(session, command, form)

    def _sent(self, session: requests.Session, command: str, form: dict[str, str]) -> Any:
        sent = {"command": command, "response": "json", **form}
        try:
            # In the body, always: a URL ends up in logs, and this one holds a password.
            with self._waiting(""):
                response = session.post(
                    self._endpoint, data=sent, timeout=self._timeouts, allow_redirects=False
                )
            description = response.headers.get("X-Description")
            return read_answer(command, response.status_code, response.content, description)
        except (requests.RequestException, HTTPError) as error:
            failure = failure_of(command, error)
        # Not within the handler: the original's request holds the password.
        raise failure


def domain_path(domain: str) -> str:
    """A domain's path as ``login`` takes it: ``/`` for ROOT, else ``/a/b``."""
    parts = [part for part in domain.split("/") if part]
    if parts and parts[0].upper() == "ROOT":
        parts = parts[1:]
    return "/" + "/".join(parts)


def _true(value: object) -> bool:
    return str(value).lower() == "true"
