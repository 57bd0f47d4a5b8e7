"""The steps of a change in words."""

from __future__ import annotations

from collections.abc import Sequence

from gstack_pyramid.describing import formatting
from gstack_pyramid.describing.pages import Page
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.forms.steps import Command, Occasion, Run, Undo
from gstack_pyramid.mapping.lookups import undo_of


class StepsPage(Page):
    """A page that can tell of steps.

    Args:
        compiled: the compiled mappings.
    """

    def __init__(self, compiled: Compiled) -> None:
        super().__init__()
        self.compiled = compiled

    def steps(self, steps: Sequence[Command | Run], level: int) -> None:
        """The commands of a change in their order, and what undoes them."""
        if not steps:
            self.say("no commands", level)
        for number, step in enumerate(steps, 1):
            if isinstance(step, Run):
                self._run(number, step, level)
            else:
                self._step(number, step, level)

    def _step(self, number: int, step: Command, level: int) -> None:
        line = step.call
        if step.as_ is not None:
            made = "first row" if step.take == "first" else "result"
            how = f"each {made} in the list" if step.each else f"the {made} is"
            line += f", {how} {step.as_}"
        if self.compiled.cloudstack.command(step.call).asynchronous:
            line += " (a job)"
        self.say(line, level, f"{number}. ")
        self._occasion(step, level + 1)
        params = [(name, formatting.value(value)) for name, value in step.params.items()]
        self.table(params, level + 1)
        if step.until is not None:
            self.say(f"sent again until {formatting.expression(step.until)}", level + 1)
        if step.fails is not None:
            when = formatting.expression(step.fails.when)
            self.say(f"fails if {when}: {step.fails.refuse}", level + 1)
        if step.refused_while is not None:
            why = step.refused_while
            line = f"sent again if it is refused while {formatting.expression(why.where)}, by "
            self.say(f"{line}{why.call} {formatting.fields(why.params)}", level + 1)
        if step.if_allowed:
            self.say("passed over where the caller's role lacks the command", level + 1)
        self._repetition(step, level + 1)
        for undo in undo_of(step):
            given = formatting.fields(undo.params)
            line = f"undone by {undo.call} {given}, result being what it made"
            if undo.when is not None:
                line += f", only if {formatting.expression(undo.when)}"
            if undo.if_allowed:
                line += ", where the caller's role has the command"
            self.say(line, level + 1)
            self._repetition(undo, level + 2)
            if undo.leaves is not None:
                self.say(f"if that fails, there is left: {undo.leaves}", level + 2)
        if step.cleanup:
            self.say("tried a few times; when it fails, the operation only warns", level + 1)
        if step.leaves:
            occasion = "that" if step.cleanup else "a later command"
            self.say(f"if {occasion} fails, there is left: {step.leaves}", level + 1)

    def _run(self, number: int, step: Run, level: int) -> None:
        """A step that does another method, checked beforehand like a request for it."""
        self.say(f"all that {step.run} does, checked beforehand", level, f"{number}. ")
        self._occasion(step, level + 1)
        if step.least is not None:
            least = formatting.value(step.least)
            self.say(f"a turn may fail as long as {least} can succeed", level + 1)
        given = {"zone": step.in_, "body": step.body}
        given |= {f"?{name}": value for name, value in step.query.items()}
        rows = [(name, formatting.value(it)) for name, it in given.items() if it is not None]
        self.table(rows, level + 1)

    def _occasion(self, step: Occasion, level: int) -> None:
        """What a step is for, when it is taken and how often."""
        if step.about is not None:
            self.say(step.about, level)
        if step.when is not None:
            self.say(f"only if {formatting.expression(step.when)}", level)
        if step.each:
            self.say(f"for each {formatting.loop(step.each)}", level)

    def _repetition(self, step: Command | Undo, level: int) -> None:
        """How a command whose answer was lost is found, or read when it is sent again."""
        found = step.found
        if found is None:
            if step.repeat is not None:
                self.say(f"sent again if its answer is lost ({step.repeat})", level)
            return
        line = f"found, if its answer is lost, by {found.call} "
        line += formatting.fields(found.params)
        if found.each is not None:
            line += f", in {found.each}"
        if found.since is not None:
            line += f", made since ({found.since})"
        if found.once:
            line += ", made by no other command"
        if found.where is not None:
            line += f", where {formatting.expression(found.where)}"
        if found.fields:
            line += f", which gives {formatting.fields(found.fields)}"
        self.say(line, level)
