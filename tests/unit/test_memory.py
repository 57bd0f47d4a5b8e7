"""How memory is got from the system."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gstack_pyramid.memory import keep_memory

LONG = 20.0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_memory_that_one_thread_has_freed_is_used_by_the_next_one() -> None:
    # In a process of its own, which this changes for good.
    program = (
        "import resource, threading\n"
        "from gstack_pyramid.memory import keep_memory\n"
        "keep_memory()\n"
        "def work():\n"
        # An answer of CloudStack's, and one of ours, which grows while it is written.
        "    came = b'x' * (1 << 20)\n"
        "    made = bytearray()\n"
        "    for _ in range(64):\n"
        "        made += came[:1 << 15]\n"
        "def faults():\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    threads = [threading.Thread(target=work) for _ in range(16)]\n"
        "    for thread in threads:\n"
        "        thread.start()\n"
        "        thread.join()\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "faults()\n"
        # Sixteen times three megabytes are 12,000 pages; a thread's stack is a few.
        "assert faults() < 1_000, faults()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=LONG)


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES", None])
def test_what_the_environment_tells_glibc_is_left_as_it_is(
    name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(each, raising=False)
    if name:
        monkeypatch.setenv(name, "4")
    told: list[tuple[int, int]] = []
    library = SimpleNamespace(mallopt=lambda option, value: told.append((option, value)))
    monkeypatch.setattr(ctypes, "CDLL", lambda path: library)
    keep_memory()
    assert bool(told) == (name is None)
