from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gstack_pyramid.cloudstack import (
    Client,
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
    Credentials,
    is_read,
)
from gstack_pyramid.schemas.cloudstack import CloudStackModel

from .cloud import (
    API_KEY,
    DROP,
    HANG,
    SECRET_KEY,
    TEAR,
    Cloud,
    Reply,
    free_port,
    java_signature,
    refused,
    said,
)

MakeClient = Callable[..., Client]
HTML = Reply(b"<html><body>Proxy Error</body></html>", 502)


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("listZones", True),
        ("getUser", True),
        ("queryAsyncJobResult", True),
        ("findHostsForMigration", True),
        ("deployVirtualMachine", False),
        ("getUploadParamsForVolume", False),
        ("login", False),
    ],
)
def test_reads_are_told_by_their_names(command: str, read: bool) -> None:
    assert is_read(command) is read


def test_no_command_of_the_model_that_starts_a_job_is_taken_for_a_read(
    model: CloudStackModel,
) -> None:
    jobs = [name for name in model.commands if model.command(name).asynchronous and is_read(name)]
    # These two look at hosts, which takes long, hence a job; a second job changes nothing.
    assert set(jobs) <= {"getDiagnosticsData", "getHypervisorGuestOsNames"}


@pytest.mark.parametrize("command", ["listZones", "stopVirtualMachine"])
def test_every_command_is_signed_with_version_3_and_an_expiry(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, command: str
) -> None:
    client = make_client(clock=lambda: 1_785_000_000.0, expires=300)
    client.call(credentials, command, {"name": "a ~*'é&=+%/", "details": {"cpuNumber": 2}})
    (seen,) = cloud.seen
    assert seen.params["signatureversion"] == "3"
    assert seen.params["expires"] == "2026-07-25T17:25:00+0000"
    assert seen.params["response"] == "json"
    assert seen.params["name"] == "a ~*'é&=+%/"
    assert seen.params["details[0].cpuNumber"] == "2"
    assert seen.params["signature"] == java_signature(seen.params, SECRET_KEY)


def test_a_read_goes_by_get_and_a_change_by_post_with_nothing_in_the_url(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    client.call(credentials, "listZones")
    client.call(credentials, "stopVirtualMachine", {"id": "1"})
    read, change = cloud.seen
    assert (read.method, read.form) == ("GET", {})
    assert (change.method, change.query) == ("POST", {})
    assert change.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_a_read_too_long_for_a_url_goes_by_post_and_is_still_repeated(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.replies += [Reply(trouble=DROP), said("listZones", {"count": 0})]
    assert client.call(credentials, "listZones", {"ids": ["x" * 40] * 60}) == {"count": 0}
    assert [seen.method for seen in cloud.seen] == ["POST", "POST"]
    assert cloud.seen[0].params["signature"] == java_signature(cloud.seen[0].params, SECRET_KEY)


def test_errors_come_with_cloudstacks_words(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.replies.append(refused("stopVirtualMachine", 531, "not yours"))
    with pytest.raises(CloudStackError) as caught:
        client.call(credentials, "stopVirtualMachine", {"id": "1"})
    assert (caught.value.errorcode, caught.value.http_status) == (531, 531)


def test_a_parameter_that_cannot_be_sent_is_not_sent(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    with pytest.raises(ValueError, match="comma"):
        client.call(credentials, "stopVirtualMachine", {"ids": ["a,b"]})
    assert cloud.seen == []


@pytest.mark.parametrize("first", [Reply(trouble=DROP), Reply(b"<html>", 503)])
def test_a_read_is_repeated(
    cloud: Cloud, client: Client, credentials: Credentials, first: Reply
) -> None:
    cloud.replies += [first, said("listZones", {"count": 0})]
    assert client.call(credentials, "listZones") == {"count": 0}
    assert len(cloud.seen) == 2


def test_a_read_that_is_refused_every_time_tells_the_last_refusal(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.replies += [refused("listZones", 503, "maintenance")] * 2
    with pytest.raises(CloudStackError, match="maintenance"):
        client.call(credentials, "listZones")
    assert len(cloud.seen) == 2


def test_retry_after_does_not_hold_a_thread(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.replies.append(Reply(b"<html>", 503, {"Retry_After": "86400"}))
    assert client.call(credentials, "listZones") == {}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(trouble=DROP), CloudStackUnavailable),
        (Reply(trouble=TEAR), CloudStackUnavailable),
        (Reply(b"<html>", 503), CloudStackBadAnswer),
        (HTML, CloudStackBadAnswer),
        (Reply(b""), CloudStackBadAnswer),
        (Reply(b'{"stopvirtualmachineresponse": {"jobid"'), CloudStackBadAnswer),
        (Reply(b"", 302, {"Location": "/elsewhere"}), CloudStackBadAnswer),
        (Reply(b"not gzip", 200, {"Content_Encoding": "gzip"}), CloudStackUnavailable),
    ],
)
def test_a_change_is_sent_once_and_may_have_had_an_effect(
    cloud: Cloud,
    client: Client,
    credentials: Credentials,
    reply: Reply,
    kind: type[CloudStackUnavailable],
) -> None:
    cloud.replies.append(reply)
    with pytest.raises(CloudStackUnavailable) as caught:
        client.call(credentials, "stopVirtualMachine", {"id": "1"})
    assert type(caught.value) is kind
    assert caught.value.sent
    assert len(cloud.seen) == 1


@pytest.mark.parametrize("command", ["listZones", "stopVirtualMachine"])
def test_a_cloud_that_does_not_answer_is_a_timeout(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, command: str
) -> None:
    client = make_client(read_timeout=0.01)
    cloud.script = lambda seen: Reply(trouble=HANG)
    with pytest.raises(CloudStackTimeout) as caught:
        client.call(credentials, command)
    assert caught.value.sent


@pytest.mark.parametrize("command", ["listZones", "stopVirtualMachine"])
def test_a_cloud_that_is_not_there_had_no_part_in_it(
    make_client: MakeClient, credentials: Credentials, command: str
) -> None:
    client = make_client(f"http://127.0.0.1:{free_port()}/client/api")
    with pytest.raises(CloudStackUnavailable, match="refused") as caught:
        client.call(credentials, command)
    assert type(caught.value) is CloudStackUnavailable
    assert not caught.value.sent


def test_the_hook_hears_of_every_command_and_its_end(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    heard: list[tuple[str, str]] = []

    def on_call(command: str, seconds: float, outcome: str) -> None:
        assert seconds >= 0
        heard.append((command, outcome))

    client = make_client(on_call=on_call, read_timeout=0.5)
    cloud.replies += [
        said("startVirtualMachine", {"jobid": "j"}),
        refused("startVirtualMachine", 431, "no"),
        Reply(trouble=DROP),
        HTML,
        Reply(trouble=HANG),
    ]
    client.call(credentials, "startVirtualMachine")
    for _ in range(4):
        with pytest.raises((CloudStackError, CloudStackUnavailable)):
            client.call(credentials, "startVirtualMachine")
    outcomes = ["ok", "431", "unavailable", "bad-answer", "timeout"]
    assert heard == [("startVirtualMachine", outcome) for outcome in outcomes]


def test_keys_show_in_no_repr(client: Client, credentials: Credentials) -> None:
    shown = f"{credentials!r} {credentials} {client!r}"
    assert API_KEY not in shown
    assert SECRET_KEY not in shown


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("createVolume", {}),
        ("createVolume", None),
        ("createVolume", {"id": "7"}),
        ("deleteVolume", {}),
        ("createNetwork", {}),
    ],
)
def test_an_answer_to_a_change_that_tells_nothing_is_no_success(
    cloud: Cloud, client: Client, credentials: Credentials, command: str, body: object
) -> None:
    cloud.replies.append(said(command, body))
    with pytest.raises(CloudStackBadAnswer) as caught:
        client.call(credentials, command)
    assert caught.value.sent


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("createVolume", {"jobid": "j"}),
        ("createVolume", {"volume": {"id": "7"}}),
        ("createTags", {"success": "true"}),
        ("createNetwork", {"network": {"id": "7"}}),
        ("deleteVolume", {"success": True}),
        ("listVolumes", {}),
    ],
)
def test_a_job_an_object_or_success_is_an_answer_and_a_list_may_be_empty(
    cloud: Cloud, client: Client, credentials: Credentials, command: str, body: dict[str, Any]
) -> None:
    cloud.replies.append(said(command, body))
    assert client.call(credentials, command) == body
