"""Group job types by queue: what SQS and Lambda have once for the types of a queue. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType, queue_of, urgent
from chalicelib.job_types.queue import urgent_key


@dataclass(frozen=True)
class TypeQueue:
    """A queue with its types: one type, or those that share it. Times in seconds.

    `key` is the type's name, or the name of the shared queue.
    """

    key: str
    types: tuple[JobType[Any, Any], ...]

    @property
    def _any(self) -> JobType[Any, Any]:
        return self.types[0]

    @property
    def shared(self) -> bool:
        """Return whether the code declares it as a queue for several types."""
        return self._any.queue is not None

    @property
    def short(self) -> str:
        """Return the last part of the names of the queue and its Lambda function."""
        return self._any.short

    @property
    def ending(self) -> str:
        """Return the suffix of its queues' names, which SQS requires for FIFO queues."""
        return self._any.queue_ending

    @property
    def serial(self) -> bool:
        """Return whether it is a FIFO queue."""
        return self._any.serial_by is not None

    @property
    def handler(self) -> str:
        """Return the entry point that Lambda calls."""
        return self._any.handler

    @property
    def urgent(self) -> bool:
        """Return whether it has a second queue for urgent jobs, polled by the same function."""
        return self._any.urgent

    @property
    def keys(self) -> list[str]:
        """Return the keys of its SQS queues: its own, and that of its urgent queue if it has one."""
        return [self.key, urgent_key(self.key)] if self.urgent else [self.key]

    @property
    def shorts(self) -> list[str]:
        """Return the last parts of the names of its SQS queues."""
        return [self.short, urgent_key(self.short)] if self.urgent else [self.short]

    @property
    def function(self) -> Function:
        """Return the settings of its Lambda function."""
        return self._any.function

    @property
    def access(self) -> AwsAccess:
        """Return the permissions, secrets and variables of its Lambda function."""
        return self._any.access

    @property
    def pause_when(self) -> Failing | None:
        """Return when the queue pauses automatically."""
        return self._any.pause_when

    @property
    def timeout(self) -> int:
        """Return the timeout of its Lambda function: the longest of its types."""
        return max(kind.timeout for kind in self.types)

    @property
    def visibility_timeout(self) -> int:
        """Return the queue's visibility timeout: the longest of its types."""
        return max(kind.visibility_timeout for kind in self.types)

    @property
    def max_receives(self) -> int:
        """Return how often SQS delivers a message before it goes to the dead-letter queue: the most of its types."""
        return max(kind.max_receives for kind in self.types)

    @property
    def concurrency(self) -> int:
        """Return the maximum number of invocations at the same time, for all its SQS queues together."""
        return self._any.concurrency

    @property
    def concurrencies(self) -> list[int]:
        """Return how many of these invocations each of its SQS queues may have: a half, if there are two.

        A job that a limit has woken runs from the urgent queue: with a smaller part, places of limits would be idle.
        """
        woken = self._any.woken_concurrency
        return [self.concurrency - woken, woken] if self.urgent else [self.concurrency]

    @property
    def enqueues(self) -> tuple[str, ...]:
        """Return the types of the jobs that its types make."""
        return tuple(dict.fromkeys(name for kind in self.types for name in kind.enqueues))

    @property
    def shared_limits(self) -> frozenset[str]:
        """Return the names of the limits that its types share with each other, or with types of other queues."""
        return frozenset(one.shared for kind in self.types for one in kind.limits if one.shared is not None)

    def calls(self, other: "TypeQueue") -> bool:
        """Return whether its types call a type of the other queue, whose worker wakes the caller at the end."""
        called = {name for kind in self.types for name in kind.calls}
        return any(kind.name in called for kind in other.types)


def sent_to(names: Iterable[str]) -> list[str]:
    """Return the keys of the SQS queues to which messages of the types with these names go, each once."""
    found = [(queue_of(name), urgent(name)) for name in names]
    return list(dict.fromkeys(one for key, two in found for one in ([key, urgent_key(key)] if two else [key])))


def keys_of(names: Iterable[str]) -> list[str]:
    """Return the keys of the queues of the types with these names, each once."""
    return list(dict.fromkeys(map(queue_of, names)))


def that_pause(queues: Iterable[TypeQueue]) -> list[TypeQueue]:
    """Return those of the queues that pause automatically."""
    return [queue for queue in queues if queue.pause_when is not None]


def with_budgets(queues: Iterable[TypeQueue]) -> list[TypeQueue]:
    """Return those of the queues that are paused when the budget of a day is spent."""
    return [queue for queue in queues if any(kind.budgeted for kind in queue.types)]


def queues_of(types: Iterable[JobType[Any, Any]]) -> list[TypeQueue]:
    """Return the queues of these types, in the order of their first types."""
    found: dict[str, list[JobType[Any, Any]]] = {}
    for kind in types:
        found.setdefault(kind.queue_key, []).append(kind)
    return [TypeQueue(key, tuple(kinds)) for key, kinds in found.items()]
