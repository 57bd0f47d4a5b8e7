"""Where the data that the program ships lies: ``mappings`` and ``schemas``."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder(name: str) -> Path:
    """The folder of shipped data called ``name`` (``"mappings"`` or ``"schemas"``).

    In a checkout it lies beside the package, in an installed wheel in ``gstack_pyramid/_data``.

    Raises:
        FileNotFoundError: there is no such folder in either place.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"gstack's {name!r} folder is neither in nor beside {_PACKAGE}")
