"""List the alarms about job types. Each type has its own alarms; in a large stack, several types share an alarm."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.jobtype import JobType
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
"""Maximum of types with their own alarms. CloudFormation accepts 500 resources, so more types share alarms."""
MOST_METRICS = 10
"""Maximum number of metrics in the expression of one alarm (CloudWatch's quota)."""

Kind = JobType[Any, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of alarm for job types: its metrics by name, the expression that combines them, and the bad values."""

    kind: str
    advice: str
    metrics: Callable[[Kind, str], Mapping[str, Metric]]
    expression: str
    threshold: Callable[[Kind], float]
    period: int = MINUTE
    periods: int = 1

    def alone(self, kind: Kind, stack: str) -> Alarm:
        """Return the alarm of one type."""
        found = self.metrics(kind, stack)
        plain = len(found) == 1
        return Alarm(
            self.kind, kind.queue, f"{kind.name}: {self.advice}", found, self.threshold(kind),
            "" if plain else self.expression.format(**{name: name for name in found}), self.period, self.periods,
        )  # fmt: skip

    def shared(self, kinds: Sequence[Kind], stack: str, number: int) -> Alarm:
        """Return the alarm of several types: its value is the number of types in trouble."""
        found: dict[str, Metric] = {}
        parts = []
        for place, kind in enumerate(kinds):
            names = {name: f"{name}{place}" for name in self.metrics(kind, stack)}
            found |= {names[name]: metric for name, metric in self.metrics(kind, stack).items()}
            parts.append(f"IF({self.expression.format(**names)}>{self.threshold(kind)},1,0)")
        told = ", ".join(kind.name for kind in kinds)
        advice = f"One of {told}: {self.advice}"
        return Alarm(self.kind, f"types-{number}", advice, found, 0, "+".join(parts), self.period, self.periods)

    def most_together(self, kind: Kind, stack: str) -> int:
        """Return how many types can share one alarm."""
        return MOST_METRICS // len(self.metrics(kind, stack))


def type_alarms(types: Sequence[Kind], stack: str) -> list[Alarm]:
    """Return the alarms about the types of a stack."""
    pausing = [kind for kind in types if kind.pause_when is not None]
    if len(types) <= MOST_ALONE:
        alone = [rule.alone(kind, stack) for kind in types for rule in RULES]
        return [*alone, *(PAUSED.alone(kind, stack) for kind in pausing)]
    shared = [alarm for rule in RULES for alarm in _shared(rule, types, stack)]
    return [*shared, *(_shared(PAUSED, pausing, stack) if pausing else ())]


def _shared(rule: Rule, types: Sequence[Kind], stack: str) -> Iterator[Alarm]:
    size = rule.most_together(types[0], stack)
    for number, start in enumerate(range(0, len(types), size), 1):
        yield rule.shared(types[start : start + size], stack, number)


def errors_of(function: str) -> Metric:
    """Return the metric that counts how often a function raised, exceeded its time or memory, or could not start."""
    return metrics.function(function, "Errors")


def _dead_letters(kind: Kind, stack: str) -> Mapping[str, Metric]:
    # Do not use the depth of the dead-letter queue: messages of jobs that can still run also pass through this queue.
    return {"dead": metrics.own(stack, "DeadLettered", kind.name)}


def _ends(kind: Kind, stack: str) -> Mapping[str, Metric]:
    # leave out dead letters, because they have their own alarm
    return {name.lower(): metrics.own(stack, name, kind.name) for name in ("Completed", "Failed")}


def _of_queue(name: str, metric: str) -> Callable[[Kind, str], Mapping[str, Metric]]:
    return lambda kind, stack: {name: metrics.queue(queue_name(stack, kind.queue, kind.queue_ending), metric)}


def _patience(kind: Kind) -> float:
    age = message_age(kind.retry, kind.max_attempts, kind.timeout)
    return max(SHORTEST_AGE, kind.visibility_timeout, age)


RULES = (
    Rule(
        "dead-letters", "A job became a dead letter: it used up its attempts or its time. Look at its error, fix the "
        "cause, retry it in the dashboard.", _dead_letters, "FILL({dead},0)", lambda _: 0, period=5 * MINUTE,
    ),
    Rule(
        "errors", "Its function ended with an error, or could not start. Look at its log: jobs are received and not "
        "processed. Compare with the last deployment.",
        lambda kind, stack: {"errors": errors_of(f"{stack}-{kind.queue}")}, "FILL({errors},0)", lambda _: 0,
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
    lambda kind, stack: {"paused": metrics.own(stack, "PausedByItself", kind.name)}, "FILL({paused},0)", lambda _: 0,
)  # fmt: skip
"""The alarm of types that declare `pause_when`; other types do not have it."""
