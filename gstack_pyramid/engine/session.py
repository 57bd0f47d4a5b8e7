"""One caller's request as the engine sees it: finding other resources, and linking to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.catalogue import Catalogue
from gstack_pyramid.engine.environment import Caller, Env, RowLink
from gstack_pyramid.engine.getters import Condition
from gstack_pyramid.engine.names import natural_name, suffixed_name
from gstack_pyramid.engine.reader import Read, Trace
from gstack_pyramid.engine.records import Record
from gstack_pyramid.engine.references import Reference, parse_reference
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.scopes import links_in, places_of
from gstack_pyramid.errors import GceError, invalid_value

_MOST_NAMES = 30
"""How many names of a catalogue an error tells at most."""


@dataclass(frozen=True, slots=True)
class RowLinks:
    """Makes the links of rows of one place; two that are equal make the same.

    Attributes:
        prefix: what the links start with.
        twins: the names that several rows would have.
    """

    prefix: str
    twins: frozenset[str]

    def __call__(self, key: str, raw: str) -> str:
        name = natural_name(raw, key)
        return self.prefix + (suffixed_name(name, key) if name in self.twins else name)


class Session(Caller):
    """A caller's reader that knows what GCE's resources are among what it reads.

    Args:
        client: the way to CloudStack.
        credentials: the caller's keys.
        resources: all mapped resources by name.
        catalogue: the cache for marked reads.
        base_url: what links start with, up to and including ``/compute/v1``.
        breathe: to be called now and then in long computations.
        lacking: tells which of some commands the caller's role lacks.
        trace: takes down what is read, if that is wanted.
        changeable: the commands whose rows change when some mapped method is called.
    """

    def __init__(
        self,
        client: Client,
        credentials: Credentials,
        resources: Mapping[str, Resource],
        catalogue: Catalogue,
        base_url: str,
        breathe: Callable[[], None] = lambda: None,
        lacking: Callable[[Set[str]], Set[str]] = lambda commands: frozenset(),
        trace: Trace | None = None,
        changeable: Set[str] = frozenset(),
    ) -> None:
        super().__init__(client, credentials, catalogue, trace, changeable)
        self.breathe = breathe
        self.lacking = lacking
        self.base_url = base_url
        self._resources = resources
        self._twins: dict[tuple[str, str | None, str], frozenset[str]] = {}
        self._links: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._at: dict[tuple[str, str | None], Env] = {}
        self._kept_in: list[dict[Any, Any]] = []

    def begin(self, reads: Sequence[Read] = ()) -> None:
        """Begin a part of a plan, as :meth:`Reader.begin`, with links that it finds by itself."""
        super().begin(reads)
        # Made from reads that came before: they have to be read again, by this part.
        self._forget_links()
        self._at.clear()

    def changed(self, command: str) -> None:
        """Drop what a command of this caller may have made wrong, links as well."""
        super().changed(command)
        self._forget_links()

    def _forget_links(self) -> None:
        self._links.clear()
        self._twins.clear()
        for links in self._kept_in:
            links.clear()
        self._kept_in.clear()

    def links(self, resource: str, env: Env) -> dict[str, Any]:
        """Links of a resource by CloudStack id: a text, or for named patterns a function."""
        known = env.links.get(resource)
        if known is not None:
            return known
        target = self._resources[resource]
        key = (resource, env.scope_name(target.collection.scope))
        known = self._links.get(key)
        if known is None:
            known = {}
            for inner in places_of(target, env, self._resources):
                known |= links_in(target, inner)
            # Whoever asks meanwhile, or after a failure, must not take some of them for all.
            self._links[key] = known
        if not env.links:
            self._kept_in.append(env.links)
        env.links[resource] = known
        return known

    def region_of(self, zone_id: str, env: Env) -> str | None:
        """The GCE name of the region that a zone is in."""
        regions = self._resources["regions"]
        for name, record in regions.named(regions.records(env)):
            if any(row["id"] == zone_id for row in record.rows):
                return name
        return None

    def zone(self, name: str, env: Env) -> tuple[dict[str, Any], str]:
        """The row of a zone, and the name that it is shown by.

        Raises:
            GceError: 400, there is none.
        """
        found = self._resources["zones"].find(name, env.anywhere())
        if found is None:
            raise invalid_value("zone", name, "Unknown zone.")
        return found[1].rows[0], found[0]

    def at(self, target: Resource, zone_id: str | None, env: Env) -> Env:
        """Where ``target`` is in the zone of that id, when ``env`` itself is in no such place."""
        scope = target.collection.scope
        if scope not in ("zones", "regions") or zone_id is None:
            return env
        if env.scope_name(scope) is not None and env.zone_id in (None, zone_id):
            return env
        key = (scope, zone_id)
        if key not in self._at:
            self._at[key] = next(
                (
                    inner
                    for inner in places_of(target, env, self._resources, everywhere=True)
                    if zone_id == inner.zone_id or zone_id in inner.region_zones
                ),
                env,
            )
        return self._at[key]

    def row_link(self, resource: str, env: Env, zone_id: str | None = None) -> RowLink:
        """What makes the links of rows that other rows tell by id and CloudStack name.

        Args:
            resource: what the rows are in GCE.
            env: where the links are made.
            zone_id: the zone that the rows are in, where ``env`` doesn't tell.
        """
        target = self._resources[resource]
        here = env if zone_id is None else self.at(target, zone_id, env)
        prefix, scope = target.prefix(here), here.scope_name(target.collection.scope)

        def twins_of(name: str) -> frozenset[str]:
            memo = (resource, scope, name)
            twins = self._twins.get(memo)
            if twins is None:
                twins = self._twins[memo] = target.twins(name, here)
            return twins

        def link_of_one(key: str, raw: str) -> str:
            name = natural_name(raw, key)
            return prefix + (suffixed_name(name, key) if name in twins_of(name) else name)

        if here.single:
            return link_of_one
        among = twins_of("")
        if not env.row_links:
            self._kept_in.append(env.row_links)
        made = env.row_links[resource, zone_id] = RowLinks(prefix, among)
        return made

    def as_asked(self, resource: str, link: str, asked: str, env: Env) -> str:
        """A link by the name that a client asked for, where that means the same still.

        Args:
            resource: what the link leads to.
            link: the link by the name that is shown.
            asked: what the client called it.
            env: where the link is made.
        """
        prefix, _, name = link.rpartition("/")
        known = self._resources[resource].understands(asked, name, env)
        return f"{prefix}/{asked}" if known else link

    def find(
        self, resource: str, reference: Any, env: Env, field: str, *, anywhere: bool = False
    ) -> dict[str, Any]:
        """The CloudStack row that a client's reference means.

        Args:
            resource: the GCE resource.
            reference: a name or link.
            env: where the request is.
            field: where the reference stands, for errors.
            anywhere: whether something global that has no part in this zone is meant as well.

        Raises:
            GceError: 400 naming ``field``: no link, not such a resource, or nothing there.
        """
        target = self._resources[resource]
        try:
            parsed = parse_reference(str(reference))
        except ValueError as error:
            raise invalid_value(field, reference, f"{error}.") from error
        if parsed.form is None and parsed.segment in target.reference_forms:
            parsed = replace(parsed, form=parsed.segment, segment=None)
        if parsed.segment not in (None, target.collection.segment):
            raise invalid_value(field, reference, f"It is not a link to one of {target.name}.")
        zone, zone_id = env.zone, env.zone_id
        env = self._scope_of(target, parsed, reference, env, field)
        found = (
            self._by_form(target, parsed, reference, env, field)
            if parsed.form
            else target.find(parsed.name, env)
        )
        if found is None:
            raise invalid_value(field, reference, self._absent(target, env))
        if target.regional and zone_id is not None and not found[1].is_in(zone_id):
            raise invalid_value(field, reference, f"It is not in the zone '{zone}'.")
        row = target.member(found[1], env)
        if row is None and anywhere:
            row = target.member(found[1], env.anywhere())
        if row is None:
            where = f"zone '{env.zone}'" if env.zone else f"region '{env.region}'"
            raise invalid_value(field, reference, f"It has no part in the {where}.")
        return row

    def _absent(self, target: Resource, env: Env) -> str:
        """That something does not exist, and of a catalogue what there is instead."""
        text = "The referenced resource does not exist."
        if not all(source.cached for source in target.sources):
            return text
        patterns = [source.pattern.text for source in target.sources if source.pattern]
        names = sorted(name for name, _ in target.named(target.records(env)))
        known = [*names, *patterns]
        told = ", ".join(known[:_MOST_NAMES])
        if len(known) > _MOST_NAMES:
            told += f" and {len(known) - _MOST_NAMES} more"
        return f"{text} There are: {told}." if known else text

    def _scope_of(
        self, target: Resource, parsed: Reference, reference: Any, env: Env, field: str
    ) -> Env:
        """Where a reference is to be looked up: here, or in the zone or region that it names."""
        if parsed.project not in (None, env.project) and not self._is_here(parsed.project, env):
            if parsed.project is None or not target.reaches(parsed.project):
                raise invalid_value(field, reference, "The referenced resource does not exist.")
            env = env.in_project(parsed.project, home=parsed.project in target.elsewhere)
        segment = target.collection.scope
        if segment not in ("zones", "regions"):
            return env
        named = parsed.scope[1] if parsed.scope is not None and parsed.scope[0] == segment else None
        here = env.scope_name(segment)
        if here is not None and named not in (None, here):
            raise invalid_value(field, reference, f"It must be in '{segment}/{here}'.")
        places = places_of(target, env, self._resources)
        if named is None and len(places) == 1:
            return places[0]
        for inner in places:
            if inner.scope_name(segment) == named:
                return inner
        if named is None:
            form = f"{segment}/{segment[:-1].upper()}/{target.collection.segment}/{parsed.name}"
            raise invalid_value(field, reference, f"It must say where that is: {form}.")
        within = f" in the region '{env.region}'" if env.region else ""
        raise invalid_value(field, reference, f"There is no '{segment}/{named}'{within}.")

    def _is_here(self, project: str | None, env: Env) -> bool:
        """Whether another name of a project means the one that the request is in."""
        found = self._resources["projects"].find(str(project), env)
        here: dict[str, Any] = env.roots["project"]
        return found is not None and found[1].rows[0].get("id") == here.get("id")

    def _by_form(
        self, target: Resource, parsed: Reference, reference: Any, env: Env, field: str
    ) -> tuple[str, Record] | None:
        form = target.reference_forms.get(parsed.form or "")
        if form is None:
            raise invalid_value(field, reference, "It is no link of a known form.")
        inner = env.naming({"name": parsed.name})
        wanted = {name: getter(None, inner) for name, getter in form[0].items()}
        found = self._best(target, wanted, form[1], env, form[2])
        return found[:2] if found else None

    def pick(
        self,
        resource: str,
        wanted: Mapping[str, Any],
        newest: str | None,
        env: Env,
        where: Condition | None = None,
    ) -> dict[str, Any]:
        """The GCE resource whose fields equal ``wanted``, the newest when there are several.

        Args:
            resource: the resource.
            wanted: its fields' values.
            newest: the field whose greatest value wins.
            env: where we are.
            where: a condition on the GCE resource.

        Raises:
            GceError: 404, there is none.
        """
        found = self._best(self._resources[resource], wanted, newest, env, where)
        if found is None:
            described = ", ".join(f"{name} '{value}'" for name, value in wanted.items())
            raise GceError(
                404, "notFound", f"The resource '{resource}' with {described} was not found"
            )
        return found[2]

    def pick_all(
        self,
        resource: str,
        wanted: Mapping[str, Any],
        env: Env,
        where: Condition | None = None,
    ) -> list[dict[str, Any]]:
        """The GCE resources of this project whose fields equal ``wanted``, that fit ``where``."""
        fitting = self._fitting(self._resources[resource], wanted, env, where)
        return [shaped for _, record, shaped in fitting if record.home == env.home]

    def _best(
        self,
        target: Resource,
        wanted: Mapping[str, Any],
        newest: str | None,
        env: Env,
        where: Condition | None,
    ) -> tuple[str, Record, dict[str, Any]] | None:
        found = self._fitting(target, wanted, env, where)
        # What is the caller's own comes before what others offer under the same name.
        fitting = [item for item in found if item[1].home == env.home] or found
        if newest is not None:
            fitting.sort(key=lambda item: _rank(item[2].get(newest)))
        return fitting[-1] if fitting else None

    def _fitting(
        self, target: Resource, wanted: Mapping[str, Any], env: Env, where: Condition | None
    ) -> list[tuple[str, Record, dict[str, Any]]]:
        fitting = []
        for inner in places_of(target, env, self._resources):
            named = target.named(target.records(inner))
            shaped = target.shape(named, inner)
            fitting += [
                (name, record, resource)
                for (name, record), resource in zip(named, shaped, strict=True)
                if all(resource.get(field) == value for field, value in wanted.items())
                and (where is None or where(resource, inner))
                and target.shows(record, inner)
            ]
        return fitting


def _rank(value: Any) -> tuple[float, str]:
    """What makes a value the newest: a moment by itself, whatever its offset, else its text."""
    text = str(value or "")
    try:
        return datetime.fromisoformat(text).timestamp(), text
    except ValueError:
        return 0.0, text
