"""What docs/users.md tells users to write, so that tests walk the page itself."""

from __future__ import annotations

import re

from .gateway import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples(section: str, language: str, **instead: str) -> list[str]:
    """The examples in a language that a section of the page has, in their order.

    Args:
        section: its heading.
        language: what stands behind the examples' opening backquotes, such as ``yaml``.
        instead: what stands in the test for a word of the page, for example ``my_account``
            for ``my-account``.
    """
    page = (ROOT / "docs" / "users.md").read_text()
    _, _, rest = page.partition(f"\n## {section}\n")
    assert rest, f"docs/users.md has no section {section}"
    blocks = _BLOCK.findall(rest.partition("\n## ")[0])
    texts = [str(text) for found, text in blocks if found == language]
    for word, value in instead.items():
        assert any(word.replace("_", "-") in text for text in texts)
        texts = [text.replace(word.replace("_", "-"), value) for text in texts]
    return texts


def example(section: str, language: str, **instead: str) -> str:
    """The one example in a language that a section of the page has; as ``examples`` otherwise."""
    (text,) = examples(section, language, **instead)
    return text
