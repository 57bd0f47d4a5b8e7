"""Build step: a wheel carries mappings/, schemas/, deploy/ and the inis as package data.

Everything declarative is in setup.cfg. They stay at the top of the source tree, where
people look for them; gstack_pyramid.schemas.location finds them in either place.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

DATA_FOLDERS = ("mappings", "schemas", "deploy")
DATA_FILES = ("production.ini", "development.ini")


class BuildWithData(build_py):
    """Copies the data folders into the package; an editable install reads them in place."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        here = Path(__file__).parent
        for name in DATA_FOLDERS:
            target = Path(self.build_lib) / "gstack_pyramid" / "_data" / name
            # A file that is gone from the source must not survive in an old build folder.
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(here / name, target)
        for name in DATA_FILES:
            shutil.copy(here / name, Path(self.build_lib) / "gstack_pyramid" / "_data" / name)


setup(cmdclass={"build_py": BuildWithData})
