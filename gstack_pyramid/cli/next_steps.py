"""What to do once a profile is served: the same that ``make run`` says."""

from __future__ import annotations

from collections.abc import Iterator

import click

from gstack_pyramid.cli.configuration import Ini, option_for


def next_steps(ini: Ini) -> Iterator[str]:
    """Lines for who serves a profile; none for another ini, which may be a service for others.

    Raises:
        ClickException: the ini can't be used.
    """
    if not ini.profile:
        return
    settings = ini.settings()
    try:
        base = ini.base_url()
    except click.ClickException:
        # It listens on a UNIX socket, which no client can be pointed at.
        return
    cloud = settings.cloudstack
    named = option_for(ini.profile)
    keys = bool(cloud.api_key and cloud.secret_key)
    more = ("" if keys else " --sign-in") + ("" if settings.project else " --project PROJECT")
    yield f"gstack serves {base}, CloudStack {cloud.endpoint}; Ctrl-C ends it."
    yield f'Next, in a second shell:  eval "$(gstack{named} env{more})"'
    if not keys:
        yield "sign in there:            gcloud auth login"
    yield "and there, for example:   gcloud compute zones list"
