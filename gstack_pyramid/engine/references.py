"""Where GCE's resources stand: collections, scopes, links and references to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gstack_pyramid.schemas.gce import GceMethod

_PARAMETER = re.compile(r"\{\+?(\w+)\}")

# A link as Packer 1.6 and 1.7 put it together, when built with a later library of Google's: from
# what had ended in /projects/ and no longer does.
_WITHOUT_PROJECTS = re.compile(r"/compute/\w+/([^/]+/(?:global|zones|regions)/.+)")


@dataclass(frozen=True, slots=True)
class Collection:
    """Where the resources of one kind stand, read off the method paths of the model.

    Attributes:
        resource: the model's name, for example ``zoneOperations``.
        path: the collection's path, for example ``projects/{project}/zones/{zone}/operations``.
        segment: its last part, which links carry (``operations``).
        scope: the segment of the scope around it: ``zones``, ``regions``, ``global``,
            ``projects`` (for zones and regions themselves), or "" (for projects).
    """

    resource: str
    path: str
    segment: str
    scope: str

    def prefix(self, project: str, scope_name: str | None) -> str:
        """The path of the resources in one scope, with its closing slash."""
        if not self.scope:
            return f"{self.segment}/"
        if self.scope == "projects":
            return f"projects/{project}/{self.segment}/"
        if self.scope == "global":
            return f"projects/{project}/global/{self.segment}/"
        return f"projects/{project}/{self.scope}/{scope_name}/{self.segment}/"

    def item_parameter(self, method: GceMethod) -> str | None:
        """The path parameter that names the one resource a method is about, if it is about one."""
        own = _anonymous(self.path).split("/")
        parts = method.path.split("/")
        if _anonymous(method.path).split("/")[: len(own)] != own or len(parts) <= len(own):
            return None
        found = _PARAMETER.fullmatch(parts[len(own)])
        return found.group(1) if found else None


def _anonymous(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def collection_of(resource: str, methods: dict[str, GceMethod]) -> Collection:
    """The collection that the ``get`` method of a resource reads from, else its ``list`` method.

    A resource that has neither and one method alone is where that method's verb is appended.

    Raises:
        ValueError: the resource has none of these, so nothing can be addressed.
    """
    if "get" in methods:
        path, _, _ = methods["get"].path.rpartition("/")
    elif "list" in methods:
        path = methods["list"].path
    elif len(methods) == 1:
        path = next(iter(methods.values())).path.rpartition("/")[0]
    else:
        raise ValueError(f"{resource} has neither get nor list in GCE's model")
    head, _, segment = path.rpartition("/")
    if not head:
        scope = ""
    elif head.endswith("}"):
        scope = head.split("/")[-2]
    else:
        scope = head.rpartition("/")[2]
    return Collection(resource, path, segment, scope)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a client wrote where GCE takes a link, in whatever form.

    Attributes:
        name: the last part: a name or numeric id.
        segment: the collection's segment, when it was given.
        form: a part between collection and name, such as ``family``.
        project: the project, when it was given.
        scope: the scope's segment and name, for example ``("zones", "z1")``, when given.
    """

    name: str
    segment: str | None = None
    form: str | None = None
    project: str | None = None
    scope: tuple[str, str | None] | None = None


def parse_reference(text: str) -> Reference:
    """Take a link apart: a whole URL of any host, a partial path, or a bare name.

    Raises:
        ValueError: the text is no link.

    Source: https://cloud.google.com/compute/docs/reference/rest/v1 (each link field documents the
    full and the partial forms that it takes).
    """
    rest = text
    if "://" in text:
        at = text.find("/projects/")
        if at >= 0:
            rest = text[at + 1 :]
        elif found := _WITHOUT_PROJECTS.search(text):
            rest = f"projects/{found[1]}"
        else:
            raise ValueError("the URL has no /projects/ part")
    parts = rest.strip("/").split("/")
    if any(not part for part in parts):
        raise ValueError("the link has an empty part")
    project = None
    if parts[0] == "projects" and len(parts) > 2:
        project, parts = parts[1], parts[2:]
    scope: tuple[str, str | None] | None = None
    if parts[0] == "global" and len(parts) > 1:
        scope, parts = ("global", None), parts[1:]
    elif parts[0] in ("zones", "regions") and len(parts) > 2:
        scope, parts = (parts[0], parts[1]), parts[2:]
    if len(parts) == 1:
        return Reference(parts[0], None, None, project, scope)
    if len(parts) == 2:
        return Reference(parts[1], parts[0], None, project, scope)
    if len(parts) == 3:
        return Reference(parts[2], parts[0], parts[1], project, scope)
    raise ValueError("the link has too many parts")
