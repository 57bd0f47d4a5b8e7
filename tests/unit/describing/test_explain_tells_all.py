"""Nothing that a mapping says of a method is missing on the page that explains it.

What it says are the texts of its forms, so that a key that is added to them is looked for here as
well.
"""

from __future__ import annotations

from typing import Any

from gstack_pyramid.describing.explain import explain

from ...support import shipped
from ..mapping.language import texts_in


def squeezed(text: str) -> str:
    """A text without white space, which a page breaks as it needs."""
    return "".join(text.split())


def test_every_text_of_a_method_is_told() -> None:
    mappings, compiled = shipped.mappings(), shipped.compiled()
    count, missing = 0, []
    for method_id, method in compiled.methods.items():
        form = mappings.forms[method.resource.name]
        shown: list[Any] = [form.methods[method.gce.name]]
        if method.kind in ("get", "list", "aggregatedList"):
            shown += [*form.read, form.fields]
        page = squeezed(explain(mappings, compiled, method_id))
        found = list(texts_in(shown))
        count += len(found)
        missing += [(method_id, it.place, it) for it in found if squeezed(it) not in page]
    assert missing == []
    assert count > 5000
