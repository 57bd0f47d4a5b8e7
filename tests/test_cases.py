"""Every mapped method, held against its case file: no CloudStack, no simulator, no wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from webtest import TestApp

from gstack_pyramid.cases.checking import problems
from gstack_pyramid.cases.files import Case, CaseFolder
from gstack_pyramid.cases.form import CaseError
from gstack_pyramid.cases.layout import MOST_LINES, readable
from gstack_pyramid.cases.script import Exchange

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.application import Application
    from gstack_pyramid.schemas.cloudstack import CloudStackModel

SHIPPED = CaseFolder(Path(__file__).parent / "cases")

ALL = pytest.mark.parametrize("case", SHIPPED.cases, ids=lambda case: f"{case.method}:{case.name}")


@ALL
def test_the_case(case: Case, shared_router: Router) -> None:
    assert not case.simulated
    assert problems(case, shared_router) == []


@ALL
def test_its_canned_answers_hold_only_what_cloudstack_has(
    case: Case, cloudstack_model: CloudStackModel
) -> None:
    for request in (*case.before, case.request):
        for exchange in request.cloudstack:
            assert strange_fields(cloudstack_model, exchange) == [], exchange.command


def test_the_shared_rows_hold_only_what_cloudstack_has(cloudstack_model: CloudStackModel) -> None:
    for name, (command, row) in SHIPPED.rows.items():
        strange = strange_fields(cloudstack_model, Exchange(command, {}, rows=[row]))
        assert strange == [], name


def test_every_mapped_method_has_a_case_file_and_no_other(shared_router: Router) -> None:
    application: Application = shared_router.registry["gstack"]
    mapped = {method_id.removeprefix("compute.") for method_id in application.methods}
    assert {path.stem for path in SHIPPED.files} == mapped


def test_every_method_is_shown_to_succeed_and_to_refuse() -> None:
    by_method: dict[str, list[Case]] = {}
    for case in SHIPPED.cases:
        by_method.setdefault(case.method, []).append(case)
    for method, its in by_method.items():
        # No mapped method makes an operation of a region yet.
        if not method.startswith("regionOperations."):
            assert any(case.status == 200 for case in its), method
        if not method.endswith("aggregatedList"):
            assert any(case.status >= 400 for case in its), method


@pytest.fixture(scope="module")
def openapi(shared_router: Router) -> dict[str, Any]:
    document: dict[str, Any] = TestApp(shared_router).get("/openapi.json").json
    return document


def test_requests_that_are_taken_are_allowed_by_the_openapi_document(
    shared_router: Router, openapi: dict[str, Any]
) -> None:
    """Or a client that goes by it would refuse to send what is right."""
    gce = shared_router.registry["gstack"].compiled.gce
    checks: dict[str, jsonschema_rs.Draft202012Validator] = {}
    found = []
    for case in SHIPPED.cases:
        for request in (*case.before, *([case.request] if case.status == 200 else [])):
            (method,) = (
                each for each in gce.match(request.path) if each.http_method == request.method
            )
            operation = openapi["paths"][f"/{method.path}"][request.method.lower()]
            needed = {
                parameter["name"]
                for parameter in operation["parameters"]
                if parameter.get("required")
            }
            found += [
                f"{case.method}:{case.name}: {name}" for name in needed - request.query.keys()
            ]
            if "requestBody" not in operation:
                continue
            if method.id not in checks:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                whole = {**schema, "components": openapi["components"]}
                checks[method.id] = jsonschema_rs.Draft202012Validator(whole)
            wrong = checks[method.id].iter_errors(request.body)
            found += [f"{case.method}:{case.name}: {error.message}" for error in wrong]
    # The gateway passes over that one for Libcloud's sake.
    assert found == [
        "images.insert:a field that GCE lacks, as Libcloud sends it: Additional properties are not"
        " allowed ('zone' was unexpected)"
    ]


def test_no_case_file_is_longer_than_its_cases_may_be() -> None:
    by_method = Counter(case.method for case in SHIPPED.cases)
    for path in SHIPPED.files:
        lines = path.read_text().count("\n")
        assert lines <= MOST_LINES * by_method[path.stem], path.name


def test_a_recording_that_nobody_could_read_is_refused() -> None:
    rows = [{"name": f"listEverythingThereIsOfTheKind{n}", "isasync": False} for n in range(1010)]
    case = {"cloudstack": ["accounts", {"command": "listApis", "rows": rows}]}
    with pytest.raises(CaseError, match=r"more than 1000\. The longest .* of listApis"):
        readable(case, "disks.get.yaml: all")
    readable({"cloudstack": ["accounts", {"command": "listApis", "rows": rows[:10]}]}, "short")


def strange_fields(model: CloudStackModel, exchange: Exchange) -> list[str]:
    """The parameters and fields of an exchange that its command does not have."""
    command = model.command(exchange.command)
    strange = [f"parameter {name}" for name in exchange.params if name not in command.params]
    told: list[Any] = list(exchange.rows or ())
    for body in (exchange.object, exchange.job):
        # {"virtualmachine": {...}}: the command's answer is what is under the one key.
        if body is not None and "success" not in body:
            told += list(body.values())
    for value in told:
        strange += [
            ".".join(path)
            for path in _paths(value, ())
            if not model.has_field(exchange.command, path)
        ]
    return sorted(set(strange))


def _paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield (*path, name)
            yield from _paths(inner, (*path, name))
