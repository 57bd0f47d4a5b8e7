"""What can go wrong with a command: CloudStack said no, or no answer that can be trusted came.

All of them survive pickling, because an operation's outcome may be stored and raised later, in
another process. None of their texts holds a key, a signature or a request's parameters.
"""

from __future__ import annotations


class CloudStackError(Exception):
    """CloudStack refused or failed a command, or its job failed.

    Args:
        command: the command, for example ``listZones``.
        errorcode: CloudStack's own code (431, 530 …), from the body where it has one.
        errortext: CloudStack's own words.
        cserrorcode: names the exception class (4350 invalid parameter …); None if not given.
        http_status: the status of the answer; None for a job, whose answer is always 200.

    Source: ``org.apache.cloudstack.api.ApiErrorCode`` and ``ExceptionResponse``.
    """

    def __init__(
        self,
        command: str,
        errorcode: int,
        errortext: str,
        cserrorcode: int | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(command, errorcode, errortext, cserrorcode, http_status)
        self.command = command
        self.errorcode = errorcode
        self.errortext = errortext
        self.cserrorcode = cserrorcode
        self.http_status = http_status

    @property
    def outcome(self) -> str:
        """The error code as a word for counters."""
        return str(self.errorcode)

    def __str__(self) -> str:
        return f"{self.command}: {self.errortext} (CloudStack error {self.errorcode})"


class CloudStackUnavailable(Exception):
    """No answer: no connection, or it was lost.

    Args:
        command: the command, for example ``listZones``.
        problem: one sentence for an operator.
        sent: True when the command may have reached CloudStack and may have had an effect.
    """

    outcome = "unavailable"

    def __init__(self, command: str, problem: str, sent: bool) -> None:
        super().__init__(command, problem, sent)
        self.command = command
        self.problem = problem
        self.sent = sent

    def __str__(self) -> str:
        return f"{self.command}: {self.problem}"


class CloudStackTimeout(CloudStackUnavailable):
    """No connection, or no answer, within the time that the client allows."""

    outcome = "timeout"


class CloudStackBadAnswer(CloudStackUnavailable):
    """Something answered, but not in CloudStack's form: HTML, broken JSON, nothing, no envelope.

    Args:
        command: the command.
        problem: what was wrong, with a short and harmless excerpt.
        sent: always True in practice: the request arrived somewhere.
        http_status: the status of the answer.
    """

    outcome = "bad-answer"

    def __init__(self, command: str, problem: str, sent: bool, http_status: int) -> None:
        super().__init__(command, problem, sent)
        self.args = (command, problem, sent, http_status)
        self.http_status = http_status
