"""Whose keys they are, and signing in with a password."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from gstack_pyramid.cloudstack import (
    SECOND_FACTOR,
    CloudStackError,
    CloudStackUnavailable,
    Credentials,
    PasswordLogin,
    find_user,
)


class Rows:
    """A client whose one list has these rows."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self._rows = list(rows)

    def rows(self, credentials: Credentials, command: str) -> list[dict[str, Any]]:
        assert command == "listUsers"
        return self._rows


KEYS = Credentials("mine", "secret-hidden")
ME: dict[str, Any] = {
    "id": "1",
    "username": "me",
    "account": "team",
    "accountid": "2",
    "domain": "sales",
    "domainid": "3",
    "rolename": "User",
    "roletype": "User",
    "email": "me@example.com",
    "apikey": "mine",
}


def found(*rows: dict[str, Any]) -> Any:
    return find_user(Rows(*rows), KEYS)  # type: ignore[arg-type]


def test_the_user_is_the_one_with_the_key() -> None:
    user = found({**ME, "username": "other", "apikey": "theirs"}, ME)
    assert (user.name, user.account, user.domain, user.role) == ("me", "team", "sales", "User")


def test_an_account_of_one_user_is_clear_without_keys() -> None:
    hidden = {name: value for name, value in ME.items() if name != "apikey"}
    assert found(hidden).name == "me"
    for rows in ((hidden, hidden), (), ({**ME, "apikey": "theirs"},)):
        with pytest.raises(CloudStackError, match="whose API key"):
            found(*rows)


@pytest.mark.parametrize(
    "email", ["", "me", "me@", "@x", "a b@x", "../../x@y", "é@example.com", "a\n@b", "a@b;c"]
)
def test_an_address_that_is_none_is_replaced_by_one_that_is(email: str) -> None:
    assert found({**ME, "email": email}).email == "me@team.invalid"


class Server:
    """A CloudStack that answers logins from a script."""

    def __init__(self, answers: dict[str, tuple[int, dict[str, Any]]]) -> None:
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from threading import Thread
        from urllib.parse import parse_qsl

        self.seen: list[dict[str, str]] = []
        self.paths: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = dict(
                    parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode())
                )
                server.seen.append({**sent, "cookie": self.headers.get("Cookie", "")})
                server.paths.append(self.path)
                command = sent["command"]
                status, body = answers.get(command, (200, {}))
                content = json.dumps({f"{command.lower()}response": body}).encode()
                self.send_response(status)
                if command == "login":
                    self.send_header("Set-Cookie", "JSESSIONID=session-hidden; Path=/")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/client/api"
        self._thread = Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


OPENED = (200, {"sessionkey": "key-hidden", "userid": "1", "is2faenabled": "false"})
BOTH = (200, {"userkeys": {"apikey": "a", "secretkey": "s"}})
NONE: tuple[int, dict[str, Any]] = (200, {"userkeys": {}})


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[Server] = []

    def make(**answers: tuple[int, dict[str, Any]]) -> Server:
        servers.append(Server({"login": OPENED, **answers}))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def commands(server: Server) -> list[str]:
    return [sent["command"] for sent in server.seen]


def test_the_session_ends_when_the_keys_are_known(serve: Any) -> None:
    server = serve(getUserKeys=BOTH)
    assert PasswordLogin(server.url).keys("me", "", "p&w =+") == Credentials("a", "s")
    assert commands(server) == ["login", "getUserKeys", "logout"]
    assert server.seen[0]["password"] == "p&w =+"
    assert server.seen[1]["cookie"] == "JSESSIONID=session-hidden"
    assert server.seen[1]["sessionkey"] == "key-hidden"
    # A URL ends up in logs.
    assert set(server.paths) == {"/client/api"}


def test_keys_are_made_for_a_user_without_any_and_for_no_other(serve: Any) -> None:
    server = serve(getUserKeys=NONE, registerUserKeys=BOTH)
    assert PasswordLogin(server.url).keys("me", "", "pw") == Credentials("a", "s")
    assert commands(server) == ["login", "getUserKeys", "registerUserKeys", "logout"]
    refused = serve(getUserKeys=(432, {"errorcode": 432, "errortext": "no such command"}))
    with pytest.raises(CloudStackError, match="no such command"):
        PasswordLogin(refused.url).keys("me", "", "pw")
    assert "registerUserKeys" not in commands(refused)
    assert commands(refused)[-1] == "logout"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("", "/"), ("ROOT", "/"), ("root/a/b", "/a/b"), ("/a/b/", "/a/b"), ("a", "/a")],
)
def test_a_domain_is_a_path_below_root(serve: Any, typed: str, sent: str) -> None:
    server = serve(getUserKeys=BOTH)
    PasswordLogin(server.url).keys("me", typed, "pw")
    assert server.seen[0]["domain"] == sent


def test_a_second_factor_ends_it(serve: Any) -> None:
    owed = {"sessionkey": "k", "userid": "1", "is2faenabled": "true", "is2faverified": "false"}
    server = serve(login=(200, owed))
    with pytest.raises(CloudStackError) as caught:
        PasswordLogin(server.url).keys("me", "", "pw")
    assert caught.value.errorcode == SECOND_FACTOR
    assert commands(server) == ["login", "logout"]


def test_an_answer_without_keys_is_told(serve: Any) -> None:
    server = serve(getUserKeys=NONE, registerUserKeys=NONE)
    with pytest.raises(CloudStackError, match="does not tell the user's API keys"):
        PasswordLogin(server.url).keys("me", "", "pw")


def test_nothing_tells_the_password(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    password = "pass-hidden"
    wrong = serve(login=(531, {"errorcode": 531, "errortext": "Failed to authenticate me"}))
    for url, kind in (
        (wrong.url, CloudStackError),
        ("http://127.0.0.1:1/x", CloudStackUnavailable),
    ):
        with pytest.raises(kind) as caught:
            PasswordLogin(url).keys("me", "", password)
        told = "".join(traceback.format_exception(caught.value))
        assert "hidden" not in told + repr(caught.value) + str(vars(caught.value))
        assert caught.value.__context__ is None
    good = serve(getUserKeys=BOTH)
    login = PasswordLogin(good.url)
    login.keys("me", "", password)
    assert "hidden" not in caplog.text + repr(login)
