"""Compiling steps that do another method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gstack_pyramid.engine.methods import KeptFor, Method
from gstack_pyramid.engine.runs import Run
from gstack_pyramid.mapping.document import Finding
from gstack_pyramid.mapping.forms import steps as forms
from gstack_pyramid.mapping.forms.values import Each, Fields
from gstack_pyramid.mapping.loops import compile_loop
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import GceShape
from gstack_pyramid.schemas.gce import GceMethod


def compile_run(spec: forms.Run, scope: Scope) -> Run:
    """Compile a step with ``run``; mistakes are reported to the scope."""
    resource, _, method_name = spec.run.rpartition(".")
    try:
        method = scope.models.gce.methods(resource).get(method_name)
    except KeyError:
        method = None
    when = scope.condition(spec.when)
    loop, inner = None, scope
    if spec.each:
        loop, inner = compile_loop(spec.each, scope)
    elif spec.least is not None:
        said = "'least' counts the turns of 'each', and there is none"
        scope.report(spec.inside("least"), said)
    body = inner.maybe(spec.body)
    query = inner.fields(spec.query)
    if method is None:
        scope.report(spec.inside("run"), f"GCE has no method {spec.run!r}")
    else:
        _check_names(spec, method, scope)
    run = Run(
        name=spec.run,
        about=spec.about or "",
        root=f"@{'.'.join(str(part) for part in spec.place)}",
        when=when,
        loop=loop,
        body=body,
        query=query,
        least=scope.maybe(spec.least),
        zone=inner.maybe(spec.in_),
        at=spec.at or "",
    )
    if method is not None:
        said = f"{spec.run!r} is not a mapped change"
        scope.models.links.append((run, scope.document.finding(spec.inside("run"), said)))
    return run


def _check_names(spec: forms.Run, method: GceMethod, scope: Scope) -> None:
    """Report what the method has no field or parameter for."""
    for name in spec.query:
        if name not in method.query:
            scope.report(spec.inside("query", name), f"{method.id} has no parameter {name!r}")
    if spec.body is not None and not method.request:
        scope.report(spec.inside("body"), f"{method.id} takes no body")
    fields = spec.body.fields if isinstance(spec.body, Fields | Each) else ()
    shape = GceShape(scope.models.gce, method.request or "", ())
    for name in fields if method.request else ():
        if shape.field(name) is None:
            message = f"GCE's {method.request} has no field {name!r}"
            scope.report(spec.inside("body", "fields", name), message)


def link_runs(
    links: Sequence[tuple[Run | KeptFor, Finding]],
    methods: Mapping[str, Method],
    findings: list[Finding],
) -> None:
    """Give what names another method that method, once all are compiled."""
    by_name = {f"{m.resource.name}.{m.gce.name}": m for m in methods.values()}
    unknown = {id(link): finding for link, finding in links}
    for method in methods.values():
        for kept in method.kept_for:
            kept.method = by_name.get(kept.name)
            if kept.method is None or kept.method.body_rules is None:
                findings.append(unknown[id(kept)])
        for variant in method.variants:
            for step in variant.steps:
                if not isinstance(step, Run):
                    continue
                step.method = by_name.get(step.name)
                if id(step) not in unknown:
                    continue
                if step.method is None or step.method.kind != "mutation" or step.method is method:
                    findings.append(unknown[id(step)])
                else:
                    method.uses |= step.method.uses & {"resource"}
