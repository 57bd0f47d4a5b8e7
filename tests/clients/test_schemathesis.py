"""schemathesis, which makes requests from the OpenAPI document and holds answers against it."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from ..support.effort import THOROUGH, tries
from .gateway import PATIENCE, Gateway, served

pytestmark = pytest.mark.clients

CASES = int(os.environ.get("GSTACK_FUZZ_CASES") or tries(600, 6_000))
"""About how many requests are made, over all operations."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
SCOPE = {"project": "demo-project", "zone": "ch-gva-2", "region": "ch-gva"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway of its own: what is made here must be in nobody's way."""
    settings = {"gstack.check_answers": "refuse"}
    with served(tmp_path_factory.mktemp("fuzzed"), settings, load=3) as gateway:
        yield gateway


def a_name(url: str, path: str, headers: dict[str, str]) -> str | None:
    """The name of the first resource of a list, None when there is none or no such list."""
    where = re.sub(r"\{(\w+)\}", lambda found: SCOPE.get(found[1], ""), path)
    answer = requests.get(f"{url}/compute/v1{where}", headers=headers, timeout=PATIENCE)
    items = answer.json().get("items") if answer.ok else None
    return items[0]["name"] if items else None


def modes() -> list[GenerationMode]:
    """What kinds of requests to make of one operation: all, or one or none, as is drawn."""
    every = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    if THOROUGH or "GSTACK_FUZZ_CASES" in os.environ:
        return every
    return random.sample(every, random.randint(0, 1))


def test_no_request_makes_the_server_fail_or_break_its_own_document(gateway: Gateway) -> None:
    token = Path(gateway.exports()["GSTACK_TOKEN_FILE"]).read_text()
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    results = list(schema.get_all_operations())
    operations = [result.ok() for result in results if isinstance(result, Ok)]
    assert len(operations) == len(results)
    known: dict[str, str] = {}
    for operation in operations:
        parent, _, last = operation.path.rpartition("/")
        name = a_name(gateway.url, parent, headers) if last.startswith("{") else None
        if name is not None:
            known.setdefault(last.strip("{}"), name)
    known |= SCOPE
    answers: Counter[int] = Counter()
    sent: Counter[bool] = Counter()

    def send(case: Case[Any], *, valid: bool) -> None:
        if valid:
            # Otherwise most requests would be about a project that there isn't.
            given = case.path_parameters
            given |= {name: known[name] for name in given if name in known}
        response = case.call(headers=headers)
        answers[response.status_code] += 1
        sent[valid] += 1
        case.validate_response(response, checks=CHECKS, headers=headers)

    share = max(1, CASES // (2 * len(operations)))
    for operation in operations:
        for mode in modes():
            once = given(case=operation.as_strategy(generation_mode=mode))(send)
            settings(
                max_examples=share,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(once)(valid=mode is GenerationMode.POSITIVE)
    assert gateway.complaints() == []
    # What it sent was not all refused at the door; of one request each, a third is not.
    assert answers[200] > sent[True] / 4
    assert {400, 404} <= answers.keys()
