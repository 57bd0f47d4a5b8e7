"""Changes that GCE answers at once, without an operation: permissions, for example."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.plans import StepError


def carry_out(prepared: Prepared) -> Any:
    """Send the commands of a plan that has no jobs, and give what the mapping answers.

    Raises:
        CloudStackError, CloudStackUnavailable: a command failed; what could be undone was.
    """
    session, plan = prepared.session, prepared.plan
    result: Any = None
    failure: Exception | None = None
    while True:
        try:
            command = plan.send(result) if failure is None else plan.throw(StepError(failure))
        except StopIteration as end:
            return prepared.answer(end.value) if prepared.answer is not None else None
        except StepError as failed:
            raise failed.cause from None
        result, failure = None, None
        if command.stays:
            continue
        try:
            if command.is_list:
                result = session.client.rows(session.credentials, command.command, command.params)
            else:
                sent = session.client.call(session.credentials, command.command, command.params)
                result = unwrap(sent)
                session.changed(command.command)
        except (CloudStackError, CloudStackUnavailable) as error:
            failure = error
