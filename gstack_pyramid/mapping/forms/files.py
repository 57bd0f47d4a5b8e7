"""The forms of the files that are for all resources, and of what has a name in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gstack_pyramid.mapping.forms.holds import (
    EXPRESSION,
    MESSAGE_OF_FIELD,
    NAMES,
    OBJECT,
    REMARK,
    STATUS,
    VALUE,
    WORD,
    WORDS,
    all_matching,
    any_of,
    by_name,
    either,
    form_of,
    forms_of,
)
from gstack_pyramid.mapping.forms.keys import (
    CHOICES,
    FORMS,
    Holds,
    Kind,
    Node,
    Value,
    chosen,
    form,
    key,
    needed,
)
from gstack_pyramid.mapping.forms.methods import REFUSE, Refusal, RefusalParts
from gstack_pyramid.mapping.forms.nodes import Named, Text
from gstack_pyramid.mapping.forms.steps import Command, Run

_PARAMETERS = all_matching(r"^[a-z_]\w*$")


@form()
class SharedPart(Node):
    """A part of methods that has a name."""

    about: str = needed(REMARK, "What it is, for people.")
    takes: Sequence[str] = key(
        _PARAMETERS,
        "What a use has to give; `<name>` stands for it in the part. It is said behind the part's"
        " name as well: `NAME(one, other)`.",
    )
    may_take: Sequence[str] = key(
        _PARAMETERS, "What it may give besides, or behind the name: `NAME(one, other?)`."
    )


@form("named_check", oneOf=({"required": ["refuse"]}, {"required": ["checks"]}))
class NamedCheck(SharedPart, RefusalParts):
    """A check that has a name, or several."""

    refuse: Text | Named | None = key(MESSAGE_OF_FIELD, REFUSE)
    checks: Sequence[Refusal] = key(forms_of("check", 1), "Several checks, in the place of one.")


@form("named_steps")
class NamedSteps(SharedPart):
    """Some steps that have a name."""

    steps: Sequence[Command | Run] = needed(forms_of("step", 1), "The steps.")


def _alone(step: str) -> str:
    """Declares the form of one step that has a name, and stands there without a list."""
    cls = FORMS[step].cls
    about = f"{(cls.__doc__ or '').rstrip('.')}: one step that has a name."
    form(f"named_{step}")(type(f"Named{cls.__name__}", (SharedPart, cls), {"__doc__": about}))
    return f"named_{step}"


_STEPS = {key: name for key, name in CHOICES["step"].items() if key and not FORMS[name].uses}
chosen(
    "named_step",
    "named_steps",
    call=_alone("command"),
    **{key: _alone(name) for key, name in _STEPS.items()},
)


@form("named_value")
class NamedValue(SharedPart):
    """A value that has a name."""

    gives: Value = needed(VALUE, "The value.")


@form("named_names")
class NamedNames(SharedPart):
    """A group of names."""

    with_: Named = needed(NAMES, "The names and their values.")


@form("function")
class Function(Node):
    """A function of expressions."""

    about: str = needed(REMARK, "What it comes to, for people.")
    takes: Sequence[str] = key(
        WORDS, "The names of its parameters. They are said behind its own as well: `NAME(one)`."
    )
    gives: Text = needed(EXPRESSION, "The expression of what it comes to.")


def _file_of(section: str, name: str, about: str) -> None:
    """Declares the form of a file that holds one section, for all mapping files."""
    held: Any = needed(by_name(name), f"The {about}, by name.")
    said = {"__annotations__": {section: Any}, section: held}
    said["__doc__"] = f"{about[0].upper()}{about[1:]} that all mapping files share."
    own = "functions" if section == "functions" else f"shared_{section}"
    form(own, file=f"_{section}")(type(own, (Node,), said))


_file_of("functions", "function", "functions of expressions")
_file_of("checks", "named_check", "checks")
_file_of("steps", "named_step", "steps")
_file_of("values", "named_value", "values")
_file_of("names", "named_names", "groups of names")


@form("reason")
class Reason(Node):
    """Why some methods have no counterpart in CloudStack."""

    why: str = needed(WORD, "A sentence.")
    methods: Sequence[str] = needed(
        WORDS, "Resources or `RESOURCE.METHOD`, with `*` for any part of a name."
    )


@form("coverage", file="_coverage")
class Coverage(Node):
    """Why methods of GCE's are mapped by no file."""

    no_counterpart: Sequence[Reason] = needed(
        forms_of("reason"), "The reasons; the first that fits counts."
    )


@form("wanted")
class Wanted(Node):
    """What is wanted of the answers of a command, whoever calls it."""

    params: Mapping[str, Any] = needed(OBJECT, "Parameters that go with it each time.")
    without: Sequence[str] = needed(WORDS, "Fields that CloudStack leaves out then.")


@form("defaults", file="_defaults")
class Defaults(Node):
    """What all mapping files share."""

    settings: Mapping[str, Any] = key(
        OBJECT, "What differs from cloud to cloud, and is no mapping."
    )
    wanted: Mapping[str, Wanted] = key(
        by_name("wanted"), "What is wanted of commands, by their names."
    )


_INTEGER: Holds[int] = Holds(Kind.WORD, {"type": "integer"})
_CODES = any_of(_INTEGER, Holds(Kind.WORD, {"type": "array", "items": _INTEGER.schema}))


@form("error_condition")
class ErrorCondition(Node):
    """What a rule of the table of errors is about; all that stands here must hold."""

    errorcode: Any = key(_CODES, "CloudStack's error code is this one, or one of these.")
    cserrorcode: Any = key(
        _CODES, "CloudStack's code for the kind of exception is this one, or one of these."
    )
    text: str | None = key(
        WORD,
        "This regular expression is found in CloudStack's message, in upper or lower case.",
    )
    problem: str | None = key(
        either("unavailable", "timeout", "bad_answer"),
        "There was no answer: `unavailable`, `timeout`, or `bad_answer` when it was none of"
        " CloudStack's.",
    )


@form("error_rule")
class ErrorRule(Node):
    """One rule of the table of errors."""

    about: str | None = key(REMARK, "A remark for people.")
    when: ErrorCondition | None = key(
        form_of("error_condition"), "What the rule is about. Without it, the rule fits always."
    )
    status: int = needed(STATUS, "The HTTP status of the answer.")
    reason: str = needed(WORD, "The reason in the error of the answer, such as `notFound`.")
    code: str = needed(WORD, "The code in the error of an operation, such as `RESOURCE_NOT_FOUND`.")
    message: str | None = key(
        WORD, "What the client is told; CloudStack's own text when it isn't given."
    )


@form("errors", file="_errors")
class Errors(Node):
    """CloudStack's errors in GCE's words."""

    errors: Sequence[ErrorRule] = needed(
        forms_of("error_rule"), "The rules; the first that fits decides."
    )
