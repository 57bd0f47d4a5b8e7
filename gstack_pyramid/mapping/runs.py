"""Compiling steps that do another method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gstack_pyramid.engine.methods import KeptFor, Method
from gstack_pyramid.engine.runs import Run
from gstack_pyramid.mapping.conditions import compile_condition
from gstack_pyramid.mapping.document import Finding, Place
from gstack_pyramid.mapping.loops import compile_loop
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import GceShape


def compile_run(spec: Mapping[str, Any], scope: Scope, place: Place) -> Run:
    """Compile a step with ``run``; mistakes are reported to the scope."""
    name = spec["run"]
    resource, _, method_name = name.rpartition(".")
    try:
        method = scope.models.gce.methods(resource).get(method_name)
    except KeyError:
        method = None
    when = compile_condition(spec["when"], scope, (*place, "when")) if "when" in spec else None
    loop, inner = None, scope
    if "each" in spec:
        loop, inner = compile_loop(spec["each"], scope, (*place, "each"))
    elif "least" in spec:
        scope.report((*place, "least"), "'least' counts the turns of 'each', and there is none")
    body = inner.value(spec["body"], (*place, "body")) if "body" in spec else None
    query = inner.fields(spec.get("query", {}), (*place, "query"))
    if method is None:
        scope.report((*place, "run"), f"GCE has no method {name!r}")
    else:
        _check_names(spec, method, scope, place)
    run = Run(
        name=name,
        about=spec.get("about", ""),
        root=f"@{'.'.join(str(part) for part in place)}",
        when=when,
        loop=loop,
        body=body,
        query=query,
        least=scope.value(spec["least"], (*place, "least")) if "least" in spec else None,
        zone=inner.value(spec["in"], (*place, "in")) if "in" in spec else None,
        at=spec.get("at", ""),
    )
    if method is not None:
        unknown = scope.document.finding((*place, "run"), f"{name!r} is not a mapped change")
        scope.models.links.append((run, unknown))
    return run


def _check_names(spec: Mapping[str, Any], method: Any, scope: Scope, place: Place) -> None:
    """Report what the method has no field or parameter for."""
    for name in spec.get("query", {}):
        if name not in method.query:
            scope.report((*place, "query", name), f"{method.id} has no parameter {name!r}")
    if "body" in spec and not method.request:
        scope.report((*place, "body"), f"{method.id} takes no body")
    fields = spec["body"].get("fields", {}) if isinstance(spec.get("body"), Mapping) else {}
    shape = GceShape(scope.models.gce, method.request or "", ())
    for name in fields if method.request else ():
        if shape.field(name) is None:
            message = f"GCE's {method.request} has no field {name!r}"
            scope.report((*place, "body", "fields", name), message)


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
