"""Functions of a mapping's own, as the files give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gstack_pyramid.mapping.document import Document
from gstack_pyramid.mapping.forms.files import Function
from gstack_pyramid.mapping.forms.keys import read_as
from gstack_pyramid.mapping.forms.nodes import Text


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """One function of the mapping files.

    Attributes:
        name: what it is called.
        takes: the names of its parameters.
        gives: the expression of what it comes to.
        about: what that is, for people.
        document: where it stands.
    """

    name: str
    takes: Sequence[str]
    gives: Text
    about: str
    document: Document


def functions_of(document: Document) -> dict[str, NamedFunction]:
    """The functions of a document, by name."""
    found = {}
    for name, data in document.data.get("functions", {}).items():
        spec = read_as(Function, data, ("functions", name))
        found[name] = NamedFunction(name, spec.takes, spec.gives, spec.about, document)
    return found
