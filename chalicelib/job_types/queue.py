"""Declare a queue that several job types share: what SQS and Lambda have once for all of them. Pure."""

import re
from dataclasses import KW_ONLY, dataclass, field, replace

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.constants import LONGEST_QUEUE_NAME
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function

NAME = re.compile(r"[a-z][a-z0-9]*")
PREFIX = "queue-"
"""The names of a shared queue and its function in AWS begin with the stack's name and this prefix."""
URGENT = "-urgent"
"""The suffix of the key and the names of the second queue of a type with `urgent=True`. No type has a hyphen."""


@dataclass(frozen=True)
class Queue:
    """A queue for several job types: `@job("mail.welcome", queue=MAIL)`. Raises ConfigurationError.

    The types share one SQS queue, one dead-letter queue and one Lambda function with one role. `name` has lower case
    letters and digits ("mail").

    * `function`: `Function(memory, batch_size, …)`, the Lambda function.
    * `access`: `AwsAccess(grants, secrets, environment)`, permissions, secrets and variables of that function.
    * `concurrency`: maximum number of simultaneous invocations (2-1000); default: 20.
    * `pause_when`: `Failing(of, within)`, pause the queue while all attempts of its types fail with one error.
    """

    name: str
    _: KW_ONLY
    function: Function = field(default_factory=Function)
    access: AwsAccess = field(default_factory=AwsAccess)
    concurrency: int | None = None
    pause_when: Failing | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name) or len(self.name) > LONGEST_QUEUE_NAME:
            raise ConfigurationError(
                f"Queue: {self.name!r} is not a valid name: use up to {LONGEST_QUEUE_NAME} lower case letters and "
                "digits, and begin with a letter"
            )
        for setting, kind in (("function", Function), ("access", AwsAccess)):
            if not isinstance(getattr(self, setting), kind):
                raise ConfigurationError(
                    f"Queue {self.name}: {setting} is {kind.__name__}(…), not {getattr(self, setting)!r}"
                )
        if not isinstance(self.pause_when, Failing | None):
            raise ConfigurationError(f"Queue {self.name}: pause_when is Failing(…), not {self.pause_when!r}")
        if self.concurrency is not None and self.function.concurrency is not None:
            raise ConfigurationError(f"Queue {self.name}: give concurrency once, here or in function")
        self.whole_function  # noqa: B018 - checks the number

    @property
    def whole_function(self) -> Function:
        """Return the function with the queue's concurrency."""
        if self.concurrency is None:
            return self.function
        try:
            return replace(self.function, concurrency=self.concurrency)
        except ConfigurationError as error:
            raise ConfigurationError(f"Queue {self.name}: {error}") from None


def urgent_key(key: str) -> str:
    """Return the key of the second queue of a type with `urgent=True`: `email.send-urgent`."""
    return key + URGENT


def first_key(key: str) -> str:
    """Return the key of a type's own queue, with which its urgent queue shares the dead-letter queue and the worker."""
    return key.removesuffix(URGENT)


def is_shared(key: str) -> bool:
    """Return whether `key` is the name of a shared queue: it has no dot. A type's own queue has the type's name."""
    return "." not in key


def name_in_aws(key: str) -> str:
    """Return the last part of the names of a queue and its Lambda function: `<stack>-email-send`, `<stack>-queue-mail`.

    `key` is the name of a job type that has its own queue, or the name of a shared queue.
    """
    return PREFIX + key if is_shared(key) else key.replace(".", "-")
