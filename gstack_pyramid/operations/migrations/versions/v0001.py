"""The tables to begin with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "gstack_operations",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("project", sa.String(255), nullable=False),
        sa.Column("scope", sa.String(255), nullable=False),
        sa.Column("type", sa.String(63), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("target_id", sa.String(31)),
        sa.Column("user", sa.String(255), nullable=False),
        sa.Column("request", sa.String(64), unique=True),
        sa.Column("digest", sa.String(64)),
        sa.Column("request_id", sa.String(255)),
        sa.Column("claim", sa.String(64), unique=True),
        sa.Column("inserted", sa.Float(53), nullable=False),
        sa.Column("started", sa.Float(53)),
        sa.Column("ended", sa.Float(53)),
        sa.Column("progress", sa.Integer, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("warnings", sa.Text),
        sa.Column("node", sa.String(63)),
        sa.Column("call", sa.Text),
    )
    op.create_index(
        "gstack_operations_by_owner", "gstack_operations", ["service", "owner", "scope"]
    )
    op.create_index("gstack_operations_by_state", "gstack_operations", ["service", "done", "ended"])
    op.create_table(
        "gstack_nodes",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
    )
