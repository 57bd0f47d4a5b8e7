"""What Alembic runs: it is given a connection, and keeps the version in a table of ours."""

from __future__ import annotations

from alembic import context

from gstack_pyramid.operations.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
