"""The tables of operations, and which version of them this program works with.

``migrations/`` leads from each version to the next. A test holds the two against each other.
"""

from __future__ import annotations

import sqlalchemy as sa

VERSION = "0006"
"""The newest migration: what this program reads and writes."""

VERSION_TABLE = "gstack_version"

METADATA = sa.MetaData()

OPERATIONS = sa.Table(
    "gstack_operations",
    METADATA,
    sa.Column("name", sa.String(63), primary_key=True),
    sa.Column("service", sa.String(63), nullable=False),
    sa.Column("owner", sa.String(63), nullable=False),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("scope", sa.String(255), nullable=False),
    sa.Column("type", sa.String(63), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("target_id", sa.String(31)),
    sa.Column("user", sa.String(255), nullable=False),
    # What makes two requests the same, and what must be the same in them then.
    sa.Column("request", sa.String(64), unique=True),
    sa.Column("digest", sa.String(64)),
    sa.Column("request_id", sa.String(255)),
    # Unix times in seconds.
    sa.Column("inserted", sa.Float(53), nullable=False),
    sa.Column("started", sa.Float(53)),
    sa.Column("ended", sa.Float(53)),
    sa.Column("progress", sa.Integer, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
    # What operations that belong together have in common.
    sa.Column("together", sa.String(36)),
    # JSON.
    sa.Column("error", sa.Text),
    sa.Column("warnings", sa.Text),
    # Which node runs it; none when any may take it over.
    sa.Column("node", sa.String(63)),
    # What was asked for, sealed; gone when the operation is done.
    sa.Column("call", sa.Text),
    # Pages of lists, of one scope and of all, by name and by age.
    sa.Index("gstack_operations_by_scope", "service", "owner", "scope", "name"),
    sa.Index("gstack_operations_by_name", "service", "owner", "name"),
    sa.Index("gstack_operations_by_scope_and_time", "service", "owner", "scope", "inserted"),
    sa.Index("gstack_operations_by_time", "service", "owner", "inserted"),
    # Few at any time, however many are kept.
    sa.Index(
        "gstack_operations_unfinished",
        "service",
        "owner",
        "name",
        sqlite_where=sa.text("done = 0"),
        postgresql_where=sa.text("NOT done"),
    ),
    sa.Index("gstack_operations_by_state", "service", "done", "ended"),
)

MADE = sa.Table(
    "gstack_made",
    METADATA,
    # CloudStack's id of something without a name, and the command that it is the effect of.
    sa.Column("id", sa.String(63), primary_key=True),
    sa.Column("operation", sa.String(63), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    # When it was made, in CloudStack's words; empty where its id never comes back; none where the
    # command itself was answered with it, and its job isn't over.
    sa.Column("moment", sa.String(40)),
)

HOLDS = sa.Table(
    "gstack_holds",
    METADATA,
    # What an operation has for itself: a name that it takes, or a resource that it changes.
    sa.Column("service", sa.String(63), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    # Who has it, or had it last.
    sa.Column("operation", sa.String(63), nullable=False, index=True),
    # Unix time at which it was given back; none while it is held.
    sa.Column("released", sa.Float(53), index=True),
)

NODES = sa.Table(
    "gstack_nodes",
    METADATA,
    sa.Column("name", sa.String(63), primary_key=True),
    sa.Column("service", sa.String(63), nullable=False),
    # Counts up as long as the node lives; no clock of another machine has to be right.
    sa.Column("beat", sa.BigInteger, nullable=False),
)
