"""The named converters: the one escape hatch of the mapping language.

Each is a pure function of one value. It is here because it computes something that YAML can't say;
a converter that only renames, picks or defaults belongs into a mapping file instead. ``WHY`` says
of each why that is so; the coverage page prints it.
"""

from __future__ import annotations

from gstack_pyramid.mapping.converters import guests, naming, networks, numbers, tags, texts
from gstack_pyramid.mapping.converters.registry import Converter

GROUPS = tuple(module.converter for module in (guests, naming, networks, numbers, tags, texts))

CONVERTERS: dict[str, Converter] = {
    name: function for group in GROUPS for name, function in group.functions.items()
}
WHY: dict[str, str] = {name: why for group in GROUPS for name, why in group.reasons.items()}
