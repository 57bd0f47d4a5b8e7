"""Putting together the source of one generated function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import CodeType, FunctionType
from typing import Any, TypeVar

from gstack_pyramid.engine.getters import text_of
from gstack_pyramid.mapping.expressions import runtime
from gstack_pyramid.mapping.expressions.sharing import Sharing

_Part = TypeVar("_Part")

SHAPED = "shaped"
"""The resource that a row becomes, which its environment calls ``this`` already."""

Source = Callable[[], str]
"""Gives the Python of a generated function."""

_KNOWN: dict[str, Any] = {
    "__builtins__": {},
    **{kind.__name__: kind for kind in (dict, int, list, str)},
    "type": type,
    "text_of": text_of,
    **{
        name: getattr(runtime, name)
        for name in (
            *("holds", "entries", "pairs", "numbered", "same", "contains", "less", "at_most"),
            *("compute", "item", "link", "link_to", "tag_values", "key_of"),
        )
    },
}
"""All that generated code can name besides what an expression puts there."""


class Writer:
    """Collects lines of Python, temporary names, and the values that the lines use.

    Attributes:
        this: the name of the object that is being made, where it is known.
        row: whether the current value is known to be an object.
        sharing: what is computed once of a variable.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._level = 1
        self._count = 0
        self._namespace: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._roots: dict[str, str] = {}
        self._bound: dict[str, str] = {}
        self._held: list[str] = []
        self._texts: set[str] = set()
        self._first: dict[str, str] = {}
        self.sharing = Sharing()
        self._turning, self._counted = 0, False
        self._head = [self.sharing.begins("c")]
        self.this: str | None = None
        self.row = False

    def temporary(self) -> str:
        """A fresh name."""
        self._count += 1
        return f"t{self._count}"

    def line(self, text: str) -> None:
        """One line at the present level."""
        self._lines.append("    " * self._level + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A line that others are indented below."""
        self.line(head)
        self._level += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._level -= 1

    def named(self, code: str) -> str:
        """A name for what ``code`` comes to, so that it is computed once."""
        if code.isidentifier():
            return code
        name = self.temporary()
        self.line(f"{name} = {code}")
        return self.text(name) if code in self._texts else name

    def text(self, code: str) -> str:
        """The same code, of which it is known from here on that it comes to a text."""
        self._texts.add(code)
        return code

    def is_text(self, code: str) -> bool:
        """Whether it is known that a code comes to a text, and to nothing else."""
        return code in self._texts

    def once(self, code: str) -> str:
        """A name for what comes of a field of the current value, computed at the top, and once."""
        return self._first.setdefault(code, f"o{len(self._first) + 1}")

    def keep(self, value: Any, hint: str = "k") -> str:
        """The name by which the function knows a value of ours."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"{hint}_{len(self._namespace) + 1}"
            self._namespace[name] = value
        return name

    def captured(self, part: _Part, emit: Callable[[_Part, Writer], str]) -> tuple[list[str], str]:
        """The lines that a part writes, kept apart, and its code."""
        before, self._lines = self._lines, []
        code = emit(part, self)
        written, self._lines = self._lines, before
        return written, code

    def put(self, lines: list[str]) -> None:
        """Lines that were kept apart, one level deeper than they were written."""
        self._lines += ["    " + line for line in lines]

    def root(self, name: str) -> str:
        """The code of what is called so in the environment; it is looked up once."""
        if name == "this" and self.this is not None:
            return self.this
        code = self._bound.get(name) or self._roots.get(name)
        if code is None:
            code = self._roots[name] = f"r{len(self._roots) + 1}_{name}"
            self._head += [f"{code} = env.roots.get({name!r})", self.sharing.begins(code)]
        return code

    def environment(self) -> str:
        """The code of the environment in which all is called as it is here."""
        made = {} if self.this in (None, SHAPED) else {"this": self.this}
        named = {**self._bound, **made}
        if not named:
            return "env"
        told = ", ".join(f"{name!r}: {code}" for name, code in named.items())
        return self.named(f"env.naming({{{told}}})")

    @contextmanager
    def binding(self, name: str, code: str) -> Iterator[None]:
        """While this lasts, ``code`` is what is called so, as inside a loop."""
        before = self._bound
        self._bound = {**before, name: code} if code else before
        yield
        self._bound = before

    @contextmanager
    def holding(self, conditions: list[str]) -> Iterator[None]:
        """While this lasts, these conditions are known to hold, by their codes."""
        before, self._held = self._held, [*self._held, *conditions]
        yield
        self._held = before

    def holds(self, condition: str) -> bool:
        """Whether a condition is known to hold here."""
        return condition in self._held

    @contextmanager
    def turning(self, check: Callable[[int], None] | None) -> Iterator[None]:
        """Lines of one turn of a loop, which is counted where it stands in another such loop.

        Args:
            check: what is told the number of turns; None for a loop that doesn't count.
        """
        if check is None:
            yield
            return
        self._turning += 1
        at, self._counted = len(self._lines), False
        if self._turning > 1:
            self.line("turns += 1")
            self.line(f"{self.keep(check, 'bound')}(turns)")
        yield
        if self._turning > 1:
            if self._counted:
                # The innermost loop counts for those around it.
                del self._lines[at : at + 2]
            elif "turns = 0" not in self._head:
                self._head.append("turns = 0")
            self._counted = True
        self._turning -= 1

    @contextmanager
    def making(self, code: str) -> Iterator[None]:
        """While this lasts, ``this`` is the object of that name."""
        before, self.this = self.this, code
        yield
        self.this = before

    def source(self, name: str, arguments: str, result: str) -> str:
        """The function's source so far."""
        head = [f"    {line}" for line in self._head]
        first = [f"    {name} = {code}" for code, name in self._first.items()]
        lines = self.sharing.resolved([*head, *first, *self._lines, f"    return {result}"])
        return "\n".join([f"def {name}({arguments}):", *lines, ""])

    def function(self, name: str, arguments: str, result: str, about: str) -> tuple[Any, Source]:
        """The function, and its source, which is put together when the function is first called.

        Most are never: what a resource shows is one function, made of what the others compute.

        Args:
            name: what it is called.
            arguments: its parameters.
            result: the code of what it returns.
            about: where it comes from, for tracebacks.
        """
        text = partial(self.source, name, arguments, result)

        def made() -> Callable[..., Any]:
            # Only what the writer wrote, from a checked tree, with names that it made itself.
            function.__code__ = _code(text(), about)
            return function

        namespace = {**_KNOWN, **self._namespace, "made": made}
        function = FunctionType(_making(arguments), namespace, name)
        return function, text


@cache
def _making(arguments: str) -> CodeType:
    """Code of a function that has itself made, and then does what it has become."""
    return _code(f"def make({arguments}):\n    return made()({arguments})\n", "<mapping>")


def _code(text: str, about: str) -> CodeType:
    """The code of the one function in a source."""
    module = compile(text, about, "exec")
    return next(part for part in module.co_consts if isinstance(part, CodeType))
