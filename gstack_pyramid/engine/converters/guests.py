"""The converter for what a machine's metadata tells its guest."""

from __future__ import annotations

import base64
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import orjson

from gstack_pyramid.engine.converters.registry import Group

_BOUNDARY = "==============gstack=="
"""Fixed, so that the same metadata makes the same user data."""
_KINDS = {"#!": "x-shellscript", "#cloud-config": "cloud-config", "#include": "x-include-url"}
"""Types of cloud-init's parts, by what they start with."""

converter = Group()


@converter("several things for the guest become one message in MIME, which cloud-init takes apart")
def guest_data(value: dict[str, str]) -> str | None:
    """What a machine's metadata tells its guest, as CloudStack's user data in base64.

    One of ``user_data`` and ``startup_script`` alone stays as it is. ``ssh_keys``, lines of the
    form ``user:key``, become users in a cloud-config. Several parts become a multipart message,
    which cloud-init understands (https://cloudinit.readthedocs.io, "user data formats").
    """
    parts = [value[name] for name in ("user_data", "startup_script") if value.get(name)]
    keys: dict[str, list[str]] = {}
    for line in value.get("ssh_keys", "").splitlines():
        user, colon, key = line.strip().partition(":")
        if colon and user and key:
            keys.setdefault(user, []).append(key.strip())
    if keys:
        users = [
            {"name": user, "ssh_authorized_keys": its, "sudo": "ALL=(ALL) NOPASSWD:ALL"}
            for user, its in keys.items()
        ]
        # JSON is YAML as well.
        config = orjson.dumps({"users": ["default", *users]}).decode()
        parts.append(f"#cloud-config\n{config}\n")
    if not parts:
        return None
    if len(parts) == 1:
        return _base64(parts[0])
    message = MIMEMultipart(boundary=_BOUNDARY)
    for part in parts:
        kind = next((kind for start, kind in _KINDS.items() if part.startswith(start)), "plain")
        message.attach(MIMEText(part, kind, "utf-8"))
    return _base64(message.as_string())


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
