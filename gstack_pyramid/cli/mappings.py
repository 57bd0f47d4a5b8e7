"""``gstack lint``, ``gstack explain`` and ``gstack coverage``: what the mapping files say."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.collecting import paused

if TYPE_CHECKING:
    from gstack_pyramid.describing.coverage import Entry
    from gstack_pyramid.engine.compiled import Compiled
    from gstack_pyramid.mapping.document import Finding
    from gstack_pyramid.mapping.loader import Mappings

Command = TypeVar("Command", bound=Callable[..., Any])

_FOLDERS = click.argument(
    "folders",
    nargs=-1,
    metavar="[FOLDER]...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
_COVERAGE = "docs/coverage.md"
_COUNTERPARTS = "docs/counterparts.md"
_WIDTH = 96


@click.command()
@_FOLDERS
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github", "json"]),
    default="text",
    show_default=True,
    help="How mistakes are printed: file:line:column: message, GitHub's annotations, or JSON.",
)
@click.pass_obj
def lint(ini: Ini, folders: tuple[Path, ...], form: str) -> None:
    """Check the mapping files.

    Checked are gstack's own, those of the ini's gstack.mappings, and those in each FOLDER, put
    together as the server does it: later ones override. It works without an ini as well. Every
    mistake is printed with its file and line; the exit status is 1 when there is one. What a later
    folder replaces of an earlier one is printed, too.

    \b
    Examples:
      gstack lint
      gstack lint my-mappings
      gstack lint --format github
    """
    from gstack_pyramid.mapping.document import MappingError

    try:
        mappings, compiled = _compile(ini, folders)
    except MappingError as error:
        _print_findings(error.findings, form)
        raise SystemExit(1) from None
    if form == "text":
        for entry in mappings.replaced:
            (file, line), (old, old_line) = entry.by, entry.of
            click.echo(f"{file}:{line}: replaces {entry.what} of {old}:{old_line}")
        click.echo(
            f"{len(compiled.resources)} resources, {len(compiled.methods)} methods: no mistakes"
        )
    else:
        _print_findings([], form)


def _print_findings(findings: list[Finding], form: str) -> None:
    if form == "json":
        rows = [
            {"file": f.file, "line": f.line, "column": f.column, "message": f.text}
            for f in findings
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    for finding in findings:
        if form == "github":
            # https://docs.github.com/actions/reference/workflow-commands: what a message escapes
            message = finding.text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            column = f",col={finding.column}" if finding.column else ""
            click.echo(f"::error file={finding.file},line={finding.line}{column}::{message}")
        else:
            click.echo(str(finding))


@click.command()
@click.argument("method")
@click.option("--code", is_flag=True, help="Print the Python that was made of its expressions.")
@click.pass_obj
def explain(ini: Ini, method: str, code: bool) -> None:
    """Say what a GCE method does.

    What it is about, which CloudStack commands it reads, how it answers; for a change the
    commands that it sends, in their order, with each parameter and where it comes from, what
    undoes them, and which fields it ignores or refuses.

    \b
    Bare names are CloudStack's fields. Names of gstack's own:
      body      the request                  path, query   its parameters
      self      the CloudStack row           resource      the same in GCE's form
      zone      the row of the zone          project       the row of the project
      settings  _defaults.yaml and the ini
    Other names are explained where they are made.

    \b
    Examples:
      gstack explain instances.insert
      gstack explain compute.zones.list
      gstack explain zones.list --code
    """
    from gstack_pyramid.describing import explain as pages
    from gstack_pyramid.describing.coverage import read_reasons
    from gstack_pyramid.mapping.document import MappingError

    try:
        mappings, compiled = _compile(ini, ())
        reasons = read_reasons(_folders(ini, ()), compiled.gce)
    except MappingError as error:
        raise click.ClickException(f"the mappings have mistakes:\n{error}") from None
    wanted = f"compute.{method.removeprefix('compute.')}"
    if wanted in compiled.methods:
        page = pages.generated_code if code else pages.explain
        click.echo(page(mappings, compiled, wanted), nl=False)
        return
    known = [found.id.removeprefix("compute.") for found in compiled.gce.all_methods()]
    if wanted.removeprefix("compute.") not in known:
        near = ", ".join(difflib.get_close_matches(wanted.removeprefix("compute."), known))
        raise click.ClickException(
            f"GCE has no method {method}" + (f"; did you mean one of {near}?" if near else "")
        )
    why = reasons.get(wanted, "nobody has mapped it yet")
    raise click.ClickException(f"{wanted} is not mapped: {why}")


def _page_options(page: str) -> Callable[[Command], Command]:
    """The options of a command that keeps a page of the documentation."""

    def decorate(command: Command) -> Command:
        for option in (
            click.option(
                "--check",
                is_flag=False,
                flag_value=page,
                metavar="[FILE]",
                help=f"Exit with status 1 when that page, by default {page}, is not up to date.",
            ),
            click.option(
                "--write",
                is_flag=False,
                flag_value=page,
                metavar="[FILE]",
                help=f"Write that page, by default to {page}.",
            ),
            click.option(
                "--markdown", is_flag=True, help="Print it as a page of the documentation."
            ),
            _FOLDERS,
        ):
            command = option(command)
        return command

    return decorate


@click.command()
@_page_options(_COVERAGE)
def coverage(
    folders: tuple[Path, ...], markdown: bool, write: str | None, check: str | None
) -> None:
    """Print which GCE methods are mapped.

    Each of GCE's methods is mapped by a file, has no counterpart in CloudStack for the reason that
    _coverage.yaml gives, or is open. Counted are gstack's own mapping files and those in each
    FOLDER; the ini plays no part.

    \b
    Examples:
      gstack coverage
      gstack coverage my-mappings
      gstack coverage --write
      gstack coverage --check
    """
    from gstack_pyramid.describing import coverage as counting
    from gstack_pyramid.mapping import converters
    from gstack_pyramid.mapping.document import MappingError

    try:
        compiled = _compile(None, folders)[1]
        reasons = counting.read_reasons(_folders(None, folders), compiled.gce)
    except MappingError as error:
        raise click.ClickException(f"the mappings have mistakes:\n{error}") from None
    entries = counting.coverage(compiled, reasons)
    page = counting.as_markdown(entries, converters.WHY, compiled.gce.revision)
    _keep(f"coverage --write {check}", page, write, check)
    if markdown:
        click.echo(page, nl=False)
    elif not (write or check):
        _print_coverage(entries, converters.WHY)


@click.command()
@_page_options(_COUNTERPARTS)
def counterparts(
    folders: tuple[Path, ...], markdown: bool, write: str | None, check: str | None
) -> None:
    """Print what becomes what, from GCE to CloudStack and back.

    For each GCE resource the CloudStack commands behind its methods and where its fields come
    from; for each CloudStack command and field what GCE's clients see of it. Read are gstack's own
    mapping files and those in each FOLDER; the ini plays no part.

    \b
    Examples:
      gstack counterparts
      gstack counterparts my-mappings
      gstack counterparts --check
    """
    from gstack_pyramid.describing.counterparts import as_markdown
    from gstack_pyramid.mapping.document import MappingError

    try:
        page = as_markdown(*_compile(None, folders))
    except MappingError as error:
        raise click.ClickException(f"the mappings have mistakes:\n{error}") from None
    _keep(f"counterparts --write {check}", page, write, check)
    if markdown or not (write or check):
        click.echo(page, nl=False)


@click.command()
@click.option("--check", is_flag=True, help="Exit with status 1 when a file is not up to date.")
@click.option("--write", is_flag=True, help="Write the files.")
def grammar(write: bool, check: bool) -> None:
    """Print the grammar of mapping files.

    It is a JSON Schema, by which editors complete and check mapping files. It stands in
    schemas/mapping.schema.json, and its keys in the tables of docs/mapping; both are made from the
    forms that gstack reads. --check and --write are about these files, in the current folder.

    \b
    Examples:
      gstack grammar
      gstack grammar --write
      gstack grammar --check
    """
    from gstack_pyramid.describing.grammar import as_json, pages

    if not (write or check):
        click.echo(as_json(), nl=False)
        return
    for file, text in pages(Path()).items():
        _keep("grammar --write", text, str(file) if write else None, str(file) if check else None)


def _keep(command: str, page: str, write: str | None, check: str | None) -> None:
    """Write a page, or hold it against what is written.

    Args:
        command: what brings it up to date.
        page: what has to stand in it.
        write: the file to write.
        check: the file to look at.

    Raises:
        click.ClickException: the file can't be read or written, or is not up to date.
    """
    try:
        if write:
            Path(write).write_text(page, "utf-8")
        found = Path(check).read_text("utf-8") if check else page
    except OSError as error:
        raise click.ClickException(str(error)) from None
    if found != page:
        raise click.ClickException(
            f"{check} is not up to date; bring it up to date with: gstack {command}"
        )


def _print_coverage(entries: list[Entry], converters: dict[str, str]) -> None:
    from gstack_pyramid.describing import coverage as counting

    resource = ""
    for row in counting.rows(entries):
        if row.resource != resource:
            resource = row.resource
            click.echo(resource)
        click.echo(_wrapped(f"  {row.state:<15} ", ", ".join(row.methods)))
        if row.where:
            click.echo(_wrapped(" " * 18, f"({row.where})"))
    click.echo()
    for name, why in sorted(converters.items()):
        click.echo(_wrapped(f"converter {name:<16} ", why))
    click.echo()
    for state, count in counting.totals(entries).items():
        click.echo(f"{state:<15} {count:>5} methods")
    click.echo(f"{'all':<15} {len(entries):>5} methods")
    click.echo(f"{'converters':<15} {len(converters):>5}")


def _wrapped(lead: str, text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))


def _folders(ini: Ini | None, further: tuple[Path, ...]) -> list[Path]:
    """Gstack's own folder, the ini's and further ones; each once."""
    from gstack_pyramid.schemas.location import data_folder

    configured = ini.settings().mappings if ini is not None and ini.is_there() else ()
    found: dict[Path, Path] = {}
    for folder in (data_folder("mappings"), *configured, *further):
        found.setdefault(folder.resolve(), folder)
    return list(found.values())


def compiled_mappings(ini: Ini | None) -> Compiled:
    """The compiled mappings that a server of this ini would run on; without one, gstack's own.

    Raises:
        ClickException: they can't be used; every mistake is told.
    """
    return merged_mappings(ini)[1]


def merged_mappings(ini: Ini | None) -> tuple[Mappings, Compiled]:
    """The same, merged and compiled.

    Raises:
        ClickException: they can't be used; every mistake is told.
    """
    from gstack_pyramid.mapping.document import MappingError

    try:
        return _compile(ini, ())
    except MappingError as error:
        raise click.ClickException(str(error)) from None


@paused()
def _compile(ini: Ini | None, further: tuple[Path, ...]) -> tuple[Mappings, Compiled]:
    """The mappings of :func:`_folders`, merged and compiled.

    Raises:
        MappingError: with every mistake that was found.
    """
    from gstack_pyramid.describing.coverage import read_reasons
    from gstack_pyramid.mapping.compiler import compile_mappings
    from gstack_pyramid.mapping.loader import load
    from gstack_pyramid.schemas.cloudstack import CloudStackModel
    from gstack_pyramid.schemas.gce import GceModel
    from gstack_pyramid.schemas.location import data_folder

    values: dict[str, Any] = {}
    if ini is not None and ini.is_there():
        values = dict(ini.settings().settings)
    folders = _folders(ini, further)
    schemas = data_folder("schemas")
    gce = GceModel(schemas / "gce")
    mappings = load(folders)
    compiled = compile_mappings(mappings, gce, CloudStackModel(schemas / "cloudstack"), values)
    read_reasons(folders, gce)
    return mappings, compiled
