"""All answers of a command taken together: every field that any of them has.

What a single row holds depends on what there was in the cloud. What the rows of a command hold in
all depends on the command.
"""

from __future__ import annotations

from collections.abc import Iterator

from .recorded import Recording
from .replay import ANSWERED, Key
from .shapes import Shape, between, merge, shape_of

OUTCOMES = ("pending", "success", "failed")


def key_of(recording: Recording) -> Key | None:
    """What a recording is an example of; None for errors, whose fields are compared one by one."""
    if recording.status != 200 or not isinstance(recording.body, dict):
        return None
    (inside,) = recording.body.values()
    if recording.command == ANSWERED:
        return _job_key(inside)
    return recording.command, "success"


def _job_key(job: dict[str, object]) -> Key:
    return str(job["cmd"]).rpartition(".")[2], OUTCOMES[int(str(job["jobstatus"]))]


def real_shapes(recordings: list[Recording]) -> dict[Key, Shape]:
    """The fields of all recordings, by what they are examples of."""
    shapes: dict[Key, Shape] = {}
    for recording in recordings:
        key = key_of(recording)
        if key is not None:
            (inside,) = recording.body.values()
            merge(shapes.setdefault(key, {}), shape_of(inside))
        for job in (recording.pending, recording.final):
            if job is not None:
                (inside,) = job.values()
                merge(shapes.setdefault(_job_key(inside), {}), shape_of(inside))
    return shapes


def _plain(path: str) -> str:
    """A path below the noun that a row or object is of, wherever it stands."""
    return path.removeprefix("jobresult.").replace("[]", "")


def fields_of(shapes: dict[Key, Shape]) -> set[str]:
    """All fields, by the noun of the row or object that has them."""
    return {_plain(path) for shape in shapes.values() for path in shape}


def compared(
    real: dict[Key, Shape], ours: dict[Key, Shape], keys: set[Key], known: set[str]
) -> Iterator[str]:
    """The differences under some keys, each as one line.

    Args:
        real: what was recorded.
        ours: what the simulator has answered.
        keys: what to compare.
        known: as :func:`fields_of`; a field is too much only where nothing of its kind was ever
            recorded with it.
    """
    for key in sorted(keys):
        name = f"{key[0]} {key[1]}"
        if not real[key]:
            continue
        if not ours.get(key):
            yield f"{name}: never seen here"
            continue
        for told in between(ours[key], real[key]):
            path, _, what = told.partition(": ")
            if what != "extra" or _plain(path) not in known:
                yield f"{name}: {told}"
