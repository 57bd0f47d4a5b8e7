from __future__ import annotations

import logging
import ssl
import threading
import traceback
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import SSLError as PoolSSLError

from gstack_pyramid.cloudstack import (
    Client,
    CloudStackTimeout,
    CloudStackUnavailable,
    Credentials,
)
from gstack_pyramid.cloudstack.transport import failure_of

from ...support.cost import counted
from .cloud import API_KEY, DROP, SECRET_KEY, Cloud, Reply, said

MakeClient = Callable[..., Client]


def test_one_connection_serves_reads_and_changes(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    for command in ("listZones", "stopVirtualMachine", "listZones", "stopVirtualMachine"):
        client.call(credentials, command)
    assert len({seen.peer for seen in cloud.seen}) == 1


def test_more_threads_than_the_pool_keeps_do_not_wait_for_each_other(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    together = threading.Barrier(3, timeout=10)

    def script(seen: object) -> Reply:
        together.wait()
        return said("listZones", {})

    cloud.script = script
    client = make_client(pool_size=1, read_retries=0)
    threads = [
        threading.Thread(target=client.call, args=(credentials, "listZones")) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({seen.peer for seen in cloud.seen}) == 3
    assert not together.broken


def test_a_call_on_a_pooled_connection_costs_little_but_its_system_calls(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    """Through urllib3 it was 1,300 calls of functions; half of that is what it was left for."""
    client.call(credentials, "listZones")
    with counted() as calls:
        client.call(credentials, "listZones")
    assert calls.count < 1_300 / 2
    assert len({seen.peer for seen in cloud.seen}) == 1


def test_a_session_cookie_of_one_user_is_not_sent_for_the_next(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cookie = SimpleCookie({"JSESSIONID": "node0abc"})["JSESSIONID"].OutputString()
    cloud.script = lambda seen: said(seen.params["command"], {}, Set_Cookie=cookie)
    client.call(credentials, "listZones")
    client.call(Credentials("other", "keys"), "listZones")
    assert not any("Cookie" in seen.headers for seen in cloud.seen)


def test_proxies_and_netrc_of_the_environment_are_ignored(
    cloud: Cloud,
    make_client: MakeClient,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    make_client().call(credentials, "listZones")
    assert "Authorization" not in cloud.seen[0].headers


def test_redirects_are_not_followed(cloud: Cloud, client: Client, credentials: Credentials) -> None:
    cloud.replies.append(Reply(b"", 302, {"Location": f"{cloud.endpoint}?elsewhere=1"}))
    with pytest.raises(CloudStackUnavailable, match="HTTP 302"):
        client.call(credentials, "listZones")
    assert len(cloud.seen) == 1


def test_no_key_and_no_signature_reaches_a_log_or_a_traceback(
    cloud: Cloud,
    client: Client,
    credentials: Credentials,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud.script = lambda seen: Reply(trouble=DROP)
    password = {"password": "hidden-one"}
    shown = []
    for command in ("listZones", "stopVirtualMachine"):
        with pytest.raises(CloudStackUnavailable) as caught:
            client.call(credentials, command, password)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        shown += traceback.format_exception(caught.value)
    shown += [caplog.text, *(str(record.args) for record in caplog.records)]
    assert any("listZones" in text for text in shown)
    signature = cloud.seen[0].params["signature"]
    for secret in (API_KEY, SECRET_KEY, signature, signature.rstrip("="), password["password"]):
        assert not any(secret in text for text in shown)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "cloud.example.com/client/api",
        "ftp://cloud.example.com/client/api",
        "http:///client/api",
        "http://user:hidden@cloud.example.com/client/api",
        "http://cloud.example.com/client/api?x=hidden",
        "http://cloud.example.com/client/api#hidden",
    ],
)
def test_an_endpoint_that_is_no_plain_url_is_refused(
    make_client: MakeClient, endpoint: str
) -> None:
    with pytest.raises(ValueError, match="endpoint") as caught:
        make_client(endpoint or " ")
    assert "hidden" not in str(caught.value)


def test_a_missing_file_of_certificates_is_noticed_at_once(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="no CA certificates"):
        make_client(verify="/nowhere/ca.pem")


@pytest.mark.parametrize("verify", [True, False])
def test_plain_http_works_whatever_is_said_about_certificates(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, verify: bool
) -> None:
    assert make_client(verify=verify).call(credentials, "listZones") == {}


CONNECTION = HTTPConnection("cloud.example.com")
POOL = HTTPConnectionPool("cloud.example.com")


@pytest.mark.parametrize(
    ("cause", "kind", "sent"),
    [
        (NewConnectionError(CONNECTION, "refused"), CloudStackUnavailable, False),
        (ConnectTimeoutError("slow"), CloudStackTimeout, False),
        (PoolSSLError(ssl.SSLCertVerificationError("self-signed")), CloudStackUnavailable, False),
        (PoolSSLError(ssl.SSLError("bad record mac")), CloudStackUnavailable, True),
        (ProtocolError("aborted", ConnectionResetError(104, "reset")), CloudStackUnavailable, True),
    ],
)
def test_only_a_failure_before_sending_leaves_no_doubt(
    cause: Exception, kind: type[CloudStackUnavailable], sent: bool
) -> None:
    wrapped = requests.ConnectionError(MaxRetryError(POOL, "/client/api", cause))
    for error in (wrapped, requests.ConnectionError(cause)):
        failure = failure_of("listZones", error)
        assert (type(failure), failure.sent) == (kind, sent)


def test_an_answer_that_stops_half_way_is_a_timeout() -> None:
    cause = ReadTimeoutError(POOL, "/client/api", "timed out")
    failure = failure_of("listZones", requests.ConnectionError(cause))
    assert (type(failure), failure.sent) == (CloudStackTimeout, True)
