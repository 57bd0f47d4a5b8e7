"""What a CloudStack is, and what of GCE can be served from it: for the operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gstack_pyramid.cloudstack import Credentials
    from gstack_pyramid.describing.drift import Drift
    from gstack_pyramid.engine.compiled import Compiled
    from gstack_pyramid.mapping.loader import Mappings
    from gstack_pyramid.settings import CloudStackSettings


class SurveyError(Exception):
    """The cloud can't be asked, or refuses; the message says why and what to do."""


class WrongKeysError(SurveyError):
    """The cloud refuses the keys."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a cloud says to one user.

    Attributes:
        version: CloudStack's.
        projects: what is a project for this user: its name, whether it is an account or a project
            in CloudStack, and more about it.
        zones: the zones' names and their kinds.
        methods: how many methods are mapped.
        lacking: those of them that this cloud or this user's role can't serve, each with the
            commands that it would need.
        without: those that it can serve, but not for each request, each with the commands that it
            has to do without.
    """

    version: str
    projects: tuple[tuple[str, str, str], ...]
    zones: tuple[tuple[str, str], ...]
    methods: int
    lacking: tuple[tuple[str, tuple[str, ...]], ...]
    without: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def lines(self) -> Iterator[str]:
        """The survey in words."""
        yield f"CloudStack {self.version}"
        for name, source, more in self.projects:
            yield f"project {name}: a CloudStack {source} {more}"
        for name, kind in self.zones:
            yield f"zone {name}: {kind}"
        if not self.zones:
            yield "no zone that this user can use"
        served = self.methods - len(self.lacking)
        whole = served - len(self.without)
        complete = "all of them" if whole == served else f"{whole} of them"
        yield (
            f"{served} of {self.methods} mapped methods can be served to this user,"
            f" {complete} completely"
        )
        for commands, methods in _together(self.lacking):
            yield f"not for this role, which lacks {commands}: {methods}"
        for commands, methods in _together(self.without):
            yield f"without {commands}: {methods}"


def _together(methods: tuple[tuple[str, tuple[str, ...]], ...]) -> Iterator[tuple[str, str]]:
    """Commands, and the methods that miss just those."""
    together: dict[tuple[str, ...], list[str]] = {}
    for method, commands in methods:
        together.setdefault(commands, []).append(method)
    for commands, names in sorted(together.items()):
        yield ", ".join(commands), ", ".join(names)


def knock(cloud: CloudStackSettings) -> None:
    """See whether a CloudStack answers, without keys.

    Raises:
        SurveyError: none does.
    """
    from gstack_pyramid.cloudstack import Credentials
    from gstack_pyramid.cloudstack.apis import capabilities
    from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
    from gstack_pyramid.observability.reach import wrong_clock
    from gstack_pyramid.schemas.cloudstack import CloudStackModel
    from gstack_pyramid.schemas.location import data_folder

    client = _client(cloud, CloudStackModel(data_folder("schemas") / "cloudstack"))
    try:
        capabilities(client, Credentials("nobody", "nothing"))
    except CloudStackError as error:
        if error.errorcode != _UNAUTHORISED:
            raise SurveyError(f"{cloud.endpoint}: {error}") from None
        if problem := wrong_clock(client.clock_behind, cloud.expires):
            raise SurveyError(f"{cloud.endpoint}: {problem}") from None
    except CloudStackUnavailable as error:
        raise SurveyError(f"{cloud.endpoint}: {error}") from None
    finally:
        client.close()


def survey(cloud: CloudStackSettings, credentials: Credentials, compiled: Compiled) -> Survey:
    """Ask a cloud what it is.

    Args:
        cloud: where it is.
        credentials: whose keys to ask with.
        compiled: the mappings that are to be served from it.

    Raises:
        WrongKeysError: it takes the keys for wrong.
        SurveyError: it doesn't answer, or refuses something else.
    """
    from gstack_pyramid.cloudstack.apis import allowed_commands, capabilities
    from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
    from gstack_pyramid.engine.engine import Engine
    from gstack_pyramid.observability.reach import wrong_clock

    client = _client(cloud, compiled.cloudstack)
    try:
        allowed = allowed_commands(client, credentials)
        version = str(capabilities(client, credentials).get("cloudstackversion", "of no version"))
        env = Engine(compiled, client, catalogue_ttl=0).bare(credentials)
        found = {
            scope: compiled.resources[scope].named(compiled.resources[scope].records(env))
            for scope in ("projects", "zones")
            if not compiled.methods[f"compute.{scope}.get"].needs.missing(allowed)
        }
    except CloudStackError as error:
        if error.errorcode != _UNAUTHORISED:
            raise SurveyError(f"{cloud.endpoint}: {error}") from None
        if problem := wrong_clock(client.clock_behind, cloud.expires):
            raise SurveyError(f"{cloud.endpoint}: {error}: {problem}") from None
        raise WrongKeysError(f"{cloud.endpoint}: {error}: are the keys right?") from None
    except CloudStackUnavailable as error:
        raise SurveyError(f"{cloud.endpoint}: {error}") from None
    finally:
        client.close()
    methods = sorted(compiled.methods.items())
    missing = [(name, tuple(sorted(one.needs.missing(allowed)))) for name, one in methods]
    lacking = tuple((name, commands) for name, commands in missing if commands)
    lost = dict(lacking)
    without = [(name, tuple(sorted(one.needs.without(allowed)))) for name, one in methods]
    return Survey(
        version,
        tuple(
            (name, record.source.name, _owner(record.rows[0]))
            for name, record in found.get("projects", ())
        ),
        tuple((name, _kind(record.rows[0])) for name, record in found.get("zones", ())),
        len(compiled.methods),
        lacking,
        tuple((name, commands) for name, commands in without if commands and name not in lost),
    )


def difference(
    cloud: CloudStackSettings, credentials: Credentials, mappings: Mappings, compiled: Compiled
) -> Drift:
    """Hold a cloud's commands against those that the mappings were written for.

    Args:
        cloud: where it is.
        credentials: whose keys to ask with; CloudStack tells only what they allow.
        mappings: the mappings that are to be served from it.
        compiled: the same, compiled.

    Raises:
        SurveyError: it doesn't answer, or not with its commands.
    """
    from gstack_pyramid.cloudstack.apis import list_apis
    from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
    from gstack_pyramid.describing.drift import drift

    client = _client(cloud, compiled.cloudstack)
    try:
        return drift(mappings, compiled, list_apis(client, credentials))
    except (CloudStackError, CloudStackUnavailable, ValueError) as error:
        raise SurveyError(f"{cloud.endpoint}: {error}") from None
    finally:
        client.close()


_UNAUTHORISED = 401


def _client(cloud: CloudStackSettings, model: Any) -> Any:
    from gstack_pyramid.cloudstack import Client

    return Client(
        cloud.endpoint,
        model,
        connect_timeout=cloud.connect_timeout,
        read_timeout=cloud.read_timeout,
        expires=cloud.expires,
        verify=cloud.verify,
        read_retries=0,
    )


def _owner(row: dict[str, Any]) -> str:
    role = f", role {row['rolename']}" if "rolename" in row else ""
    return f"in domain {row.get('domain', '?')}{role}"


def _kind(row: dict[str, Any]) -> str:
    groups = "with" if row.get("securitygroupsenabled") else "without"
    state = "" if row.get("allocationstate", "Enabled") == "Enabled" else ", disabled"
    return f"{row.get('networktype', 'unknown')} networking, {groups} security groups{state}"
