"""CloudStack's default roles: which commands an account of each may send.

The lists are in ``schemas/roles/VERSION.json``, names only. Each says where it was taken from: a
recorded ``listApis`` of an account of that role, or the ``authorized`` annotations and the default
permissions in the source of the server, which agree with the recordings where there are both.
"""

from __future__ import annotations

from functools import cache

from gstack_pyramid.schemas.files import read_json
from gstack_pyramid.schemas.location import data_folder

USER = "User"
DOMAIN_ADMIN = "Domain Admin"
ROOT_ADMIN = "Root Admin"

ROLES = (USER, DOMAIN_ADMIN, ROOT_ADMIN)
"""The names of the roles, as CloudStack gives them in ``rolename``."""

VERSIONS = ("4.18", "4.22")
"""The releases whose lists are known, the oldest first."""


@cache
def commands_of(role: str, version: str = VERSIONS[-1]) -> frozenset[str]:
    """The commands that a default role may send.

    Args:
        role: one of :data:`ROLES`.
        version: one of :data:`VERSIONS`.

    Raises:
        KeyError: there is no such role.
        OSError: nothing is known of that release.
    """
    document = read_json(data_folder("schemas") / "roles" / f"{version}.json")
    return frozenset(document["roles"][role])
