"""The parts of a running gateway, put together from its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gstack_pyramid.auth import KeyRing
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.engine.compiler import Compiled, compile_mappings
from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.engine.loader import load
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.operations import Operations, Store
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.validation import (
    Validator,
    coerce_body,
    query_parser,
    validator_for,
)
from gstack_pyramid.settings import Settings


@dataclass(slots=True)
class BoundMethod:
    """A mapped method with what checks its requests and its answers.

    Attributes:
        query: parses the query string; raises GceError.
        coerce: brings a body into the model's types.
        body: the body's validator; None for a method without a body.
        response: the answer's validator; None where the model promises nothing.
    """

    method: Method
    query: Callable[[Mapping[str, Sequence[str]]], dict[str, Any]]
    coerce: Callable[[object], object]
    body: Validator | None
    response: Validator | None


@dataclass(slots=True)
class Application:
    """What the view works with; one for each server process."""

    settings: Settings
    engine: Engine
    operations: Operations
    keyring: KeyRing
    page_secret: bytes
    batch_workers: ThreadPoolExecutor
    methods: dict[str, BoundMethod] = field(default_factory=dict)

    @property
    def compiled(self) -> Compiled:
        """The compiled mappings."""
        return self.engine.compiled

    def list_kind(self, method: Method) -> str:
        """The ``kind`` of a list method's answer."""
        schema = self.compiled.gce.field(method.gce.response or "", ("kind",)) or {}
        return str(schema.get("default", ""))

    def item_key(self, method: Method) -> str:
        """What the items of one scope are called in an aggregated list."""
        return self.compiled.gce.item_key(method.gce) or "items"

    def close(self) -> None:
        """End what runs in the background."""
        self.operations.close()
        self.batch_workers.shutdown(wait=True)


def mapping_folders(settings: Settings) -> list[Path]:
    """The folders of mapping files: the shipped ones, then the operator's own."""
    return [data_folder("mappings"), *settings.mappings]


def load_mappings(settings: Settings) -> Compiled:
    """Read and compile the shipped mapping files and the operator's own.

    Raises:
        MappingError: they can't be used; every mistake is told with its file and line.
    """
    schemas = data_folder("schemas")
    return compile_mappings(
        load(mapping_folders(settings)),
        GceModel(schemas / "gce"),
        CloudStackModel(schemas / "cloudstack"),
        settings.settings,
    )


def build_application(settings: Settings) -> Application:
    """Put a gateway together.

    Raises:
        KeyRingError, MappingError: the configuration can't be used.
        OSError: the key ring's file can't be read or made.
    """
    compiled = load_mappings(settings)
    keyring = KeyRing.configured(
        settings.token_keys, settings.token_keys_file, create=settings.token_keys_create
    )
    cloud = settings.cloudstack
    client = Client(
        cloud.endpoint,
        compiled.cloudstack,
        connect_timeout=cloud.connect_timeout,
        read_timeout=cloud.read_timeout,
        expires=cloud.expires,
        pool_size=cloud.pool_size,
        page_size=cloud.page_size,
        verify=cloud.verify,
    )
    application = Application(
        settings=settings,
        engine=Engine(compiled, client, catalogue_ttl=settings.catalogue_ttl),
        operations=Operations(
            Store(settings.operations.url),
            client,
            compiled.errors.translate,
            workers=settings.operations.workers,
            waiters=settings.waiters,
        ),
        keyring=keyring,
        page_secret=_page_secret(keyring),
        batch_workers=ThreadPoolExecutor(settings.batch.workers, thread_name_prefix="batch"),
    )
    for method_id, method in compiled.methods.items():
        application.methods[method_id] = _bind(method, compiled.gce)
    return application


def _bind(method: Method, gce: GceModel) -> BoundMethod:
    request, response = method.gce.request, method.gce.response
    return BoundMethod(
        method,
        query_parser(gce, method.gce),
        coerce_body(gce, request) if request else lambda body: body,
        validator_for(gce, request, method_id=method.gce.id) if request else None,
        validator_for(gce, response) if response else None,
    )


def _page_secret(keyring: KeyRing) -> bytes:
    """Page tokens are authenticated with a key of their own, made from the ring's newest."""
    key = keyring.key(keyring.newest).raw_value
    return blake2b(b"page tokens", key=key[:64], digest_size=32).digest()
