"""On every mapped list, an answer is the same with CloudStack's help as without it.

Lists come from the mappings, filters from what the lists show, and what there is to see from
``tests/support/plenty.py``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gstack_pyramid.cloudstack.parameters import encode_params
from gstack_pyramid.engine import listing
from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.pushdown import NOTHING
from gstack_pyramid.engine.records import Source

from ..conftest import MakeGateway
from ..support.effort import tries
from ..support.gateway import Gateway
from ..support.lists import Listed, items_of, lists_of
from ..support.plenty import SIMULATOR, fill, prepare

FEW, MANY = tries(1, 5), tries(5, 30)
"""Filters that are tried: on lists that CloudStack can't narrow, and on those it can."""


@pytest.fixture(scope="module")
def full(make_lasting_gateway: MakeGateway) -> Gateway:
    gateway = make_lasting_gateway(**SIMULATOR)
    prepare(gateway.cloud.app)
    fill(gateway)
    return gateway


def sources_of(gateway: Gateway, resource: str) -> list[Source]:
    return gateway.application.engine.compiled.resources[resource].sources


def helped(source: Source) -> bool:
    """Whether CloudStack can leave out rows of it that a filter doesn't want."""
    return not source.cached and (source.push is not NOTHING or source.name_parameter is not None)


def parts_of(items: list[dict[str, Any]]) -> list[str]:
    """Comparisons with what a list shows, with nearly that, and with what it doesn't show."""
    found = {'name = "nobody"', "name:no*", "name ne nobody", "status = NONESUCH", "labels.x:*"}
    for item in items[:8]:
        name = item["name"]
        word = name.split("-")[0]
        found |= {f"name:{word}", f"name = {word}*", f"name:{name}", f"name != {name}"}
        found |= {f"name eq {name}", rf'name eq ".*\b{word}\b.*"', f"name ne {name}"}
        for path, value in scalars(item):
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
            found |= {f'{path} = "{quoted}"', f"{path}:*"}
            if re.fullmatch(r"[\w/-]+", value):
                found |= {f"{path} = {value}", f"{path}:{value}", f"{path} != {value}"}
                found |= {f"{path} eq {value}", f"{path} > {value}"}
            if value.startswith("http"):
                found.add(f"{path}:{value.rpartition('/')[2]}")
    return sorted(text for text in found if len(text) < 300)


def scalars(item: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        if isinstance(value, dict) and not path:
            yield from scalars(value, f"{name}.")
        elif isinstance(value, str | int | bool) and re.fullmatch(r"[\w-]+", name):
            yield path + name, str(value).lower() if isinstance(value, bool) else str(value)


def filters(parts: list[str]) -> SearchStrategy[str]:
    legacy = [text for text in parts if re.match(r"[\w.-]+ (eq|ne) ", text)]
    newer = st.recursive(
        st.sampled_from([text for text in parts if text not in legacy]),
        lambda inner: (
            inner.map("NOT ({})".format)
            | st.tuples(inner, inner).map(lambda pair: "({}) AND ({})".format(*pair))
            | st.tuples(inner, inner).map(lambda pair: "({}) OR ({})".format(*pair))
        ),
        max_leaves=4,
    )
    older = st.lists(st.sampled_from(legacy), min_size=1, max_size=3)
    return newer | older.map(lambda texts: "".join(f"({text})" for text in texts))


class Unhelped:
    """While it is entered, CloudStack narrows nothing but by place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sources: list[Source]) -> None:
        self._monkeypatch, self._sources = monkeypatch, sources

    def __enter__(self) -> None:
        self._context = self._monkeypatch.context()
        patch = self._context.__enter__()
        patch.setattr(listing.Listing, "_narrowest", lambda self: self.env)
        for source in self._sources:
            patch.setattr(source, "push", NOTHING)
            patch.setattr(source, "name_parameter", None)

    def __exit__(self, *_: object) -> None:
        self._context.__exit__(None, None, None)


def test_an_answer_does_not_depend_on_what_was_pushed_down(
    full: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: defaultdict[str, set[str]] = defaultdict(set)
    client = full.application.engine.client
    # Each answer is to be made, not to be given again.
    monkeypatch.setattr(full.application, "answers", Answers(0))
    real = client.sent

    def sent_now(credentials: Any, command: str, params: Any) -> Any:
        sent[command] |= {name.split("[")[0] for name in encode_params(params)}
        return real(credentials, command, params)

    monkeypatch.setattr(client, "sent", sent_now)

    def check(listed: Listed) -> None:
        sources = sources_of(full, listed.resource)
        parts = parts_of(items_of(full.get(listed.path)))
        # One filter at least for all that is declared, whatever is drawn.
        words = {part for part in parts if part.startswith("name = ")}
        words = {min(words, default="name = nobody")}
        for source in sources:
            for turned in source.push.turned:
                words |= {f"{turned.field} = {word}" for word in turned.words.values()}
            for equal in source.push.equal:
                start = equal.field + ("." if equal.entries else " ")
                said = [part for part in parts if part.startswith(start) and ' = "' in part]
                words |= set(said[:1])

        def compare(text: str) -> None:
            with_help = full.get(listed.path, filter=text)
            with Unhelped(monkeypatch, sources):
                assert with_help == full.get(listed.path, filter=text), (listed.path, text)

        for text in words:
            compare(text)
        many = MANY if any(map(helped, sources)) else FEW
        drawn = given(filters([*parts, *sorted(words)]))
        settings(max_examples=many, database=None)(drawn(compare))()

    checked = [listed for listed in lists_of(full) if sources_of(full, listed.resource)]
    for listed in checked:
        check(listed)
    # What the mappings declare has been made use of, or nothing was compared.
    for source in {id(s): s for each in checked for s in sources_of(full, each.resource)}.values():
        if source.command is not None and helped(source):
            declared = {turned.parameter for turned in source.push.turned}
            declared |= {"tags"} if source.push.equal else set()
            declared |= {source.name_parameter} if source.name_parameter else set()
            assert declared <= sent[source.command], source.command


def test_a_list_is_the_same_page_by_page_in_cloudstacks_order(
    full: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every ``order`` that the mappings declare, on lists that count as long here."""
    walked = [
        listed
        for listed in lists_of(full)
        if (resource := full.application.engine.compiled.resources[listed.resource]).walkable
        and resource.sources
    ]
    assert walked
    for listed in walked:
        whole = items_of(full.get(listed.path))
        parts = [text for text in parts_of(whole) if " eq " not in text and " ne " not in text]
        monkeypatch.setattr(listing, "LONG", 2)
        for text in ["", *parts[:: max(1, len(parts) // 12)]]:
            expected = {
                item["id"] for item in items_of(full.get(listed.path, filter=text, orderBy="name"))
            }
            for size in (1, 3):
                found = [item["id"] for item in paged(full, listed, filter=text, maxResults=size)]
                assert len(found) == len(set(found)), (listed.path, text)
                assert set(found) == expected, (listed.path, text)
        monkeypatch.undo()


def paged(gateway: Gateway, listed: Listed, **query: Any) -> Iterator[dict[str, Any]]:
    token = ""
    while True:
        page = gateway.get(listed.path, pageToken=token, **query)
        yield from items_of(page)
        token = page.get("nextPageToken", "")
        if not token:
            return
