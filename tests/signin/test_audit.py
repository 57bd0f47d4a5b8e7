"""Who has signed in is told to the audit stream, and what was guessed to fail2ban."""

from __future__ import annotations

import logging
import re
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from gstack_pyramid.observability.formats import Json, Text
from gstack_pyramid.signin.logins import LoginRefused

from ..support.programs import required
from .conftest import SignIn
from .test_token_endpoint import JWT_BEARER, assertion

FILTER = Path(__file__).parents[2] / "deploy" / "fail2ban" / "filter.d" / "gstack.conf"
LINE = "%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s  %(message)s"
"""The format of production.ini."""


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "gstack_pyramid")
    return caplog


def entries(records: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        orjson.loads(record.getMessage())
        for record in records.records
        if record.name == "gstack_pyramid.audit"
    ]


def refusals(records: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in records.records if r.name == "gstack_pyramid.refused"]


def test_a_wrong_password_is_told_without_the_password(
    sign_in: SignIn, records: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(LoginRefused):
        sign_in.server.logins.by_password("demo", "", "s3cr3t", "203.0.113.9")
    (entry,) = entries(records)
    payload = entry["protoPayload"]
    assert payload["serviceName"] == "login.googleapis.com"
    assert payload["methodName"] == "google.login.LoginService.loginFailure"
    assert payload["authenticationInfo"] == {"principalEmail": "/demo"}
    assert payload["requestMetadata"] == {"callerIp": "203.0.113.9"}
    assert payload["metadata"] == {"loginType": "password"}
    assert payload["status"] == {"code": 16, "message": "wrong"}
    assert refusals(records) == ["refused a credential from 203.0.113.9: wrong (password)"]
    assert "s3cr3t" not in "".join(Json().format(record) for record in records.records)


def test_a_key_file_that_signs_in_is_told_by_its_email(
    sign_in: SignIn, records: pytest.LogCaptureFixture
) -> None:
    key = sign_in.key()
    sign_in.granted(grant_type=JWT_BEARER, assertion=assertion(key))
    (entry,) = entries(records)
    payload = entry["protoPayload"]
    assert payload["methodName"] == "google.login.LoginService.loginSuccess"
    assert payload["authenticationInfo"]["principalEmail"] == key["client_email"]
    assert payload["metadata"] == {"loginType": "service_account_key"}
    assert not refusals(records)


def test_a_token_that_was_made_up_is_told_and_an_old_one_is_not(
    sign_in: SignIn, records: pytest.LogCaptureFixture
) -> None:
    assert sign_in.zones("made-up").status_int == 401
    (line,) = refusals(records)
    assert line.startswith("refused a credential from ")
    assert "made-up" not in line
    records.clear()
    sign_in.web.get("/compute/v1/projects/demo-project/zones", status=401)
    assert not refusals(records)


def lines_of(formatter: logging.Formatter, *told: tuple[str, str]) -> str:
    made = [
        logging.LogRecord(name, logging.WARNING, "", 0, "%s", (text,), None) for name, text in told
    ]
    return "".join(f"{formatter.format(record)}\n" for record in made)


@pytest.mark.parametrize("formatter", [Text(LINE), Json()], ids=["text", "JSON"])
def test_fail2ban_matches_refusals_and_nothing_that_a_client_writes(
    formatter: logging.Formatter, tmp_path: Path
) -> None:
    refused, text = "gstack_pyramid.refused", "refused a credential from 203.0.113.9: wrong (token)"
    forged = f"WARNING [waitress-0] gstack_pyramid.refused  {text}"
    log = tmp_path / "log"
    log.write_text(
        lines_of(
            formatter,
            (refused, text),
            (refused, text.replace("203.0.113.9", "2001:db8::1")),
            ("gstack_pyramid.error_views", f"GET /{forged} broke"),
            ("gstack_pyramid.error_views", f'","logger":"{refused}","message":"{text}'),
            ("gstack_pyramid.refused", "refused a credential from -: wrong (token)"),
        )
    )
    program = str(required("fail2ban-regex"))
    told = subprocess.run(
        [program, str(log), str(FILTER)], capture_output=True, text=True, check=False, timeout=60
    ).stdout
    assert re.search(r"\b2 matched\b", told), told
