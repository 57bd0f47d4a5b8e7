"""CloudStack's API as a client sees it: signed commands, rows, jobs, errors. It knows no GCE."""

from __future__ import annotations

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.client import Client, is_read
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import (
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
)
from gstack_pyramid.cloudstack.jobs import Job
from gstack_pyramid.cloudstack.sessions import SECOND_FACTOR, PasswordLogin, domain_path
from gstack_pyramid.cloudstack.users import User, find_user

__all__ = [
    "SECOND_FACTOR",
    "Client",
    "CloudStackBadAnswer",
    "CloudStackError",
    "CloudStackTimeout",
    "CloudStackUnavailable",
    "Credentials",
    "Job",
    "PasswordLogin",
    "User",
    "domain_path",
    "find_user",
    "is_read",
    "unwrap",
]
