"""``python -m gstack_pyramid.cli`` is ``gstack``."""

from __future__ import annotations

from gstack_pyramid.cli import main

main(prog_name="gstack")
