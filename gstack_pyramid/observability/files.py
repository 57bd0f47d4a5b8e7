"""Log files that only their owner may read, for the ini's ``[handler_…]`` sections."""

from __future__ import annotations

import os
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from typing import cast


class PrivateFile(WatchedFileHandler):
    """A file that is made with mode 0600, and opened anew when another has taken its place.

    So logrotate may move it away, and needs to tell nobody.

    Args:
        path: of the file.

    Raises:
        OSError: it can't be written.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        made = open(self.baseFilename, self.mode, encoding=self.encoding, opener=private)  # noqa: SIM115
        return cast(TextIOWrapper, made)
