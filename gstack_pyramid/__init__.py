"""gstack: the Google Compute Engine v1 REST API on Apache CloudStack."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gstack_pyramid.collecting import paused

if TYPE_CHECKING:
    from pyramid.router import Router


@paused()
def main(global_config: dict[str, str], **settings: str) -> Router:
    """Make the WSGI application; the entry point of ``pserve``.

    Args:
        global_config: what PasteDeploy passes to every application: ``here``, ``__file__``.
        settings: the keys of the ini's ``[app:main]``.

    Raises:
        SystemExit: with status 1, after a line in the log that says why the configuration, or the
            database of operations, can't be used.
    """
    # Imported here so that importing a module of the package, as the command line does, is cheap.
    from gstack_pyramid.at_start import AtStart
    from gstack_pyramid.auth.keyring import KeyRingError
    from gstack_pyramid.auth.ledger import LedgerError
    from gstack_pyramid.connections import mend_connections
    from gstack_pyramid.mapping.document import MappingError
    from gstack_pyramid.memory import keep_memory
    from gstack_pyramid.operations import DatabaseError
    from gstack_pyramid.protocol.filter_grammar import warm_up
    from gstack_pyramid.routes import make_app
    from gstack_pyramid.scheduling import take_turns
    from gstack_pyramid.server_threads import wake_latest_first
    from gstack_pyramid.settings import ConfigurationError, Settings
    from gstack_pyramid.signals import heed_signals

    # Before there are threads, which get heaps of their own else.
    keep_memory()
    log = logging.getLogger(__name__)
    given: dict[str, Any] = {**global_config, **settings}
    inis = [Path(given["__file__"])] if "__file__" in given else []
    try:
        ini = AtStart(lambda: inis)
        app = make_app(Settings.from_ini(given), settings)
    except ConfigurationError as error:
        for problem in error.problems:
            log.critical("gstack can't start: %s", problem)
        raise SystemExit(1) from None
    except (DatabaseError, KeyRingError, LedgerError, MappingError) as error:
        # Servers show whatever else comes from here with a traceback, the message at its end.
        log.critical("gstack can't start: %s", error)
        raise SystemExit(1) from None
    except OSError as error:
        log.critical("gstack can't start: %s: %s", error.filename, error.strerror)
        raise SystemExit(1) from None
    app.registry["gstack"].reloads["the ini"] = ini.check
    mend_connections()
    wake_latest_first()
    heed_signals(app.registry["gstack"])
    warm_up()
    take_turns()
    return app
