"""Compute the minutes until the person on call knows about a failure, from the periods of its alarm. Pure.

The minutes are a sum: until the first sign, for the data points that the alarm needs, for their delay in CloudWatch,
and for the evaluation and the mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from chalicelib.watchdog.constants import DUE_UNCLAIMED, GROWING_RUNS
from infra.definition.monitoring.alarm import MINUTE, Alarm

PUBLISHED = 1
"""Minutes until a data point is in CloudWatch. Services send one each minute; a metric in a log line is read at
once."""
DAY = 1_440
TOLD = 1
"""Minutes until CloudWatch has evaluated the alarm (every minute) and SNS has sent the mail."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind of failure, its alarm ("" for none), and the minutes until its first sign."""

    what: str
    alarm: str
    sign: int = 0
    why: str = ""


FAILURES: Sequence[Failure] = (
    # a due job that nobody claims, or the end of the dead worker's lease; then the next run of the watchdog
    Failure("a worker cannot start, runs out of time or memory", "not-starting", ceil(DUE_UNCLAIMED / MINUTE) + 1),
    Failure("the same, of a type whose jobs may start late or run for over a minute", "errors"),
    Failure("the API cannot start or fails", "api-errors"),
    Failure("a job used up its attempts", "dead-letters", 1),
    Failure("an outage, a permission or a schema keeps jobs from running", "stalled"),
    Failure("no worker takes messages, or workers take fewer than arrive", "growing", GROWING_RUNS),
    Failure("the watchdog does not run, or fails", "watchdog-silent"),
    Failure("the counters fail", "counters-errors"),
    Failure("no function reads the stream, or reads it too slowly", "counters-behind", 1),
    Failure("DynamoDB refuses writes of jobs", "table-throttles"),
    Failure("the control table does not answer", "control-table-down"),
    Failure("Lambda refuses to run more functions", "throttles"),
    Failure("more requests arrive than the API accepts: 429", "api-full"),
    Failure("a flood of requests without a valid token", "api-refused"),
    Failure(
        "the recount does not run", "recount-silent",
        why="it runs once a night, so the alarm notices a missing run a day later; `make recount` reports it at once",
    ),
    Failure("nobody has confirmed the alarms' mails", "", why="`make deploy` and `make status` report it"),
)  # fmt: skip


def minutes(failure: Failure, alarms: Sequence[Alarm]) -> int | None:
    """Return the minutes until the person on call knows, for the slowest alarm of that name; None without one."""
    found = [alarm for alarm in alarms if failure.alarm in (alarm.kind, alarm.name)]
    if not found:
        return None
    return failure.sign + max(map(_points, found)) + PUBLISHED + TOLD


def table(alarms: Sequence[Alarm]) -> str:
    """Return the table of docs/operations.md."""
    lines = ["| what fails | alarm | minutes until the person on call knows |", "|---|---|---|"]
    for failure in FAILURES:
        took = minutes(failure, alarms)
        alarm = f"[{failure.alarm}](#{_anchor(failure, alarms)})" if failure.alarm else "-"
        told = "-" if took is None else f"{took}" if took < DAY else f"{took / DAY:.0f} days"
        lines.append(f"| {failure.what} | {alarm} | {told}{f': {failure.why}' if failure.why else ''} |")
    return "\n".join(lines)


def _points(alarm: Alarm) -> int:
    """Return the minutes that the alarm's data points need.

    An alarm about missing data points needs all periods; an alarm about an event needs only the first data point.
    """
    if alarm.below:
        return ceil(alarm.period * alarm.periods / MINUTE)
    # CloudWatch evaluates a period of several minutes again each minute, with the latest events in it
    return alarm.periods if alarm.period == MINUTE else ceil(alarm.period * (alarm.periods - 1) / MINUTE) + 1


def _anchor(failure: Failure, alarms: Sequence[Alarm]) -> str:
    return next(alarm.kind for alarm in alarms if failure.alarm in (alarm.kind, alarm.name))
