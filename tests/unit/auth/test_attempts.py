from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from gstack_pyramid.auth import Ledger, LedgerError
from gstack_pyramid.auth.attempts import Attempts, Counter, TooMany

from ...support.postgres import Postgres


@pytest.fixture(params=["memory", "file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.database()
    return ":memory:" if request.param == "memory" else str(tmp_path / "ledger.sqlite")


def test_as_many_attempts_as_there_may_be_and_the_next_when_the_first_is_old(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(url)
    attempts, one = Attempts(ledger, 900), [Counter("one", 2), Counter("other", 9)]
    began = time.time()
    monkeypatch.setattr(time, "time", lambda: began)
    attempts.begin(one)
    monkeypatch.setattr(time, "time", lambda: began + 100)
    attempts.begin(one)
    with pytest.raises(TooMany) as refused:
        attempts.begin(one)
    assert refused.value.seconds == 800
    # What was refused has counted for nobody.
    for _ in range(7):
        attempts.begin([Counter("other", 9)])
    monkeypatch.setattr(time, "time", lambda: began + 900)
    attempts.begin([Counter("one", 2)])
    with pytest.raises(TooMany):
        attempts.begin([Counter("one", 2)])
    ledger.close()


def test_what_is_withdrawn_or_forgiven_does_not_count(url: str) -> None:
    ledger = Ledger(url)
    attempts, one = Attempts(ledger, 900), [Counter("one", 1)]
    attempts.withdraw(attempts.begin(one))
    attempts.begin(one)
    with pytest.raises(TooMany):
        attempts.begin(one)
    attempts.forgive("one")
    attempts.begin(one)
    ledger.close()


def test_processes_that_share_a_ledger_count_together_and_at_once(tmp_path: Path) -> None:
    ledgers = [Ledger(str(tmp_path / "ledger.sqlite")) for _ in range(4)]
    together = threading.Barrier(12, timeout=30)
    began: list[bool] = []

    def attempt(ledger: Ledger) -> None:
        together.wait()
        try:
            Attempts(ledger, 900).begin([Counter("one", 4)])
            began.append(True)
        except TooMany:
            began.append(False)

    threads = [threading.Thread(target=attempt, args=(ledger,)) for ledger in ledgers * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(began) == 12
    assert began.count(True) <= 4
    for ledger in ledgers:
        ledger.close()


def test_what_can_not_be_counted_is_not_let_through(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    with ledger.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE gstack_attempts")
    with pytest.raises(LedgerError):
        Attempts(ledger, 900).begin([Counter("one", 4)])
    ledger.close()


def test_what_is_remembered_is_so_for_its_time(url: str) -> None:
    now = [1000.0]
    ledger = Ledger(url, clock=lambda: now[0])
    assert not ledger.remembers("a")
    ledger.remember("a", 1010)
    ledger.remember("a", 1020)
    now[0] = 1019
    assert ledger.remembers("a")
    assert not ledger.remembers("b")
    now[0] = 1020
    assert not ledger.remembers("a")
    ledger.close()
