"""A log record is one line, and what clients send makes no other."""

from __future__ import annotations

import io
import logging

import pytest

from gstack_pyramid.logs import escaped, one_line_each

FORGED = "2026-01-01 00:00:00 INFO    gstack_pyramid  somebody has signed in"


@pytest.fixture
def written() -> io.StringIO:
    one_line_each()
    return io.StringIO()


def log(stream: io.StringIO, name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("LOG %(levelname)s %(message)s"))
    logger.handlers = [handler]
    return logger


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_no_line_end_makes_a_line(written: io.StringIO, end: str) -> None:
    log(written, "gstack_pyramid.test.lines").warning("GET %s", f"/x{end}{FORGED}")
    assert len(written.getvalue().splitlines()) == 1


def test_no_sign_reaches_a_terminal_as_a_command() -> None:
    assert escaped("a\x1b[31mb\x9bc\x00d") == "a\\x1b[31mb\\x9bc\\x00d"
    assert escaped("a b \u00fc \u4e2d") == "a b \u00fc \u4e2d"


def test_no_line_of_a_traceback_passes_for_a_record(written: io.StringIO) -> None:
    logger = log(written, "gstack_pyramid.test.tracebacks")
    try:
        raise ValueError(f"x\n{FORGED}\x1b[2J")
    except ValueError:
        logger.exception("it broke")
    lines = written.getvalue().splitlines()
    assert lines[0] == "LOG ERROR it broke"
    assert all(line.startswith("    ") for line in lines[1:])
    assert "ValueError: x" in written.getvalue()
    assert "\x1b" not in written.getvalue()


def test_it_is_said_twice_and_done_once(written: io.StringIO) -> None:
    factory = logging.getLogRecordFactory()
    one_line_each()
    assert logging.getLogRecordFactory() is factory


def test_others_log_as_they_do(written: io.StringIO) -> None:
    log(written, "somebody_else").warning("a\nb")
    assert written.getvalue().splitlines() == ["LOG WARNING a", "b"]
