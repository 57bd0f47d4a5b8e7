"""The forms of resources: where their rows come from, and what is kept in tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms.files import (
    Function,
    NamedCheck,
    NamedNames,
    NamedSteps,
    NamedValue,
)
from gstack_pyramid.mapping.forms.holds import (
    CONDITION,
    EXPRESSION,
    FLAG,
    REASONS,
    REMARK,
    TEXTS,
    TRUE,
    VALUE,
    VALUES,
    WORD,
    WORDS,
    any_of,
    by_name,
    either,
    form_of,
    matching,
    one_or_some,
    table,
    values_at,
)
from gstack_pyramid.mapping.forms.keys import Holds, Kind, Node, Value, form, key, needed
from gstack_pyramid.mapping.forms.methods import Method
from gstack_pyramid.mapping.forms.nodes import Named, Text


def _pushed(data: Any, place: Place) -> str | Named:
    return data if isinstance(data, str) else values_at(data, place)


@form("join_narrow")
class JoinNarrow(Node):
    """Parameters that narrow the command of a join."""

    zone: str | None = key(WORD, "The parameter for the zone's id.")
    one: str | None = key(WORD, "The parameter for the value of our field.")


@form("join")
class Join(Node):
    """Rows of another command that belong to each row."""

    call: str = needed(WORD, "The command that lists the joined rows.")
    params: Named = key(VALUES, "Its parameters.")
    on: Mapping[str, Any] = needed(
        table(WORD, minProperties=1, maxProperties=1),
        "`{theirs: ours}`: which field of theirs must equal which of ours.",
    )
    narrow: JoinNarrow | None = key(
        form_of("join_narrow"),
        "Parameters that narrow the command: `zone` for the zone's id, `one` for the value of our"
        " field when a single resource is read, or few out of a long list.",
    )
    cache: bool | None = key(FLAG, "As above.")


@form("narrow")
class Narrow(Node):
    """Parameters by which CloudStack narrows a list."""

    zone: str | None = key(WORD, "The parameter for the zone's id.")
    name: str | None = key(WORD, "The parameter for a part of the name.")
    tag: str | None = key(
        WORD,
        "The key of the tag that holds the name of rows which CloudStack calls otherwise; they are"
        " looked for by it as well.",
        requires=("name",),
    )


@form("read", anyOf=({"required": ["call"]}, {"required": ["rows"]}))
class Source(Node):
    """Where the rows of a resource come from."""

    source: str | None = key(WORD, "The word for this source, where there are several.")
    about: str | None = key(REMARK, "A remark for people.")
    call: str | None = key(WORD, "The CloudStack command that lists the rows.")
    rows: Any = key(
        Holds(Kind.CONSTANT, {"type": "array", "items": {"type": "object"}}),
        "Instead of `call`: rows that always exist, written out.",
    )
    params: Named = key(VALUES, "The command's parameters, each a [value](values.md).")
    where: Text | None = key(
        CONDITION, "A [condition](conditions.md): rows that don't meet it don't count."
    )
    each: Text | None = key(
        EXPRESSION,
        "A path to a list inside each row; its elements are the rows. `parent` is the row around.",
    )
    group: Value | None = key(
        VALUE,
        "A value: rows that agree in it are one resource. `rows` are all of them, `resource_key` is"
        " the value.",
    )
    name: Value | None = key(VALUE, "What the GCE name is made from. By default the field `name`.")
    also: Value | None = key(VALUE, "Further names that it answers to.")
    named: Any = key(
        any_of(WORD, TEXTS),
        "A pattern such as `custom-{guestCpus}-{memoryMb}`, or several, of which the first makes"
        " the names and the others are understood. Such rows are not listed, but found by a name of"
        " that form, whose numbers become fields of the row.",
    )
    fits: Text | None = key(CONDITION, "With `named`: a condition on the row and those numbers.")
    advice: Value | None = key(
        VALUE,
        "A value: an object that is laid over the fields, for [what is kept"
        " only](ignores.md#advice).",
    )
    zone: Value | None = key(
        VALUE,
        "A value: the id of the zone that the row is in. By default `zoneid`, where the row has"
        " it.",
    )
    region: Value | None = key(
        VALUE,
        "A value: the GCE name of the region that the row is in, for rows that tell that and no"
        " zone.",
    )
    narrow: Narrow | None = key(
        form_of("narrow"),
        "Parameters by which CloudStack itself narrows the list: `zone` for its id, `name` for a"
        " part of the name. `tag` is no parameter: see [below](#names).",
    )
    push: Mapping[str, Any] = key(
        table(any_of(WORD, VALUES, read=_pushed)),
        "GCE fields by which CloudStack itself [can filter](#filters).",
    )
    order: str | None = key(
        either("oldest_first", "newest_first"),
        "`oldest_first` or `newest_first`: [the order](#order) in which CloudStack gives the rows.",
    )
    join: Mapping[str, Join] = key(
        by_name("join"), "Rows of another command that [belong to each row](#joins)."
    )
    scope: Named = key(
        VALUES, "For projects: parameters that every further command of the request carries."
    )
    cache: bool | None = key(
        FLAG,
        "`true` keeps the rows for `gstack.catalogue_ttl` seconds, for each user by itself. For"
        " what is read often and changes seldom. What isn't among kept rows is looked for once more"
        " in CloudStack. A method that changes the resource reads it anew, and what any method can"
        " change is read anew once an operation of the account or project has ended, on whichever"
        " node.",
    )
    fields: Named = key(VALUES, "GCE fields of rows from this source.")


@form("kept_in_tags")
class KeptInTags(Node):
    """What is kept in CloudStack's tags: fields, methods and steps follow from it."""

    of: Value = needed(
        VALUE,
        "A [value](values.md): the kind of thing that has the tags, as CloudStack calls it there.",
    )
    labels: bool | None = key(
        TRUE,
        "`true`: labels are tags. The fields `labels` and `labelFingerprint` follow, and the method"
        " `setLabels`.",
    )
    description: bool | None = key(TRUE, "`true`: the field `description` is in tags.")
    under: str | None = key(
        matching("^[A-Za-z:]+$"),
        "The resource as a whole is kept, as JSON, in tags whose keys begin so.",
        requires=("id", "fields"),
    )
    id: Text | None = key(EXPRESSION, "The id of what has the tags.", requires=("under",))
    as_: Text | None = key(
        EXPRESSION,
        "What follows that in the key of a new one: `body.name` by default.",
        requires=("under",),
    )
    fields: Mapping[str, Any] = key(
        table(
            Holds(Kind.CONSTANT, {"type": ["string", "number", "boolean", "null"]}),
            minProperties=1,
        ),
        "The fields of the body that are kept, each with what is told where it wasn't given; `null`"
        " for nothing.",
        requires=("under",),
    )


@form("reference")
class Reference(Node):
    """A form of reference besides the name."""

    match: Named = needed(
        VALUES, "GCE fields and the values that they must have; `name` is its end."
    )
    newest: str | None = key(WORD, "Of several, the one with the greatest value in this field.")
    where: Text | None = key(CONDITION, "A condition on the GCE resource.")


@form("resource")
class Resource(Node):
    """A GCE resource and its CloudStack counterpart."""

    resource: str = needed(WORD, "The resource's name in GCE's discovery document.")
    about: str | None = key(REMARK, "What it is in CloudStack, for people.")
    read: Sequence[Source] = key(
        one_or_some("read"), "[Where its rows come from](read.md). One source, or a list of them."
    )
    kept_in_tags: KeptInTags | None = key(
        form_of("kept_in_tags"), "[What is kept in CloudStack's tags](tags.md)."
    )
    fields: Named = key(
        VALUES, "GCE's fields and [the values](values.md) that they get from a row."
    )
    methods: Mapping[str, Method] = key(
        by_name("method_of_resource"), "[The methods](methods.md) that are mapped."
    )
    functions: Mapping[str, Function] = key(
        by_name("function"), "[Functions](like.md#functions) of its own expressions."
    )
    checks: Mapping[str, NamedCheck] = key(
        by_name("named_check"), "Checks of its own, [said once](shared.md)."
    )
    steps: Mapping[str, NamedSteps] = key(
        by_name("named_step"), "Steps of its own, [said once](shared.md)."
    )
    values: Mapping[str, NamedValue] = key(
        by_name("named_value"), "Values of its own, [said once](shared.md)."
    )
    names: Mapping[str, NamedNames] = key(
        by_name("named_names"), "Groups of names of its own, [said once](shared.md)."
    )
    ignores: Mapping[str, str] = key(
        REASONS, "Fields of every method's body accepted [without effect](ignores.md), and why."
    )
    refuses: Mapping[str, str] = key(
        REASONS, "Fields of every method's body that are [refused](ignores.md), and why."
    )
    references: Mapping[str, Reference] = key(
        by_name("reference"),
        "[Forms of reference](#references) besides the name, such as `family`.",
    )
    aliases: Text | None = key(
        EXPRESSION, "[Further names](#aliases), from a table of the [settings](settings.md)."
    )
    together_with: Sequence[str] = key(
        WORDS,
        "Further resources that `aggregatedList` shows, where GCE has one such list for global and"
        " regional ones.",
    )
    elsewhere: Text | None = key(
        EXPRESSION,
        "[Foreign projects](#elsewhere) that rows may belong to, from a table of the settings.",
    )
    everywhere: Text | None = key(
        EXPRESSION, "Foreign projects in which the collection is the same, from the settings."
    )
    served_by: str | None = key(
        either("operations"), "`operations`: gstack answers by itself, and CloudStack isn't asked."
    )


SECTIONS = frozenset(
    each.name for each in Resource.KEYS if each.holds.kind in (Kind.VALUES, Kind.NAMED)
)
"""The parts of a file whose entries are merged one by one; any other part is one entry."""


@form("twin", differs_from="resource")
class Twin(Node):
    """A resource that is like another, and what is different."""

    like: str = needed(
        WORD,
        "The resource that [this one is like](like.md); the rest of the file says what is"
        " different. Its own name in an overlay, for what earlier folders make of it.",
    )
