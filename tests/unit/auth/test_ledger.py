from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gstack_pyramid.auth import Ledger, LedgerError
from gstack_pyramid.auth.ledger import FRESH

from ...support.postgres import Postgres

NOW = 1_785_000_000


class Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.database()
    return ":memory:" if request.param == "memory" else str(tmp_path / "new" / "ledger.sqlite")


def test_a_name_is_used_once_until_it_expires(url: str) -> None:
    clock = Clock()
    ledger = Ledger(url, clock=clock)
    assert ledger.use("code", NOW + 60)
    assert not ledger.use("code", NOW + 60)
    assert ledger.use("other", NOW + 60)
    clock.now += 60
    assert ledger.use("code", NOW + 120)
    ledger.close()


def test_of_many_at_once_one_is_first(tmp_path: Path) -> None:
    ledgers = [Ledger(str(tmp_path / "ledger.sqlite")) for _ in range(4)]
    together = threading.Barrier(4, timeout=10)
    won: list[bool] = []

    def use(ledger: Ledger) -> None:
        together.wait()
        won.append(ledger.use("code", 2**40))

    threads = [threading.Thread(target=use, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]
    for ledger in ledgers:
        ledger.close()


def test_what_is_used_is_not_revoked_and_the_other_way_round(url: str) -> None:
    ledger = Ledger(url)
    assert ledger.use("a", 2**40)
    assert not ledger.is_revoked("a", "b")
    ledger.revoke("b", 2**40)
    ledger.revoke("b", 2**40)
    assert ledger.is_revoked("a", "b")
    assert not ledger.is_revoked("a")
    assert ledger.use("b", 2**40)
    ledger.close()


def test_another_process_learns_of_a_revocation_within_seconds(tmp_path: Path) -> None:
    clock = Clock()
    here, there = (Ledger(str(tmp_path / "ledger.sqlite"), clock=clock) for _ in range(2))
    assert not there.is_revoked("key")
    here.revoke("key", NOW + 1000)
    assert here.is_revoked("key")
    clock.now += FRESH
    assert there.is_revoked("key")
    here.close()
    there.close()


def test_without_its_database_codes_are_refused_and_revocations_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(str(path), clock=clock)
    ledger.revoke("key", NOW + 1000)
    assert ledger.is_revoked("key")
    ledger.close()
    path.write_bytes(b"this is no database" * 100)
    clock.now += FRESH
    assert ledger.is_revoked("key")
    with pytest.raises(LedgerError, match="can't be written"):
        ledger.use("code", NOW + 1000)
    assert "can't be read" in caplog.text
    ledger.close()


def test_a_ledger_that_cannot_be_opened_says_so_without_its_password(tmp_path: Path) -> None:
    for url in (
        "nosuchdatabase://gstack:hidden@db/x",
        "postgresql://a:hidden@127.0.0.1:1/x",
        str(tmp_path),
    ):
        with pytest.raises(LedgerError) as caught:
            Ledger(url)
        assert "hidden" not in str(caught.value)
        assert caught.value.__context__ is None
