"""``gstack test`` and ``gstack record``: case files beside mapping files."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.collecting import paused

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.schemas.gce import GceMethod

CASES = "cases"
"""The folder of case files beside mapping files."""

_PROJECT = "demo-project"
"""The project of the simulator's sample account."""

_PARAMETER = re.compile(r"\{\+?(\w+)\}")


@click.command()
@click.argument(
    "folders",
    nargs=-1,
    metavar="[FOLDER]...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.pass_obj
def test(ini: Ini, folders: tuple[Path, ...]) -> None:
    """Play the case files beside mapping files, and tell what is otherwise.

    Of each FOLDER of mapping files, those in FOLDER/cases; without one, of the folders that the
    ini's gstack.mappings names. Each case is played on gstack's own mapping files, the ini's and
    those of the FOLDERs, in front of a simulated cloud of its own; where the case has CloudStack's
    answers, from these. Nothing is sent to the ini's cloud, and it works without an ini as well.
    The exit status is 1 when a case is otherwise.

    \b
    Examples:
      gstack test my-mappings
      gstack -c production.ini test
    """
    from gstack_pyramid.cases.checking import problems
    from gstack_pyramid.cases.files import CaseFolder
    from gstack_pyramid.cases.form import CaseError

    of = folders or _configured(ini)
    if not of:
        raise click.UsageError("which folder? The ini's gstack.mappings names none")
    wrong = count = 0
    with _gateway(ini, folders) as router, _told():
        for folder in of:
            cases = CaseFolder(folder / CASES)
            if not cases.files:
                raise CaseError(f"{cases.path} has no case files; gstack record makes some")
            for case in cases.cases:
                count += 1
                found = problems(case, router, cases.world)
                wrong += bool(found)
                click.echo(f"{'FAILED' if found else 'ok':6} {case.method}: {case.name}")
                for problem in found:
                    click.echo("\n".join(f"    {line}" for line in problem.splitlines()))
    click.echo(f"{count} cases, {wrong} of them otherwise than expected")
    if wrong:
        raise SystemExit(1)


@click.command()
@click.argument("method")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of mapping files, whose `cases` gets the file.  [default: the last of the"
    " ini's gstack.mappings]",
)
@click.option(
    "--cases",
    "cases_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of case files, if it is another one.",
)
@click.option("--case", "name", default="as recorded", show_default=True, help="Its name.")
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help=f"A parameter of the path. `project` is {_PROJECT} unless it is given.",
)
@click.option(
    "-q", "--query", "query", multiple=True, metavar="NAME=VALUE", help="A query parameter."
)
@click.option("--body", metavar="JSON", help="The request's body, or @FILE.")
@click.option("--error", is_flag=True, help="Record it although the answer tells of an error.")
@click.option("--again", is_flag=True, help="Record what is recorded already once more.")
@click.option(
    "--answers", is_flag=True, help="Write down what CloudStack answers, to be played from that."
)
@click.pass_obj
def record(
    ini: Ini,
    method: str,
    folder: Path | None,
    cases_folder: Path | None,
    name: str,
    params: tuple[str, ...],
    query: tuple[str, ...],
    body: str | None,
    error: bool,
    again: bool,
    answers: bool,
) -> None:
    """Write a case of one method, from what happens in front of the simulator.

    The case goes into cases/METHOD.yaml beside the mapping files. Where that file has cases with a
    request and no response yet, and no request is given here, these are recorded. What is recorded
    is what happens, not what should: read it. An answer that tells of an error is not recorded
    unless --error says that this is what the case is to show.

    \b
    Examples:
      gstack record zones.get --folder my-mappings -p zone=ch-gva-2
      gstack record disks.insert --folder my-mappings --case "a small one" \\
          -p zone=ch-gva-2 --body '{"name": "data", "sizeGb": "10"}'
      gstack record disks.insert --folder my-mappings --again
    """
    from gstack_pyramid.cases.form import read
    from gstack_pyramid.cases.recording import record as recorded

    method = method.removeprefix("compute.")
    where = _cases_of(ini, folder, cases_folder)
    path = where / f"{method}.yaml"
    folders = () if folder is None else (folder,)
    with _gateway(ini, folders) as router, _told():
        bound = router.registry["gstack"].methods.get(f"compute.{method}")
        if bound is None:
            raise click.ClickException(f"{method} is not mapped")
        told: dict[str, Any] = read(path, "cases") if path.exists() else {"cases": {}}
        if params or query or body is not None or not told["cases"]:
            if name in told["cases"] and not again:
                raise click.ClickException(f"{path} has a case {name!r}: add --again or --case")
            request = _request(bound.method.gce, _pairs(params), _pairs(query), _body(body))
            before = told["cases"].get(name, {})
            told["cases"][name] = {**before, "request": request}
            told["cases"][name].pop("response", None)
            again = False
        where.mkdir(parents=True, exist_ok=True)
        done = recorded(router, path, told, again=again, errors=error, answers=answers)
    for one in done:
        click.echo(f"recorded {path}: {one}")
    if not done:
        click.echo(f"{path} has no case without a response; --again records all once more")


def _configured(ini: Ini) -> tuple[Path, ...]:
    return tuple(ini.settings().mappings) if ini.is_there() else ()


def _cases_of(ini: Ini, folder: Path | None, cases: Path | None) -> Path:
    if cases is not None:
        return cases
    if folder is not None:
        return folder / CASES
    configured = _configured(ini)
    if not configured:
        raise click.UsageError("where to? Give a --folder: the ini's gstack.mappings names none")
    return configured[-1] / CASES


@contextmanager
def _gateway(ini: Ini, further: tuple[Path, ...]) -> Iterator[Router]:
    from gstack_pyramid.cases.playing import case_gateway
    from gstack_pyramid.mapping.document import MappingError

    # That the simulator's server has two requests at once is nobody's business here.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    found = {folder.resolve(): folder for folder in (*_configured(ini), *further)}
    values = dict(ini.settings().settings) if ini.is_there() else {}
    with ExitStack() as stack:
        try:
            with paused():
                router = stack.enter_context(case_gateway(list(found.values()), values))
        except MappingError as error:
            raise click.ClickException(f"the mappings have mistakes:\n{error}") from None
        yield router


@contextmanager
def _told() -> Iterator[None]:
    """Say in one line what is wrong with a case, or with a file that is to hold some."""
    from gstack_pyramid.cases.form import CaseError

    try:
        yield
    except CaseError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        if error.filename is None:
            raise
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


def _request(
    method: GceMethod, params: Mapping[str, str], query: Mapping[str, str], body: Any
) -> dict[str, Any]:
    """A request of a method as case files have it."""
    given = {"project": _PROJECT, **params}
    names = _PARAMETER.findall(method.path)
    missing = [name for name in names if name not in given]
    if missing:
        told = " ".join(f"-p {name}=..." for name in missing)
        raise click.UsageError(f"{method.id} needs {told}")
    if unknown := sorted(params.keys() - set(names)):
        raise click.UsageError(f"the path of {method.id} has no {', '.join(unknown)}")
    path = _PARAMETER.sub(lambda found: given[found[1]], method.path)
    request: dict[str, Any] = {"method": method.http_method, "path": path}
    if query:
        request["query"] = dict(query)
    if body is not None:
        request["body"] = body
    return request


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.UsageError(f"{text!r} is not NAME=VALUE")
        pairs[name] = value
    return pairs


def _body(given: str | None) -> Any:
    if given is None:
        return None
    try:
        text = Path(given[1:]).read_text("utf-8") if given.startswith("@") else given
        return json.loads(text)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"--body is no JSON: {error}") from None
