"""What the torture tests look for is found: each of their checks can fail."""

from __future__ import annotations

from typing import Any

from .checks import violations
from .state import State
from .work import Change, Thing

NOTHING = State({}, {})
DONE = {"name": "operation-1", "status": "DONE"}
FAILED = {
    **DONE,
    "error": {"errors": [{"code": "INTERNAL_ERROR", "message": "x was made to fail"}]},
}


def state(*docs: dict[str, Any], gone: tuple[dict[str, Any], ...] = ()) -> State:
    return State({doc["id"]: doc for doc in docs}, {doc["id"]: doc for doc in gone})


def machine(key: str = "a", name: str = "vm-1") -> dict[str, Any]:
    return {"kind": "vm", "id": key, "name": name, "displayname": name, "state": "Running"}


def tag(of: str, key: str, value: str) -> dict[str, Any]:
    return {"kind": "tag", "id": f"{of}/{key}", "resourceid": of, "key": key, "value": value}


def insert(done: dict[str, Any] | None = DONE, refusal: str | None = None) -> Change:
    want: dict[str, Any] = {"labels": {}, "tags": {"items": []}, "metadata": {"items": []}}
    operation = None if refusal else {"name": "operation-1"}
    return Change("instances.insert", want, operation, refusal, done)


def found(change: Change, after: State, *more: Change) -> list[str]:
    thing = Thing("instances", "zones/z", "vm-1", [change, *more])
    return [
        text.removeprefix("zones/z/instances/vm-1: ")
        for text in violations([thing], NOTHING, after)
    ]


def test_a_cloud_that_agrees_with_its_operations_is_well() -> None:
    assert found(insert(), state(machine())) == []
    assert found(insert(FAILED), NOTHING) == []
    assert found(insert(None, "409 taken"), NOTHING) == []
    delete = Change("instances.delete", None, {"name": "operation-2"}, None, DONE)
    assert found(insert(), state(gone=(machine(),)), delete) == []


def test_an_operation_that_never_ends_or_does_not_know_its_end_is_found() -> None:
    (told,) = [text for text in found(insert(None), NOTHING) if "never done" in text]
    assert "operation-1" in told
    error = {"errors": [{"code": "INTERNAL_ERROR", "message": "The gateway was stopped."}]}
    assert "no true error" in found(insert({**DONE, "error": error}), NOTHING)[0]


def test_what_an_operation_tells_of_is_no_violation() -> None:
    told = {**FAILED, "warnings": [{"code": "CLEANUP_FAILED", "message": "Something (x a)."}]}
    change = Change("instances.setLabels", {"labels": {"k": "v"}}, {"name": "o"}, None, told)
    after = state(machine(), tag("a", "k", "other"))
    assert found(insert(), after, change) == []
    silent = Change("instances.setLabels", {"labels": {"k": "v"}}, {"name": "o"}, None, FAILED)
    assert "labels should be" in found(insert(), after, silent)[0]


def test_a_machine_that_is_lost_left_or_made_twice_is_found() -> None:
    assert "is gone" in found(insert(), NOTHING)[0]
    assert "is there" in found(insert(FAILED), state(machine()))[0]
    assert "is there" in found(insert(None, "503 later"), state(machine()))[0]
    twice = found(insert(), state(machine(), gone=(machine("b"),)))
    assert "2 machines were made by 1 inserts" in twice[0]


def test_a_destroyed_machine_may_stay_but_not_with_its_name_or_an_address() -> None:
    delete = Change("instances.delete", None, {"name": "operation-2"}, None, DONE)
    old = {**machine(), "state": "Destroyed"}
    renamed = {**old, "name": "gone-a"}
    assert found(insert(), state(renamed), delete) == []
    assert "an orphan" in found(insert(), state(old), delete)[0]
    address = {"kind": "ip", "id": "e", "issourcenat": False, "virtualmachineid": "a"}
    assert "an orphan: ip" in found(insert(), state(renamed, address), delete)[0]
    again = state(renamed, machine("b"))
    assert found(insert(), again, delete, insert()) == []
    assert "is gone" in found(insert(), state(renamed), delete, insert())[0]
    thrice = state(renamed, machine("b"), machine("c"))
    assert "3 machines were made by 2 inserts" in found(insert(), thrice, delete, insert())[0]


def test_what_a_failed_operation_tells_to_be_left_is_no_violation() -> None:
    told = {**FAILED, "warnings": [{"message": "Could not be taken back: machine-a, disk-b"}]}
    disk = {"kind": "volume", "id": "disk-b", "name": "v", "virtualmachineid": None}
    assert found(insert(told), state(machine("machine-a"), disk)) == []
    assert len(found(insert(told), state(machine("machine-c"), disk))) == 1


def test_values_that_no_change_has_set_are_found() -> None:
    assert "labels" in found(insert(), state(machine(), tag("a", "env", "prod")))[0]
    labels = {"labels": {"env": "prod"}}
    failed = Change("instances.setLabels", labels, {"name": "operation-2"}, None, FAILED)
    for tags in ((), (tag("a", "env", "prod"),)):
        assert found(insert(), state(machine(), *tags), failed) == []
    assert found(insert(), state(machine(), tag("a", "env", "test")), failed)


def test_orphans_are_found() -> None:
    orphans = (
        machine("b", "stranger"),
        {"kind": "volume", "id": "c", "name": "v", "virtualmachineid": None},
        {"kind": "sgrule", "id": "d", "startport": 80},
        {"kind": "ip", "id": "e", "issourcenat": False, "virtualmachineid": None},
        tag("nothing", "a", "b"),
        {"kind": "something new", "id": "f"},
    )
    for orphan in orphans:
        (told,) = found(insert(), state(machine(), orphan))
        assert "an orphan" in told


def test_a_firewall_with_other_ports_is_found() -> None:
    def rule(key: str, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
        doc = {"kind": "sgrule", "id": key, "startport": port}
        return doc, tag(key, "gce:firewall", "wall")

    def told(*changes: tuple[str, list[str], dict[str, Any]], ports: list[int]) -> list[str]:
        thing = Thing("firewalls", "global", "wall")
        for method, wanted, done in changes:
            want = {"allowed": [{"IPProtocol": "tcp", "ports": wanted}]}
            change = Change(f"firewalls.{method}", want, {"name": "operation"}, None, done)
            thing.changes.append(change)
        docs = [doc for at, port in enumerate(ports) for doc in rule(str(at), port)]
        return violations([thing], NOTHING, state(*docs))

    made = ("insert", ["1", "2"], DONE)
    assert told(made, ports=[1, 2]) == []
    assert "should have the ports" in told(made, ports=[1])[0]
    assert "twice" in told(made, ports=[1, 2, 2])[0]
    assert told(made, ("patch", ["2", "3"], DONE), ports=[2, 3]) == []
    assert told(made, ("patch", ["2", "3"], DONE), ports=[1, 2, 3])
    for ports in ([1, 2], [1, 2, 3], [2, 3]):
        assert told(made, ("patch", ["2", "3"], FAILED), ports=ports) == []
    assert told(made, ("patch", ["2", "3"], FAILED), ports=[1])
