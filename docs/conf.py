"""How Sphinx builds the documentation: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "gstack"
release = installed_version("gstack_pyramid")
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "mapping/example"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "alabaster"
html_title = "gstack"
html_theme_options = {
    "description": "The Google Compute Engine API on Apache CloudStack",
    "fixed_sidebar": True,
}
