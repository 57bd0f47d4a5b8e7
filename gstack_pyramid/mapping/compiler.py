"""From merged mapping files to compiled resources and methods, with every mistake found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gstack_pyramid.collecting import paused
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.getters import Condition
from gstack_pyramid.engine.references import collection_of
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.mapping.context import Models
from gstack_pyramid.mapping.document import Finding, MappingError
from gstack_pyramid.mapping.error_table import compile_error_table
from gstack_pyramid.mapping.expressions.calls import NAMES
from gstack_pyramid.mapping.expressions.compiled import check_functions
from gstack_pyramid.mapping.forms import resources as forms
from gstack_pyramid.mapping.forms.methods import SHOWING
from gstack_pyramid.mapping.forms.methods import Method as MethodForm
from gstack_pyramid.mapping.forms.nodes import Text, text_at
from gstack_pyramid.mapping.functions import functions_of
from gstack_pyramid.mapping.loader import Mappings
from gstack_pyramid.mapping.lookups import needs_of
from gstack_pyramid.mapping.method_compiler import compile_method
from gstack_pyramid.mapping.runs import link_runs
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.setting_kinds import check_settings, settled
from gstack_pyramid.mapping.shapes import ANY, GceShape, ObjectShape, Shape, UnionShape
from gstack_pyramid.mapping.sources import SourceCompiler, source_shape
from gstack_pyramid.mapping.suggestions import nearest
from gstack_pyramid.mapping.targets import resource_type
from gstack_pyramid.mapping.values import compile_value
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

OWN_FIELDS = frozenset({"kind", "id", "name", "selfLink", "zone", "region"})
"""What the engine fills in by itself, where the type has it and the mapping does not."""


@paused()
def compile_mappings(
    mappings: Mappings,
    gce: GceModel,
    cloudstack: CloudStackModel,
    settings: Mapping[str, Any] | None = None,
) -> Compiled:
    """Compile merged mapping files.

    Args:
        mappings: as :func:`gstack_pyramid.mapping.loader.load` gives them.
        gce: GCE's model.
        cloudstack: CloudStack's model.
        settings: values that override those of ``_defaults.yaml``.

    Raises:
        MappingError: with every mistake that was found, not only the first.
    """
    findings = [
        Finding(f"gstack.settings.{'.'.join(map(str, place))}", 0, message)
        for place, message in check_settings(mappings.settings, settings or {})
    ]
    before = mappings.settings
    values = before | {
        name: settled(before.get(name), value) for name, value in (settings or {}).items()
    }
    cloudstack = _wanting(mappings, cloudstack, findings)
    _show(mappings, gce)
    shapes: dict[str, Shape] = {}
    for name, form in mappings.forms.items():
        if form.read:
            shapes[name] = _union([_shape_of(spec, cloudstack) for spec in form.read])
    models = Models(gce, cloudstack, shapes, values, mappings.functions)
    shared = Scope(
        models, mappings.errors, findings, compiler=compile_value, roots=_settings_root(models)
    )
    check_functions(shared, mappings.functions, NAMES)
    compiled = Compiled(gce, cloudstack, settings=values)
    compiled.errors = compile_error_table(mappings.errors)
    for name in mappings.resources:
        _compile_resource(name, models, compiled, mappings, findings)
    link_runs(models.links, compiled.methods, findings)
    if findings:
        raise MappingError(findings)
    for method in compiled.methods.values():
        method.needs = needs_of(mappings, method)
    _tell_joins(compiled)
    return compiled


def _show(mappings: Mappings, gce: GceModel) -> None:
    """Let what is read have the methods that show it, as far as GCE has them."""
    for name, form in mappings.forms.items():
        if not form.read or name not in gce.resources:
            continue
        document, methods = mappings.resources[name], dict(form.methods)
        known = gce.methods(name).keys() - methods.keys() - mappings.left_out.get(name, set())
        for method in SHOWING:
            if method in known:
                place = ("methods", method)
                methods[method] = MethodForm(place=place)
                document.lines[place] = document.origin(("read",))
        mappings.forms[name] = forms.Resource(**{**vars(form), "methods": methods})


def _tell_joins(compiled: Compiled) -> None:
    """Tell joins what links to the joined rows look at: what tells how resources are called."""
    sources = [source for each in compiled.resources.values() for source in each.sources]
    for source in sources:
        for join in source.joins:
            glances = [each.glance for each in sources if each.command == join.command]
            join.also = frozenset().union(*(glance for glance in glances if glance is not None))


def _wanting(
    mappings: Mappings, cloudstack: CloudStackModel, findings: list[Finding]
) -> CloudStackModel:
    """CloudStack's model as far as the mapping files want it."""
    known = {}
    for name, (wanted, origin) in mappings.wanted.items():
        if name not in cloudstack.commands:
            said = f"CloudStack has no command {name!r}{nearest(name, cloudstack.commands)}"
            findings.append(Finding(*origin, said))
            continue
        command = cloudstack.command(name)
        for what, given, there in (
            ("parameter", wanted.params, command.params),
            ("field", wanted.without, command.response),
        ):
            findings += [
                Finding(*origin, f"{name} has no {what} {entry!r}{nearest(entry, there)}")
                for entry in sorted(given)
                if entry not in there
            ]
        known[name] = wanted
    return cloudstack.wanting(known)


@dataclass(frozen=True, slots=True)
class _Settings:
    """An environment that knows the settings only."""

    roots: dict[str, Any]


def _settings_root(models: Models) -> dict[str, Shape]:
    return {"settings": ObjectShape(dict.fromkeys(models.settings, ANY), "the settings")}


def _union(shapes: list[Shape]) -> Shape:
    return shapes[0] if len(shapes) == 1 else UnionShape(tuple(shapes))


def _shape_of(spec: forms.Source, cloudstack: CloudStackModel) -> Shape:
    def fields(command: str) -> Any:
        try:
            return cloudstack.command(command).response
        except KeyError:
            return None

    try:
        return source_shape(spec, fields)
    except ValueError:
        # A bad name pattern; compiling the source reports it with its place.
        return ANY


def _compile_resource(
    name: str,
    models: Models,
    compiled: Compiled,
    mappings: Mappings,
    findings: list[Finding],
) -> None:
    document, form = mappings.resources[name], mappings.forms[name]
    own = functions_of(document)
    if own:
        models = replace(models, functions={**models.functions, **own})
    scope = Scope(models, document, findings, compiler=compile_value, roots=_settings_root(models))
    check_functions(scope, own, {*NAMES, *mappings.functions})
    compiled.generated[name] = scope.generated
    project = models.row_shapes.get("projects", ANY)
    scope = scope.entering(scope.current, project=project, zone=ANY, region=ANY)
    try:
        known = models.gce.methods(name)
    except KeyError:
        scope.report(("resource",), f"GCE has no resource {name!r}")
        return
    try:
        collection = collection_of(name, dict(known))
    except ValueError as error:
        scope.report(("resource",), str(error))
        return
    type_name = resource_type(name, models.gce)
    resource = Resource(
        name=name,
        collection=collection,
        type_name=type_name,
        sources=[],
        own_fields=_own_fields(form, models.gce, type_name),
        kind=_kind(type_name, models.gce),
        known=frozenset(models.gce.type(type_name).get("properties", ()) if type_name else ()),
        about=" ".join((form.about or "").split()),
    )
    compiled.resources[name] = resource
    _compile_sources(resource, form, scope)
    if form.aliases is not None:
        resource.aliases = scope.value(form.aliases)
    resource.together_with = list(form.together_with)
    for index, other in enumerate(form.together_with):
        scope.target(other, ("together_with", index))
    if form.elsewhere is not None:
        resource.elsewhere = _compile_elsewhere(form.elsewhere, name, scope)
    if form.everywhere is not None:
        resource.everywhere = frozenset(_setting(form.everywhere, scope) or ())
    named = scope.entering(ANY, name=ANY)
    shown = scope.entering(GceShape(models.gce, type_name), name=ANY)
    for word, reference in form.references.items():
        resource.reference_forms[word] = (
            {wanted: named.value(value) for wanted, value in reference.match.items()},
            reference.newest,
            shown.condition(reference.where),
        )
    for method_name, spec in form.methods.items():
        place = ("methods", method_name)
        if method_name not in known:
            near = nearest(method_name, known)
            scope.report(place, f"GCE's {name} has no method {method_name!r}{near}")
            continue
        method = known[method_name]
        made = compiled.methods[method.id] = compile_method(
            spec,
            method,
            resource,
            scope,
            rules=(form.ignores, form.refuses),
            served_by=form.served_by,
            origin=mappings.owners.get((name, method_name), document.origin(place)),
        )
        reads = made.kind in ("get", "list", "aggregatedList")
        if reads and not resource.sources and form.served_by is None:
            scope.report(place, f"{name} has no read, so {method_name} has nothing to answer with")


def _kind(type_name: str, gce: GceModel) -> str | None:
    """What ``kind`` of a resource is; None where nothing can be read, or the type has none."""
    return (gce.field(type_name, ("kind",)) or {}).get("default") if type_name else None


def _setting(path: Text, scope: Scope) -> Any:
    return scope.value(path)(None, _Settings({"settings": scope.models.settings}))


def _compile_elsewhere(path: Text, name: str, scope: Scope) -> dict[str, Condition | None]:
    """The foreign projects of a resource, each with the condition on rows that belong there."""
    rows = scope.entering(scope.models.row_shapes.get(name, ANY))
    table = _setting(path, scope) or {}
    if not isinstance(table, dict):
        scope.report(path.place, f"{path} is no table of projects and conditions")
        return {}
    found: dict[str, Condition | None] = {}
    for project, spec in table.items():
        if spec is not None and not isinstance(spec, str):
            said = f"{path}: what stands for {project!r} is no condition"
            scope.report(path.place, said)
        else:
            found[project] = None if spec is None else rows.holds(text_at(spec, path.place))
    return found


def _own_fields(form: forms.Resource, gce: GceModel, type_name: str) -> frozenset[str]:
    given = {*form.fields, *(name for source in form.read for name in source.fields)}
    properties = gce.type(type_name).get("properties", {}) if type_name else {}
    return frozenset((OWN_FIELDS & properties.keys()) - given)


def _compile_sources(resource: Resource, form: forms.Resource, scope: Scope) -> None:
    models = scope.models
    for spec in form.read:
        shape = _shape_of(spec, models.cloudstack)
        any_shape = models.row_shapes[resource.name]
        compiler = SourceCompiler(spec, scope, shape, any_shape, resource.type_name)
        resource.sources.append(compiler.compile(form.fields))
        for name in {**form.fields, **spec.fields}:
            if models.gce.field(resource.type_name, (name,)) is None:
                where = (spec if name in spec.fields else form).inside("fields", name)
                scope.report(where, f"GCE's {resource.type_name} has no field {name!r}")
