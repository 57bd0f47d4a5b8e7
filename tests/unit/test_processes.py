"""What starts several processes: it starts them again, within bounds, and passes signals on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gstack_pyramid.cli import main
from gstack_pyramid.processes import DEATHS, METRICS_FOLDER, forget_figures, listening

# In a process of its own: it forks, and takes signals.
PROGRAM = """
import os, sys, time, logging
logging.basicConfig(format="%(message)s", level="INFO")
from gstack_pyramid.processes import Supervisor
def serve(ready):
    {serve}
sys.exit(Supervisor({count}, serve).run())
"""


def supervised(count: int, serve: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(count=count, serve=serve)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )


def test_processes_that_cannot_live_are_given_up() -> None:
    done = supervised(2, "ready(); sys.exit(3)")
    assert done.returncode == 1
    assert done.stderr.count("has ended with status 3; it is started again") >= DEATHS
    assert "giving up" in done.stderr


def test_one_that_cannot_live_is_tried_again_while_another_serves(tmp_path: Path) -> None:
    # The first one lives until there have been more tries than would be too many without it.
    tries = tmp_path / "tries"
    serve = (
        f"tries = open({str(tries)!r}, 'a+b', 0); tries.write(b'.'); first = tries.tell() == 1;"
        " ready(); parent = os.getppid()\n"
        "    import signal\n"
        "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "    while first:\n"
        f"        time.sleep(0.02); os.path.getsize({str(tries)!r}) > {DEATHS + 1}"
        " and os.kill(parent, signal.SIGTERM)\n"
        "    sys.exit(3)"
    )
    done = supervised(2, serve)
    assert done.returncode == 0
    assert "giving up" not in done.stderr


def test_one_that_never_comes_up_keeps_the_others_from_being_started() -> None:
    done = supervised(3, "print('tried', flush=True); sys.exit('no')")
    assert (done.returncode, done.stdout) == (1, "tried\n")
    assert done.stderr.splitlines() == ["no"]


def test_a_signal_that_comes_early_waits_until_the_process_is_ready() -> None:
    serve = (
        "import signal; heard = []; parent = os.getppid();"
        " signal.signal(signal.SIGHUP, lambda *_: print('heard', flush=True));"
        " os.kill(os.getpid(), signal.SIGHUP); print('coming up', flush=True); ready();"
        " os.kill(parent, signal.SIGTERM); time.sleep(60)"
    )
    done = supervised(1, serve)
    assert (done.returncode, done.stdout) == (0, "coming up\nheard\n"), done.stderr


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_who_is_told_to_end_while_a_process_starts_starts_no_more(number: str) -> None:
    serve = (
        "import signal; print('coming up', flush=True);"
        f" os.kill(os.getppid(), signal.{number}); time.sleep(0.3); ready(); time.sleep(60)"
    )
    done = supervised(3, serve)
    assert (done.returncode, done.stdout, done.stderr) == (0, "coming up\n", "")


def test_what_the_dead_have_told_of_now_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(METRICS_FOLDER, str(tmp_path))
    for name in ("gauge_livesum_7.db", "gauge_livesum_8.db", "counter_7.db"):
        (tmp_path / name).touch()
    forget_figures(7)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "counter_7.db",
        "gauge_livesum_8.db",
    ]


def test_an_address_that_is_taken_is_named() -> None:
    (first,) = listening([(2, 1, 6, ("127.0.0.1", 0))], 1)
    where = first.getsockname()
    with first, pytest.raises(OSError, match="Address already in use") as told:
        listening([(2, 1, 6, where)], 1)
    assert told.value.filename == f"127.0.0.1:{where[1]}"


@pytest.mark.parametrize(
    ("own", "server", "says"),
    [
        ("gstack.signin.ledger = ledger", "egg:waitress#main", "gstack.operations.url is :memory:"),
        ("gstack.operations.url = o.sqlite", "egg:waitress#main", "gstack.signin.ledger is :mem"),
        (
            "gstack.signin.ledger = ledger\ngstack.operations.url = o.sqlite",
            "egg:gstack_pyramid#tls",
            "which serves with one process",
        ),
    ],
)
def test_what_several_cannot_serve_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, server: str, says: str
) -> None:
    ini = tmp_path / "gateway.ini"
    ini.write_text(
        "[app:main]\nuse = egg:gstack_pyramid\ngstack.token_keys_file = ring\n"
        f"gstack.cloudstack.endpoint = http://127.0.0.1:1/client/api\n{own}\n"
        f"[server:main]\nuse = {server}\n"
    )
    monkeypatch.setenv("GSTACK_PROCESSES", "2")
    done = CliRunner().invoke(main, ["--config", str(ini), "serve"])
    assert done.exit_code == 1
    assert says in done.output
