"""gcloud's commands for what CloudStack can't do: each is told the reason, and gcloud survives."""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

#: Commands that need a method of GCE's that isn't mapped: command -> what is said.
REFUSED = {
    "addresses create everywhere --global": "none is for the whole world",
    "disks move any --zone=ch-zrh-1 --destination-zone=ch-gva-2": "moves nothing from zone to zone",
    "instances add-iam-policy-binding any --zone=ch-gva-2 --member=user:a@b.ch --role=roles/x": (
        "no list of who may do what"
    ),
    "instances get-guest-attributes any --zone=ch-gva-2": "can't write attributes",
    "instances get-serial-port-output any --zone=ch-gva-2": "neither pictures nor output",
    "instances resume any --zone=ch-gva-2": "keeps its memory in between for nobody",
    "instances simulate-maintenance-event any --zone=ch-gva-2": "upkeep is the operator's",
    "instances suspend any --zone=ch-gva-2": "keeps its memory in between for nobody",
    "instances tail-serial-port-output any --zone=ch-gva-2": "neither pictures nor output",
}

#: Lists of which nothing is mapped: gcloud warns with the reason, or fails with it.
UNLISTED = {
    "backend-services list": "Behind a load balancer rule",
    "commitments list": "nothing to commit to",
    "instances os-inventory list-instances": "Listed 0 items",
}


@pytest.mark.parametrize("command", REFUSED)
def test_a_command_is_refused_with_the_reason(gcloud: Gcloud, command: str) -> None:
    assert REFUSED[command] in gcloud.refusal(command)


@pytest.mark.parametrize("command", UNLISTED)
def test_a_list_says_why_there_is_nothing_in_it(gcloud: Gcloud, command: str) -> None:
    done = gcloud.try_(command)
    assert UNLISTED[command] in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
