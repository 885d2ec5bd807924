"""List the alarms of single job types: all alarms if the function says `own_alarms=True`, else at most `errors`.

The alarms of the stage cover every type (`trouble_alarms`). A type's own alarms can have a recipient of their own, and
CloudWatch has metrics of the type. Types that share a queue share these alarms.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of, that_pause
from chalicelib.watchdog.constants import LEAST_ENDED, MOST_FAILED_PERCENT, MOST_IN_FLIGHT, RATIO_SECONDS
from chalicelib.watchdog.trouble_rule import patience, starts_late
from infra.definition.monitoring import metrics
from infra.definition.monitoring.alarm import MINUTE, Alarm
from infra.definition.monitoring.metrics import Metric
from infra.definition.names import queue_name

SEEN_IN_TIME = 60
"""Longest timeout of a function, in seconds, of which the stage's alarm `not-starting` rings soon enough. If a worker
dies, only the end of its lease shows it to the watchdog."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of alarm for a queue: its metrics by name, the expression that combines them, and the bad values."""

    kind: str
    advice: str
    metrics: Callable[[TypeQueue, str], Mapping[str, Metric]]
    threshold: Callable[[TypeQueue], float]
    expression: str = ""
    period: int = MINUTE
    periods: int = 1

    def of(self, queue: TypeQueue, stack: str) -> Alarm:
        """Return the alarm of one queue; of several metrics without an expression, the largest counts."""
        found = self.metrics(queue, stack)
        return Alarm(
            self.kind, queue.short, f"{queue.key}: {self.advice}", found, self.threshold(queue),
            self.expression or (_largest(found) if len(found) > 1 else ""), self.period, self.periods,
        )  # fmt: skip


def with_own_alarms(types: Sequence[JobType[Any, Any]]) -> list[TypeQueue]:
    """Return the queues that have alarms and metrics of their own."""
    return [queue for queue in queues_of(types) if queue.function.own_alarms]


def type_alarms(types: Sequence[JobType[Any, Any]], stack: str) -> list[Alarm]:
    """Return the alarms about single types of a stage."""
    queues = with_own_alarms(types)
    alone = [rule.of(queue, stack) for queue in queues for rule in RULES]
    slow = [queue for queue in queues_of(types) if _errors_seen_late(queue) and queue not in queues]
    return [
        *alone,
        *(PAUSED.of(queue, stack) for queue in that_pause(queues)),
        *(ERRORS.of(queue, stack) for queue in slow),
    ]


def _errors_seen_late(queue: TypeQueue) -> bool:
    """Return whether the watchdog would notice too late, or not at all, that a worker cannot start or has died."""
    return queue.timeout > SEEN_IN_TIME or queue.function.window > 0 or starts_late(queue)


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
    """Return what makes the metrics of a type's queue, and of its urgent queue, if it has one."""
    return lambda queue, stack: {
        f"{prefix}{name}": metrics.queue(queue_name(stack, short, queue.ending), metric)
        for prefix, short in zip(("", "urgent_"), queue.shorts, strict=False)
    }


def _largest(names: Iterable[str]) -> str:
    return f"MAX([{','.join(f'FILL({name},0)' for name in names)}])"


ERRORS = Rule(
    "errors", "Its function ended with an error, or could not start. Look at its log: jobs are received and not "
    "processed. Compare with the last deployment.",
    lambda queue, stack: {"errors": errors_of(f"{stack}-{queue.short}")}, lambda _: 0,
)  # fmt: skip
RULES = (
    Rule(
        "dead-letters", "A job became a dead letter: it used up its attempts or its time. Look at its error, fix the "
        "cause, retry it in the dashboard.", _dead_letters, lambda _: 0, period=5 * MINUTE,
    ),
    ERRORS,
    Rule(
        "oldest-message", "A message has waited longer than it ever should. Look for errors or throttles of its "
        "function; raise its concurrency if it is only busy.",
        _of_queue("age", "ApproximateAgeOfOldestMessage"), patience, periods=3,
    ),
    Rule(
        "failure-ratio", f"More than {MOST_FAILED_PERCENT:g} % of the jobs that ended in the last "
        f"{RATIO_SECONDS / MINUTE:g} minutes failed permanently. Compare with "
        "the last deployment; look at the top errors query.",
        _ends, lambda _: MOST_FAILED_PERCENT,
        f"IF(FILL(failed,0)+FILL(completed,0)>={LEAST_ENDED},100*FILL(failed,0)/(FILL(failed,0)+FILL(completed,0)),0)",
        period=round(RATIO_SECONDS),
    ),
    Rule(
        "in-flight", "The queue nears the limit of 120,000 messages in flight: too many jobs back off at once. Fix or "
        "stop what fails; do not add load.",
        _of_queue("flying", "ApproximateNumberOfMessagesNotVisible"), lambda _: MOST_IN_FLIGHT,
    ),
)  # fmt: skip
PAUSED = Rule(
    "paused", "Its attempts all failed with one error, so it is paused, and one job is tried from time to "
    "time. Look at the reason on its page, fix the cause; it resumes when one completes; or resume it.",
    lambda queue, stack: {"paused": metrics.of_queue(stack, "PausedByItself", queue.key)},
    lambda _: 0,
)  # fmt: skip
"""The alarm of types that declare `pause_when`; other types do not have it."""
