"""The engine: answers reads, and turns mutations into plans. It knows no HTTP request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.calls import Call, Prepared
from gstack_pyramid.engine.catalogue import Catalogue
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.creation_locks import CreationLocks
from gstack_pyramid.engine.environment import Caller, Env
from gstack_pyramid.engine.getters import Getter
from gstack_pyramid.engine.listing import Listing, Place, joined
from gstack_pyramid.engine.methods import settle
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.path_parameters import enter
from gstack_pyramid.engine.permissions import Permissions
from gstack_pyramid.engine.plan_state import kept
from gstack_pyramid.engine.plans import Outcome, Plan, run_steps
from gstack_pyramid.engine.pushdown import Narrowing, fields_of
from gstack_pyramid.engine.reader import MadeOf, Reader, Trace
from gstack_pyramid.engine.records import Record
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.roles import Roles
from gstack_pyramid.engine.session import Session
from gstack_pyramid.errors import (
    AmbiguousName,
    GceError,
    already_exists,
    invalid_value,
    not_found,
)
from gstack_pyramid.protocol.filter_tree import Node
from gstack_pyramid.protocol.lists import Whole
from gstack_pyramid.schemas.validation import refusal

_TARGET_ROOTS = frozenset({"self", "rows", "key", "resource"})
"""The roots that an answer needs its target for."""

_OWN_PARAMETERS = frozenset({"requestId", "updateMask", "paths"})
"""Parameters of mutations that are seen to elsewhere: by the operations, and by the protocol."""


class Engine:
    """Answers calls from what the mappings say.

    Args:
        compiled: the compiled mappings.
        client: the way to CloudStack.
        catalogue_ttl: how long marked reads are kept, in seconds.
        breathe: called now and then in long computations, so that others may have their turn.
        waiting: entered while a thread waits for its turn; told whose it is, by API key.
    """

    def __init__(
        self,
        compiled: Compiled,
        client: Client,
        *,
        catalogue_ttl: float = 30.0,
        breathe: Callable[[], None] = lambda: None,
        waiting: Callable[[str], AbstractContextManager[object]] = lambda _: nullcontext(),
        ended: Callable[[str, float], float | None] = lambda owner, since: None,
    ) -> None:
        self.compiled = compiled
        self.client = client
        self._catalogue = Catalogue(catalogue_ttl, ended=ended)
        self._changeable = frozenset(
            command
            for method in compiled.methods.values()
            if method.kind == "mutation"
            for command in method.resource.cached
        )
        self._breathe = breathe
        self._roles = Roles(client, ttl=catalogue_ttl)
        self._permissions = Permissions(compiled.methods, self._roles)
        self._turns = CreationLocks(waiting)

    def turn(self, call: Call) -> AbstractContextManager[None]:
        """Let one caller's creations in one collection happen one after the other."""
        making = call.method.making
        return nullcontext() if making is None else self._turns.of(call.credentials, making)

    def bare(self, credentials: Credentials) -> Env:
        """The environment of no request, to read what belongs to no project and no zone.

        Args:
            credentials: whose keys to read with.
        """
        return Env(self._session(credentials, ""), {"settings": self.compiled.settings})

    def enter(self, call: Call) -> Env:
        """The environment of a call: its project, zone and region looked up.

        Raises:
            GceError: 404 for somebody else's project, 400 for an unknown zone or region.
        """
        session = self._session(call.credentials, call.base_url, call.trace)
        if call.method.kind == "mutation":
            # What is changed, and what a fingerprint is of, is as it is now.
            session.afresh = call.method.resource.cached
        return enter(call, session, self.compiled)

    def get(self, call: Call) -> dict[str, Any]:
        """One resource.

        Raises:
            GceError: 404, it does not exist, or its name could mean several: nothing is called so,
                and clients that guess, as Terraform does for images, go on to their next guess.
        """
        env = self.enter(call)
        try:
            named = self._target(call, env)
        except AmbiguousName as error:
            raise GceError(404, "notFound", error.message) from error
        return call.method.resource.shape([named], env, single=True)[0]

    def _target(self, call: Call, env: Env) -> tuple[str, Any]:
        resource, item = call.method.resource, call.method.item
        reference = call.path[item] if item else ""
        found = resource.find(reference, env)
        if found is None:
            path = resource.prefix(env).removeprefix(f"{env.session.base_url}/") + reference
            raise not_found(path)
        return found

    def listing(self, call: Call, tree: Node) -> Listing | Whole:
        """What a list or aggregatedList method is answered from.

        Args:
            call: the call.
            tree: the filter, as far as CloudStack can heed it.

        Raises:
            GceError: 404 for somebody else's project, 400 for an unknown zone or region.
        """
        resource = call.method.resource
        env = self.enter(call)
        narrowing, wanted = Narrowing.of(tree), None
        if call.fields is not None:
            wanted = call.fields | {path[0] for path in fields_of(tree)}
        if call.method.kind == "list":
            here = Place("", env, lambda record: record.home == env.home)
            pieces = call.pieces if resource.apart else None
            return Listing(
                resource,
                env,
                lambda: [here],
                narrowing,
                flat=True,
                wanted=wanted,
                pieces=pieces,
            )
        partial = bool(call.query.get("returnPartialSuccess"))

        def of(resource: Resource) -> Listing:
            return Listing(
                resource,
                env,
                lambda: self._places(resource, env),
                narrowing,
                find_others=lambda: (
                    self.other_scopes(resource, env) if call.query.get("includeAllScopes") else []
                ),
                wanted=wanted,
                pieces=call.pieces if resource.apart else None,
                explain=self.compiled.errors.translate if partial else None,
            )

        if not resource.together_with:
            return of(resource)
        others = [self.compiled.resources[name] for name in resource.together_with]
        return joined([of(one) for one in (resource, *others)])

    def _places(self, resource: Resource, env: Env) -> list[Place]:
        """The scopes that resources of this kind can be in."""
        scope = resource.collection.scope
        if scope not in ("zones", "regions"):
            return [Place(scope, env, lambda record: True)]
        places = self.compiled.resources[scope]
        result = []
        for name, place in places.named(places.records(env)):
            if scope == "zones":
                inner = env.in_zone(place.rows[0], name)
                holds = _in_zone(place.key)
            else:
                inner = env.in_region(place.rows, name)
                holds = _in_region(name, inner.region_zones)
            result.append(Place(f"{scope}/{name}", inner, holds))
        return result

    def other_scopes(self, resource: Resource, env: Env) -> list[str]:
        """The scopes that can't hold these resources, which a client may want told as well."""
        found = ["global"]
        for scope in ("regions", "zones"):
            places = self.compiled.resources.get(scope)
            if places is not None:
                found += [f"{scope}/{name}" for name, _ in places.named(places.records(env))]
        own = resource.collection.scope
        return [scope for scope in found if scope != own and not scope.startswith(f"{own}/")]

    def permitted(self, call: Call) -> dict[str, Any]:
        """Those of the permissions asked about that the caller has.

        Raises:
            GceError: 400, something that is no permission; 404, the resource does not exist.
        """
        env = self.enter(call)
        if call.method.item is not None:
            self._target(call, env)
        asked = (call.body or {}).get("permissions", [])
        granted = self._permissions.granted(asked, call.method.resource.name, call.credentials)
        return {"permissions": granted} if granted else {}

    def answer(self, call: Call) -> Any:
        """What a method with an ``answer`` says."""
        env = self.enter(call)
        if call.method.item is not None and call.method.uses & _TARGET_ROOTS:
            env = self._bind_target(call, env)[2]
        if call.method.common is not None:
            env = call.method.common.enter(env)
        getter = call.method.answer
        return getter(call.body, env) if getter is not None else None

    def _bind_target(self, call: Call, env: Env) -> tuple[str, str, Env]:
        """The name and key of what a call is about, and an environment that knows it."""
        resource = call.method.resource
        name, record = self._target(call, env)
        row = resource.member(record, env) or record.rows[0]
        env = env.naming({"self": row, "rows": record.rows, "key": record.key})
        if "resource" in call.method.uses:
            shaped = resource.shape([(name, record)], env, single=True)
            env = env.naming({"resource": shaped[0]})
        return name, record.key, env

    def _check_query(self, call: Call) -> None:
        """Refuse a parameter that asks for something the mapping does not do."""
        known = call.method.query | _OWN_PARAMETERS | self.compiled.gce.parameters.keys()
        for name, value in call.query.items():
            if value and name not in known:
                raise invalid_value(name, value, "This cloud has no counterpart for it.")

    @staticmethod
    def _check_formats(call: Call, now: Mapping[str, Any] | None = None) -> None:
        """Refuse values that GCE doesn't take, unless the resource has them as they are."""
        formats = call.method.formats
        if formats is not None and (problems := formats.problems(call.body, now)):
            raise refusal(problems)

    def admit(self, call: Call) -> Env:
        """The environment of a mutation that asks for nothing that is refused in any state.

        Raises:
            GceError: 400 or 404.
        """
        if call.method.body_rules is not None:
            call.method.body_rules.check(call.body)
        if call.method.item is None:
            self._check_formats(call)
        self._check_query(call)
        return self.enter(call)

    def prepare(self, call: Call, env: Env) -> Prepared:
        """Check a mutation against the current state and plan it; nothing is changed yet.

        Args:
            call: the mutation.
            env: what :meth:`admit` gave, for this once: it knows what it has read.

        Raises:
            GceError: 400, 404, 409 or 412, in GCE's words.
        """
        method, resource = call.method, call.method.resource
        target_id: str | None = None
        if method.item is not None:
            name, key, env = self._bind_target(call, env)
            target_id = numeric_id(key)
            self._check_formats(call, env.roots.get("resource"))
        else:
            name = str((call.body or {}).get("name", "")) if isinstance(call.body, dict) else ""
            if method.creates and name and resource.find(name, env) is not None:
                path = resource.prefix(env).removeprefix(f"{env.session.base_url}/") + name
                raise already_exists(path)
        variant, env = settle(method, env, alone=True)
        if variant.makes is not None:
            key = variant.makes(env.roots["body"], env)
            target_id = None if key is None else numeric_id(str(key))
        target = resource.prefix(env).removeprefix(f"{env.session.base_url}/") + name
        made = [path for step in variant.steps for path in step.targets(env)]
        takes = [target, *made] if method.creates and name else made
        alone = [target] if method.alone else []
        for paths in (method.alone_with, variant.alone_with):
            told = None if paths is None else paths(env.roots.get("body"), env)
            alone += [f"projects/{env.project}/{path}" for path in told or ()]
        warnings = method.common.warnings(env) if method.common is not None else []
        warnings += variant.warnings(env)
        scope = resource.collection.scope
        scope_name = env.scope_name(scope)
        return Prepared(
            run_steps(variant.steps, env),
            str(env.roots["project"]["id"]),
            str(env.roots["project"].get("name", "")),
            env.project,
            f"{scope}/{scope_name}" if scope_name else "global",
            target.rstrip("/"),
            target_id,
            env.session,
            None if method.answer is None else partial(_answered, method.answer, call.body),
            tuple(takes),
            tuple(alone),
            method.fingerprint is not None and method.fingerprint.is_given(env),
            bool(made),
            {
                "method": method.gce.id,
                "variant": method.variants.index(variant),
                "base_url": call.base_url,
                "place": [env.project, env.zone, env.zone_id, env.region],
                "region_zones": sorted(env.region_zones),
                "scope": env.session.scope_params,
                "roots": kept(env.roots, variant.reached),
            },
            tuple(warnings),
        )

    def restore(self, state: Mapping[str, Any], credentials: Credentials) -> tuple[Plan, Session]:
        """The plan of a mutation that was prepared before, perhaps by another process.

        Args:
            state: its ``Prepared.state``.
            credentials: the caller's keys.

        Raises:
            KeyError, IndexError: the mappings have changed, and know no such plan.
        """
        session = self._session(credentials, state["base_url"])
        session.scope_params = state["scope"]
        return self.plan(state, session), session

    def plan(self, state: Mapping[str, Any], session: Caller) -> Plan:
        """The plan that a state leads to, with what a session has read; see :meth:`restore`."""
        method = self.compiled.methods[state["method"]]
        roots = {"settings": self.compiled.settings, **state["roots"]}
        project, zone, zone_id, region = state["place"]
        zones = frozenset(state["region_zones"])
        env = Env(session, roots, project, zone, zone_id, region, zones)
        return run_steps(method.variants[state["variant"]].steps, env)

    def confirms(self, made_of: MadeOf, trace: Trace, caller: Credentials) -> bool:
        """Whether all that an earlier answer was made of is the same now.

        Args:
            made_of: what the trace of that answer told.
            trace: takes down what is read now.
            caller: the caller's keys, the same as then.

        Raises:
            CloudStackError, CloudStackUnavailable: as the client.
        """
        reader = Reader(self.client, caller, self._catalogue, trace, self._changeable)
        return reader.confirms(made_of)

    def _session(
        self, credentials: Credentials, base_url: str, trace: Trace | None = None
    ) -> Session:
        resources = self.compiled.resources
        return Session(
            self.client,
            credentials,
            resources,
            self._catalogue,
            base_url,
            self._breathe,
            partial(self._roles.lacking, credentials),
            trace,
            self._changeable,
        )


def _answered(answer: Getter, body: Any, came: Outcome) -> Any:
    return answer(body, came.env)


def _in_zone(zone_id: str) -> Callable[[Record], bool]:
    return lambda record: record.is_in(zone_id)


def _in_region(name: str, zone_ids: frozenset[str]) -> Callable[[Record], bool]:
    return lambda record: record.is_in_region(name, zone_ids)
