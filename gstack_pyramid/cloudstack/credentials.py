"""Whose name a command is signed in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key pair of one CloudStack user.

    Neither half shows in ``repr``: it reaches logs and error pages by way of other objects'
    representations. Equal pairs are equal and hash alike, so a pair can be the key of a cache.
    """

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
