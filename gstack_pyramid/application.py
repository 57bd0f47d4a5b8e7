"""The parts of a running gateway, put together from its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from cachetools import TTLCache, cached

from gstack_pyramid.at_start import AtStart
from gstack_pyramid.auth import KeyRing, Ledger, Sealer
from gstack_pyramid.bound_methods import BoundMethod, bind
from gstack_pyramid.cloudstack import Credentials, PasswordLogin, User, find_user
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.describing.coverage import read_reasons
from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.calls import Call
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.told import KeptResources, Pieces
from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.loader import files_in, load
from gstack_pyramid.observability import audit, metrics, tracing
from gstack_pyramid.observability.reach import ClockWatch, Reach
from gstack_pyramid.operations import Operations, Pace, Watch
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.protocol.lists import Envelope
from gstack_pyramid.scheduling import Scheduler
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.settings import Settings
from gstack_pyramid.shares import GREED, FairThreads, Shares

_NO_ANSWERS = frozenset({"unavailable", "timeout", "bad-answer", "failed"})
_REFUSED = "401"
USERS_TTL = 300
"""Seconds for which it is remembered whose keys they are."""
DAY = 24 * 3600.0
"""Seconds."""


@dataclass
class Application:
    """What the view works with; one for each server process.

    Attributes:
        reloads: what reads something anew while it serves, or sees that there is nothing new, by
            what that is; raises OSError or ValueError, and changes nothing then.
        ending: whether the server is to end: it answers, but wants no further requests.
    """

    settings: Settings
    engine: Engine
    operations: Operations
    keyring: KeyRing
    ledger: Ledger
    passwords: PasswordLogin
    scheduler: Scheduler
    batches: Shares
    batch_workers: FairThreads
    answers: Answers
    kept_resources: KeptResources
    methods: dict[str, BoundMethod] = field(default_factory=dict)
    reloads: dict[str, Callable[[], object]] = field(default_factory=dict)
    ending: bool = False
    _closing: list[Callable[[], None]] = field(default_factory=list)

    def on_close(self, function: Callable[[], None]) -> None:
        """Have a function called when the gateway ends."""
        self._closing.append(function)

    @property
    def compiled(self) -> Compiled:
        """The compiled mappings."""
        return self.engine.compiled

    @cached_property
    def find_user(self) -> Callable[[Credentials], User]:
        """Tells the CloudStack user of a pair of keys, and remembers it for some minutes."""
        remembered: TTLCache[Credentials, User] = TTLCache(1024, USERS_TTL)
        return cached(remembered, lock=Lock())(lambda keys: find_user(self.engine.client, keys))

    @property
    def page_secrets(self) -> list[bytes]:
        """What authenticates page tokens, made from the ring's keys, newest first.

        So a token that was made before a new key came is good for as long as the old one stays.
        """
        keys = [self.keyring.key(kid).raw_value for kid in self.keyring.kids]
        return [blake2b(b"page tokens", key=key[:64], digest_size=32).digest() for key in keys]

    def envelope(self, method: Method, path: str, base_url: str, caller: bytes) -> Envelope:
        """What is around the items of a list method's answer.

        Args:
            method: the list method.
            path: the request's path below ``/compute/v1/``.
            base_url: what links start with.
            caller: tells callers apart, so that page tokens can't be passed on.
        """
        gce = self.compiled.gce
        properties = gce.type(method.gce.response or "").get("properties", {})
        return Envelope(
            kind=str(properties.get("kind", {}).get("default", "")),
            fields=frozenset(properties),
            items=gce.item_key(method.gce) or "items",
            path=path,
            base_url=base_url,
            context=caller + path.encode(),
            secrets=self.page_secrets,
        )

    def pieces(self, call: Call) -> Pieces | None:
        """What makes the resources of a list that may have been told before, if that is wanted."""
        if not self.kept_resources.wanted:
            return None
        # {"items": [...]}, and {"items": {"zones/z": {"instances": [...]}}}
        depth = 2 if call.method.kind == "list" else 4
        pretty = call.query.get("prettyPrint", True)
        return Pieces(self.kept_resources, call.credentials, depth if pretty else None)

    def why_missing(self, method_id: str) -> str:
        """Why a method of GCE's isn't mapped; one sentence."""
        return self._reasons.get(method_id, "This gateway does not map it to CloudStack yet.")

    @cached_property
    def _reasons(self) -> dict[str, str]:
        """Why methods have no counterpart; read when somebody first asks for one."""
        return read_reasons(mapping_folders(self.settings), self.compiled.gce)

    def close(self) -> None:
        """End what runs in the background."""
        while self._closing:
            self._closing.pop()()
        self.operations.close()
        self.ledger.close()
        self.batch_workers.shutdown()


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
        KeyRingError, LedgerError, MappingError, DatabaseError: the configuration can't be used.
        OSError: the key ring's file can't be read or made.
    """
    folders = mapping_folders(settings)
    # Before they are read: what changes meanwhile has changed.
    mappings = AtStart(lambda: [file for folder in folders for file in files_in(folder)])
    compiled = load_mappings(settings)
    keyring = KeyRing.configured(
        settings.token_keys, settings.token_keys_file, create=settings.token_keys_create
    )
    cloud = settings.cloudstack
    scheduler = Scheduler(places=Shares(settings.threads, GREED))
    reach, clocks = Reach(), ClockWatch(cloud.expires)

    def counted(command: str, seconds: float, outcome: str) -> None:
        metrics.commanded(command, seconds, outcome)
        tracing.commanded(command, seconds, outcome, cloud.endpoint)

    def told(command: str, seconds: float, outcome: str) -> None:
        counted(command, seconds, outcome)
        if outcome not in _NO_ANSWERS:
            reach.heard()
        if outcome == _REFUSED:
            clocks.refused(client.clock_behind)

    client = Client(
        cloud.endpoint,
        compiled.cloudstack,
        connect_timeout=cloud.connect_timeout,
        read_timeout=cloud.read_timeout,
        expires=cloud.expires,
        pool_size=cloud.pool_size,
        page_size=cloud.page_size,
        verify=cloud.verify,
        on_call=told,
        on_retry=metrics.repeated,
        on_loss=lambda error, seconds: reach.lost(error.problem, seconds, str(error)),
        waiting=scheduler.waiting,
    )
    engine = Engine(
        compiled,
        client,
        catalogue_ttl=settings.catalogue_ttl,
        breathe=scheduler.give_way,
        waiting=scheduler.waiting,
        ended=lambda owner, since: application.operations.last_end(owner, since),
    )
    application = Application(
        settings=settings,
        engine=engine,
        operations=Operations(
            client,
            compiled.errors.translate,
            engine.restore,
            Sealer(keyring),
            place=settings.operations.url,
            upgrade=settings.operations.upgrade,
            several=settings.processes > 1,
            workers=settings.operations.workers,
            waiters=settings.waiters,
            pace=Pace(settle=settings.operations.settle, patience=settings.operations.patience),
            watch=Watch(
                heartbeat=settings.operations.heartbeat,
                takeover=settings.operations.takeover,
                retention=settings.operations.retention * DAY,
            ),
            on_end=operation_ended,
        ),
        keyring=keyring,
        ledger=Ledger(settings.signin.ledger),
        passwords=PasswordLogin(
            cloud.endpoint,
            connect_timeout=cloud.connect_timeout,
            read_timeout=cloud.read_timeout,
            verify=cloud.verify,
            waiting=scheduler.waiting,
            on_call=counted,
        ),
        scheduler=scheduler,
        batches=Shares(settings.batch.at_once),
        batch_workers=FairThreads(2 * settings.batch.workers, settings.batch.workers, "batch"),
        answers=Answers(settings.answers_kept_mb << 20),
        kept_resources=KeptResources(settings.resources_kept_mb << 20),
    )
    application.reloads["the key ring"] = lambda: keyring.replace(
        KeyRing.configured(settings.token_keys, settings.token_keys_file)
    )
    application.reloads["the mapping files"] = mappings.check
    for method_id, method in compiled.methods.items():
        application.methods[method_id] = bind(method, compiled.gce)
    return application


def operation_ended(operation: Operation) -> None:
    """Tell those who watch that an operation is over."""
    audit.ended(operation)
    metrics.ended(operation.type, operation.error is not None)
