"""A CloudStack client whose lists are the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.cases.script import PAGES, answer_of, listed
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.parameters import encode_params
from gstack_pyramid.cloudstack.transport import Answer
from gstack_pyramid.schemas.cloudstack import CloudStackModel

from .recorded import recordings

_NO_FIELDS = PAGES | {"listall", "isrecursive", "details", "keyword"}


class RecordedClient(Client):
    """Answers each list with all rows that were recorded of its command, and of one role.

    Of its parameters those count that are named like a field of the rows.

    Args:
        model: the commands.
        by_admin: the rows are those that the root admin was told, and what only users asked for.
    """

    def __init__(self, model: CloudStackModel, *, by_admin: bool) -> None:
        super().__init__("http://127.0.0.1:1/client/api", model)
        self._by_admin = by_admin

    def sent(self, credentials: Credentials, command: str, params: Mapping[str, object]) -> Answer:
        """What comes over the wire; a list has one page."""
        if self.model.command(command).list_key is None:
            return answer_of(command, _object(command))
        given = encode_params(params)
        rows = [row for row in self._recorded(command) if _fits(row, given)]
        return answer_of(command, listed(self.model, command, rows))

    def _recorded(self, command: str) -> list[dict[str, Any]]:
        """The rows, each thing once: as it was told last."""
        found = {each: list(_rows(command, by_admin=each)) for each in (False, True)}
        rows = found[self._by_admin] or found[False]
        return list({str(row.get("id", at)): row for at, row in enumerate(rows)}.values())


def _object(command: str) -> dict[str, Any]:
    for each in recordings().values():
        if each.command == command and each.status == 200 and isinstance(each.body, dict):
            (inside,) = each.body.values()
            return dict(inside)
    raise AssertionError(f"{command} was not recorded")


def _rows(command: str, *, by_admin: bool) -> Iterator[dict[str, Any]]:
    for each in recordings().values():
        if each.command == command and each.status == 200 and each.by_admin == by_admin:
            yield from each.rows


def _fits(row: Mapping[str, Any], sent: Mapping[str, str]) -> bool:
    for name, value in sent.items():
        if name in _NO_FIELDS or name not in row or isinstance(row[name], list | dict):
            continue
        if str(row[name]).lower() != str(value).lower():
            return False
    return True
