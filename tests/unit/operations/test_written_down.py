"""What is kept of operations: nobody who writes to the database gets code run or orders changed."""

from __future__ import annotations

import base64
import builtins
import pickle
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from dbos import _serialization as dbos_form

from gstack_pyramid.auth import KeyRing, Sealer
from gstack_pyramid.operations import DatabaseError, dbos_workflows
from gstack_pyramid.operations.dbos_workflows import RecordedError, SealedJson, forbid_other_forms
from gstack_pyramid.operations.notes import Notes

from .fakes import SEALER
from .test_crashes import Ended, Nodes, World, close, ended, nodes, start, world

__all__ = ["nodes", "world"]

RAN = "gstack_attacked"


class Evil:
    def __reduce__(self) -> Any:
        return exec, (f"import builtins; builtins.{RAN} = True",)


PICKLE = base64.b64encode(pickle.dumps(Evil())).decode()


@pytest.fixture
def unharmed() -> Any:
    yield
    ran = getattr(builtins, RAN, False)
    if ran:
        delattr(builtins, RAN)
    assert not ran


FORM = SealedJson(SEALER)


def test_what_is_written_is_read_and_shows_nothing() -> None:
    for value in (None, "hidden", {"args": ("hidden", 1), "kwargs": {}}, [1.5, True]):
        text = FORM.serialize(value)
        assert "hidden" not in text
        assert FORM.deserialize(text) == orjson.loads(orjson.dumps(value))


def test_an_error_is_kept_as_its_text() -> None:
    found = FORM.deserialize(FORM.serialize(ValueError("no")))
    assert isinstance(found, RecordedError)
    assert str(found) == "ValueError: no"


def test_another_ring_opens_nothing() -> None:
    text = SealedJson(Sealer(KeyRing([("test", b"x" * 32)]))).serialize("a")
    with pytest.raises(Exception, match="changed"):
        FORM.deserialize(text)


READERS: list[Callable[[str, str | None], Any]] = [
    lambda text, form: dbos_form.deserialize_value(text, form, FORM),
    lambda text, form: dbos_form.deserialize_args(text, form, FORM),
    lambda text, form: dbos_form.deserialize_exception(text, form, FORM),
]


@pytest.mark.parametrize("form", [None, dbos_workflows.NAME, "py_pickle", "portable_json", "other"])
@pytest.mark.parametrize("text", [PICKLE, '{"positionalArgs":["a"]}', "null", ""])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.usefixtures("unharmed")
def test_dbos_reads_no_form_but_ours(
    reader: Callable[[str, str | None], Any], text: str, form: str | None
) -> None:
    forbid_other_forms()
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, nothing was read
        reader(text, form)


def test_a_dbos_that_goes_on_reading_pickles_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbos_workflows, "deserialize_value", lambda *given: "read")
    with pytest.raises(DatabaseError, match="pickles"):
        forbid_other_forms()


def tables() -> tuple[sa.Engine, dict[str, sa.Table]]:
    from gstack_pyramid.operations.host import Host

    host = Host.current()
    assert host is not None
    metadata = sa.MetaData()
    metadata.reflect(host.database.engine)
    return host.database.engine, dict(metadata.tables)


def changed(table: str, **values: Any) -> None:
    """Write to the newest operation's rows of one of DBOS's tables."""
    engine, found = tables()
    target = found[table]
    with engine.begin() as connection:
        name = connection.scalar(
            sa.select(found["gstack_operations"].c.name)
            .order_by(found["gstack_operations"].c.inserted.desc())
            .limit(1)
        )
        connection.execute(sa.update(target).where(target.c.workflow_uuid == name).values(**values))


def left_at_its_job(world: World, nodes: Nodes) -> str:
    """The name of an operation whose node has ended while a job ran."""
    world.ends["createVolume", "job"] = Ended()
    first = nodes.new()
    name = start(first).name
    close(first, world)
    return name


ROWS = [
    ("workflow_status", {"serialization": "py_pickle", "inputs": PICKLE}),
    ("workflow_input", {"inputs": PICKLE}),
    ("operation_outputs", {"serialization": "py_pickle", "output": PICKLE}),
    ("operation_outputs", {"serialization": None, "output": PICKLE}),
    ("operation_outputs", {"serialization": "portable_json", "output": '{"command":"x"}'}),
    ("operation_outputs", {"serialization": "py_pickle", "output": None, "error": PICKLE}),
    ("workflow_status", {"status": "SUCCESS"}),
]


@pytest.mark.parametrize(("table", "values"), ROWS)
@pytest.mark.usefixtures("unharmed")
def test_a_row_that_somebody_else_has_written_is_refused_and_told(
    world: World, nodes: Nodes, table: str, values: dict[str, Any]
) -> None:
    name = left_at_its_job(world, nodes)
    _, found = tables()
    if table == "workflow_status" and "inputs" in values and "inputs" not in found[table].c:
        values = {"serialization": "py_pickle"}
    if table == "workflow_input":
        changed("workflow_status", serialization="py_pickle")
    changed(table, **values)
    sent = len(world.sent)
    nodes.take_over()
    kept = ended(nodes, name)
    assert kept.error is not None
    assert "another version" in kept.error["message"]
    assert world.sent[sent:] == []


def test_a_record_of_another_operation_does_not_count(world: World, nodes: Nodes) -> None:
    first = left_at_its_job(world, nodes)
    node = nodes.new()
    second = start(node).name
    ended(nodes, second)
    engine, found = tables()
    steps = found["operation_outputs"]
    with engine.begin() as connection:
        own = steps.c.workflow_uuid == second
        foreign = connection.scalar(
            sa.select(steps.c.output).where(own).order_by(steps.c.function_id)
        )
        connection.execute(
            sa.update(steps).where(steps.c.workflow_uuid == first).values(output=foreign)
        )
    nodes.take_over()
    kept = ended(nodes, first)
    assert kept.error is not None
    assert "another version" in kept.error["message"]


def test_what_was_asked_for_is_asked_for_by_one_operation_only(world: World, nodes: Nodes) -> None:
    name = left_at_its_job(world, nodes)
    kept = nodes.new().store.load(name)
    assert kept is not None
    assert kept.call
    with pytest.raises(ValueError, match="another operation"):
        Notes(SEALER).asked("operation-2", kept.call)


def test_nothing_is_kept_in_the_clear_and_no_row_is_a_pickle(world: World, nodes: Nodes) -> None:
    name = left_at_its_job(world, nodes)
    engine, found = tables()
    seen = 0
    for table in found.values():
        if not {"serialization", "workflow_uuid"} <= set(table.c.keys()):
            continue
        with engine.connect() as connection:
            own = table.c.workflow_uuid == name
            for row in connection.execute(sa.select(table).where(own)):
                seen += 1
                assert row.serialization in (dbos_workflows.NAME, None)
                texts = [value for value in row if isinstance(value, str)]
                assert not any("createVolume" in text for text in texts)
                # As pickles begin in base64.
                assert not any(text.startswith("gA") for text in texts)
    assert seen
