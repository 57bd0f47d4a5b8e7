"""What the mapping files need of a role, and what a change does for a role that lacks something."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from gstack_pyramid.cases.script import answer_of
from gstack_pyramid.cloudstack.answers import read_answer
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.cloudstack.transport import Answer
from gstack_pyramid.engine.needs import Needs, Way
from gstack_pyramid.engine.roles import Roles
from gstack_pyramid.schemas.roles import DOMAIN_ADMIN, ROLES, USER, commands_of

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.engine.compiled import Compiled

CALLER = Credentials("key", "secret")


@pytest.fixture(scope="module")
def compiled(shared_router: Router) -> Compiled:
    made: Compiled = shared_router.registry["gstack"].compiled
    return made


UNKNOWN_IN_4_18 = {"copySnapshot", "createVMFromBackup"}
"""Commands that CloudStack has since 4.19: ``since`` in its own description of them."""


@pytest.mark.parametrize("role", ROLES)
def test_each_default_role_of_4_22_can_send_all_that_any_method_may_send(
    compiled: Compiled, role: str
) -> None:
    allowed = commands_of(role, "4.22")
    lacking = {
        name: told
        for name, method in compiled.methods.items()
        if (told := method.needs.told(allowed)) != "complete"
    }
    assert lacking == {}


@pytest.mark.parametrize("role", [USER, DOMAIN_ADMIN])
def test_each_default_role_of_4_18_lacks_only_what_4_18_lacks(
    compiled: Compiled, role: str
) -> None:
    allowed = commands_of(role, "4.18")
    for name, method in compiled.methods.items():
        assert method.needs.missing(allowed) == frozenset(), name
        assert method.needs.without(allowed) <= UNKNOWN_IN_4_18, name


def test_what_is_needed_counts_steps_with_conditions_looks_and_what_takes_back(
    compiled: Compiled,
) -> None:
    every = compiled.methods["compute.instances.insert"].needs.every
    assert every >= {
        "deployVirtualMachine",
        "createVMFromBackup",  # of another way
        "createNetwork",  # on a condition
        "deleteNetwork",  # an undo
        "listPublicIpAddresses",  # a look
        "listBackups",  # of something that may be named
    }


def test_a_role_is_told_to_be_complete_to_lack_a_part_or_all() -> None:
    needs = Needs(
        frozenset({"listA"}),
        (Way(frozenset({"createA"}), frozenset({"tagA"})),),
        frozenset({"listA", "createA", "tagA", "deleteA"}),
    )
    assert needs.told({"listA", "createA", "tagA", "deleteA"}) == "complete"
    assert needs.told({"listA", "createA", "tagA"}) == "without deleteA"
    assert needs.told({"listA", "tagA"}) == "not for this role, which lacks createA"


class _Cloud:
    """Counts how often it is asked what a role allows."""

    def __init__(self, *commands: str) -> None:
        self.commands = list(commands)
        self.asked = self.read_of = 0
        self.error: CloudStackError | None = None

    def answer(self, credentials: Credentials, command: str, params: Any) -> Answer:
        self.asked += 1
        if self.error is not None:
            raise self.error
        apis = [{"name": name} for name in self.commands]
        return answer_of(command, {"count": len(apis), "api": apis})

    def read(self, command: str, answer: Answer, *, cut: bool = False) -> dict[str, Any]:
        self.read_of += 1
        return read_answer(command, answer.status, answer.content, cut=cut)


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_role_is_read_once_in_a_while_and_again_before_something_is_refused() -> None:
    cloud, clock = _Cloud("createA"), _Clock()
    roles = Roles(cloud, ttl=30, clock=clock)  # type: ignore[arg-type]
    assert roles.lacking(CALLER, {"createA"}) == frozenset()
    clock.now = 300
    assert roles.lacking(CALLER, {"createA"}) == frozenset()
    assert cloud.asked == 1
    cloud.commands.append("tagA")
    assert roles.lacking(CALLER, {"tagA"}) == frozenset()
    assert cloud.asked == 2
    assert roles.lacking(CALLER, {"deleteA"}) == {"deleteA"}
    assert cloud.asked == 2


def test_what_a_role_allows_is_read_once_for_all_its_users() -> None:
    """The answer is two megabytes, and the same for each of them."""
    cloud = _Cloud("createB", f"tagB{uuid.uuid4()}")
    roles = Roles(cloud, ttl=30)  # type: ignore[arg-type]
    for number in range(5):
        assert roles.lacking(Credentials(f"key {number}", "secret"), {"createB"}) == frozenset()
    assert (cloud.asked, cloud.read_of) == (5, 1)


def test_where_nobody_can_tell_what_a_role_allows_nothing_is_refused() -> None:
    cloud = _Cloud()
    cloud.error = CloudStackError("listApis", 432, "The API [listApis] does not exist")
    roles = Roles(cloud, ttl=30)  # type: ignore[arg-type]
    assert roles.lacking(CALLER, {"createA"}) == frozenset()
