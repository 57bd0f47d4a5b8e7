"""What a command raises when CloudStack would answer with an error."""

from __future__ import annotations


class CommandError(Exception):
    """A refused command.

    Args:
        code: ``errorcode``, which is also the HTTP status (``ApiErrorCode`` in the server).
        text: ``errortext``, one sentence; it also travels in the header ``X-Description``.
        cscode: ``cserrorcode``, which names the Java exception; None leaves it out.
    """

    def __init__(self, code: int, text: str, cscode: int | None = 9999) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.cscode = cscode


def unauthorised(
    text: str = "unable to verify user credentials and/or request signature",
) -> CommandError:
    """The answer to a wrong key, signature or expiry, and to a command that does not exist."""
    return CommandError(401, text, None)


def malformed(text: str) -> CommandError:
    """A parameter's name cannot be read (``MALFORMED_PARAMETER_ERROR``)."""
    return CommandError(430, text)


def parameter(text: str) -> CommandError:
    """A parameter is refused before the command runs (``PARAM_ERROR``)."""
    return CommandError(431, text)


def invalid(text: str) -> CommandError:
    """A command refuses a value (``InvalidParameterValueException``)."""
    return CommandError(431, text, 4350)


def unsupported(text: str) -> CommandError:
    """The simulator, or the cloud, does not do this (``UNSUPPORTED_ACTION_ERROR``)."""
    return CommandError(432, text)


class Forbidden(CommandError):
    """The caller's role lacks the command (``UnavailableCommandException``).

    Such an answer stands in the envelope of commands that the server doesn't know.
    """

    def __init__(self, command: str, user: str) -> None:
        super().__init__(
            432,
            f"The API [{command}] does not exist or is not available for the account for user id"
            f" [{user}].",
        )


def internal(text: str) -> CommandError:
    """A command failed (``INTERNAL_ERROR``)."""
    return CommandError(530, text)


def denied(text: str) -> CommandError:
    """The object is somebody else's (``PermissionDeniedException``)."""
    return CommandError(531, text, 4365)


def no_capacity(text: str) -> CommandError:
    """The zone is full (``InsufficientCapacityException``)."""
    return CommandError(533, text, 4335)


def over_limit(text: str, cscode: int = 4370) -> CommandError:
    """The account's limit is reached (``ResourceAllocationException``)."""
    return CommandError(535, text, cscode)


def no_more_addresses(text: str) -> CommandError:
    """The account's limit of public addresses is reached (``AccountLimitException``)."""
    return CommandError(532, text, 4280)


def hidden() -> CommandError:
    """A command failed, of which only administrators are told why (``CloudRuntimeException``)."""
    text = "Internal error executing command, please contact your system administrator"
    return CommandError(530, text, 4250)


def in_use(text: str) -> CommandError:
    """Something still uses the object (``ResourceInUseException``)."""
    return CommandError(536, text, 4375)


def rule_conflict(text: str) -> CommandError:
    """The address or port is taken (``NetworkRuleConflictException``)."""
    return CommandError(537, text, 4360)
