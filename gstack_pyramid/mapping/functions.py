"""Functions of a mapping's own, as the files give them."""

from __future__ import annotations

from dataclasses import dataclass

from gstack_pyramid.mapping.document import Document, Place


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """One function of the mapping files.

    Attributes:
        name: what it is called.
        takes: the names of its parameters.
        gives: the expression of what it comes to.
        document: where it stands.
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    document: Document

    @property
    def place(self) -> Place:
        """Where its expression stands."""
        return ("functions", self.name, "gives")


def functions_of(document: Document) -> dict[str, NamedFunction]:
    """The functions of a document, by name."""
    return {
        name: NamedFunction(name, tuple(spec.get("takes", ())), spec["gives"], document)
        for name, spec in document.data.get("functions", {}).items()
    }
