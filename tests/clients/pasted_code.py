"""Signing in by a code that the page shows and a program asks for."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .chromium import chromium
from .gateway import PATIENCE


def until_url(stream: IO[str], start: str) -> str:
    """The first word of a stream that begins so; the stream's end is a failure."""
    seen = []
    for line in stream:
        seen.append(line)
        for word in line.split():
            if word.startswith(start):
                return word
    raise AssertionError("".join(seen))


def sign_in_by_pasting(
    command: Sequence[str], shell: Mapping[str, str], gateway: str, folder: Path
) -> str:
    """Let a program sign in that tells a URL and asks for the code behind it.

    Args:
        command: the program.
        shell: its environment.
        gateway: the URL of the gateway.
        folder: the browser's, to be made.

    Returns:
        What the page says first.
    """
    with subprocess.Popen(
        command,
        env=dict(shell),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as login:
        assert login.stdin
        assert login.stdout
        url = until_url(login.stdout, f"{gateway}/oauth2/auth")
        with chromium(folder) as browser:
            browser.open(url)
            seen = browser.text()
            browser.sign_in()
            browser.press("allow")
            code = browser.driver.find_element("id", "code").get_attribute("value")
        said, _ = login.communicate(f"{code}\n", timeout=PATIENCE)
        assert login.returncode == 0, said
    return seen
