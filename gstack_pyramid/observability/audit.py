"""The audit stream: who has changed what, and who has signed in or tried to.

Each entry has the form of Google's audit logs, a ``LogEntry`` with an ``AuditLog`` as its payload
(https://cloud.google.com/logging/docs/audit/understanding-audit-logs), so that what reads those
reads these. A change that takes a while makes two, as it does there: the first when it is taken
up, the last with what became of it. Neither bodies of requests nor anything secret is in it, so it
may be kept for years.

Entries go to the logger ``gstack_pyramid.audit`` as one line of JSON each. What was refused goes to
``gstack_pyramid.refused`` as well, in a fixed form without anything that a client has sent, which
fail2ban can match (``deploy/fail2ban``).
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

import orjson
from pyramid.request import Request

from gstack_pyramid.observability import metrics
from gstack_pyramid.observability.context import Noted, noted
from gstack_pyramid.observability.formats import in_one_line
from gstack_pyramid.operations.operation import Operation

log = logging.getLogger("gstack_pyramid.audit")
refusals = logging.getLogger("gstack_pyramid.refused")

_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
_SERVICE, _SIGNIN = "compute.googleapis.com", "login.googleapis.com"
_ACTIVITY = "cloudaudit.googleapis.com%2Factivity"
_ACCESS = "cloudaudit.googleapis.com%2Fdata_access"

# https://cloud.google.com/apis/design/errors#error_model: google.rpc.Code by HTTP's status.
_CODES = {
    400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 412: 9, 413: 3, 429: 8, 499: 1, 501: 12, 503: 14,
    504: 4,
}  # fmt: skip
_INTERNAL = 13

GUESSES = frozenset({"wrong", "too-many", "forged"})
"""Refusals that no honest program is given again and again: an old token, or a clock that is wrong,
must not get anybody banned."""

LONGEST = 256
"""Characters of a text that a client has sent."""


def changed(request: Request, known: Noted, method: str, status: int) -> None:
    """A change was answered: taken up, done, or refused."""
    if not log.isEnabledFor(logging.INFO):
        return
    path: str = request.path_info.partition("/v1/")[2]
    payload = _payload(_SERVICE, f"v1.{method}", known.resource or path, known.user, known.key)
    payload["requestMetadata"] = _metadata(request)
    if status >= 400:
        payload["status"] = _status(status, known.problem)
    entry = _entry(payload, status >= 400, _project(path))
    if known.operation:
        entry["operation"] = _operation(known.operation, first=True, last=known.done)
    _write(entry, known.id)


def ended(operation: Operation) -> None:
    """A change that took a while is over."""
    if not log.isEnabledFor(logging.INFO):
        return
    request, error = noted(), operation.error
    path = f"projects/{operation.project}"
    # Another process may have taken it up, which knows the last part of the method's name.
    method = request.method if request and request.method else operation.type
    payload = _payload(_SERVICE, f"v1.{method}", operation.target or path, operation.user)
    if error is not None:
        payload["status"] = _status(int(error.get("status", 500)), str(error.get("message", "")))
    entry = _entry(payload, error is not None, operation.project)
    entry["operation"] = _operation(operation.name, first=False, last=True)
    _write(entry, request.id if request else "")


def signed_in(how: str, who: str, address: str, refusal: str = "") -> None:
    """Somebody has signed in, or was refused.

    Args:
        how: by what: ``password``, ``API key`` or ``service account key``.
        who: the user or service account, as they call themselves; empty where nobody is named.
        address: the network address that it came from.
        refusal: why nobody was signed in, a word of ours; empty where somebody was.
    """
    metrics.SIGNINS.labels(how, refusal or "done").inc()
    if refusal in GUESSES:
        refused(how, address, refusal)
    if not log.isEnabledFor(logging.INFO):
        return
    request = noted()
    event = "loginFailure" if refusal else "loginSuccess"
    payload = _payload(_SIGNIN, f"google.login.LoginService.{event}", "", who)
    payload["requestMetadata"] = {"callerIp": address}
    payload["metadata"] = {"loginType": how.replace(" ", "_").lower()}
    if refusal:
        payload["status"] = _status(401, refusal)
    _write(_entry(payload, bool(refusal), "-", _ACCESS), request.id if request else "")


def refused(what: str, address: str, why: str) -> None:
    """A credential was refused that somebody may have guessed: the line that fail2ban looks for."""
    metrics.REFUSED.labels(what, why).inc()
    refusals.warning("refused a credential from %s: %s (%s)", address or "-", why, what)


def _payload(service: str, method: str, resource: str, who: str, key: str = "") -> dict[str, Any]:
    principal = {"principalEmail": who[:LONGEST]} if who else {}
    if key:
        principal["principalSubject"] = f"key:{key}"
    return {
        "@type": _TYPE,
        "serviceName": service,
        "methodName": method,
        "resourceName": resource[: 4 * LONGEST],
        "authenticationInfo": principal,
    }


def _metadata(request: Request) -> dict[str, str]:
    environ = request.environ
    return {
        "callerIp": environ.get("REMOTE_ADDR", ""),
        "callerSuppliedUserAgent": environ.get("HTTP_USER_AGENT", "")[:LONGEST],
    }


def _status(status: int, message: str) -> dict[str, Any]:
    return {"code": _CODES.get(status, _INTERNAL), "message": message[: 4 * LONGEST]}


def _entry(
    payload: dict[str, Any], failed: bool, project: str, stream: str = _ACTIVITY
) -> dict[str, Any]:
    service, method = payload["serviceName"], payload["methodName"]
    return {
        "logName": f"projects/{project or '-'}/logs/{stream}",
        "severity": "ERROR" if failed else "NOTICE",
        "timestamp": datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z"),
        "resource": {"type": "audited_resource", "labels": {"service": service, "method": method}},
        "protoPayload": payload,
    }


def _operation(name: str, **when: bool) -> dict[str, Any]:
    return {"id": name, "producer": _SERVICE, **{word: True for word in when if when[word]}}


def _project(path: str) -> str:
    parts = path.split("/", 2)
    return parts[1] if parts[0] == "projects" and len(parts) > 1 else ""


def _write(entry: dict[str, Any], request: str) -> None:
    if request:
        entry["labels"] = {"gstack/request_id": request}
    log.info("%s", in_one_line(orjson.dumps(entry).decode()))
