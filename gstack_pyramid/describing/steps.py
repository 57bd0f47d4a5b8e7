"""The steps of a change in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gstack_pyramid.describing import formatting
from gstack_pyramid.describing.pages import Page
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.lookups import undo_of

Spec = Mapping[str, Any]


class StepsPage(Page):
    """A page that can tell of steps.

    Args:
        compiled: the compiled mappings.
    """

    def __init__(self, compiled: Compiled) -> None:
        super().__init__()
        self.compiled = compiled

    def steps(self, steps: list[Spec], level: int) -> None:
        """The commands of a change in their order, and what undoes them."""
        if not steps:
            self.say("no commands", level)
        for number, step in enumerate(steps, 1):
            self._step(number, step, level)

    def _step(self, number: int, step: Spec, level: int) -> None:
        if "run" in step:
            self._run(number, step, level)
            return
        command = self.compiled.cloudstack.command(step["call"])
        line = step["call"]
        if "as" in step:
            made = "first row" if step.get("take") == "first" else "result"
            how = f"each {made} in the list" if "each" in step else f"the {made} is"
            line += f", {how} {step['as']}"
        if command.asynchronous:
            line += " (a job)"
        self.say(line, level, f"{number}. ")
        self._occasion(step, level + 1)
        params = [(name, formatting.value(value)) for name, value in step.get("params", {}).items()]
        self.table(params, level + 1)
        if "until" in step:
            self.say(f"sent again until {formatting.expression(step['until'])}", level + 1)
        if "fails" in step:
            told = step["fails"]
            when = formatting.expression(told["when"])
            self.say(f"fails if {when}: {told['refuse']}", level + 1)
        if "refused_while" in step:
            why = step["refused_while"]
            line = f"sent again if it is refused while {formatting.expression(why['where'])}, by "
            self.say(f"{line}{why['call']} {formatting.fields(why.get('params', {}))}", level + 1)
        if step.get("if_allowed"):
            self.say("passed over where the caller's role lacks the command", level + 1)
        self._repetition(step, level + 1)
        for undo in undo_of(step):
            given = formatting.fields(undo.get("params", {}))
            line = f"undone by {undo['call']} {given}, result being what it made"
            if "when" in undo:
                line += f", only if {formatting.expression(undo['when'])}"
            if undo.get("if_allowed"):
                line += ", where the caller's role has the command"
            self.say(line, level + 1)
            self._repetition(undo, level + 2)
        if step.get("cleanup"):
            self.say("tried a few times; when it fails, the operation only warns", level + 1)

    def _run(self, number: int, step: Spec, level: int) -> None:
        """A step that does another method, checked beforehand like a request for it."""
        self.say(f"all that {step['run']} does, checked beforehand", level, f"{number}. ")
        self._occasion(step, level + 1)
        if "least" in step:
            least = formatting.value(step["least"])
            self.say(f"a turn may fail as long as {least} can succeed", level + 1)
        rows = [("zone", formatting.value(step["in"]))] if "in" in step else []
        rows += [("body", formatting.value(step["body"]))] if "body" in step else []
        rows += [
            (f"?{name}", formatting.value(value)) for name, value in step.get("query", {}).items()
        ]
        self.table(rows, level + 1)

    def _occasion(self, step: Spec, level: int) -> None:
        """What a step is for, when it is taken and how often."""
        if "about" in step:
            self.say(step["about"], level)
        if "when" in step:
            self.say(f"only if {formatting.expression(step['when'])}", level)
        if "each" in step:
            self.say(f"for each {formatting.loop(step['each'])}", level)

    def _repetition(self, step: Spec, level: int) -> None:
        """How a command whose answer was lost is found, or read when it is sent again."""
        found = step.get("found")
        if found is None:
            if "repeat" in step:
                self.say(f"sent again if its answer is lost ({step['repeat']})", level)
            return
        line = f"found, if its answer is lost, by {found['call']} "
        line += formatting.fields(found.get("params", {}))
        if "each" in found:
            line += f", in {found['each']}"
        if "since" in found:
            line += f", made since ({found['since']})"
        if found.get("once"):
            line += ", made by no other command"
        if "where" in found:
            line += f", where {formatting.expression(found['where'])}"
        if "fields" in found:
            line += f", which gives {formatting.fields(found['fields'])}"
        self.say(line, level)
