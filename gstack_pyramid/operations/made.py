"""Which command has made what: a table of CloudStack's ids, so that nothing is taken for two's."""

from __future__ import annotations

import sqlalchemy as sa

from gstack_pyramid.operations.schema import MADE


def claim(
    engine: sa.Engine, key: str, operation: str, number: int, moment: str | None = None
) -> bool:
    """Note which command has made something, unless another one has been noted.

    CloudStack gives a public address that was released the same id when it is acquired again.
    So what has been noted counts for one time that the thing was made. An answer to the
    command itself tells no such time, but it can't be about the same time as another answer.

    Args:
        engine: the database.
        key: CloudStack's id of what was made.
        operation: the name of the command's operation.
        number: which of the operation's commands it is.
        moment: when it was made, in CloudStack's words; empty where its id never comes back;
            None of what the command was answered with, if nothing more is known yet.

    Returns:
        Whether it is this command's.
    """
    ours = {"operation": operation, "number": number, "moment": moment}
    while True:
        try:
            with engine.begin() as connection:
                connection.execute(sa.insert(MADE).values(id=key, **ours))
            return True
        except sa.exc.IntegrityError:
            with engine.connect() as connection:
                found = connection.execute(sa.select(MADE).where(MADE.c.id == key))
                kept = found.one_or_none()
        if kept is None:
            # Its operation has been forgotten meanwhile.
            continue
        mine = (kept.operation, kept.number) == (operation, number)
        if mine and (moment is None or moment == kept.moment):
            return True
        if not mine and not _made_again(kept.moment, moment):
            return False
        with engine.begin() as connection:
            same = [column == getattr(kept, column.name) for column in MADE.c]
            if connection.execute(sa.update(MADE).where(*same).values(ours)).rowcount:
                return True


def _made_again(before: str | None, now: str | None) -> bool:
    """Whether something of one id was made a second time, by what is known of both times."""
    if before is None or now is None:
        return before is now
    return "" not in (before, now) and before != now
