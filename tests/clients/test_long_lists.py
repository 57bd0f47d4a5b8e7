"""Google's library goes through a long list page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.cloud import compute_v1 as compute
from google.oauth2.credentials import Credentials

from .gateway import served

pytestmark = pytest.mark.clients

COUNT = 1234


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a gateway in front of 1,234 instances in each of two zones."""
    with served(tmp_path_factory.mktemp("long"), load=2 * COUNT) as gateway:
        exports = gateway.exports()
        token = Path(exports["GSTACK_TOKEN_FILE"]).read_text()
        credentials = Credentials(token=token)  # type: ignore[no-untyped-call]
        options = ClientOptions(api_endpoint=exports["GSTACK_ENDPOINT"])
        yield compute.InstancesClient(credentials=credentials, client_options=options)
        assert gateway.complaints() == []


def test_it_pages_through_1234_instances_by_the_hundred(instances: Any) -> None:
    request = compute.ListInstancesRequest(project="demo-project", zone="ch-gva-2", max_results=100)
    pages = [list(page.items) for page in instances.list(request=request).pages]
    assert [len(page) for page in pages] == [100] * 12 + [34]
    names = [instance.name for page in pages for instance in page]
    assert sorted(names) == [f"load-{number:05}" for number in range(1, 2 * COUNT, 2)]
    assert all(instance.disks for page in pages for instance in page)


def test_it_pages_through_the_same_by_name_when_it_asks_for_that(instances: Any) -> None:
    request = compute.ListInstancesRequest(
        project="demo-project", zone="ch-gva-2", max_results=500, order_by="name"
    )
    names = [instance.name for instance in instances.list(request=request)]
    assert names == [f"load-{number:05}" for number in range(1, 2 * COUNT, 2)]


def test_it_pages_through_all_zones(instances: Any) -> None:
    request = compute.AggregatedListInstancesRequest(project="demo-project", max_results=500)
    found = {
        instance.name
        for _, scoped in instances.aggregated_list(request=request)
        for instance in scoped.instances
    }
    assert len(found) == 2 * COUNT
