"""The converter for what a machine's metadata tells its guest."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import orjson

from gstack_pyramid.mapping.converters.registry import Group

_BOUNDARY = "==============gstack=="
"""Fixed, so that the same metadata makes the same user data."""
_KINDS = {
    "#!": "x-shellscript",
    "#ps1": "x-shellscript",
    "rem cmd": "x-shellscript",
    "#cloud-config": "cloud-config",
    "#include": "x-include-url",
}
"""Types of cloud-init's parts, by what they start with, as cloudbase-init goes by it."""
_WINDOWS = {
    "windows-startup-script-ps1": "#ps1_sysnative\r\n",
    "windows-startup-script-cmd": "rem cmd\r\n",
    "windows-startup-script-bat": "rem cmd\r\n",
}
"""What cloudbase-init knows a script's kind by, in its first line."""
_WITHOUT_EFFECT = (
    "shutdown-script-url",
    "windows-startup-script-url",
    "windows-shutdown-script-",
    "sysprep-specialize-script-",
)
"""Keys that act on a guest in GCE, and for which cloud-init and cloudbase-init have nothing."""
_SHUTDOWN = "/usr/local/sbin/gce-shutdown-script"
_UNIT = f"""[Unit]
Description=The shutdown-script of this machine's metadata
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=true
ExecStart=/bin/true
ExecStop={_SHUTDOWN}
TimeoutStopSec=90

[Install]
WantedBy=multi-user.target
"""
"""It is stopped, and so runs the script, before the network is; GCE gives a script 90 s."""

converter = Group()


@converter("several things for the guest become one message in MIME, which cloud-init takes apart")
def guest_data(value: Mapping[str, Any]) -> str | None:
    """What metadata tell a machine's guest, as CloudStack's user data in base64.

    One thing alone stays as it is. Several become parts of a multipart message, which cloud-init
    takes apart (https://cloudinit.readthedocs.io, "user data formats"), and cloudbase-init too.
    ``ssh-keys``, lines of the form ``user:key``, become users in a cloud-config. Which keys there
    are, and that the machine's own go before the project's, is GCE's ("Metadata key-value pairs").

    Args:
        value: ``own``, the machine's metadata as a list of ``key`` and ``value``, and ``common``,
            the project's.

    Raises:
        ValueError: a key acts on a guest in GCE, and can't here.
    """
    own, common = _by_key(value.get("own")), _by_key(value.get("common"))
    told = {**common, **own}
    for key in told:
        if key.startswith(_WITHOUT_EFFECT):
            raise ValueError(f"The metadata key '{key}' has no effect on this cloud's machines")
    parts = [told["user-data"]] if told.get("user-data") else []
    if url := told.get("startup-script-url"):
        if not url.startswith(("http://", "https://")):
            raise ValueError("A startup-script-url begins with http:// or https:// here")
        parts.append(f"#include\n{url}\n")
    parts += [told["startup-script"]] if told.get("startup-script") else []
    parts += [f"{_WINDOWS[key]}{told[key]}" for key in _WINDOWS if told.get(key)]
    config = _config(own, common)
    if config:
        # JSON is YAML as well.
        parts.append(f"#cloud-config\n{orjson.dumps(config).decode()}\n")
    if not parts:
        return None
    if len(parts) == 1:
        return _base64(parts[0])
    message = MIMEMultipart(boundary=_BOUNDARY)
    for part in parts:
        kind = next((kind for start, kind in _KINDS.items() if part.startswith(start)), "plain")
        message.attach(MIMEText(part, kind, "utf-8"))
    return _base64(message.as_string())


def _by_key(items: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    return {str(item["key"]): str(item.get("value") or "") for item in items or ()}


def _config(own: Mapping[str, str], common: Mapping[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    keys: dict[str, list[str]] = {}
    for line in _keys_of(own, common):
        user, colon, key = line.strip().partition(":")
        if colon and user and key and key.strip() not in keys.get(user, ()):
            keys.setdefault(user, []).append(key.strip())
    if keys:
        config["users"] = [
            "default",
            *(
                {"name": user, "ssh_authorized_keys": its, "sudo": "ALL=(ALL) NOPASSWD:ALL"}
                for user, its in keys.items()
            ),
        ]
    script = own.get("shutdown-script") or common.get("shutdown-script")
    if script:
        config["write_files"] = [
            {"path": _SHUTDOWN, "permissions": "0755", "content": script},
            {"path": "/etc/systemd/system/gce-shutdown-script.service", "content": _UNIT},
        ]
        config["runcmd"] = [["systemctl", "enable", "--now", "gce-shutdown-script.service"]]
    return config


def _keys_of(own: Mapping[str, str], common: Mapping[str, str]) -> list[str]:
    """Lines of keys; a machine that has ``sshKeys``, or blocks them, gets none of the project's."""
    texts = [own.get("ssh-keys"), own.get("sshKeys")]
    if not own.get("sshKeys") and own.get("block-project-ssh-keys", "").lower() != "true":
        texts += [common.get("ssh-keys"), common.get("sshKeys")]
    return [line for text in texts for line in (text or "").splitlines()]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
