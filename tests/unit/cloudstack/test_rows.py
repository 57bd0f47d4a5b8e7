from __future__ import annotations

from collections.abc import Callable

import pytest

from gstack_pyramid.cloudstack import Client, CloudStackBadAnswer, CloudStackError, Credentials
from gstack_pyramid.cloudstack import commands as commands_module

from .cloud import Cloud, Reply, Script, Seen, refused, said

MakeClient = Callable[..., Client]
COMMAND = "listVirtualMachines"


def machines(first: int, last: int) -> list[dict[str, str]]:
    return [{"id": str(number)} for number in range(first, last + 1)]


def pages_of(
    total: int, *, largest: int = 500, count: str = "all", says: str = "max allowed value: {}"
) -> Script:
    """A list of ``total`` rows; ``count`` tells what its count counts: all, page or none."""

    def script(seen: Seen) -> Reply:
        page, size = int(seen.params["page"]), int(seen.params["pagesize"])
        if size > largest:
            return refused(COMMAND, 431, "Page size can't exceed " + says.format(largest))
        found = machines((page - 1) * size + 1, min(page * size, total))
        body: dict[str, object] = {"virtualmachine": found} if found else {}
        if count != "none":
            body["count"] = total if count == "all" else len(found)
        return said(COMMAND, body)

    return script


def asked(cloud: Cloud) -> list[tuple[str, str]]:
    return [(seen.params["page"], seen.params["pagesize"]) for seen in cloud.seen]


@pytest.mark.parametrize(
    ("total", "count", "pages"),
    [
        (0, "all", 1),
        (3, "all", 1),
        (4, "all", 2),  # four of four: is that all, or the number on this page?
        (7, "all", 2),
        (8, "all", 2),
        (8, "page", 3),
        (9, "page", 3),
        (8, "none", 3),
    ],
)
def test_all_rows_come_in_as_few_pages_as_the_count_allows(
    cloud: Cloud,
    make_client: MakeClient,
    credentials: Credentials,
    total: int,
    count: str,
    pages: int,
) -> None:
    cloud.script = pages_of(total, count=count)
    rows = make_client(page_size=4).rows(credentials, COMMAND, {"state": "Running"})
    assert rows == machines(1, total)
    assert asked(cloud) == [(str(page), "4") for page in range(1, pages + 1)]
    assert {seen.params["state"] for seen in cloud.seen} == {"Running"}


@pytest.mark.parametrize("says", ["max allowed page size value: {}", "default.page.size"])
def test_a_page_size_that_is_refused_shrinks_for_good(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, says: str
) -> None:
    client = make_client(page_size=16)
    cloud.script = pages_of(6, largest=4, says=says)
    assert client.rows(credentials, COMMAND) == machines(1, 6)
    cloud.seen.clear()
    assert client.rows(credentials, COMMAND) == machines(1, 6)
    assert asked(cloud) == [("1", "4"), ("2", "4")]


def test_a_server_that_refuses_every_page_size_is_believed_in_the_end(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    cloud.script = lambda seen: refused(COMMAND, 431, "pagesize is wrong")
    with pytest.raises(CloudStackError, match="pagesize is wrong"):
        make_client(page_size=8).rows(credentials, COMMAND)
    assert [size for _, size in asked(cloud)] == ["8", "4", "2", "1"]


@pytest.mark.parametrize(("code", "text"), [(431, "Invalid parameter id"), (530, "pagesize")])
def test_other_errors_are_raised_at_once(
    cloud: Cloud, client: Client, credentials: Credentials, code: int, text: str
) -> None:
    cloud.script = lambda seen: refused(COMMAND, code, text)
    with pytest.raises(CloudStackError):
        client.rows(credentials, COMMAND)
    assert len(cloud.seen) == 1


def test_a_command_without_pages_is_sent_once(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    found = [{"name": "KVM"}, {"name": "XenServer"}]
    cloud.script = lambda seen: said("listHypervisors", {"count": 2, "hypervisor": found})
    assert make_client(page_size=2).rows(credentials, "listHypervisors") == found
    (seen,) = cloud.seen
    assert "page" not in seen.params


def test_a_caller_can_ask_for_one_page(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.script = pages_of(9)
    assert client.rows(credentials, COMMAND, {"Page": 2, "pageSize": 3}) == machines(4, 6)
    assert asked(cloud) == [("2", "3")]


def test_a_command_that_ignores_the_page_is_not_asked_for_ever(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    cloud.script = lambda seen: said(COMMAND, {"virtualmachine": machines(1, 4)})
    assert make_client(page_size=4).rows(credentials, COMMAND) == machines(1, 4)
    assert len(cloud.seen) == 2


def test_a_list_without_an_end_is_given_up(
    cloud: Cloud,
    make_client: MakeClient,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands_module, "MOST_PAGES", 5)
    cloud.script = pages_of(1000, count="page")
    with pytest.raises(CloudStackBadAnswer, match="5 pages"):
        make_client(page_size=2).rows(credentials, COMMAND)
    assert len(cloud.seen) == 5


def test_an_unknown_command_is_a_key_error(client: Client, credentials: Credentials) -> None:
    with pytest.raises(KeyError):
        client.rows(credentials, "listNothings")
