"""From what a mapping says of a method to what answers it, with every mistake reported."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gstack_pyramid.engine.bodies import BodyRules
from gstack_pyramid.engine.getters import Getter
from gstack_pyramid.engine.methods import (
    Caution,
    Check,
    Fingerprint,
    KeptFor,
    Kind,
    Method,
    Variant,
)
from gstack_pyramid.engine.plans import PlanStep
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.runs import Run
from gstack_pyramid.engine.steps import Step
from gstack_pyramid.mapping.conditions import compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms.values import ASKING
from gstack_pyramid.mapping.lookups import nested
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ANY, GceShape, ListShape, ObjectShape
from gstack_pyramid.mapping.steps import compile_steps
from gstack_pyramid.schemas.formats import Formats
from gstack_pyramid.schemas.gce import GceMethod

_OPERATION = "Operation"
"""The type that GCE answers nearly every change with."""


def kind_of(spec: Mapping[str, Any], method: GceMethod, is_list: bool) -> Kind:
    """How a method is answered, from what the mapping says and what the model says of it."""
    if "steps" in spec or "variants" in spec:
        return "mutation"
    if "answer" in spec:
        return "answer"
    if spec.get("served_by") == "permissions":
        return "permissions"
    if "/aggregated/" in method.path:
        return "aggregatedList"
    return "list" if is_list else "get"


def compile_method(
    spec: Mapping[str, Any],
    method: GceMethod,
    resource: Resource,
    scope: Scope,
    place: Place,
    *,
    rules: tuple[Mapping[str, str], Mapping[str, str]],
    served_by: str | None,
    is_list: bool,
    origin: tuple[str, int],
) -> Method:
    """Compile one method of a mapping; mistakes are reported to the scope.

    Args:
        spec: the method as the mapping gives it.
        method: the same method in the model.
        resource: its compiled resource.
        scope: the resource's scope.
        place: where the method stands.
        rules: the resource's ``ignores`` and ``refuses``.
        served_by: the package that answers for the resource instead of CloudStack, if one does.
        is_list: whether the model says that it answers with a list.
        origin: the file and line that claim the method.
    """
    models = scope.models
    item = resource.collection.item_parameter(method)
    body = GceShape(models.gce, method.request, (), body=True) if method.request else ANY
    roots: dict[str, Any] = {
        "path": ObjectShape(dict.fromkeys(method.path_parameters, ANY), "the path"),
        "query": ObjectShape(dict.fromkeys(method.query, ANY), "the query"),
        "body": body,
    }
    row = models.row_shapes.get(resource.name, ANY)
    if method.request:
        roots["advice"] = ANY
    if item is not None:
        roots |= {
            "self": row,
            "rows": ListShape(row),
            "key": ANY,
            "resource": GceShape(models.gce, resource.type_name),
        }
    inner = scope.entering(body if method.request else ObjectShape({}, "no body"), **roots)
    inner.writing, inner.honoured, inner.used, inner.query = True, set(), set(), set()
    compiled = Method(
        gce=method,
        resource=resource,
        kind=kind_of(spec, method, is_list),
        item=item,
        place=origin,
        about=spec.get("about", ""),
        served_by=served_by,
    )
    if compiled.kind == "permissions":
        _check_permissions(method, inner, place)
    if compiled.kind == "answer":
        compiled.common, within = _compile_variant({**spec, "steps": []}, inner, place)
        compiled.answer = within.value(spec["answer"], (*place, "answer"))
    if "body" in spec:
        compiled.body = inner.value(spec["body"], (*place, "body"))
    if compiled.kind == "mutation":
        _compile_mutation(compiled, spec, inner, place)
        _check_alone(compiled, spec, inner, place)
    given = {
        path: why
        for path, why in spec.get("ignores", {}).items()
        if not _is_parameter(path, inner, (*place, "ignores"), method)
    }
    if method.request:
        unknown = [path for path, why in given.items() if not isinstance(why, str)]
        ignored = {**rules[0], **{path: given[path] for path in given if path not in unknown}}
        refused = {**rules[1], **spec.get("refuses", {})}
        _check_paths(ignored, scope, (*place, "ignores"), method, known=given)
        _check_unknown(unknown, scope, (*place, "ignores"), method)
        _check_paths(refused, scope, (*place, "refuses"), method, known=spec.get("refuses", {}))
        kept = spec.get("keeps", [])
        _check_paths(dict.fromkeys(kept, ""), scope, (*place, "keeps"), method, known=kept)
        if isinstance(kept, Mapping):
            compiled.kept_for = [KeptFor(path, name) for path, name in kept.items()]
            for each in compiled.kept_for:
                said = f"no method {each.name!r} is mapped that takes a body"
                finding = scope.document.finding((*place, "keeps", each.path), said)
                models.links.append((each, finding))
        compiled.formats = Formats(models.gce, method.request)
        advice = spec.get("advice", {})
        _check_paths(advice, scope, (*place, "advice"), method, known=advice)
        if advice and "advice" not in inner.used:
            scope.report(
                (*place, "advice"), "nothing keeps it: a step has to, by the name 'advice'"
            )
        otherwise = {
            path: None if isinstance(why, str) else why["otherwise"] for path, why in advice.items()
        }
        compiled.body_rules = BodyRules(
            models.gce, method.request, inner.honoured, ignored, refused, kept, unknown, otherwise
        )
    compiled.uses, compiled.query = frozenset(inner.used), frozenset(inner.query)
    return compiled


def _is_parameter(path: str, scope: Scope, place: Place, method: GceMethod) -> bool:
    """Whether what is ignored is a query parameter, as ``query.NAME``; it is noted then."""
    root, _, name = path.partition(".")
    if root != "query":
        return False
    if name not in method.query:
        scope.report((*place, path), f"{method.id} has no parameter {name!r}")
    scope.query.add(name)
    return True


def _check_permissions(method: GceMethod, scope: Scope, place: Place) -> None:
    """Report a method that GCE does not ask about permissions."""
    gce = scope.models.gce
    types = [name for name in (method.request, method.response) if name]
    if len(types) < 2 or any("permissions" not in gce.type(n)["properties"] for n in types):
        scope.report((*place, "served_by"), f"{method.id} doesn't ask about permissions")
    scope.honoured.add(("permissions",))


def _check_paths(
    given: Mapping[str, str],
    scope: Scope,
    place: Place,
    method: GceMethod,
    *,
    known: Container[str],
) -> None:
    for path in given:
        if path in known and scope.models.gce.field(method.request or "", path.split(".")) is None:
            scope.report((*place, path), f"{method.request} has no field {path!r}")


def _check_unknown(paths: Iterable[str], scope: Scope, place: Place, method: GceMethod) -> None:
    for path in paths:
        if scope.models.gce.field(method.request or "", path.split(".")) is not None:
            said = f"{method.request} has a field {path!r}: say only why it is ignored"
            scope.report((*place, path), said)


def _compile_mutation(
    compiled: Method, spec: Mapping[str, Any], scope: Scope, place: Place
) -> None:
    common, inner = _compile_variant({**spec, "steps": [], "makes": None}, scope, place)
    compiled.common = common
    if "fingerprint" in spec:
        given, now = spec["fingerprint"]["given"], spec["fingerprint"]["now"]
        if now.partition(".")[0] not in inner.roots:
            now = f"resource.{now}"
        compiled.fingerprint = Fingerprint(
            inner.value(given, (*place, "fingerprint", "given")),
            inner.value(now, (*place, "fingerprint", "now")),
            given,
            spec["fingerprint"].get("optional", False),
        )
    _compile_alone(compiled, spec, inner, place)
    if "steps" in spec:
        only = {key: spec[key] for key in ("steps", "makes") if key in spec}
        compiled.variants.append(_compile_variant(only, inner, place)[0])
    for index, variant in enumerate(spec.get("variants", [])):
        here = (*place, "variants", index)
        way, within = _compile_variant(variant, inner, here)
        if "alone" in variant:
            way.alone_with = _compile_paths(variant["alone"], within, here)
        compiled.variants.append(way)
    response = compiled.gce.response
    if "answer" in spec:
        compiled.answer = inner.value(spec["answer"], (*place, "answer"))
        _check_direct(compiled, scope, place)
    elif response != _OPERATION:
        scope.report(place, f"GCE answers with a {response}: 'answer' has to say how it is made")


def _compile_alone(compiled: Method, spec: Mapping[str, Any], scope: Scope, place: Place) -> None:
    """Compile what a change has for itself: what it deletes or has a fingerprint of, at least."""
    deletes = compiled.gce.http_method == "DELETE"
    told = spec.get("alone", deletes or "fingerprint" in spec)
    compiled.alone = told is not False and compiled.item is not None
    if not isinstance(told, bool):
        compiled.alone_with = _compile_paths(told, scope, place)
    if told is True and compiled.item is None:
        scope.report((*place, "alone"), "it is about no one resource: say which ones it has alone")
    if told is False and "fingerprint" in spec:
        scope.report((*place, "alone"), "what is compared must not change until it is written")
    if told is False and deletes:
        scope.report((*place, "alone"), "what is deleted must not be deleted twice")


def _compile_paths(told: list[str] | str, scope: Scope, place: Place) -> Getter:
    """Compile the paths of what else a change has for itself: texts, or what makes a list."""
    if isinstance(told, str):
        return scope.value(told, (*place, "alone"))
    texts = [scope.format(text, (*place, "alone", index)) for index, text in enumerate(told)]
    return lambda current, env: [text(current, env) for text in texts]


def _check_alone(compiled: Method, spec: Mapping[str, Any], scope: Scope, place: Place) -> None:
    """Report a change that depends on what it has read, and doesn't say whether it is alone."""
    known = compiled.gce.http_method == "DELETE" or spec.keys() & {"alone", "fingerprint"}
    if compiled.item is not None and not known and scope.used & {"resource", "rows"}:
        scope.report(place, "it makes use of the state that it has read: say whether it is 'alone'")


def _check_direct(compiled: Method, scope: Scope, place: Place) -> None:
    """Report what can't be done while the client waits for an answer that is no operation."""
    if compiled.gce.response == _OPERATION:
        scope.report((*place, "answer"), "GCE answers with an operation, which the engine makes")
    for variant in compiled.variants:
        for step in variant.steps:
            if isinstance(step, Step) and step.asynchronous:
                scope.report(place, f"{step.command} is a job, and GCE answers without waiting")
            if isinstance(step, Step) and step.awaited is not None:
                scope.report(place, f"{step.command} is awaited, and GCE answers without waiting")


def _compile_variant(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Variant, Scope]:
    when = compile_condition(spec["when"], scope, (*place, "when")) if "when" in spec else None
    bindings: list[tuple[str, Getter]] = []
    of_body: set[str] = set()
    given = spec.get("with", {})
    for number, (name, value) in enumerate(given.items()):
        scope = replace(scope, later=frozenset([*given][number:]))
        with _using(scope) as used:
            getter, shape = scope.value_and_shape(value, (*place, "with", name))
        if _asks_nobody(value, used, of_body):
            of_body.add(name)
        scope.naming(name, (*place, "with", name))
        scope = scope.entering(scope.current, **{name: shape})
        bindings.append((name, getter))
    scope = replace(scope, later=frozenset())
    checks = []
    for index, check in enumerate(spec.get("checks", [])):
        with _using(scope) as used:
            checks.append(_compile_check(check, scope, (*place, "checks", index)))
        checks[-1].of_body = _asks_nobody(check, used, of_body)
    if "refuse" in spec:
        checks.append(_compile_check({**spec, "when": None}, scope, place))
    cautions = [
        _compile_caution(caution, scope, (*place, "warns", index))
        for index, caution in enumerate(spec.get("warns", []))
    ]
    steps: list[PlanStep] = []
    makes, made_by = spec.get("makes"), None
    if isinstance(makes, str):
        made_by = makes.partition(".")[0]
    if spec.get("steps"):
        scope = replace(scope, reached=set())
        steps, scope = compile_steps(spec["steps"], scope, (*place, "steps"), made_by)
    variant = Variant(when, bindings, checks, steps, spec.get("about", ""), spec.get("when"))
    variant.cautions, variant.of_body = cautions, frozenset(of_body)
    if not any(isinstance(step, Run) for step in steps):
        variant.reached = frozenset(scope.reached)
    if makes is not None:
        variant.makes = scope.value(makes, (*place, "makes"))
    return variant, scope


@contextmanager
def _using(scope: Scope) -> Iterator[set[str]]:
    """The roots that what is compiled meanwhile makes use of."""
    before, scope.used = scope.used, set()
    try:
        yield scope.used
    finally:
        before |= scope.used
        scope.used = before


def _asks_nobody(spec: Any, used: Set[str], of_body: Set[str]) -> bool:
    """Whether a value comes of the request's body and of the settings alone.

    Args:
        spec: the value, or a check.
        used: the roots that it makes use of.
        of_body: the bindings that are known to.
    """
    turns = set[str]()
    for part in nested(spec):
        if part.keys() & (ASKING | {"link"}):
            return False
        turns |= part.get("each", {}).keys()
    return used <= {"body", "query", "settings", *of_body, *turns}


def _compile_check(spec: Mapping[str, Any], scope: Scope, place: Place) -> Check:
    message = scope.format(spec["refuse"], (*place, "refuse"))
    condition: Callable[[Any, Any], bool] | None = None
    if spec.get("when") is not None:
        condition = compile_condition(spec["when"], scope, (*place, "when"))
    return Check(
        condition,
        message,
        scope.format(spec["field"], (*place, "field")) if "field" in spec else None,
        spec.get("status", 400),
        spec.get("reason", "invalid"),
    )


def _compile_caution(spec: Mapping[str, Any], scope: Scope, place: Place) -> Caution:
    when = compile_condition(spec["when"], scope, (*place, "when")) if "when" in spec else None
    return Caution(when, scope.format(spec["say"], (*place, "say")))
