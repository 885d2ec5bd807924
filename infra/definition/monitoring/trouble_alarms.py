"""Define the alarms that cover every job type of the stage: one for each condition that the watchdog looks for.

An alarm costs the same for one type as for sixty. Its text is fixed, so the watchdog sends the names of the types to
the alarms' topic (`chalicelib/watchdog/troubles.py`).
"""

from chalicelib.counters.troubles import MEASURED, Condition
from infra.definition.monitoring import metrics
from infra.definition.monitoring.alarm import Alarm

ADVICE = {
    Condition.DEAD_LETTERS: "A job became a dead letter: it used up its attempts or its time. Look at its error, fix "
    "the cause, retry it.",
    Condition.NOT_STARTING: "Workers receive messages and start no job, or a worker died: its function cannot start, "
    "or ran out of time or memory. Look at its log; compare with the last deployment.",
    Condition.OLDEST_JOB: "A job has been due for too long, and no worker has claimed it. Look for errors or "
    "throttles of its function; raise its concurrency if it is only busy.",
    Condition.FAILURE_RATIO: "More than 5 % of the jobs that ended in the last 15 minutes failed permanently. Compare "
    "with the last deployment; look at the top errors query.",
    Condition.IN_FLIGHT: "A queue nears the limit of 120,000 messages in flight: too many jobs back off at once. Fix "
    "or stop what fails; do not add load.",
    Condition.PAUSED: "The attempts of a type all failed with one error, so it is paused, and one job is tried from "
    "time to time. Look at the reason; fix the cause, or resume it.",
}
SLOW = {Condition.OLDEST_JOB: 3}
"""Minutes for which a condition must be true before the alarm rings, if more than one."""


def trouble_alarms(stack: str) -> list[Alarm]:
    """Return an alarm for each condition."""
    return [
        Alarm(
            condition, "", f"{ADVICE[condition]} Another message of this topic names the types.",
            {"types": metrics.in_trouble(stack, condition)}, 0, periods=SLOW.get(condition, 1), missing="ignore",
            in_console=True,
        )
        for condition in MEASURED
    ]  # fmt: skip
