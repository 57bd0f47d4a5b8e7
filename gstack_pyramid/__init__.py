"""gstack: the Google Compute Engine v1 REST API on Apache CloudStack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.router import Router


def main(global_config: dict[str, str], **settings: str) -> Router:
    """Make the WSGI application; the entry point of ``pserve``.

    Args:
        global_config: what PasteDeploy passes to every application: ``here``, ``__file__``.
        settings: the keys of the ini's ``[app:main]``.

    Raises:
        ConfigurationError, KeyRingError, MappingError, DatabaseError: the configuration can't be
            used.
    """
    # Imported here so that importing a module of the package, as the command line does, is cheap.
    from gstack_pyramid.courtesy import take_turns
    from gstack_pyramid.protocol.filter_grammar import warm_up
    from gstack_pyramid.routes import make_app
    from gstack_pyramid.settings import Settings

    given: dict[str, Any] = {**global_config, **settings}
    app = make_app(Settings.from_ini(given))
    warm_up()
    take_turns()
    return app
