"""What a caller may do, in GCE's words: permissions such as ``compute.disks.get``.

Source: https://cloud.google.com/compute/docs/access/iam-permissions, and the method
``testIamPermissions`` of GCE's resources.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.roles import Roles
from gstack_pyramid.errors import invalid_value
from gstack_pyramid.schemas.gce import GceMethod

_FORM = re.compile(r"([a-z][A-Za-z0-9]*)\.([a-z][A-Za-z0-9]*)\.([a-z][A-Za-z0-9]*)")

_VERBS = {"insert": "create", "aggregatedList": "list", "patch": "update"}
"""Where a permission is called otherwise than the method."""

_REGIONAL = "region"


def permission_of(method: GceMethod) -> str:
    """The permission that a method takes, for example ``compute.disks.create`` for an insert."""
    api, resource, name = method.id.split(".")
    return f"{api}.{resource}.{_VERBS.get(name, name)}"


class Permissions:
    """Answers which permissions a caller has.

    Args:
        methods: the mapped methods by their ids.
        roles: what callers' roles allow.
    """

    def __init__(self, methods: Mapping[str, Method], roles: Roles) -> None:
        self._roles = roles
        self._methods: defaultdict[str, list[Method]] = defaultdict(list)
        for method in methods.values():
            self._methods[permission_of(method.gce)].append(method)

    def granted(self, asked: Sequence[str], resource: str, caller: Credentials) -> list[str]:
        """Those of some permissions that a caller has, in the order asked, each once.

        A permission is had when CloudStack lets the caller's role send what all of its mapped
        methods need. What GCE knows and gstack doesn't serve, nobody may do.

        Args:
            asked: permissions.
            resource: the resource that they are asked of. Those of a regional resource are called
                as if it had a zone: ``compute.disks.get`` for ``regionDisks``.
            caller: the caller's keys.

        Raises:
            GceError: 400, something that is no permission.
            CloudStackError, CloudStackUnavailable: as the client.
        """
        for index, permission in enumerate(asked):
            if not _FORM.fullmatch(permission):
                raise invalid_value(
                    f"resource.permissions[{index}]",
                    permission,
                    "A permission is called SERVICE.RESOURCE.VERB.",
                )
        known = {permission: self._behind(permission, resource) for permission in asked}
        if not any(known.values()):
            return []
        allowed = self._roles.allowed(caller)
        return [
            permission
            for permission, methods in known.items()
            if methods and not any(method.needs.missing(allowed) for method in methods)
        ]

    def _behind(self, permission: str, resource: str) -> list[Method]:
        """The mapped methods that a permission is about."""
        api, named, verb = permission.split(".")
        if resource == f"{_REGIONAL}{named[0].upper()}{named[1:]}":
            named = resource
        return self._methods.get(f"{api}.{named}.{verb}", [])
