"""google-api-python-client, with its own discovery document and with the gateway's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

pytestmark = pytest.mark.clients

HERE = {"project": "demo-project", "zone": "ch-gva-2"}
BODY = {
    "name": "discovered",
    "machineType": "zones/ch-gva-2/machineTypes/small",
    "disks": [
        {
            "boot": True,
            "initializeParams": {"sourceImage": "global/images/linux-ubuntu-24-04-lts-64-bit"},
        }
    ],
    "networkInterfaces": [
        {
            "network": "https://www.googleapis.com/compute/v1/projects/demo-project/global/networks/default",
            "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "External NAT"}],
        }
    ],
}


OURS = (
    "{GSTACK_ENDPOINT}/discovery/v1/apis/{{api}}/{{apiVersion}}/rest",
    "{GSTACK_ENDPOINT}/$discovery/rest?version={{apiVersion}}",
)
"""Where the gateway's own document is, in the library's terms."""


def client(exports: dict[str, str], where: str | None) -> Any:
    """A client made from the document at ``where``, or from the one in the package."""
    credentials = Credentials(token=Path(exports["GSTACK_TOKEN_FILE"]).read_text())  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {
        "static_discovery": True,
        "client_options": {"api_endpoint": f"{exports['GSTACK_ENDPOINT']}/compute/v1/"},
    }
    if where is not None:
        options = {"static_discovery": False, "discoveryServiceUrl": where.format(**exports)}
    return build("compute", "v1", credentials=credentials, cache_discovery=False, **options)


@pytest.fixture(scope="module", params=[None, *OURS], ids=["theirs", "ours", "ours-newer"])
def service(request: pytest.FixtureRequest, exports: dict[str, str]) -> Iterator[Any]:
    with client(exports, request.param) as service:
        yield service


@pytest.fixture(scope="module")
def discovered(exports: dict[str, str]) -> Iterator[Any]:
    """A client that knows nothing but the gateway's own document."""
    with client(exports, OURS[0]) as service:
        yield service


def pages(
    collection: Any, method: str = "list", **parameters: str | int
) -> Iterator[dict[str, Any]]:
    """The pages of a list, as the library walks them."""
    request = getattr(collection, method)(**parameters)
    while request is not None:
        page = request.execute()
        yield page
        request = getattr(collection, f"{method}_next")(request, page)


def finished(service: Any, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation when it is done."""
    waiting = service.zoneOperations().wait(**HERE, operation=operation["name"])
    answer: dict[str, Any] = waiting.execute()
    return answer


def test_lists_are_walked_page_by_page(service: Any) -> None:
    found = [
        [each["name"] for each in page["items"]]
        for page in pages(service.machineTypes(), **HERE, maxResults=3)
    ]
    assert [len(names) for names in found] == [3, 3, 1]
    assert len({name for names in found for name in names}) == 7
    big = pages(service.machineTypes(), **HERE, filter="guestCpus > 2", maxResults=2)
    assert [len(page["items"]) for page in big] == [2, 1]


def test_an_instance_lives_from_insert_to_delete(service: Any) -> None:
    instances = service.instances()
    mine = {**HERE, "instance": "discovered"}
    started = instances.insert(**HERE, body=BODY).execute()
    assert started["kind"] == "compute#operation"
    inserted = finished(service, started)
    assert (inserted["status"], inserted["progress"]) == ("DONE", 100)
    assert "error" not in inserted
    assert inserted["targetLink"].endswith("/zones/ch-gva-2/instances/discovered")

    shown = instances.get(**mine, fields="name,status,disks(source)").execute()
    assert set(shown) == {"name", "status", "disks"}
    assert shown["status"] == "RUNNING"
    assert [set(disk) for disk in shown["disks"]] == [{"source"}]

    for change, status in {"stop": "TERMINATED", "start": "RUNNING", "reset": "RUNNING"}.items():
        assert finished(service, getattr(instances, change)(**mine).execute())["status"] == "DONE"
        assert instances.get(**mine).execute()["status"] == status

    scopes = [
        (scope, each["name"])
        for page in pages(instances, "aggregatedList", project="demo-project", maxResults=1)
        for scope, part in page["items"].items()
        for each in part.get("instances", [])
    ]
    assert ("zones/ch-gva-2", "discovered") in scopes
    assert len(set(scopes)) == len(scopes)

    finished(service, instances.delete(**mine).execute())
    with pytest.raises(HttpError) as missing:
        instances.get(**mine).execute()
    assert missing.value.status_code == 404


def test_errors_name_the_field_and_the_reason(service: Any) -> None:
    insert = service.instances().insert
    with pytest.raises(HttpError) as unknown:
        insert(**HERE, body={**BODY, "nosuch": 1}).execute()
    assert unknown.value.status_code == 400
    assert 'Unknown name "nosuch"' in unknown.value.reason
    with pytest.raises(HttpError) as malformed:
        insert(**HERE, body={**BODY, "name": "x" * 64}).execute()
    assert malformed.value.status_code == 400
    assert malformed.value.error_details[0]["fieldViolations"][0]["field"] == "resource.name"
    with pytest.raises(HttpError) as foreign:
        service.images().list(project="demo-project", pageToken="nonsense").execute()
    assert foreign.value.status_code == 400
    assert foreign.value.error_details[0]["location"] == "pageToken"


def test_a_batch_goes_where_the_gateways_document_says(discovered: Any) -> None:
    answers: dict[str, Any] = {}

    def note(request_id: str, answer: Any, error: Exception | None) -> None:
        answers[request_id] = error or answer

    def together(**requests: Any) -> dict[str, Any]:
        answers.clear()
        batch = discovered.new_batch_http_request(callback=note)
        for name, request in requests.items():
            batch.add(request, request_id=name)
        batch.execute()
        return dict(answers)

    instances = discovered.instances()
    names = ("batched-a", "batched-b")
    made = together(
        **{name: instances.insert(**HERE, body={**BODY, "name": name}) for name in names},
        bad=instances.insert(**HERE, body={**BODY, "name": "Not A Name"}),
    )
    assert isinstance(made["bad"], HttpError)
    assert made["bad"].status_code == 400
    for name in names:
        assert "error" not in finished(discovered, made[name])
    shown = together(
        **{name: instances.get(**HERE, instance=name) for name in names},
        none=instances.get(**HERE, instance="batched-c"),
        zones=discovered.zones().list(project="demo-project"),
    )
    assert [shown[name]["status"] for name in names] == ["RUNNING", "RUNNING"]
    assert shown["none"].status_code == 404
    assert len(shown["zones"]["items"]) == 2
    gone = together(**{name: instances.delete(**HERE, instance=name) for name in names})
    for name in names:
        assert "error" not in finished(discovered, gone[name])
