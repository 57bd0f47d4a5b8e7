"""Recordings that are about the request itself: signatures, HTTP methods, sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import PASSWORD, make_simulator

from ..unit.simulator.cloud import Clock, Cloud, Reply, java_signature
from .recorded import recordings
from .shapes import differences

STRICTER = {
    "errors/err_expires_far": 401,
    "errors/err_mutating_by_get": 400,
}
"""What the recorded server takes, with its default settings, and the simulator does not, so that
mistakes are seen: an expiry far ahead, and changes by GET. Each with the simulator's status."""


@pytest.fixture
def cloud(cloudstack_model: CloudStackModel) -> Iterator[Cloud]:
    clock = Clock()
    app = make_simulator(model=cloudstack_model, clock=clock)
    yield Cloud(app, clock)
    app.close()


def signed(cloud: Cloud, change: Callable[[dict[str, str]], object]) -> Reply:
    """The answer to a list of zones that was changed before it was signed."""
    sent = cloud.signed("listZones")
    del sent["signature"]
    change(sent)
    return cloud.send({**sent, "signature": java_signature(sent, cloud.secret)}, "GET")


SENT: dict[str, Callable[[Cloud], Reply]] = {
    "errors/err_bad_signature": lambda c: c.send({**c.signed("listZones"), "signature": "x"}),
    "errors/err_no_signature": lambda c: c.send({"command": "listZones", "response": "json"}),
    "errors/err_unknown_api_key": lambda c: signed(c, lambda s: s.update(apikey="nobody")),
    "errors/err_expired_signature": lambda c: signed(c, lambda s: s.update(expires=c.date(-60))),
    "errors/err_expires_bad_format": lambda c: signed(c, lambda s: s.update(expires="tomorrow")),
    "errors/err_expires_far": lambda c: signed(c, lambda s: s.update(expires=c.date(7200))),
    "errors/err_expires_soon_ok": lambda c: signed(c, lambda s: s.update(expires=c.date(300))),
    "errors/err_mutating_by_get": lambda c: c.send(c.signed("createSSHKeyPair", name="k"), "GET"),
}


@pytest.mark.parametrize("name", SENT)
def test_requests_are_taken_or_refused_as_recorded(cloud: Cloud, name: str) -> None:
    recording, reply = recordings()[name], SENT[name](cloud)
    assert reply.status == STRICTER.get(name, recording.status)
    if reply.status == recording.status != 200:
        assert list(differences(reply.json(), recording.body)) == []


def with_session(cloud: Cloud, opened: Reply, command: str, key: str | None = None) -> Reply:
    """The answer to a command sent with a session, and with its key unless another is given."""
    sent = {"command": command, "response": "json"}
    sent["sessionkey"] = opened.body()["sessionkey"] if key is None else key
    return cloud.send(sent, cookie=opened.headers["Set-Cookie"].partition(";")[0])


def test_a_session_ends_with_a_wrong_key(cloud: Cloud) -> None:
    login = {"command": "login", "response": "json", "username": "demo", "password": PASSWORD}
    opened = cloud.send(login)
    for name in ("session_listZones", "session_listUsers"):
        recording = recordings()[f"session/{name}"]
        assert with_session(cloud, opened, recording.command).status == recording.status == 200
    for name, key in (("session_wrong_key", "x"), ("session_logout", None)):
        recording = recordings()[f"session/{name}"]
        reply = with_session(cloud, opened, recording.command, key)
        assert reply.status == recording.status
        assert list(differences(reply.json(), recording.body)) == []


def test_the_keys_of_a_user_are_told_with_a_session(cloud: Cloud) -> None:
    recording = recordings()["session/session_getUserKeys"]
    told = cloud.call("getUserKeys", id=cloud.rows("listUsers")[0]["id"])
    (real,) = recording.body.values()
    assert list(differences(told, real)) == []
