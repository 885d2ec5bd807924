"""The queues as a Protocol; both adapters pass one contract suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MOST_MESSAGES = 10
"""Messages that are sent in one request: the limit of SQS."""


@dataclass(frozen=True, slots=True)
class Message:
    """The message: which job and generation to look at, and nothing else. `cid` is the correlation id.

    `group` names those among whom the queue takes turns (`MessageGroupId`). It is no part of what a receiver is told.
    """

    id: str
    gen: int
    type: str
    cid: str = ""
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue's approximate counts of messages, and its dead-letter queue's."""

    visible: int = 0
    delayed: int = 0
    in_flight: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message in a dead-letter queue: its receipt handle, and its content (None: the body is malformed)."""

    receipt: str
    message: Message | None


class JobQueue(Protocol):
    """Carries messages. `receipt` is a receipt handle; delays and timeouts are whole seconds."""

    def send(self, message: Message, delay: int = 0) -> None:
        """Put a message on its type's queue, visible after `delay` (0-900)."""

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """Send up to 10 messages of one type in one request; return those that did not get through.

        `delays` gives, by job id, the seconds (0-900) until a message is visible; without an entry it is at once.
        """

    def set_visibility(self, job_type: str, receipts: Sequence[str], seconds: int) -> None:
        """Make these received messages visible again in so many seconds from now; a lost receipt is no error."""

    def depth(self, job_type: str) -> Depth:
        """Return how many messages there are, approximately (SQS lags up to a minute)."""

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """Up to `most` (1-10) messages of the type's dead-letter queue, in one request; each hides for 120 s then."""

    def delete_dead(self, job_type: str, receipts: Sequence[str]) -> None:
        """Remove up to 10 peeked messages from the type's dead-letter queue; a lost receipt is no error."""
