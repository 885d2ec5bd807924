"""Define errors that stop a command, with sentences for the person at the terminal."""

from botocore.exceptions import BotoCoreError, ClientError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


class CloudError(Exception):
    """A command cannot continue; the message says why and what to do."""


def refusal(error: BaseException) -> str | None:
    """Return AWS's refusal (a ClientError) if the error or its cause is one; None for any other error."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ClientError | BotoCoreError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    code = cause.response["Error"]["Code"] if isinstance(cause, ClientError) else ""
    if code in EXPIRED:
        return f"The credentials have expired: {error}\nSign in again and repeat the command; what is done stays done."
    return f"AWS refused: {error}"
