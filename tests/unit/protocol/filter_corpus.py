"""Filters of both kinds, and rows for which they mean something.

The filters are in the folder ``filters``, one a line. To add one, write it into the file it belongs
to. Those that are to be refused are in ``refused.txt``, each above a mark under the first character
that can't stand where it does.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).parent / "filters"


def lines(section: str) -> list[str]:
    """The lines of a section, without remarks."""
    text = (FOLDER / f"{section}.txt").read_text()
    return [line for line in text.split("\n") if line.strip() and line[0] != "#"]


def refusals() -> list[tuple[str, int]]:
    """Each text out of refused.txt, and the position that is marked under it."""
    found: list[tuple[str, int]] = []
    for line in lines("refused"):
        if line.strip() == "^":
            found[-1] = found[-1][0], line.index("^") + 1
        else:
            found.append((line, 0))
    return [pair for pair in found if pair[1]]


SECTIONS = ["equal", "order", "has", "together", "paths", "legacy"]
FILTERS = [text for section in SECTIONS for text in lines(section)]

TEXTS = [
    "the shop's web server", 'say "hello"', "first\nsecond", "tab\there", "back\\slash", "café",
    "", "a*b", "a and b", "two words", "Server", "web", "nothing",
]  # fmt: skip
TIMES = [
    "2026-03-01T00:00:00Z", "2026-03-01T00:00:00.000+00:00", "2026-03-01T01:00:00.000+01:00",
    "2026-02-28T16:00:00.000-08:00", "2026-03-01T00:00:00.001Z", "2025-12-31T23:59:59.999-01:00",
    "2026-01-15T12:30:00.000-07:00", "2026-03-31T08:00:00Z", "2026-05-05T05:05:05.555+02:00",
]  # fmt: skip
ZONES = ["ch-gva-2", "ch-zrh-1", "ch-gva-22"]
KEYS = {
    "env": ["prod", "test", "dev", "true", "", "PROD"],
    "owner": ["ada", ""],
    "version": ["7", "007", "8", "10", "seven"],
    "a.b": ["x"],
    "with space": ["y"],
    "it's": ["z"],
    "my-key_1": ["prod", "x"],
    "AND": ["x"],
}


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Rows like instances; each has some of the fields, with values that the filters ask for."""
    random = Random(seed)

    def some(values: dict[str, Any], share: float) -> dict[str, Any]:
        return {name: value for name, value in values.items() if random.random() < share}

    def disk() -> dict[str, Any]:
        licenses = random.sample(["l-1", "l-2", "l-3"], random.randint(0, 3))
        return some(
            {
                "boot": random.random() < 0.5,
                "source": random.choice(["root", "data", "https://host/disks/root", "data-2"]),
                "diskSizeGb": random.choice(["1", "10", "19", "100"]),
                "licenses": licenses,
            },
            0.8,
        )

    def row() -> dict[str, Any]:
        labels = some({key: random.choice(values) for key, values in KEYS.items()}, 0.4)
        scheduling = {
            "automaticRestart": random.random() < 0.5,
            "preemptible": random.random() < 0.5,
        }
        return some(
            {
                "name": random.choice(["web-1", "web-2", "web", "WEB-1", "app", "db-10", "5", "z"]),
                "id": str(random.choice([2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1])),
                "status": random.choice(["RUNNING", "TERMINATED", "STAGING"]),
                "description": random.choice(TEXTS),
                "zone": f"https://host/compute/v1/projects/p/zones/{random.choice(ZONES)}",
                "creationTimestamp": random.choice(TIMES),
                "guestCpus": random.choice([1, 2, 4, 8, 16, 44]),
                "diskSizeGb": random.choice(["1", "9", "10", "11", "100", "1000"]),
                "ratio": random.choice([0.5, 1.5, 2.0, 15.0, -1.25]),
                "cpuPlatform": random.choice(["Intel Skylake", "Intel Broadwell", "Arm"]),
                "scheduling": some(scheduling, 0.8),
                "labels": labels,
                "tags": some({"items": random.sample(["http", "https", "db-1", "1", "HTTP"],
                                                     random.randint(0, 3))}, 0.9),
                "disks": [disk() for _ in range(random.randint(0, 3))],
                "none": None,
            },
            0.85,
        )  # fmt: skip

    return [row() for _ in range(count)]
