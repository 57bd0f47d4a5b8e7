"""What lists are paged by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"

_TABLE = "gstack_operations"


def upgrade() -> None:
    """Make the indexes, of which one takes the place of an older one."""
    op.create_index("gstack_operations_by_scope", _TABLE, ["service", "owner", "scope", "name"])
    op.create_index("gstack_operations_by_name", _TABLE, ["service", "owner", "name"])
    op.create_index(
        "gstack_operations_by_scope_and_time", _TABLE, ["service", "owner", "scope", "inserted"]
    )
    op.create_index("gstack_operations_by_time", _TABLE, ["service", "owner", "inserted"])
    op.create_index(
        "gstack_operations_unfinished",
        _TABLE,
        ["service", "owner", "name"],
        sqlite_where=sa.text("done = 0"),
        postgresql_where=sa.text("NOT done"),
    )
    op.drop_index("gstack_operations_by_owner", _TABLE)
