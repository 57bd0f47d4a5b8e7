"""The simulator's own endpoint for its faults: JSON below /admin/faults, for this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from gstack_pyramid.simulator import jobs
from gstack_pyramid.simulator.injection import Injection
from gstack_pyramid.simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/admin/faults"
_LONGEST = 64 * 1024
"""Bytes of a body."""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Admin:
    """Lists, adds and removes faults.

    ========  ======================  ==============================================
    GET       ``/admin/faults``       all faults, with how often each has struck
    POST      ``/admin/faults``       adds the fault in the body and answers with it
    DELETE    ``/admin/faults``       removes all, and releases the jobs they hold
    DELETE    ``/admin/faults/ID``    the same with one
    ========  ======================  ==============================================

    Errors are ``{"error": TEXT}`` with a status of HTTP: 400, 403, 404, 405, 413 and 415.
    """

    def __init__(self, world: World, injection: Injection) -> None:
        self._world, self._injection = world, injection

    @staticmethod
    def is_for(path: str) -> bool:
        """Whether a request with this path is for this endpoint."""
        return path.rstrip("/") == PATH or path.startswith(f"{PATH}/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, told = self._answer(environ)
        except _Refused as refused:
            status, told = refused.status, {"error": refused.text}
        content = orjson.dumps(told)
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [content]

    def _answer(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, dict[str, Any]]:
        if not _is_local(environ.get("REMOTE_ADDR", "")):
            raise _Refused(HTTPStatus.FORBIDDEN, "faults are set from this machine only")
        key = environ["PATH_INFO"][len(PATH) :].strip("/") or None
        method = environ["REQUEST_METHOD"]
        if method == "GET" and key is None:
            told = {"seed": self._injection.seed, "faults": self._injection.told()}
            return HTTPStatus.OK, told
        if method == "POST" and key is None:
            return HTTPStatus.CREATED, self._add(environ)
        if method == "DELETE":
            return HTTPStatus.OK, self._remove(key)
        raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"there is no {method} here")

    def _add(self, environ: WSGIEnvironment) -> dict[str, Any]:
        # A page in somebody's browser can post a form to this machine, but not this type.
        if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a fault is application/json")
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if length > _LONGEST:
                raise _Refused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a fault has at most {_LONGEST} bytes"
                )
            return self._injection.add(orjson.loads(environ["wsgi.input"].read(length)))
        except ValueError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None

    def _remove(self, key: str | None) -> dict[str, Any]:
        try:
            self._injection.remove(key)
        except KeyError:
            raise _Refused(HTTPStatus.NOT_FOUND, f"there is no fault {key}") from None
        jobs.release(self._world, self._world.clock(), keep=self._injection.keys())
        return {"faults": self._injection.told()}


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
