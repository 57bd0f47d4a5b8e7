"""The forms of methods: their ways, what they refuse, and what they warn of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gstack_pyramid.mapping.forms.holds import (
    CONDITION,
    EXPRESSION,
    FLAG,
    MESSAGE,
    MESSAGE_OF_FIELD,
    NAMES,
    PLAIN,
    REASONS,
    REMARK,
    STATUS,
    TEXTS,
    TRUE,
    VALUE,
    WORD,
    WORDS,
    any_of,
    form_of,
    forms_of,
    matching,
    table,
    texts,
)
from gstack_pyramid.mapping.forms.keys import Node, Value, chosen, form, key, needed
from gstack_pyramid.mapping.forms.nodes import Named, Text, text_at
from gstack_pyramid.mapping.forms.steps import Command, Run


@form()
class RefusalParts(Node):
    """What a refusal says besides its message."""

    when: Text | None = key(
        CONDITION, "The [condition](conditions.md) under which the request is refused."
    )
    field: Text | None = key(
        MESSAGE,
        "The field that the message names, where `refuse` names none: a parameter, or `resource.`"
        " and the path in the body. `{expressions}` are filled in here as well, for the place in a"
        " list: `resource.parts[{wrong[0].at}].mode`.",
    )
    status: int | None = key(STATUS, "The HTTP status, 400 by default.")
    reason: str | None = key(WORD, "The reason in GCE's error, `invalid` by default.")


REFUSE = (
    "What the client is told, or `{FIELD: what}` of a field of the body. `{expressions}` in it are"
    " filled in."
)


def told(refusal: RefusalParts, refuse: Text | Named) -> tuple[Text, Text | None]:
    """The message of a refusal, and the field that it is about.

    Args:
        refusal: what else it says.
        refuse: its ``refuse``.
    """
    if isinstance(refuse, Text):
        return refuse, refusal.field
    ((field, message),) = refuse.items()
    return message, text_at(f"resource.{field}", message.place)


@form("refusal")
class Refusal(RefusalParts):
    """A refusal and when it holds."""

    refuse: Text | Named = needed(MESSAGE_OF_FIELD, REFUSE)


@form("used_check", uses="named_check")
class UsedCheck(Node):
    """A check that several methods share, and what it takes."""

    check: str = needed(WORD, "The name of a [shared](shared.md) check.")
    when: Text | None = key(CONDITION, "A condition, besides those of its own.")


chosen("check", "refusal", check="used_check")


@form("caution")
class Caution(Node):
    """A warning of the operation, and when it holds."""

    when: Text | None = key(CONDITION, "The [condition](conditions.md) under which it is told.")
    say: Text = needed(MESSAGE, "What the client is told. `{expressions}` in it are filled in.")


@form()
class Way(Node):
    """What a method and each of its variants may say."""

    about: str | None = key(REMARK, "A remark for people.")
    with_: Named = key(
        NAMES,
        "Values that get a name: each is a root from there on. They are made in their order, before"
        " anything is changed. An entry with `names` stands for [a group of"
        " them](shared.md#groups-of-names).",
    )
    checks: Sequence[Refusal] = key(forms_of("check"), "[Refusals](checks.md).")
    steps: Sequence[Command | Run] | None = key(
        forms_of("step", absent=None), "[Commands](steps.md), in their order."
    )
    makes: Value | None = key(
        VALUE,
        "For a method that makes something: its key, from which GCE's `id` follows. `vm.id` is the"
        " id that the step `as: vm` gets, known as soon as CloudStack has taken the command. A"
        " value may be given as well, where a resource is known by its `group`.",
    )
    warns: Sequence[Caution] = key(
        forms_of("caution"),
        "Warnings of the operation, from its beginning: each has a `when`, a"
        " [condition](conditions.md), and says what it `say`s, with `{expressions}` in it. For what"
        " is done, but otherwise than a reader may think.",
    )


@form("variant")
class Variant(Way, RefusalParts):
    """One way to do a method."""

    when: Text | None = key(
        CONDITION, "The [condition](conditions.md) under which this way is taken."
    )
    refuse: Text | Named | None = key(MESSAGE_OF_FIELD, f"This way is a refusal. {REFUSE}")
    alone: Any = key(
        texts(EXPRESSION, TEXTS, how="oneOf"),
        "[What this way of it has for itself](changes.md#alone) besides: paths, or an expression"
        " that gives them.",
    )


@form("fingerprint")
class Fingerprint(Node):
    """The current state that a change must prove to know."""

    given: Text = needed(EXPRESSION, "The path in the body where the client sends what it got.")
    now: Text = needed(EXPRESSION, "The field of the resource as it is, or a path from a name.")
    optional: bool | None = key(FLAG, "`true`: a change that carries none is taken as it is.")


@form("told_anyway")
class ToldAnyway(Node):
    """A field of which one value is told anyway, and need not be kept."""

    why: str = needed(WORD, "Why nothing has to be done.")
    otherwise: Any = needed(PLAIN, "The value that is told when nothing is kept.")


@form("unknown_field")
class UnknownField(Node):
    """A field that GCE's own type lacks, and that clients send all the same."""

    unknown: bool = needed(TRUE, "`true`: GCE's type has no such field.")
    why: str = needed(matching(r"\S"), "Who sends it, and why it may be dropped.")


@form("method", allOf=({"not": {"required": ["steps", "variants"]}},))
class Method(Way):
    """How one GCE method is answered; what answers with what is read needs nothing."""

    answer: Value | None = key(
        VALUE,
        "The [value](values.md) that is the answer, for a method that changes nothing or that GCE"
        " answers with no operation.",
    )
    fingerprint: Fingerprint | None = key(
        form_of("fingerprint"), "[The state](changes.md) that a change must prove to know."
    )
    alone: Any = key(
        texts(FLAG, EXPRESSION, TEXTS, how="oneOf"),
        "[What the change has for itself](changes.md#alone).",
    )
    variants: Sequence[Variant] = key(
        forms_of("variant", 1),
        "Several [ways](checks.md#variants) to do it; the first that fits is taken.",
    )
    body: Value | None = key(
        VALUE,
        "A [value](values.md) that takes the place of the request's body, made of it and of"
        " something else. It is checked as the body is.",
    )
    keeps: Any = key(
        any_of(WORDS, table(WORD)),
        "Fields of the body that are kept as a whole: everything below them is accepted. As `FIELD:"
        " RESOURCE.METHOD` it is kept for that method to do: what the method refuses whatever the"
        " zone, by `refuses`, by checks that look at the body alone, or since nothing reads it, is"
        " refused at once.",
    )
    ignores: Mapping[str, Any] = key(
        table(any_of(WORD, form_of("unknown_field"))),
        "Fields of the body accepted [without effect](ignores.md), and why.",
    )
    refuses: Mapping[str, str] = key(
        REASONS, "Fields of the body that are [refused](ignores.md), and why."
    )
    advice: Mapping[str, Any] = key(
        table(any_of(WORD, form_of("told_anyway"))),
        "Fields that are [kept and told](ignores.md#advice), and change nothing, and why.",
    )


SHOWING = ("get", "list", "aggregatedList", "testIamPermissions")
"""The methods that say nothing but what is read, or what may be done with it."""


@form("twin_method", differs_from="method")
class TwinMethod(Node):
    """A method that is like another, and what is different."""

    like: str = needed(
        WORD,
        "The method that [this one is like](like.md#a-method-like-another), of this resource or as"
        " `RESOURCE.METHOD`; the rest says what is different.",
    )


chosen("method_of_resource", "method", like="twin_method")
