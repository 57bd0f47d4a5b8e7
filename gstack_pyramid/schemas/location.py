"""Where what the program ships lies: ``mappings``, ``schemas``, ``deploy`` and the inis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder(name: str) -> Path:
    """The folder of shipped data called ``name``: ``"mappings"``, ``"schemas"`` or ``"deploy"``.

    In a checkout it lies beside the package, in an installed wheel in ``gstack_pyramid/_data``.

    Raises:
        FileNotFoundError: there is no such folder in either place.
    """
    return _found(name, Path.is_dir)


def data_file(name: str) -> Path:
    """The shipped file called ``name``: ``"production.ini"`` or ``"development.ini"``.

    Raises:
        FileNotFoundError: there is no such file in either place.
    """
    return _found(name, Path.is_file)


def _found(name: str, fits: Callable[[Path], bool]) -> Path:
    for path in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if fits(path):
            return path
    raise FileNotFoundError(f"gstack's {name!r} is neither in nor beside {_PACKAGE}")
