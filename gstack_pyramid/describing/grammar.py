"""The grammar of mapping files for editors and for readers, made from the forms' declarations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson

from gstack_pyramid.mapping.forms.keys import CHOICES, FORMS, Form, Key, Kind, ref
from gstack_pyramid.mapping.forms.resources import SECTIONS
from gstack_pyramid.mapping.forms.values import VALUES_BY_SOURCE

Schema = dict[str, Any]

SCHEMA = "schemas/mapping.schema.json"
PAGES = "docs/mapping"

_DIFFERENT = " What is different, key by key; nothing (null) leaves out what the other has."


def as_json() -> str:
    """``schemas/mapping.schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "mapping.schema.json",
        "title": "gstack mapping file",
        "description": "The grammar of the files in mappings/, written by `gstack grammar --write`."
        " A file describes a resource; those that begin with _ have forms of their own.",
        "anyOf": [ref(name) for name in ("resource", "twin", *_own_files())],
        "$defs": {**_values(), **{name: _form(form) for name, form in FORMS.items()}, **_choices()},
    }
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() + "\n"


def _own_files() -> list[str]:
    return [name for name, form in FORMS.items() if form.file]


def _form(form: Form) -> Schema:
    known = form.cls.KEYS
    keys = {each.name: {**each.holds.schema, "description": _plain(each.about)} for each in known}
    needed = [each.name for each in known if each.needed]
    if form.differs_from:
        # What is different, of whose form more is known once it is laid over the other.
        for each in FORMS[form.differs_from].cls.KEYS:
            keys[each.name] = _different(each, form.differs_from == "resource")
            needed += [each.name] if each.needed else []
    return _object(
        form.cls.__doc__ or "",
        keys,
        needed,
        closed=not form.uses,
        dependentRequired={each.name: list(each.requires) for each in known if each.requires},
        **form.rules,
    )


def _different(known: Key, entries: bool) -> Schema:
    """What differs in one key; of a resource, key by key."""
    typed: Schema = {}
    holds = known.holds
    if entries and known.needed:
        typed = dict(holds.schema)
    elif entries and (known.name in SECTIONS or holds.schema == ref(holds.of)):
        typed = {"type": "object"}
    if holds.inner is not None and holds.inner.of in CHOICES and holds.kind is Kind.NAMED:
        # One that is like another, or is left out.
        typed["additionalProperties"] = {"type": ["object", "null"]}
    return {**typed, "description": f"{_plain(known.about)}{_DIFFERENT if typed else ''}"}


def _object(
    about: str, keys: Schema, needed: list[str], *, closed: bool = True, **rules: Any
) -> Schema:
    return {
        "type": "object",
        "description": _plain(about.partition("\n\n")[0]),
        "properties": keys,
        **({"additionalProperties": False} if closed else {}),
        **({"required": needed} if needed else {}),
        **{rule: said for rule, said in rules.items() if said},
    }


def _values() -> Schema:
    """What stands for values: an expression, a constant, or what is known by its keys."""
    asked: dict[str, Schema] = {}
    told: dict[str, dict[str, list[str]]] = {}
    for source, form in VALUES_BY_SOURCE.items():
        for key in form.KEYS:
            asked[key.name] = _together(asked.get(key.name), dict(key.holds.schema))
            told.setdefault(key.name, {}).setdefault(_plain(key.about), []).append(source)
    for name, ways in told.items():
        several = len(ways) > 1
        asked[name]["description"] = " ".join(
            f"With {', '.join(sources)}: {about}" if several else about
            for about, sources in ways.items()
        )
    of_values = {"type": "object", "additionalProperties": ref("value")}
    plain = [{"type": "string"}, {"type": ["number", "boolean"]}]
    return {
        "condition": {"type": "string", "description": "An expression that holds or doesn't."},
        "value": {
            "description": "How one value is made: an expression (a text), a constant (a number or"
            " a boolean), or an object.",
            "anyOf": [*plain, ref("value_object")],
        },
        "fields": {**of_values, "description": "Names and how their values are made."},
        "with": {
            "type": "object",
            "description": "Names and their values, and groups of names.",
            "additionalProperties": {"anyOf": [*plain, ref("value_or_names")]},
        },
        "each": {
            **of_values,
            "description": "What is gone through: named loops, the later inside the earlier.",
            "minProperties": 1,
        },
        "asked": _object("A value.", asked, [], minProperties=1),
    }


def _together(one: Schema | None, other: Schema) -> Schema:
    """What may stand behind a key that several forms have."""
    if one is None:
        return other
    if "const" in one and "const" in other and one != other:
        return {"enum": sorted({one["const"], other["const"]}, reverse=True)}
    return one


def _choices() -> Schema:
    made: Schema = {}
    for name, by_key in CHOICES.items():
        choice: Schema = dict(ref(by_key[""]))
        for key, form in reversed([*by_key.items()]):
            if key:
                choice = {"if": {"required": [key]}, "then": ref(form), "else": choice}
        made[name] = {"type": "object", **choice}
    return made


def with_tables(page: str) -> str:
    """A page of the documentation with its tables of keys as the forms declare them.

    A table stands between two comments, of which the first names the form, and maybe which keys.

    Raises:
        KeyError: there is no such form or key.
    """
    return _TABLE.sub(lambda found: found[1] + _table(found[2], found[3]) + found[4], page)


_TABLE = re.compile(
    r"(<!-- keys of ([\w+]+)(?:: ([\w, ]+))? -->\n).*?(<!-- end of keys -->)", re.DOTALL
)


def _table(forms: str, only: str | None) -> str:
    known = {key.name: key for name in forms.split("+") for key in FORMS[name].cls.KEYS}
    names = only.split(", ") if only else sorted(known, key=lambda name: not known[name].needed)
    rows = [f"| `{name}` | {known[name].about} |" for name in names]
    return "\n".join(["\n| key | meaning |", "|---|---|", *rows, "\n"])


def pages(folder: Path) -> dict[Path, str]:
    """The grammar for editors and the pages about the language, as they have to be.

    Args:
        folder: a checkout.
    """
    made = {folder / SCHEMA: as_json()}
    for file in sorted((folder / PAGES).glob("*.md")):
        made[file] = with_tables(file.read_text("utf-8"))
    return made


_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def _plain(text: str) -> str:
    """Markdown without its marks."""
    return " ".join(_LINK.sub(r"\1", text).replace("`", "").split())
