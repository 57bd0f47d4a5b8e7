"""Files that a process reads at its start only: whether they have changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path


class AtStart:
    """Remembers what files hold, and refuses to go on as if that were still so.

    Args:
        files: gives those that there are.
    """

    def __init__(self, files: Callable[[], Iterable[Path]]) -> None:
        self._files = files
        self._found = self._look()

    def check(self) -> None:
        """See that nothing has changed.

        Raises:
            OSError: one can't be read.
            ValueError: one has changed, has come or has gone.
        """
        found = self._look()
        changed = [str(file) for file in found if self._found.get(file) != found[file]]
        changed += [str(file) for file in self._found if file not in found]
        if changed:
            raise ValueError(
                f"{', '.join(changed)} has changed since the start, when this process reads it once"
                " and for all: start the service again. Several processes (gstack.processes) would"
                " have read it now"
            )

    def _look(self) -> dict[Path, bytes]:
        return {file: blake2b(file.read_bytes()).digest() for file in self._files()}
