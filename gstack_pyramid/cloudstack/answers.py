"""CloudStack's answers: the envelope, errors, rows.

Sources: ``org.apache.cloudstack.api.ResponseObject``, ``ListResponse`` and ``ExceptionResponse``,
and answers recorded from servers of several ages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from gstack_pyramid.cloudstack.errors import CloudStackBadAnswer, CloudStackError
from gstack_pyramid.cloudstack.redaction import redact

INTERNAL_ERROR = 530
_EXCERPT = 80
_LONGEST_TEXT = 1000
_OPENING = re.compile(r'\s*\{\s*"[A-Za-z]{1,60}"')
_CUT = msgspec.json.Decoder(
    dict[
        str,
        dict[str, list[msgspec.Raw] | dict[str, Any] | str | int | float | bool | None] | None,
    ]
)
"""Decodes an answer in its envelope, but for the elements of lists, which stay as they came."""
_OPENS_OBJECT = {ord("{")}
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>?", re.IGNORECASE | re.DOTALL)


def read_answer(
    command: str,
    status: int,
    content: bytes,
    description: str | None = None,
    *,
    cut: bool = False,
) -> dict[str, Any]:
    """The body inside the envelope of the answer to ``command``.

    Args:
        command: the command that was sent.
        status: the HTTP status.
        content: the body of the answer.
        description: the header ``X-Description``, which repeats the text of an error.
        cut: leave the elements of lists as they came, for :class:`.table.Table`, where the answer
            is as it should be.

    Raises:
        CloudStackError: the answer tells an error, or ``success`` is false.
        CloudStackBadAnswer: it is not JSON in one of CloudStack's envelopes.
    """
    answer = _cut(content) if cut else None
    if answer is None:
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            answer = None
    body = _inside(command, answer)
    if body is None:
        problem = f"HTTP {status} with {_excerpt(content)} instead of CloudStack's JSON"
        raise CloudStackBadAnswer(command, problem, True, status)
    if "errorcode" in body or status >= 400:
        raise error_of(command, body, default=status, text=description, http_status=status)
    refuse_failure(command, body, http_status=status)
    return body


def error_of(
    command: str,
    body: Mapping[str, Any],
    *,
    default: int,
    text: str | None = None,
    http_status: int | None = None,
) -> CloudStackError:
    """The error that ``body`` tells; ``default`` and ``text`` stand in for what it lacks."""
    code = _integer(body.get("errorcode"))
    words = body.get("errortext") or text or "no reason given"
    return CloudStackError(
        command,
        default if code is None else code,
        redact(str(words))[:_LONGEST_TEXT],
        _integer(body.get("cserrorcode")),
        http_status,
    )


def refuse_failure(command: str, body: Mapping[str, Any], *, http_status: int | None) -> None:
    """Raises for ``{"success": false}``, which comes with HTTP 200 and no error code.

    Raises:
        CloudStackError: with the code 530, as CloudStack has none for it.
    """
    # Servers of 2013 and before wrote the string.
    if body.get("success") in (False, "false"):
        words = body.get("displaytext") or "the command reported no success"
        raise error_of(
            command, {"errortext": words}, default=INTERNAL_ERROR, http_status=http_status
        )


def refuse_silence(command: str, body: Mapping[str, Any], *, asynchronous: bool) -> None:
    """Raises for an answer to a change that tells neither a job nor what came of it.

    Such an answer isn't CloudStack's, whatever its envelope looks like: the command may have had
    its effect or not.

    Args:
        command: the command that was sent.
        body: the body of its answer.
        asynchronous: whether it is known to have a job.

    Raises:
        CloudStackBadAnswer: it tells nothing, or an asynchronous command's no job and no result.
    """
    told = "jobid" in body or "success" in body
    if asynchronous and not told and not any(isinstance(x, (dict, list)) for x in body.values()):
        raise CloudStackBadAnswer(command, "the answer names no job", True, 200)
    if not body:
        raise CloudStackBadAnswer(command, "the answer is empty", True, 200)


def unwrap(body: Mapping[str, Any]) -> dict[str, Any]:
    """The one object in ``body``: ``{"virtualmachine": {…}}`` gives ``{…}``.

    For the answers of synchronous commands and the results of jobs. A command that makes something
    and tells it as a list of one, ``{"count": 1, "template": [{…}]}``, gives that one. Anything
    else, such as ``{"success": true}`` or ``{"id": …, "jobid": …}``, stays as it is.
    """
    inside = [value for key, value in body.items() if key != "count"]
    if len(inside) == 1:
        (only,) = inside
        if "count" in body and isinstance(only, list) and len(only) == 1:
            (only,) = only
        if isinstance(only, dict):
            return only
    return dict(body)


def rows_of(
    command: str, body: Mapping[str, Any], list_key: str | None
) -> list[dict[str, Any] | msgspec.Raw]:
    """The rows of a list command's answer, each as it came if the answer was only cut.

    An empty list is ``{}``, a missing key, or a key that holds ``{}``. Where ``list_key`` is None
    or missing, the only list in the body is taken: models have gaps, and old servers other keys.

    Raises:
        CloudStackBadAnswer: the rows are not objects.
    """
    found = body.get(list_key) if list_key else None
    if found is None:
        lists = [value for value in body.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else []
    if isinstance(found, dict):
        found = [found] if found else []
    if not isinstance(found, list) or not _are_objects(found):
        raise CloudStackBadAnswer(command, "the answer holds no list of objects", True, 200)
    return found


def total_of(body: Mapping[str, Any]) -> int | None:
    """The ``count`` of a list: how many rows there are on all pages, or on this one, or None."""
    return _integer(body.get("count"))


def _cut(content: bytes) -> dict[str, Any] | None:
    """An answer with lists of what stays as it came; None where it takes a closer look."""
    try:
        if not content.isascii():
            # What is passed over isn't looked at.
            str(content, "utf-8")
        return _CUT.decode(content)
    except (ValueError, RecursionError):
        return None


def _are_objects(rows: list[Any]) -> bool:
    try:
        return {memoryview(row)[0] for row in rows} <= _OPENS_OBJECT
    except TypeError:
        return all(isinstance(row, dict) for row in rows)


def _inside(command: str, answer: object) -> dict[str, Any] | None:
    if not isinstance(answer, dict):
        return None
    name = command.lower()
    body = answer.get(f"{name}response", answer)
    if body is answer:
        # An unknown command answers as "errorresponse", and several known ones, in several
        # versions, have an envelope that is misspelled or was never renamed.
        if len(answer) != 1:
            return None
        ((key, body),) = answer.items()
        if not (key.lower().endswith("response") or key.lower() == name):
            return None
    if body is None:
        return {}
    return body if isinstance(body, dict) else None


def _integer(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None


def _excerpt(content: bytes) -> str:
    """What came, in a form that can be shown: of JSON the first key only, of markup the text."""
    size = f"{len(content)} bytes"
    text = content[:4000].decode("utf-8", "replace")
    if not text.strip():
        return "an empty body"
    if text.lstrip()[0] in "{[":
        # A torn answer may hold a password or a secret key anywhere behind its envelope.
        opening = _OPENING.match(text)
        return f"{size} of JSON ({opening.group().strip()} …)" if opening else f"{size} of JSON"
    words = " ".join(_MARKUP.sub(" ", text).split())
    shown = "".join(c if c.isprintable() else "?" for c in redact(words))[:_EXCERPT]
    return f"{size} ({shown})" if shown else size
