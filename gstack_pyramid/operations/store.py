"""Where operations are kept: a table in SQLite or PostgreSQL, a row an operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from gstack_pyramid.operations.made import claim
from gstack_pyramid.operations.operation import Operation, as_row, from_row
from gstack_pyramid.operations.schema import HOLDS, MADE, NODES, OPERATIONS
from gstack_pyramid.operations.waiting import announce


class Contested(Exception):
    """Another operation has, or has had meanwhile, what this one would have for itself.

    Attributes:
        key: what that is.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Hold:
    """Who has something for itself.

    Attributes:
        operation: the name of the operation that has it, or had it last.
        held: whether it still has it.
    """

    operation: str
    held: bool


Holds = Mapping[str, Hold | None]
"""What is known of several such things by their keys; None: no operation had it lately."""


_COLUMNS = [OPERATIONS.c[item.name] for item in fields(Operation)]
# Everything but what only the node that runs it needs.
_SHOWN = [column for column in _COLUMNS if column.name != "call"]


# Statements that each change takes are put together once: that costs more than to execute them.
_SAVE = sa.update(OPERATIONS).where(
    OPERATIONS.c.name == sa.bindparam("of"), sa.not_(OPERATIONS.c.done)
)
_SAVE_FOR_NODE = _SAVE.where(OPERATIONS.c.node == sa.bindparam("by"))
_OF_SERVICE = sa.select(*_SHOWN).where(OPERATIONS.c.service == sa.bindparam("service"))
_BY_REQUEST = _OF_SERVICE.where(OPERATIONS.c.request == sa.bindparam("request"))
_BY_NAME = _OF_SERVICE.where(
    OPERATIONS.c.name == sa.bindparam("name"),
    OPERATIONS.c.owner == sa.bindparam("owner"),
    OPERATIONS.c.scope == sa.bindparam("scope"),
)
_WITH_CALL = sa.select(*_COLUMNS).where(
    OPERATIONS.c.service == sa.bindparam("service"), OPERATIONS.c.name == sa.bindparam("name")
)
_HOLDS_OF = sa.select(HOLDS.c.key, HOLDS.c.operation, HOLDS.c.released).where(
    HOLDS.c.service == sa.bindparam("service"),
    HOLDS.c.key.in_(sa.bindparam("keys", expanding=True)),
)
_RELEASE = sa.update(HOLDS).where(HOLDS.c.operation == sa.bindparam("of"))
_RUN_BY = sa.select(OPERATIONS.c.node).where(
    OPERATIONS.c.name == sa.bindparam("name"), sa.not_(OPERATIONS.c.done)
)


_NOTHING: Holds = MappingProxyType({})


class Store:
    """Operations of one service; safe to use from several threads.

    Args:
        engine: the database.
        service: whose operations these are. Services that share a database don't see each other's.
    """

    def __init__(self, engine: sa.Engine, service: str) -> None:
        self._engine = engine
        self.service = service

    def ping(self) -> None:
        """Ask the table for nothing.

        Raises:
            SQLAlchemyError: the database doesn't answer, or there is no such table.
        """
        with self._engine.connect() as connection:
            connection.execute(sa.select(OPERATIONS.c.name).limit(0))

    def add(self, operation: Operation, holds: Holds = _NOTHING) -> Operation:
        """Keep a new operation, or give back the one that the same request made before.

        Args:
            operation: the new one.
            holds: what it is to have for itself until it ends, each with who had it last when the
                state was read that the operation is based on.

        Raises:
            Contested: somebody else has it, or has had it since.
        """
        row = {**as_row(operation), "service": self.service}
        while True:
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(OPERATIONS), row)
                    # In one order for all: two that want the same can't wait for each other.
                    for key in sorted(holds):
                        self._hold(connection, key, operation.name, holds[key])
                return operation
            except (sa.exc.IntegrityError, Contested) as error:
                kept = self.by_request(operation.request) if operation.request else None
                if kept is not None:
                    return kept
                if isinstance(error, Contested):
                    raise
                # What was in the way has been refused meanwhile, and is gone.

    def _hold(
        self, connection: sa.Connection, key: str, operation: str, before: Hold | None
    ) -> None:
        if before is None:
            new = {"key": key, "service": self.service, "operation": operation}
            try:
                connection.execute(sa.insert(HOLDS), new)
            except sa.exc.IntegrityError:
                raise Contested(key) from None
            return
        taken = connection.execute(
            sa.update(HOLDS)
            .where(
                HOLDS.c.service == self.service,
                HOLDS.c.key == key,
                HOLDS.c.operation == before.operation,
                HOLDS.c.released.is_not(None),
            )
            .values(operation=operation, released=None)
        )
        if before.held or not taken.rowcount:
            raise Contested(key)

    def holds(self, keys: Collection[str]) -> dict[str, Hold | None]:
        """Who has these things for itself, or had them last."""
        with self._engine.connect() as connection:
            found = connection.execute(_HOLDS_OF, {"service": self.service, "keys": list(keys)})
            known = {row.key: Hold(row.operation, row.released is None) for row in found}
        return {key: known.get(key) for key in keys}

    def is_holding(self, operation: str) -> bool:
        """Whether an operation has something for itself."""
        with self._engine.connect() as connection:
            held = sa.exists().where(HOLDS.c.operation == operation, HOLDS.c.released.is_(None))
            return bool(connection.execute(sa.select(held)).scalar())

    def forget_holds(self, moment: float) -> None:
        """Forget who had what, where it was given back before a Unix time."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(HOLDS).where(HOLDS.c.service == self.service, HOLDS.c.released < moment)
            )

    def keep(self, operations: Collection[Operation]) -> None:
        """Keep operations that have ended already, unless they are kept."""
        for operation in operations:
            try:
                with self._engine.begin() as connection:
                    row = {**as_row(operation), "service": self.service}
                    connection.execute(sa.insert(OPERATIONS), row)
            except sa.exc.IntegrityError:
                # A process that ended at the wrong moment has kept it.
                continue

    def by_request(self, request: str) -> Operation | None:
        """The operation that a request with this key has started."""
        return self._one(_BY_REQUEST, request=request)

    def load(self, name: str) -> Operation | None:
        """An operation with all that it takes to run it."""
        return self._one(_WITH_CALL, name=name)

    def get(self, owner: str, scope: str, name: str) -> Operation | None:
        """An operation of this owner and scope, by name."""
        return self._one(_BY_NAME, owner=owner, scope=scope, name=name)

    def of_owner(self, owner: str, scope: str | None) -> list[Operation]:
        """The operations of an owner in one scope, or in all."""
        condition = OPERATIONS.c.owner == owner
        if scope is not None:
            condition = sa.and_(condition, OPERATIONS.c.scope == scope)
        return self._all(condition)

    def page(
        self,
        owner: str,
        scope: str | None,
        conditions: Collection[sa.ColumnElement[bool]],
        after: Sequence[Any] | None,
        most: int,
        *,
        newest_first: bool,
    ) -> list[Operation]:
        """Some operations of an owner, in order.

        Args:
            owner: CloudStack's id of the account or project.
            scope: None for all.
            conditions: what they have to be like.
            after: when the last one before them was inserted, and its name; None for the first.
            most: how many.
            newest_first: by their age, and by name where that is the same; else by name alone.
        """
        where = [OPERATIONS.c.owner == owner, OPERATIONS.c.service == self.service, *conditions]
        if scope is not None:
            where.append(OPERATIONS.c.scope == scope)
        order: tuple[sa.ColumnElement[Any], ...] = (OPERATIONS.c.name,)
        if newest_first:
            order = (OPERATIONS.c.inserted.desc(), OPERATIONS.c.name)
        if after is not None:
            inserted, name = after
            behind: sa.ColumnElement[bool] = OPERATIONS.c.name > name
            if newest_first:
                # The first half is what an index helps with.
                where.append(OPERATIONS.c.inserted <= inserted)
                behind = sa.or_(OPERATIONS.c.inserted < inserted, behind)
            where.append(behind)
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(*_SHOWN).where(*where).order_by(*order).limit(most)
            )
            return [from_row(row._mapping) for row in found]

    def scopes(self, owner: str) -> list[str]:
        """The scopes that an owner has operations in, sorted; one look at an index for each."""
        found: list[str] = []
        of_owner = [OPERATIONS.c.owner == owner, OPERATIONS.c.service == self.service]
        with self._engine.connect() as connection:
            while True:
                behind = [OPERATIONS.c.scope > found[-1]] if found else []
                scope = connection.scalar(
                    sa.select(OPERATIONS.c.scope)
                    .where(*of_owner, *behind)
                    .order_by(OPERATIONS.c.scope)
                    .limit(1)
                )
                if scope is None:
                    return found
                found.append(scope)

    def everything(self, *, unfinished: bool = False) -> list[Operation]:
        """All operations of the service, or those that are not done."""
        return self._all(sa.not_(OPERATIONS.c.done) if unfinished else sa.true())

    def backlog(self) -> tuple[int, float | None]:
        """How many operations have not ended, and when the oldest of them began, as Unix time."""
        asked = sa.select(sa.func.count(), sa.func.min(OPERATIONS.c.inserted)).where(
            OPERATIONS.c.service == self.service, sa.not_(OPERATIONS.c.done)
        )
        with self._engine.connect() as connection:
            count, oldest = connection.execute(asked).one()
            return int(count), oldest

    def unfinished(self, names: Collection[str]) -> list[str]:
        """Those of some operations that are there and not done."""
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(OPERATIONS.c.name).where(
                    OPERATIONS.c.name.in_(names),
                    OPERATIONS.c.service == self.service,
                    sa.not_(OPERATIONS.c.done),
                )
            )
            return list(found.scalars())

    def save(self, operation: Operation, *, node: str | None = None) -> bool:
        """Keep the new state of an operation, unless it has ended already.

        Args:
            operation: its new state.
            node: the node that must still be running it; None: whoever is.

        Returns:
            Whether it was kept.
        """
        new = {**as_row(operation), "of": operation.name}
        with self._engine.begin() as connection:
            if node is None:
                kept = connection.execute(_SAVE, new)
            else:
                kept = connection.execute(_SAVE_FOR_NODE, {**new, "by": node})
            if kept.rowcount and operation.done:
                _release(connection, operation.name, operation.ended or 0.0)
                announce(connection, operation.name)
            return bool(kept.rowcount)

    def drop(self, operation: Operation) -> None:
        """Forget an operation that was not accepted after all."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(OPERATIONS).where(OPERATIONS.c.name == operation.name))
            _release(connection, operation.name, operation.inserted)
            announce(connection, operation.name)

    def delete(self, owner: str, scope: str, name: str) -> bool:
        """Forget an operation of this owner that has ended. Gives whether there was one."""
        with self._engine.begin() as connection:
            deleted = connection.execute(
                sa.delete(OPERATIONS).where(
                    OPERATIONS.c.name == name,
                    OPERATIONS.c.owner == owner,
                    OPERATIONS.c.scope == scope,
                    OPERATIONS.c.service == self.service,
                    OPERATIONS.c.done,
                )
            )
            if deleted.rowcount:
                connection.execute(sa.delete(MADE).where(MADE.c.operation == name))
            return bool(deleted.rowcount)

    def runs(self, name: str, node: str) -> bool:
        """Whether an operation is not done and this node is to run it."""
        with self._engine.connect() as connection:
            return bool(connection.execute(_RUN_BY, {"name": name}).scalar() == node)

    def take(self, name: str, before: str | None, node: str | None) -> bool:
        """Give an unfinished operation to another node, if ``before`` still runs it."""
        held = OPERATIONS.c.node.is_(None) if before is None else OPERATIONS.c.node == before
        return self._update(
            {"node": node}, OPERATIONS.c.name == name, sa.not_(OPERATIONS.c.done), held
        )

    def ended_before(self, moment: float, most: int) -> list[str]:
        """The names of some operations that ended before a Unix time."""
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(OPERATIONS.c.name)
                .where(
                    OPERATIONS.c.service == self.service,
                    OPERATIONS.c.done,
                    OPERATIONS.c.ended < moment,
                )
                # In one order, so that nodes that do the same don't block each other in a circle.
                .order_by(OPERATIONS.c.ended, OPERATIONS.c.name)
                .limit(most)
            )
            return list(found.scalars())

    def forget(self, names: Collection[str]) -> None:
        """Delete operations by name."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(MADE).where(MADE.c.operation.in_(names)))
            connection.execute(sa.delete(HOLDS).where(HOLDS.c.operation.in_(names)))
            connection.execute(sa.delete(OPERATIONS).where(OPERATIONS.c.name.in_(names)))

    def claim(self, key: str, operation: str, number: int, moment: str | None = None) -> bool:
        """As :func:`gstack_pyramid.operations.made.claim`."""
        return claim(self._engine, key, operation, number, moment)

    def beat(self, node: str) -> None:
        """Tell that a node lives."""
        with self._engine.begin() as connection:
            beaten = connection.execute(
                sa.update(NODES).where(NODES.c.name == node).values(beat=NODES.c.beat + 1)
            )
            if not beaten.rowcount:
                connection.execute(sa.insert(NODES).values(name=node, service=self.service, beat=1))

    def beats(self) -> dict[str, int]:
        """How often each node of the service has told that it lives."""
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(NODES.c.name, NODES.c.beat).where(NODES.c.service == self.service)
            )
            return {row.name: row.beat for row in found}

    def leave(self, node: str) -> None:
        """Tell that a node is gone: what it ran may be taken over at once."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(NODES).where(NODES.c.name == node))

    def _update(self, values: dict[str, Any], *condition: sa.ColumnElement[bool]) -> bool:
        with self._engine.begin() as connection:
            done = connection.execute(sa.update(OPERATIONS).where(*condition).values(values))
            return bool(done.rowcount)

    def _one(self, asked: sa.Select[Any], **what: str) -> Operation | None:
        with self._engine.connect() as connection:
            found = connection.execute(asked, {**what, "service": self.service}).one_or_none()
        return None if found is None else from_row(found._mapping)

    def _all(self, condition: sa.ColumnElement[bool]) -> list[Operation]:
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(*_SHOWN)
                .where(condition, OPERATIONS.c.service == self.service)
                .order_by(OPERATIONS.c.inserted, OPERATIONS.c.name)
            )
            return [from_row(row._mapping) for row in found]


def _release(connection: sa.Connection, operation: str, now: float) -> None:
    """Give back what an operation had for itself."""
    connection.execute(_RELEASE, {"of": operation, "released": now})
