"""Values and conditions of a mapping in words, for people who ask what a method does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.engine.expressions.checked import ALWAYS_ROOTS
from gstack_pyramid.engine.expressions.reading import is_expression
from gstack_pyramid.engine.loops import is_cross_product
from gstack_pyramid.engine.paths import Field, Path, parse_format, parse_path, placeholders_of
from gstack_pyramid.engine.scope import SOURCES

MODIFIERS = (
    *("after", "parse", "table", "enum", "convert", "then"),
    *("when", "default", "matches", "link", "id_of"),
)
"""In the order in which they are applied; ``when`` is said just before what stands in for it."""

_RUNNING = frozenset({"first", "concat", "each"})
"""Sources whose words would run together with what follows."""
_NEXT = frozenset({"default"})
"""What reads as one more choice after them."""


class Words:
    """How the values of one place read.

    Args:
        current: what a bare path is a part of there: ``$body`` in a method, nothing (an empty
            text) in a row or an element that is gone through.
        names: what is called so there, and is no field.
    """

    def __init__(self, current: str = "", names: frozenset[str] = frozenset()) -> None:
        self._current = current
        self._names = names

    @property
    def inside(self) -> Words:
        """How values read where each element of something is gone through."""
        return Words()

    def path(self, text: str) -> str:
        """A path from its root on; ``it`` is the current value itself.

        An expression of more than one path stands for itself.
        """
        if is_expression(text):
            return " ".join(text.split())
        return self._shown(parse_path(text))

    def _shown(self, path: Path) -> str:
        if path.root is not None:
            return str(path)
        if not path.steps:
            return self._current or "it"
        first = path.steps[0]
        if isinstance(first, Field) and first.name in self._names | ALWAYS_ROOTS:
            return str(path)
        return f"{self._current}.{path}" if self._current else str(path)

    def value(self, spec: Any) -> str:
        """Any form of value: a path, a constant or an object of the mapping language."""
        if isinstance(spec, str):
            return self.path(spec)
        if not isinstance(spec, Mapping):
            return _literal(spec)
        text = self._source(spec)
        if "get" in spec and "each" not in spec:
            text = f"{self.value(spec['get'])}, where found is {text}"
        if _RUNNING & spec.keys() and set(MODIFIERS) & spec.keys() - _NEXT:
            text = f"({text})"
        for name in MODIFIERS:
            if name == "when" and "when" in spec:
                text += f", if {self.condition(spec['when'])}"
            elif name in spec:
                text += self._modifier(name, spec)
        return text

    def _part(self, spec: Any) -> str:
        """A value inside another one, in brackets where it would run together with it."""
        text = self.value(spec)
        plain = not isinstance(spec, Mapping) or (len(spec) == 1 and not _RUNNING & spec.keys())
        return text if plain else f"({text})"

    def _source(self, spec: Mapping[str, Any]) -> str:
        sources: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "each": self._each,
            "find": self._find,
            "pick": self._pick,
            "call": self._call,
            "from": lambda spec: self._part(spec["from"]),
            "value": lambda spec: _literal(spec.get("value")),
            "format": lambda spec: f'"{self.text(spec["format"])}"',
            "first": self._first,
            "fields": lambda spec: self.object(spec["fields"]),
            "list": self._list,
            "concat": self._concat,
            "merge": self._merge,
            "test": lambda spec: f"whether {self.condition(spec['test'])}",
            "fingerprint": lambda spec: f"the fingerprint of {self._part(spec['fingerprint'])}",
            "diff": self._diff,
        }
        return sources[next(key for key in SOURCES if key in spec)](spec)

    def text(self, template: str) -> str:
        """A text with ``{placeholders}``, each path from its root on."""
        if any(is_expression(found) for found in placeholders_of(template)):
            return template
        return "".join(
            f"{{{self._shown(part)}}}" if isinstance(part, Path) else part
            for part in parse_format(template)
        )

    def _first(self, spec: Mapping[str, Any]) -> str:
        return ", else ".join(self._part(choice) for choice in spec["first"])

    def object(self, fields: Mapping[str, Any]) -> str:
        """Named values in braces."""
        return "{" + ", ".join(f"{key}: {self.value(v)}" for key, v in fields.items()) + "}"

    def _list(self, spec: Mapping[str, Any]) -> str:
        items = [
            f"({text})" if isinstance(item, Mapping) and "when" in item else text
            for item in spec["list"]
            for text in [self.value(item)]
        ]
        return f"[{', '.join(items)}]"

    def _concat(self, spec: Mapping[str, Any]) -> str:
        return ", followed by ".join(self._part(item) for item in spec["concat"])

    def _merge(self, spec: Mapping[str, Any]) -> str:
        return ", on top of ".join(self._part(item) for item in spec["merge"])

    def _find(self, spec: Mapping[str, Any]) -> str:
        text = f"the row of {spec['find']} that {self._part(spec['from'])} names"
        if spec.get("anywhere"):
            text += ", in whatever zone"
        return (
            f"{text}, else the one named {_literal(spec['default'])}" if _defaults(spec) else text
        )

    def _pick(self, spec: Mapping[str, Any]) -> str:
        wanted = " and ".join(
            f"{name} = {self._part(value)}" for name, value in spec.get("match", {}).items()
        )
        if "where" in spec:
            wanted += f" where {self.condition(spec['where'])}"
        last = f" and the greatest {spec['newest']}" if "newest" in spec else ""
        return f"the one of {spec['pick']} with {wanted}{last}"

    def _call(self, spec: Mapping[str, Any]) -> str:
        params = ", ".join(f"{k}: {self.value(v)}" for k, v in spec.get("params", {}).items())
        rows = "the first row" if spec.get("take") == "first" else "the rows"
        text = f"{rows} of {spec['call']}({params})"
        return f"{text} where {self.inside.condition(spec['where'])}" if "where" in spec else text

    def _diff(self, spec: Mapping[str, Any]) -> str:
        by = spec["diff"].get("by")
        compared = f", compared by {', '.join(by)}" if by else ", compared by key"
        now, want = self._part(spec["diff"]["now"]), self._part(spec["diff"]["want"])
        return f"what to remove and what to add to get from {now} to {want}{compared}"

    def _each(self, spec: Mapping[str, Any]) -> str:
        inner = self.inside_of(spec["each"])
        text = self.gone_through(spec)
        if "key" in spec:
            made = f"{inner.value(spec['key'])} = {inner.value(spec.get('value'))}"
        elif "fields" in spec:
            made = inner.object(spec["fields"])
        elif "get" in spec:
            made = inner.value(spec["get"])
        else:
            return f"each {text}{_flags(spec)}"
        return f"for each {text}: {made}{_flags(spec)}"

    def gone_through(self, spec: Mapping[str, Any]) -> str:
        """Which elements an ``each`` goes through, and how."""
        inner = self.inside_of(spec["each"])
        text = self.loop(spec["each"])
        if "where" in spec:
            text += f" where {inner.condition(spec['where'])}"
        if "order" in spec:
            text += f" in the order of {inner.value(spec['order'])}"
        if "by" in spec:
            text += f" grouped by {', '.join(inner.value(item) for item in spec['by'])}"
        return text

    def inside_of(self, each: Any) -> Words:
        """How values read inside a loop: named loops leave the current value as it is."""
        return self if is_cross_product(each) else self.inside

    def loop(self, each: Any) -> str:
        """What a loop goes through."""
        if is_cross_product(each):
            return " and each ".join(f"${k} of {self._part(v)}" for k, v in each.items())
        return f"of {self._part(each)}"

    def _modifier(self, name: str, spec: Mapping[str, Any]) -> str:
        given = spec[name]
        if name == "after":
            return f" after {_literal(given)}"
        if name == "parse":
            return f" taken apart by {_literal(given)}"
        if name == "table":
            return f" looked up in {given}"
        if name == "enum":
            return ": " + ", ".join(
                f"{'anything else' if word == '*' else word} is {_plain(meant)}"
                for word, meant in given.items()
            )
        if name == "convert":
            return " through " + ", ".join(given if isinstance(given, list) else [given])
        if name == "then":
            return f", of that {given}"
        if name == "default":
            if "find" in spec:
                return ""
            return f", else {self._part(given) if isinstance(given, Mapping) else _literal(given)}"
        if name == "matches":
            return f" (must match {given})"
        if name == "link":
            return f", as a link to {given}"
        return f", as the id of one of {given}"

    def condition(self, spec: Any, *, inner: bool = False) -> str:
        """A condition; in brackets when it is ``inner`` and has several parts."""
        if isinstance(spec, str):
            return self.path(spec) if is_expression(spec) else f"{self.path(spec)} is given"
        parts = []
        for key, operand in spec.items():
            if key in ("any", "all"):
                word = " or " if key == "any" else " and "
                choices = [self.condition(choice, inner=True) for choice in operand]
                joined = word.join(choices)
                lone = len(choices) == 1 or (len(spec) == 1 and not inner)
                parts.append(joined if lone else f"({joined})")
            else:
                parts.append(f"{self.path(key)} {self._test(operand, 'is')}")
        text = " and ".join(parts)
        return f"({text})" if inner and len(parts) > 1 else text

    def _test(self, operand: Any, verb: str) -> str:
        if isinstance(operand, list):
            return f"{verb} one of {', '.join(_plain(item) for item in operand)}"
        if not isinstance(operand, Mapping):
            return f"{verb} {_plain(operand)}"
        return " and ".join(self._operator(name, given, verb) for name, given in operand.items())

    def _operator(self, name: str, given: Any, verb: str) -> str:
        if name == "not":
            return self._test(given, "is not" if verb == "is" else "is")
        no = verb == "is not"
        if name in ("present", "empty"):
            holds = given is not no
            words = {"present": ("is there", "is missing"), "empty": ("is empty", "isn't empty")}
            return words[name][0 if holds else 1]
        if name == "is":
            sources = given if isinstance(given, list) else [given]
            return f"{verb} of the source {' or '.join(sources)}"
        if name == "starts":
            return f"{'does not start' if no else 'starts'} with {_literal(given)}"
        word = {"equals": "equal to", "at_least": "at least", "at_most": "at most"}[name]
        return f"{verb} {word} {self._part(given)}"


def _defaults(spec: Mapping[str, Any]) -> bool:
    return spec.get("default") is not None


def _flags(spec: Mapping[str, Any]) -> str:
    words = {"flat": "joined to one list", "distinct": "each once", "sorted": "sorted"}
    found = [word for flag, word in words.items() if spec.get(flag)]
    return f" ({', '.join(found)})" if found else ""


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> str:
    """A literal in a condition or a table, where a text needs no quotes."""
    return value if isinstance(value, str) and value else _literal(value)


def flat_fields(fields: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Fields as rows of a table, nested ones under their dotted names."""
    words = Words()
    rows: list[tuple[str, str]] = []
    for name, spec in fields.items():
        shown = f"{prefix}{name}"
        if not (isinstance(spec, Mapping) and isinstance(spec.get("fields"), Mapping)):
            rows.append((shown, words.value(spec)))
            continue
        about = ""
        if "each" in spec:
            shown += "[]"
            about = f"for each {words.gone_through(spec)}"
        if "when" in spec:
            about += f"{', ' if about else ''}if {words.condition(spec['when'])}"
        if about:
            rows.append((shown, about))
        rows += flat_fields(spec["fields"], f"{shown}.")
    return rows
