"""google-cloud-compute's clients, pointed at a gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from google.api_core.client_options import ClientOptions
from google.api_core.extended_operation import ExtendedOperation
from google.api_core.future.polling import DEFAULT_POLLING
from google.cloud import compute_v1 as compute
from google.oauth2.credentials import Credentials

AnyClient = TypeVar("AnyClient")
Connect = Callable[[type[AnyClient]], AnyClient]


def connecting(exports: Mapping[str, str]) -> Callable[[type[Any]], Any]:
    """Makes a client of a class, and lets its operations be waited for at the gateway.

    Args:
        exports: the environment of a shell after ``eval "$(gstack env)"``.
    """
    # The token can't be refreshed; the library asks only when it is refused.
    credentials = Credentials(token=Path(exports["GSTACK_TOKEN_FILE"]).read_text())  # type: ignore[no-untyped-call]
    options = ClientOptions(api_endpoint=exports["GSTACK_ENDPOINT"])

    def make(kind: type[Any]) -> Any:
        client = kind(credentials=credentials, client_options=options)
        # Its own choice for these would be Google's endpoint.
        nested = getattr(client.transport, "_extended_operations_services", {})
        for name, operations in {
            "zone_operations": compute.ZoneOperationsClient,
            "region_operations": compute.RegionOperationsClient,
            "global_operations": compute.GlobalOperationsClient,
        }.items():
            nested[name] = operations(credentials=credentials, client_options=options)
        return client

    return make


def done(operation: ExtendedOperation) -> None:
    """Wait for an operation, polling often.

    Raises:
        GoogleAPICallError: it failed, or took longer than a minute.
    """
    often = DEFAULT_POLLING.with_delay(initial=0.05, maximum=0.2).with_timeout(60)
    operation.result(polling=often)  # type: ignore[no-untyped-call]
