"""Filling in case files from what gstack does in front of the simulator.

What is recorded is what happens, not what should: read it, line by line. An answer that tells of an
error is recorded only where that is what the case is to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gstack_pyramid.cases.files import CaseFolder
from gstack_pyramid.cases.form import CaseError, read
from gstack_pyramid.cases.layout import dumped, readable
from gstack_pyramid.cases.playing import (
    Played,
    about_roles,
    general,
    placed,
    play,
    with_names,
)
from gstack_pyramid.cases.rows import Rows

if TYPE_CHECKING:
    from pyramid.router import Router


def record(
    router: Router,
    path: Path,
    told: dict[str, Any] | None = None,
    *,
    again: bool = False,
    errors: bool = False,
    answers: bool = False,
) -> list[str]:
    """Record the cases of a file that have no ``response`` yet; gives their names.

    Args:
        router: what answers, of :func:`gstack_pyramid.cases.playing.case_gateway`.
        path: the file, called after its resource and method.
        told: what the file is to hold, without what is recorded; None for what it holds.
        again: whether cases that are recorded already are recorded once more.
        errors: whether an answer may tell of an error.
        answers: whether CloudStack's answers are written down as well, so that the case is played
            from them, without the simulator.

    Raises:
        CaseError: a case can't be played, tells of an error, or is too long to be read.
        OSError: a file can't be written.
    """
    told = read(path, "cases") if told is None else told
    folder = CaseFolder(path.parent)
    rows = None
    if answers:
        model = router.registry["gstack"].compiled.cloudstack
        rows = Rows(folder, path.name.split(".")[0], model)
    done = []
    for name, case in told["cases"].items():
        if "response" in case and not again:
            continue
        where = f"{path.name}: {name}"
        known = None if rows is None else rows.named()
        played = play(router, case, folder.world, known, roles=about_roles(path.stem))
        if played.failure is not None and not errors:
            raise CaseError(f"{where}: the answer tells of an error: {played.failure}")
        recorded = as_told(played, case) if rows is None else _with_answers(played, case, rows)
        readable(recorded, where)
        told["cases"][name] = recorded
        done.append(name)
    if done:
        if rows is not None:
            rows.save()
        path.write_text(dumped(told), "utf-8")
    return done


def as_told(played: Played, case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as it is written down for the simulator to answer: with commands, without answers."""
    ids = played.by_id()
    recorded = {key: case[key] for key in ("about", "world") if key in case}
    if played.before:
        recorded["before"] = [
            {**step, "cloudstack": _commands(said, ids)} for step, said in played.before
        ]
    recorded["request"] = case["request"]
    recorded["cloudstack"] = _commands(played.said, ids)
    return recorded | _outcome(played)


def _commands(said: list[dict[str, Any]], ids: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {key: with_names(told[key], ids) for key in ("command", "params") if key in told}
        for told in said
    ]


def _with_answers(played: Played, case: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """A case as it is written down with all that CloudStack has answered."""
    recorded = {key: case[key] for key in ("about", "world") if key in case}
    before = [{**step, "cloudstack": _exchanges(said, rows)} for step, said in played.before]
    if before:
        recorded["before"] = placed(before, played.names)
    recorded["request"] = placed(case["request"], played.names)
    recorded["cloudstack"] = _exchanges(played.said, rows)
    return recorded | _outcome(played)


def _outcome(played: Played) -> dict[str, Any]:
    told: dict[str, Any] = {"status": played.status} if played.status != 200 else {}
    if played.body is not None:
        told["body"] = general(played.body)
    outcome: dict[str, Any] = {"response": told}
    if played.done is not None:
        at_once = general(played.body)
        outcome["operation"] = {
            key: value for key, value in general(played.done).items() if at_once.get(key) != value
        }
    return outcome


def _exchanges(said: list[dict[str, Any]], rows: Rows) -> list[Any]:
    told = [_alike(each, rows) for each in [_listed(each, rows) for each in said]]
    ids = {known: f"<{name}>" for known, name in rows.ids().items()}
    return [with_names(each, ids) for each in told]


def _listed(told: dict[str, Any], rows: Rows) -> Any:
    if "rows" not in told:
        return told
    name = rows.read(told)
    if name is not None:
        return name
    return {**told, "rows": [rows.row(told["command"], row) for row in told["rows"]]}


def _alike(told: Any, rows: Rows) -> Any:
    if isinstance(told, str):
        return told
    return {
        key: {
            name: rows.alike(row) if isinstance(row, dict) else row for name, row in value.items()
        }
        if key in ("object", "job")
        else value
        for key, value in told.items()
    }
