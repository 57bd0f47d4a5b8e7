"""What the list commands have in common: whose objects, which of them, which page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from gstack_pyramid.simulator.calls import Call
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Answer

Test = Callable[[Doc], bool]


def owned(call: Call, kind: str, under: tuple[str, str] | None = None) -> list[Doc]:
    """The living objects that the call may see and that its ``id`` and ``ids`` allow.

    Args:
        call: the call.
        kind: what is listed.
        under: an index and a key of it, where only what is under that counts.

    Raises:
        CommandError: 431 for an id that nothing ever had, or ``id`` and ``ids`` together; as
            :meth:`Call.audience`.
    """
    audience = call.audience()
    chosen = _chosen(call, kind)
    if under is not None:
        near = call.store.by(kind, *under)
        ids = None if chosen is None else {doc["id"] for doc in chosen}
        chosen = [doc for doc in near if ids is None or doc["id"] in ids]
    if chosen is not None:
        return [doc for doc in chosen if doc["owner"] in audience]
    found: list[Doc] = []
    for owner in audience:
        found += call.store.by(kind, "owner", owner)
    return found


def public(call: Call, kind: str) -> list[Doc]:
    """The living objects of the catalogue that ``id`` and ``ids`` allow."""
    call.params.flag("isrecursive")
    call.params.flag("listall")
    chosen = _chosen(call, kind)
    return call.store.all(kind) if chosen is None else chosen


def _chosen(call: Call, kind: str) -> list[Doc] | None:
    single, several = call.params.text("id"), call.params.many("ids")
    if single is None and not several:
        return None
    if single is not None and several:
        raise invalid("Specify either id or ids but not both parameters")
    name = "ids" if several else "id"
    docs = [call.known(name, kind, key.lower()) for key in (several or [single])]
    return [doc for doc in docs if call.store.find(kind, doc["id"]) is not None]


def same(call: Call, name: str, field: str | None = None) -> list[Test]:
    """Keep what has the parameter's value in a field, letter case aside; all when it is absent."""
    value = call.params.text(name)
    if value is None:
        return []
    wanted, key = value.lower(), field or name
    return [lambda doc: str(doc.get(key) or "").lower() == wanted]


def containing(call: Call, name: str, *fields: str) -> list[Test]:
    """Keep what has the parameter's value somewhere in one of the fields, letter case aside.

    As in an SQL ``LIKE``, ``%`` in it stands for anything and ``_`` for any one character.
    """
    value = call.params.text(name)
    if value is None:
        return []
    # Each part of it is looked for behind the one before: a pattern with ".*" between them would
    # try every way to spread them over a name.
    wanted = [
        re.compile(re.escape(part).replace("_", "."), re.IGNORECASE | re.DOTALL)
        for part in value.split("%")
    ]

    def fits(text: str) -> bool:
        at = 0
        for part in wanted:
            found = part.search(text, at)
            if found is None:
                return False
            at = found.end()
        return True

    return [lambda doc: any(fits(str(doc.get(f) or "")) for f in fields)]


def referring(call: Call, name: str, kind: str, field: str | None = None) -> list[Test]:
    """Keep what refers to the object that a UUID parameter names.

    Raises:
        CommandError: 431 when nothing ever had that UUID.
    """
    doc = call.resolve(name, kind)
    if doc is None:
        return []
    key, wanted = field or name, doc["id"]
    return [lambda found: found.get(key) == wanted]


def flagged(call: Call, name: str, field: str | None = None) -> list[Test]:
    """Keep what has the parameter's truth in a field; all when it is absent."""
    if name not in call.params:
        return []
    wanted, key = call.params.flag(name), field or name
    return [lambda doc: bool(doc.get(key)) is wanted]


def tagged(call: Call) -> list[Test]:
    """Keep what has one of the tags in ``tags[n].key`` and ``tags[n].value``."""
    pairs = call.params.maps("tags")
    if not pairs:
        return []
    store = call.store

    def test(doc: Doc) -> bool:
        tags = store.by("tag", "resource", doc["id"])
        return any(
            tag["key"] == pair.get("key") and pair.get("value") in (None, tag["value"])
            for tag in tags
            for pair in pairs
        )

    return [test]


def select(docs: Iterable[Doc], *tests: list[Test]) -> list[Doc]:
    """The documents that pass all tests, in order of creation."""
    every = [test for group in tests for test in group]
    kept = [doc for doc in docs if all(test(doc) for test in every)] if every else list(docs)
    kept.sort(key=lambda doc: doc["serial"])
    return kept


def listed(call: Call, docs: list[Any], row: Callable[[Any], dict[str, Any]]) -> Answer:
    """One page as an answer: ``count`` of all, rows of this page; ``{}`` when there are none.

    Without ``page`` the server answers its ``default.page.size`` first rows and no more.
    """
    if not docs:
        return {}
    size = call.params.number("pagesize")
    number = call.params.number("page") or 1
    if size is None:
        size, number = call.world.settings.page_size, 1
    shown = docs if size == -1 else docs[max(number - 1, 0) * size :][:size]
    answer: Answer = {"count": len(docs)}
    if shown:
        answer[str(call.command.list_key)] = [row(doc) for doc in shown]
    return answer
