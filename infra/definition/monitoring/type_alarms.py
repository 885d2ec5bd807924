"""List the alarms about job types. Each type has its own alarms, as has each queue that several types share.

In a large stack, several types and queues share an alarm.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of
from chalicelib.job_types.retry import message_age
from infra.definition.monitoring import metrics
from infra.definition.monitoring.alarm import MINUTE, Alarm
from infra.definition.monitoring.metrics import Metric
from infra.definition.names import queue_name

SHORTEST_AGE = 1200
"""Minimum age of a message, in seconds, at which an alarm can ring. A message may be delayed by 900 s, and SQS counts
its age from when it was sent."""
IN_FLIGHT = 60_000
"""Half of the messages that a standard queue may have in flight. At 120,000, SQS delivers no more messages."""
MOST_ALONE = 30
"""Maximum number of queues with their own alarms. CloudFormation accepts 500 resources, so in a larger stack the alarms
are shared."""
MOST_METRICS = 10
"""Maximum number of metrics in the expression of one alarm (CloudWatch's quota)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of alarm for job types: its metrics by name, the expression that combines them, and the bad values."""

    kind: str
    advice: str
    metrics: Callable[[TypeQueue, str], Mapping[str, Metric]]
    expression: str
    threshold: Callable[[TypeQueue], float]
    period: int = MINUTE
    periods: int = 1

    def alone(self, queue: TypeQueue, stack: str) -> Alarm:
        """Return the alarm of one queue."""
        found = self.metrics(queue, stack)
        plain = len(found) == 1
        return Alarm(
            self.kind, queue.short, f"{queue.key}: {self.advice}", found, self.threshold(queue),
            "" if plain else self.expression.format(**{name: name for name in found}), self.period, self.periods,
        )  # fmt: skip

    def shared(self, queues: Sequence[TypeQueue], stack: str, number: int) -> Alarm:
        """Return the alarm of several queues: its value is the number of queues for which the condition is true."""
        found: dict[str, Metric] = {}
        parts = []
        for place, queue in enumerate(queues):
            names = {name: f"{name}{place}" for name in self.metrics(queue, stack)}
            found |= {names[name]: metric for name, metric in self.metrics(queue, stack).items()}
            parts.append(f"IF({self.expression.format(**names)}>{self.threshold(queue)},1,0)")
        told = ", ".join(queue.key for queue in queues)
        advice = f"One of {told}: {self.advice}"
        return Alarm(self.kind, f"types-{number}", advice, found, 0, "+".join(parts), self.period, self.periods)

    def most_together(self, queue: TypeQueue, stack: str) -> int:
        """Return how many queues can share one alarm."""
        return MOST_METRICS // len(self.metrics(queue, stack))


def type_alarms(types: Sequence[JobType[Any, Any]], stack: str) -> list[Alarm]:
    """Return the alarms about the types of a stack."""
    queues = queues_of(types)
    pausing = [queue for queue in queues if queue.pause_when is not None]
    if len(queues) <= MOST_ALONE:
        alone = [rule.alone(queue, stack) for queue in queues for rule in RULES]
        return [*alone, *(PAUSED.alone(queue, stack) for queue in pausing)]
    shared = [alarm for rule in RULES for alarm in _shared(rule, queues, stack)]
    return [*shared, *(_shared(PAUSED, pausing, stack) if pausing else ())]


def _shared(rule: Rule, queues: Sequence[TypeQueue], stack: str) -> Iterator[Alarm]:
    size = rule.most_together(queues[0], stack)
    for number, start in enumerate(range(0, len(queues), size), 1):
        yield rule.shared(queues[start : start + size], stack, number)


def errors_of(function: str) -> Metric:
    """Return the metric that counts how often a function raised, exceeded its time or memory, or could not start."""
    return metrics.function(function, "Errors")


def _dead_letters(queue: TypeQueue, stack: str) -> Mapping[str, Metric]:
    # Do not use the depth of the dead-letter queue: messages of jobs that can still run also pass through this queue.
    return {"dead": metrics.of_queue(stack, "DeadLettered", queue.key)}


def _ends(queue: TypeQueue, stack: str) -> Mapping[str, Metric]:
    # leave out dead letters, because they have their own alarm
    return {name.lower(): metrics.of_queue(stack, name, queue.key) for name in ("Completed", "Failed")}


def _of_queue(name: str, metric: str) -> Callable[[TypeQueue, str], Mapping[str, Metric]]:
    return lambda queue, stack: {name: metrics.queue(queue_name(stack, queue.short, queue.ending), metric)}


def _patience(queue: TypeQueue) -> float:
    ages = (message_age(kind.retry, kind.max_attempts, kind.timeout) for kind in queue.types)
    return max(SHORTEST_AGE, queue.visibility_timeout, *ages)


RULES = (
    Rule(
        "dead-letters", "A job became a dead letter: it used up its attempts or its time. Look at its error, fix the "
        "cause, retry it in the dashboard.", _dead_letters, "FILL({dead},0)", lambda _: 0, period=5 * MINUTE,
    ),
    Rule(
        "errors", "Its function ended with an error, or could not start. Look at its log: jobs are received and not "
        "processed. Compare with the last deployment.",
        lambda queue, stack: {"errors": errors_of(f"{stack}-{queue.short}")}, "FILL({errors},0)", lambda _: 0,
    ),
    Rule(
        "oldest-message", "A job has waited longer than it ever should. Look for errors or throttles of its function; "
        "raise its concurrency if it is only busy.",
        _of_queue("age", "ApproximateAgeOfOldestMessage"), "FILL({age},0)", _patience, periods=3,
    ),
    Rule(
        "failure-ratio", "More than 5 % of the jobs that ended in the last 15 minutes failed permanently. Compare with "
        "the last deployment; look at the top errors query.",
        _ends, "IF(FILL({failed},0)+FILL({completed},0)>=20,"
        "100*FILL({failed},0)/(FILL({failed},0)+FILL({completed},0)),0)", lambda _: 5, period=15 * MINUTE,
    ),
    Rule(
        "in-flight", "The queue nears the limit of 120,000 messages in flight: too many jobs back off at once. Fix or "
        "stop what fails; do not add load.",
        _of_queue("flying", "ApproximateNumberOfMessagesNotVisible"), "FILL({flying},0)", lambda _: IN_FLIGHT,
    ),
)  # fmt: skip
PAUSED = Rule(
    "paused-by-itself", "Its attempts all failed with one error, so it is paused, and one job is tried from time to "
    "time. Look at the reason on its page, fix the cause; it resumes when one completes; or resume it.",
    lambda queue, stack: {"paused": metrics.of_queue(stack, "PausedByItself", queue.key)},
    "FILL({paused},0)", lambda _: 0,
)  # fmt: skip
"""The alarm of types that declare `pause_when`; other types do not have it."""
