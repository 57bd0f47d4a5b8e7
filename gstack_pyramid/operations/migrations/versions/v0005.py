"""What operations have for themselves: more than the one name each that they could claim."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"

_OLD = sa.table("gstack_operations", sa.column("claim"), sa.column("service"), sa.column("name"))


def upgrade() -> None:
    """Make its table, with the claims that there are."""
    holds = op.create_table(
        "gstack_holds",
        sa.Column("service", sa.String(63), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("operation", sa.String(63), nullable=False),
        sa.Column("released", sa.Float(53)),
    )
    op.create_index("ix_gstack_holds_operation", "gstack_holds", ["operation"])
    op.create_index("ix_gstack_holds_released", "gstack_holds", ["released"])
    claimed = sa.select(_OLD.c.claim, _OLD.c.service, _OLD.c.name).where(_OLD.c.claim.is_not(None))
    op.execute(sa.insert(holds).from_select(["key", "service", "operation"], claimed))
    with op.batch_alter_table("gstack_operations") as table:
        table.drop_column("claim")
