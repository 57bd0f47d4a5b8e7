"""From what a mapping says of a method to what answers it, with every mistake reported."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Set
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
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.runs import Run
from gstack_pyramid.engine.steps import Step
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms import methods as forms
from gstack_pyramid.mapping.forms.keys import Value
from gstack_pyramid.mapping.forms.nodes import Named, Text, text_at
from gstack_pyramid.mapping.forms.values import Asking, Each
from gstack_pyramid.mapping.lookups import Link, nested
from gstack_pyramid.mapping.scope import POSITION, Scope
from gstack_pyramid.mapping.shapes import ANY, GceShape, ListShape, ObjectShape
from gstack_pyramid.mapping.steps import compile_steps
from gstack_pyramid.schemas.formats import Formats
from gstack_pyramid.schemas.gce import GceMethod, GceModel

_OPERATION = "Operation"
"""The type that GCE answers nearly every change with."""

_MISSING = re.compile(r"not ((?:body|query)\.\w+)|((?:body|query)\.\w+) is None")


def kind_of(spec: forms.Method, method: GceMethod, gce: GceModel) -> Kind:
    """How a method is answered, from what the mapping says and what the model says of it."""
    if spec.steps is not None or spec.variants:
        return "mutation"
    if spec.answer is not None:
        return "answer"
    types = [name for name in (method.request, method.response) if name]
    if len(types) == 2 and all("permissions" in gce.type(name)["properties"] for name in types):
        return "permissions"
    if "/aggregated/" in method.path:
        return "aggregatedList"
    return "list" if gce.item_type(method) is not None else "get"


def compile_method(
    spec: forms.Method,
    method: GceMethod,
    resource: Resource,
    scope: Scope,
    *,
    rules: tuple[Mapping[str, str], Mapping[str, str]],
    served_by: str | None,
    origin: tuple[str, int],
) -> Method:
    """Compile one method of a mapping; mistakes are reported to the scope.

    Args:
        spec: the method as the mapping gives it.
        method: the same method in the model.
        resource: its compiled resource.
        scope: the resource's scope.
        rules: the resource's ``ignores`` and ``refuses``.
        served_by: the package that answers for the resource instead of CloudStack, if one does.
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
        kind=kind_of(spec, method, models.gce),
        item=item,
        place=origin,
        about=spec.about or "",
        served_by=served_by,
    )
    if compiled.kind == "permissions":
        inner.honoured.add(("permissions",))
    if compiled.kind == "answer" and spec.answer is not None:
        compiled.common, within = _compile_names(spec, inner)
        compiled.answer = within.value(spec.answer)
    if spec.body is not None:
        compiled.body = inner.value(spec.body)
    if compiled.kind == "mutation":
        _compile_mutation(compiled, spec, inner)
        _check_alone(compiled, spec, inner)
    given = {
        path: why
        for path, why in spec.ignores.items()
        if not _is_parameter(path, inner, spec.inside("ignores"), method)
    }
    if method.request:
        unknown = [path for path, why in given.items() if not isinstance(why, str)]
        ignored = {**rules[0], **{path: given[path] for path in given if path not in unknown}}
        refused = {**rules[1], **spec.refuses}
        _check_paths(ignored, scope, spec.inside("ignores"), method, known=given)
        _check_unknown(unknown, scope, spec.inside("ignores"), method)
        _check_paths(refused, scope, spec.inside("refuses"), method, known=spec.refuses)
        kept = spec.keeps or []
        _check_paths(kept, scope, spec.inside("keeps"), method, known=kept)
        if isinstance(kept, Mapping):
            compiled.kept_for = [KeptFor(path, name) for path, name in kept.items()]
            for each in compiled.kept_for:
                said = f"no method {each.name!r} is mapped that takes a body"
                finding = scope.document.finding(spec.inside("keeps", each.path), said)
                models.links.append((each, finding))
        compiled.formats = Formats(models.gce, method.request)
        advice = spec.advice
        _check_paths(advice, scope, spec.inside("advice"), method, known=advice)
        if advice and "advice" not in inner.used:
            said = "nothing keeps it: a step has to, by the name 'advice'"
            scope.report(spec.inside("advice"), said)
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


def _check_paths(
    given: Iterable[str],
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


def _compile_mutation(compiled: Method, spec: forms.Method, scope: Scope) -> None:
    compiled.common, inner = _compile_names(spec, scope)
    if spec.fingerprint is not None:
        compiled.fingerprint = _compile_fingerprint(spec.fingerprint, inner)
    _compile_alone(compiled, spec, inner)
    if spec.steps is not None:
        way = Variant(None, [], [], [])
        _compile_commands(way, spec, inner)
        compiled.variants.append(way)
    for variant in spec.variants:
        way, within = _compile_names(variant, inner)
        within = _compile_commands(way, variant, within)
        if variant.alone is not None:
            way.alone_with = _compile_paths(variant.alone, within)
        compiled.variants.append(way)
    response = compiled.gce.response
    if spec.answer is not None:
        compiled.answer = inner.value(spec.answer)
        _check_direct(compiled, spec, scope)
    elif response != _OPERATION:
        said = f"GCE answers with a {response}: 'answer' has to say how it is made"
        scope.report(spec.place, said)


def _compile_fingerprint(spec: forms.Fingerprint, scope: Scope) -> Fingerprint:
    now = spec.now
    if now.partition(".")[0] not in scope.roots:
        now = text_at(f"resource.{now}", now.place)
    given = scope.value(spec.given)
    return Fingerprint(given, scope.value(now), str(spec.given), bool(spec.optional))


def _compile_alone(compiled: Method, spec: forms.Method, scope: Scope) -> None:
    """Compile what a change has for itself: what it deletes or has a fingerprint of, at least."""
    deletes = compiled.gce.http_method == "DELETE"
    told = (deletes or spec.fingerprint is not None) if spec.alone is None else spec.alone
    compiled.alone = told is not False and compiled.item is not None
    wrong = ""
    if not isinstance(told, bool):
        compiled.alone_with = _compile_paths(told, scope)
    elif told and compiled.item is None:
        wrong = "it is about no one resource: say which ones it has alone"
    elif not told and spec.fingerprint is not None:
        wrong = "what is compared must not change until it is written"
    elif not told and deletes:
        wrong = "what is deleted must not be deleted twice"
    if wrong:
        scope.report(spec.inside("alone"), wrong)


def _compile_paths(told: list[Text] | Text, scope: Scope) -> Getter:
    """Compile the paths of what else a change has for itself: texts, or what makes a list."""
    if isinstance(told, Text):
        return scope.value(told)
    texts = [scope.format(text) for text in told]
    return lambda current, env: [text(current, env) for text in texts]


def _check_alone(compiled: Method, spec: forms.Method, scope: Scope) -> None:
    """Report a change that depends on what it has read, and doesn't say whether it is alone."""
    said_so = spec.alone is not None or spec.fingerprint is not None
    known = compiled.gce.http_method == "DELETE" or said_so
    if compiled.item is not None and not known and scope.used & {"resource", "rows"}:
        said = "it makes use of the state that it has read: say whether it is 'alone'"
        scope.report(spec.place, said)


def _check_direct(compiled: Method, spec: forms.Method, scope: Scope) -> None:
    """Report what can't be done while the client waits for an answer that is no operation."""
    if compiled.gce.response == _OPERATION:
        said = "GCE answers with an operation, which the engine makes"
        scope.report(spec.inside("answer"), said)
    steps = (step for way in compiled.variants for step in way.steps if isinstance(step, Step))
    for step in steps:
        if step.asynchronous:
            said = f"{step.command} is a job, and GCE answers without waiting"
            scope.report(spec.place, said)
        if step.awaited is not None:
            said = f"{step.command} is awaited, and GCE answers without waiting"
            scope.report(spec.place, said)


def _compile_names(spec: forms.Way, scope: Scope) -> tuple[Variant, Scope]:
    """Compile what is found out, refused and warned of before anything is changed."""
    refusal = spec if isinstance(spec, forms.Variant) else None
    when = None if refusal is None else scope.condition(refusal.when)
    bindings: list[tuple[str, Getter]] = []
    of_body: set[str] = set()
    names = [*spec.with_]
    for number, (name, value) in enumerate(spec.with_.items()):
        scope = replace(scope, later=frozenset(names[number:]))
        with scope.using() as used:
            getter, shape = scope.value_and_shape(value)
        if _asks_nobody(value, used, of_body):
            of_body.add(name)
        scope.naming(name, spec.inside("with", name))
        scope = scope.entering(scope.current, **{name: shape})
        bindings.append((name, getter))
    scope = replace(scope, later=frozenset())
    checks = []
    for check in spec.checks:
        with scope.using() as used:
            checks.append(_compile_check(check, check.refuse, check.when, scope))
        checks[-1].of_body = _asks_nobody(check.when, used, of_body)
    if refusal is not None and refusal.refuse is not None:
        checks.append(_compile_check(refusal, refusal.refuse, None, scope))
    cautions = [
        Caution(scope.condition(caution.when), scope.format(caution.say)) for caution in spec.warns
    ]
    variant = Variant(when, bindings, checks, [], spec.about or "")
    variant.cautions, variant.of_body = cautions, frozenset(of_body)
    return variant, scope


def _compile_commands(variant: Variant, spec: forms.Way, scope: Scope) -> Scope:
    """Compile what is sent, and by what it is known that comes of it."""
    made_by = spec.makes.partition(".")[0] if isinstance(spec.makes, Text) else None
    if spec.steps:
        scope = replace(scope, reached=set())
        variant.steps, scope = compile_steps(spec.steps, scope, made_by)
    if not any(isinstance(step, Run) for step in variant.steps):
        variant.reached = frozenset(scope.reached)
    if spec.makes is not None:
        variant.makes = scope.value(spec.makes)
    return scope


def _asks_nobody(value: Value | None, used: Set[str], of_body: Set[str]) -> bool:
    """Whether a value comes of the request's body and of the settings alone.

    Args:
        value: the value; None for what needs none.
        used: the roots that it makes use of.
        of_body: the bindings that are known to.
    """
    turns = set[str]()
    for part in nested(value):
        if isinstance(part, Asking | Link):
            return False
        if isinstance(part, Each):
            turns |= part.each.keys()
    return used <= {"body", "query", "settings", *of_body, *turns}


def _compile_check(
    spec: forms.RefusalParts, refuse: Text | Named, when: Text | None, scope: Scope
) -> Check:
    message, field = forms.told(spec, refuse)
    body = scope.roots["body"]
    if isinstance(refuse, Named):
        path = POSITION.sub("", next(iter(refuse)))
        if not isinstance(body, GceShape):
            scope.report(message.place, f"the method takes no body, which {path!r} would be in")
        elif body.model.field(body.type_name, path.split(".")) is None:
            scope.report(message.place, f"{body.type_name} has no field {path!r}")
    if spec.field is not None and spec.field is not field:
        scope.report(spec.inside("field"), "'refuse' says already which field it is about")
    return Check(
        scope.condition(when),
        scope.format(message),
        scope.format(field) if field is not None else None,
        spec.status or 400,
        spec.reason or "invalid",
        demands=_demanded(when),
    )


def _demanded(when: Text | None) -> str | None:
    """The field or parameter of which a condition says that it isn't given, and nothing else."""
    found = None if when is None else _MISSING.fullmatch(when)
    return None if found is None else found[1] or found[2]
