"""When what has no name was made, by CloudStack's clock: ids come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Say so of each."""
    op.add_column("gstack_made", sa.Column("moment", sa.String(40)))
