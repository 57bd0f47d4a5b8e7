"""Which operations belong together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Say so of each."""
    op.add_column("gstack_operations", sa.Column("together", sa.String(36)))
