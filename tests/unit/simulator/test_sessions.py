from __future__ import annotations

import pytest

from gstack_pyramid.simulator import PASSWORD
from gstack_pyramid.simulator.sessions import TIMEOUT

from .cloud import Cloud, Reply


def login(cloud: Cloud, **params: str) -> Reply:
    sent = {"username": "demo", "password": PASSWORD, **params}
    return cloud.send({"command": "login", "response": "json", **sent})


def with_session(cloud: Cloud, opened: Reply, key: str | None = None, **sent: str) -> Reply:
    """A command by the cookie and the session key of a login."""
    cookie = opened.headers["Set-Cookie"].partition(";")[0]
    key = key or opened.body()["sessionkey"]
    return cloud.send({"response": "json", "sessionkey": key, **sent}, cookie=cookie)


def test_a_password_opens_a_session_that_hands_out_the_users_keys(cloud: Cloud) -> None:
    opened = login(cloud)
    assert opened.status == 200
    told = opened.body()
    assert (told["username"], told["account"]) == ("demo", "demo-project")
    keys = with_session(cloud, opened, command="getUserKeys", id=told["userid"])
    told_keys = {"apikey": cloud.api_key, "secretkey": cloud.secret, "apikeyaccess": True}
    assert keys.body()["userkeys"] == told_keys


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"password": "x"}, "Failed to authenticate user demo in domain "),
        ({"username": "nobody"}, "Failed to authenticate user nobody in domain "),
        ({"domain": "/elsewhere"}, "Unable to find the domain from the path /elsewhere/"),
    ],
)
def test_wrong_credentials_are_refused(cloud: Cloud, wrong: dict[str, str], text: str) -> None:
    refused = login(cloud, **wrong)
    assert refused.status == 531
    assert text in refused.body()["errortext"]
    assert "Set-Cookie" not in refused.headers


def test_a_password_does_not_go_into_a_url(cloud: Cloud) -> None:
    sent = {"command": "login", "response": "json", "username": "demo", "password": PASSWORD}
    assert cloud.send(sent, method="GET").status == 405


def test_cookie_and_session_key_are_needed_both(cloud: Cloud) -> None:
    opened = login(cloud)
    assert with_session(cloud, opened, command="listZones").status == 200
    assert with_session(cloud, opened, key="other", command="listZones").status == 401
    alone = {"command": "listZones", "sessionkey": opened.body()["sessionkey"], "response": "json"}
    assert cloud.send(alone).status == 401


def test_a_session_ends_with_logout_and_with_time(cloud: Cloud) -> None:
    opened = login(cloud)
    assert with_session(cloud, opened, command="logout").status == 200
    assert with_session(cloud, opened, command="listZones").status == 401
    opened = login(cloud)
    cloud.clock.now += TIMEOUT + 1
    assert with_session(cloud, opened, command="listZones").status == 401


def test_a_second_factor_that_is_owed_stops_everything_but_the_login(cloud: Cloud) -> None:
    store = cloud.app.world.store
    with store.transaction():
        (user,) = [user for user in store.all("user") if user["username"] == "demo"]
        store.update(user, secondfactor=True)
    opened = login(cloud)
    assert opened.body()["is2faverified"] == "false"
    assert with_session(cloud, opened, command="listZones").status == 511


def test_new_keys_replace_the_old_ones(cloud: Cloud) -> None:
    user = cloud.rows("listUsers")[0]["id"]
    keys = cloud.call("registerUserKeys", id=user)["userkeys"]
    assert cloud.send(cloud.signed("listZones")).status == 401
    new = Cloud(cloud.app, cloud.clock, keys["apikey"], keys["secretkey"])
    assert new.rows("listZones")
