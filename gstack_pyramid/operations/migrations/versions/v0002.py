"""Which command has made what has no name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Make its table."""
    op.create_table(
        "gstack_made",
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("operation", sa.String(63), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_index("ix_gstack_made_operation", "gstack_made", ["operation"])
