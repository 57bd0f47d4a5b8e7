"""The forms of steps, of what takes them back, and of what finds them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms.holds import (
    CONDITION,
    EXPRESSION,
    LOOPS,
    MESSAGE,
    REMARK,
    TRUE,
    VALUE,
    VALUES,
    WORD,
    either,
    form_of,
    matching,
    one_or_some,
    texts,
    values_at,
)
from gstack_pyramid.mapping.forms.keys import Holds, Kind, Node, Value, chosen, form, key, needed
from gstack_pyramid.mapping.forms.nodes import Named, Text

Repeat = Literal["safe", "gone", "exists"]

_REPEAT: Holds[Any] = either(*get_args(Repeat))
_LEAVES: Holds[Any] = texts(MESSAGE, Holds(Kind.WORD, {"const": False}))

_LEFT = (
    "What there is too much of when a cleanup fails, or a command after a step without undo, for"
    " the client. `{expressions}` in it are filled in. `false`: nothing that matters."
)


@form("found")
class Found(Node):
    """How the effect of a command is found when its answer was lost."""

    about: str | None = key(REMARK, "A remark for people.")
    call: str = needed(WORD, "A command that lists.")
    params: Named = key(VALUES, "Its parameters, as in the step: the current value is the body.")
    each: Text | None = key(
        EXPRESSION, "A path to a list inside each row, whose elements are looked at instead."
    )
    where: Text | None = key(CONDITION, "A condition on the row. The body is `body` here.")
    since: Text | None = key(
        EXPRESSION,
        "The field with the time it was made. What is older than the operation doesn't count.",
    )
    once: bool | None = key(
        TRUE,
        "`true`: it has neither a name nor such a time, and what another command has made doesn't"
        " count.",
    )
    fields: Named = key(
        VALUES, "The step's result, made from the row. By default the row is the result."
    )


@form("refused_while")
class RefusedWhile(Node):
    """What CloudStack refuses a command for, for as long as a row is so."""

    call: str = needed(WORD, "A command that lists the rows.")
    params: Named = key(VALUES, "Its parameters.")
    where: Text = needed(CONDITION, "The condition on a row for which the command is refused.")


@form("fails")
class Fails(Node):
    """When what is waited for will never be so."""

    when: Text = needed(CONDITION, "The condition on the result.")
    refuse: Text = needed(MESSAGE, "What the client is told; `{expressions}` lead into the result.")


@form("undo")
class Undo(Node):
    """One command that takes a step back."""

    call: str = needed(WORD, "The command.")
    when: Text | None = key(CONDITION, "A condition: otherwise it is passed over.")
    params: Named = key(
        VALUES,
        "Its parameters; `result` is what the step made. `{id: result.id}` by default.",
    )
    repeat: Repeat | None = key(_REPEAT, "How it is read when it is sent again, as in a step.")
    leaves: Text | None = key(
        MESSAGE, "What is left when it fails, for the client. `{expressions}` are filled in."
    )
    if_allowed: bool | None = key(
        TRUE, "`true`: it is left out where the caller's role lacks the command."
    )
    found: Found | None = key(form_of("found"), "How its effect is found again, as in a step.")
    then: Undo | None = key(form_of("undo"), "What follows it; `undone` is its result.")

    def __init__(self, *, place: Place, **given: Any) -> None:
        given.setdefault("params", values_at({"id": "result.id"}, (*place, "params")))
        super().__init__(place=place, **given)


@form()
class Occasion(Node):
    """What a step is for, when it is taken, and how often."""

    about: str | None = key(REMARK, "A remark for people.")
    when: Text | None = key(
        CONDITION, "A [condition](conditions.md): otherwise the step is passed over."
    )
    each: Named = key(LOOPS, "Named loops: it is done for each turn.")


@form()
class Allowed(Occasion):
    """A step that a role may lack the command for."""

    if_allowed: bool | None = key(
        TRUE,
        "`true`: where the caller's role lacks the command, the step is passed over;"
        " [see below](#if_allowed).",
    )


@form("command")
class Command(Allowed):
    """One CloudStack command."""

    call: str = needed(WORD, "The command.")
    params: Named = key(
        VALUES,
        "Its parameters, each a [value](values.md). A missing one is left out; one that the"
        " command requires must be written. Without `params` a command that changes something gets"
        " `{id: self.id}`.",
    )
    as_: str | None = key(
        WORD, "The root that holds the result. With `each`, a list of the results."
    )
    take: str | None = key(
        either("first"), "`first`, for a command that lists: the result is the first row."
    )
    found: Found | None = key(
        form_of("found"), "How its effect is [found again](#found) when its answer was lost."
    )
    repeat: Repeat | None = key(
        _REPEAT, "How the command is read when it is [sent a second time](#repeat)."
    )
    undo: Sequence[Undo] = key(
        one_or_some("undo"), "What [takes the step back](#undo); several are done in their order."
    )
    until: Text | None = key(
        CONDITION, "For a command that lists: it is sent again [until](#until) its result is so."
    )
    fails: Fails | None = key(
        form_of("fails"), "Beside [`until`](#until): when its result will never be so."
    )
    refused_while: RefusedWhile | None = key(
        form_of("refused_while"),
        "What CloudStack [refuses the command for](#refused_while), for as long as it goes on.",
    )
    cleanup: bool | None = key(TRUE, "`true`: the change is [done without](#cleanup) this step.")
    leaves: Any = key(_LEAVES, _LEFT)

    def __init__(self, *, place: Place, **given: Any) -> None:
        if not is_read(given["call"]):
            given.setdefault("params", values_at({"id": "self.id"}, (*place, "params")))
        super().__init__(place=place, **given)


@form()
class AboutTags(Allowed):
    """A step about tags."""

    of: Value | None = key(
        VALUE, "The kind of thing that has the tags; by default what `kept_in_tags` says."
    )


_WHOSE = "The id, or the ids, of what has the tags."


@form()
class WithTags(AboutTags):
    """A step that gives tags or takes them."""

    undo: bool | None = key(TRUE, "`true`: it is taken back when a later step fails.")
    cleanup: bool | None = key(TRUE, "`true`: the change is done without this step.")
    leaves: Any = key(_LEAVES, _LEFT)


@form("tag")
class Tag(WithTags):
    """Tags something: `createTags`."""

    tag: Text = needed(EXPRESSION, _WHOSE)
    tags: Text = needed(EXPRESSION, "The tags, a list of objects with `key` and `value`.")


@form("untag")
class Untag(WithTags):
    """Takes tags away: `deleteTags`."""

    untag: Text = needed(EXPRESSION, _WHOSE)
    tags: Text = needed(
        EXPRESSION, "The tags, a list of objects with `key`; with `undo` with `value`, too."
    )


@form("retag")
class Retag(AboutTags):
    """Changes tags: `deleteTags`, then `createTags`, each with what takes it back."""

    retag: Text = needed(EXPRESSION, _WHOSE)
    change: str | None = key(
        matching(r"^[a-z_]\w*(\.\w+)*$"),
        "The name of what [`changes()`](changes.md#changes) gives; `change` by default.",
    )
    leaves: Text | None = key(
        MESSAGE, "What is left when the removal can't be taken back, for the client."
    )


@form("run")
class Run(Occasion):
    """All that another method does."""

    run: str = needed(WORD, "The method, as `RESOURCE.METHOD`. It must be a change that is mapped.")
    body: Value | None = key(VALUE, "A value: the body that the method is asked with.")
    query: Named = key(VALUES, "Its query parameters.")
    least: Value | None = key(VALUE, "With `each`: how many turns must succeed. All by default.")
    in_: Value | None = key(
        VALUE,
        "The name of the zone that it happens in. By default it is where the request is.",
    )
    at: str | None = key(
        WORD, "The field of the request that the body stems from. It is named in refusals."
    )


@form("used_steps", uses="named_step")
class UsedSteps(Occasion):
    """Steps that several methods share, and what they take."""

    do: str = needed(WORD, "The name of [shared](shared.md) steps.")


chosen("step", "command", do="used_steps", run="run", tag="tag", untag="untag", retag="retag")
