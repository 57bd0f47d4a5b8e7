"""``gstack config``: what is in force, and where from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gstack_pyramid.cli.configuration import Ini

if TYPE_CHECKING:
    from gstack_pyramid.settings import Settings

_MASK = "********"


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting as it is in force.

    Attributes:
        key: its key.
        value: what it is; of a secret a mask.
        origin: where it stands; None for a default.
    """

    key: str
    value: Any
    origin: str | None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object of JSON.")
@click.option("--given", is_flag=True, help="Leave out what is as it is by default.")
@click.pass_obj
def config(ini: Ini, as_json: bool, given: bool) -> None:
    """Print the settings that are in force, and where each is from.

    That is the ini with its line, a variable of the environment, a file, or nowhere: a default.
    Secrets are masked. The exit status is 1 when a setting can't be used.

    \b
    Examples:
      gstack config
      gstack config --given
      gstack --config /etc/gstack/production.ini config --json
    """
    origins = {
        key: text.origin for layer in reversed(ini.layers()) for key, text in layer.texts.items()
    }
    found = [one for one in in_force(ini.settings(), origins) if one.origin or not given]
    if as_json:
        values = {one.key: {"value": one.value, "origin": one.origin} for one in found}
        click.echo(json.dumps({"ini": str(ini.path), "settings": values}, indent=2, default=str))
        return
    lines = [(f"{one.key} = {_text(one.value)}".rstrip(), one.origin) for one in found]
    width = min(60, max((len(line) for line, _ in lines), default=0))
    for line, origin in lines:
        click.echo(f"{line:{width}}  # {origin or 'default'}")


def in_force(settings: Settings, origins: Mapping[str, str]) -> list[InForce]:
    """Every setting, in the order of the manual: by section, then by name.

    Args:
        settings: the settings.
        origins: where those that are given stand, by key.
    """
    from gstack_pyramid.settings import fields, is_database

    found = []
    for key, field in fields().items():
        value: Any = settings
        for name in key.split(".")[1:]:
            value = getattr(value, name)
        if is_database(field):
            value = _shown(value)
        elif not field.repr and value:
            value = _MASK
        found.append(InForce(key, value, origins.get(key)))
    for name, value in settings.settings.items():
        key = f"gstack.settings.{name}"
        found.append(InForce(key, value, origins.get(key)))
    return found


def _shown(place: str) -> str:
    """The place of a database without its password; all of it is hidden where it is no place."""
    from gstack_pyramid.database_urls import shown, url_of

    try:
        return shown(url_of(place)) if "://" in place else str(url_of(place).database)
    except ValueError:
        return _MASK


def _text(value: Any) -> str:
    """A value as an ini has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
