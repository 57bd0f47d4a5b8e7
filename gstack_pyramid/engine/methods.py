"""One GCE method of a mapping as what answers it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gstack_pyramid.engine.bodies import BodyRules
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Condition, Getter
from gstack_pyramid.engine.needs import NOTHING, Needs
from gstack_pyramid.engine.plan_state import Reached
from gstack_pyramid.engine.plans import PlanStep
from gstack_pyramid.engine.resources import Resource
from gstack_pyramid.engine.steps import Step, heed
from gstack_pyramid.errors import GceError, condition_not_met, seen_from_outside
from gstack_pyramid.schemas.formats import Formats
from gstack_pyramid.schemas.gce import GceMethod

Kind = Literal["get", "list", "aggregatedList", "answer", "mutation", "permissions"]


@dataclass(slots=True)
class Check:
    """A refusal and when it holds.

    Attributes:
        of_body: whether the request's body alone decides, in any zone and at any time.
        demands: what it refuses to do without, whatever else there is: a field of the body, as
            ``body.name``, or a parameter, as ``query.priority``; None when it is about more.
    """

    when: Condition | None
    message: Getter
    field: Getter | None
    status: int
    reason: str
    of_body: bool = False
    demands: str | None = None

    def apply(self, env: Env) -> None:
        """Refuse the request when the condition holds.

        Raises:
            GceError: the refusal.
        """
        body = env.roots.get("body")
        if self.when is None or self.when(body, env):
            text = self.message(body, env) or "this request can't be done"
            field = self.field(body, env) if self.field is not None else None
            if field is not None:
                text = f"Invalid value for field '{field}': {text}"
            raise GceError(
                self.status,
                self.reason,
                text,
                location=field,
                location_type="other" if field else None,
            )


@dataclass(slots=True)
class Caution:
    """What the operation's reader should know, and when it holds."""

    when: Condition | None
    message: Getter

    def told(self, env: Env) -> dict[str, str] | None:
        """The warning in GCE's form; None when it doesn't hold."""
        body = env.roots.get("body")
        if self.when is not None and not self.when(body, env):
            return None
        return {"code": "NOT_CRITICAL_ERROR", "message": str(self.message(body, env) or "")}


@dataclass(slots=True)
class Variant:
    """One way to do a method: bindings, refusals, then steps.

    Attributes:
        makes: the key of the resource that is made; None until the step that makes it was sent.
        reached: what the steps make use of; None when that isn't known.
        cautions: what is done, but otherwise than a reader may think.
        alone_with: the paths below the project of what this way of it has for itself besides.
        of_body: the names of the bindings that the request's body alone decides.
    """

    when: Condition | None
    bindings: list[tuple[str, Getter]]
    checks: list[Check]
    steps: list[PlanStep]
    about: str = ""
    makes: Getter | None = None
    reached: Reached | None = None
    cautions: list[Caution] = field(default_factory=list)
    alone_with: Getter | None = None
    of_body: frozenset[str] = frozenset()

    @property
    def demanded(self) -> frozenset[str]:
        """What it doesn't do without; see :attr:`Check.demands`."""
        return frozenset(check.demands for check in self.checks if check.demands is not None)

    @property
    def refuses(self) -> bool:
        """Whether it is a refusal, whatever the request says."""
        return any(check.when is None for check in self.checks)

    def enter(self, env: Env) -> Env:
        """The environment with the bindings, which the checks have let pass.

        Raises:
            GceError: a reference leads nowhere, or a check refuses.
        """
        body = env.roots.get("body")
        for name, getter in self.bindings:
            env = env.naming({name: getter(body, env)})
        for check in self.checks:
            check.apply(env)
        return env

    def check_body(self, env: Env) -> None:
        """Evaluate the bindings and checks that the request's body alone decides.

        Raises:
            GceError: a check refuses.
        """
        body = env.roots.get("body")
        for name, getter in self.bindings:
            if name in self.of_body:
                env = env.naming({name: getter(body, env)})
        for check in self.checks:
            if check.of_body:
                check.apply(env)

    def warnings(self, env: Env) -> list[dict[str, str]]:
        """What the operation warns of from its beginning, as ``{code, message}``."""
        told = [caution.told(env) for caution in self.cautions]
        return [warning for warning in told if warning is not None]


@dataclass(slots=True)
class Fingerprint:
    """What a change must carry to show that it is based on the current state.

    Attributes:
        given: what it carries.
        now: what it should be.
        field: where it stands in the body.
        optional: whether a change that carries none is taken as it is.
    """

    given: Getter
    now: Getter
    field: str
    optional: bool = False

    def is_given(self, env: Env) -> bool:
        """Whether a change carries one."""
        return bool(self.given(env.roots.get("body"), env))

    def check(self, env: Env) -> None:
        """Refuse a change that is based on an old state.

        Raises:
            GceError: 412 conditionNotMet.
        """
        body = env.roots.get("body")
        if self.optional and not self.is_given(env):
            return
        if _bytes_of(self.given(body, env)) != _bytes_of(self.now(body, env)):
            raise condition_not_met(
                f"The fingerprint in '{self.field}' does not match the current one: the resource"
                " has changed, or none was given. Read it again and repeat the change."
            )


def _bytes_of(fingerprint: Any) -> bytes:
    """A fingerprint's bytes; gcloud sends back the URL-safe alphabet, whatever it was given."""
    text = str(fingerprint or "").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b"?"


@dataclass(slots=True)
class KeptFor:
    """A part of a body that is kept, for another method to do it one day.

    Attributes:
        path: where it stands in the body.
        name: the method, as ``RESOURCE.METHOD``.
        method: the method, once all are compiled.
    """

    path: str
    name: str
    method: Method | None = None

    def check(self, env: Env) -> None:
        """Refuse what the method would refuse, as far as the body tells that by itself.

        Raises:
            GceError: 400 naming the field.
        """
        part = env.roots.get("body")
        for name in self.path.split("."):
            part = part.get(name) if isinstance(part, Mapping) else None
        if self.method is None or not isinstance(part, Mapping):
            return
        inner = env.naming({"body": part, "query": {}})
        try:
            if self.method.body_rules is not None:
                self.method.body_rules.check(part)
            if self.method.common is not None:
                self.method.common.check_body(inner)
        except GceError as error:
            raise seen_from_outside(error, self.path) from None


@dataclass(slots=True)
class Method:
    """One mapped method.

    Attributes:
        gce: the method of the model.
        resource: the resource it belongs to.
        kind: how it is answered.
        item: the path parameter that names the one resource it is about, if there is one.
        body: what takes the place of the request's body, made of it and of something else.
        answer: what makes the answer: of the kind ``answer``, or of a mutation that GCE answers
            with something else than an operation.
        common: bindings and checks of every variant, or of an answer.
        variants: the ways to do a mutation; the first whose condition holds is taken.
        alone: whether nobody else may change the one resource that it is about, from the moment
            that it is looked at until the change is done.
        alone_with: the paths below the project of further resources that it has for itself.
        uses: the roots that values of this method use.
        query: the query parameters that they use.
        kept_for: what of the body is kept, and the method that will be asked to do it.
        needs: the commands that a caller's role must allow.
        place: the file and line that claim it.
    """

    gce: GceMethod
    resource: Resource
    kind: Kind
    item: str | None
    place: tuple[str, int]
    about: str = ""
    answer: Getter | None = None
    body: Getter | None = None
    common: Variant | None = None
    variants: list[Variant] = field(default_factory=list)
    fingerprint: Fingerprint | None = None
    body_rules: BodyRules | None = None
    kept_for: list[KeptFor] = field(default_factory=list)
    formats: Formats | None = None
    alone: bool = False
    alone_with: Getter | None = None
    uses: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    served_by: str | None = None
    needs: Needs = NOTHING

    @property
    def repeats(self) -> bool:
        """Whether it answers the same again as long as CloudStack does."""
        return self.kind in ("get", "list", "aggregatedList") and self.served_by is None

    @property
    def demanded(self) -> frozenset[str]:
        """What it doesn't do without; see :attr:`Check.demands`."""
        ways = [way.demanded for way in self.variants if not way.refuses]
        found = frozenset[str]().union(*ways[:1]).intersection(*ways)
        if self.common is not None:
            found |= self.common.demanded
        if self.fingerprint is not None and not self.fingerprint.optional:
            found |= {f"body.{self.fingerprint.field}"}
        # What takes the place of the body may have what the client didn't send.
        lent = () if self.body is None else (each for each in found if each.startswith("body."))
        return found.difference(lent)

    @property
    def creates(self) -> bool:
        """Whether it makes a resource called as its body says."""
        return self.gce.http_method == "POST" and self.gce.path == self.resource.collection.path

    @property
    def making(self) -> str | None:
        """The resource of which it makes one that has a name, or several; None if none."""
        if self.creates:
            return self.resource.name
        for variant in self.variants:
            for step in variant.steps:
                if step.making is not None:
                    return step.making
        return None

    def choose(self, env: Env) -> Variant:
        """The variant for this request.

        Raises:
            GceError: 400, none fits.
        """
        body = env.roots.get("body")
        for variant in self.variants:
            if variant.when is None or variant.when(body, env):
                return variant
        raise GceError(
            400, "invalid", f"{self.gce.id} can't be done here: no way to do it fits this request."
        )


def settle(method: Method, env: Env, *, alone: bool) -> tuple[Variant, Env]:
    """Check a change against the current state, and choose the way to do it.

    Gives that, and the environment with the values that its steps will need.

    Args:
        method: what is to be done.
        env: with the request's body, checked against its rules, and what it is about.
        alone: whether nothing else is done for the same request.

    Raises:
        GceError: 400, 403, 404, 409 or 412, in GCE's words.
    """
    if method.body is not None:
        env = env.naming({"body": method.body(env.roots.get("body"), env)})
        if method.body_rules is not None:
            method.body_rules.check(env.roots["body"])
    if method.body_rules is not None and "advice" in method.uses:
        env = env.naming({"advice": method.body_rules.advice(env.roots.get("body"))})
    for kept in method.kept_for:
        kept.check(env)
    if method.common is not None:
        env = method.common.enter(env)
    if method.fingerprint is not None:
        method.fingerprint.check(env)
    variant = method.choose(env)
    env = variant.enter(env)
    own = [step for step in variant.steps if isinstance(step, Step)]
    env = heed(own, env, alone=alone and len(own) == len(variant.steps))
    for step in variant.steps:
        env = step.settle(env)
    return variant, env
