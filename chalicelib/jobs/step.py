"""Describe the kept steps of a job: values, sleeps, waits and events, and the names of their rows. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.jobs.constants import LONGEST_STEP_NAME
from chalicelib.jobs.job import JSON, Job

TIME = "time"
"""What a suspended job waits for if it sleeps."""
EVENT = "event:"
"""Prefix of the name of an event, in `waits` and in the key of its row."""
STEP, SLEEP, WAIT, NOW, UUID = "step:", "sleep:", "wait:", "now:", "uuid:"
"""Prefixes of the keys of other rows, so that no step has the row of an event."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NAMES = f"letters, digits, _ - and ., up to {LONGEST_STEP_NAME} characters, beginning with a letter, a digit or _"


@dataclass(frozen=True, slots=True)
class Step:
    """One kept step in a line of a job. Times in seconds since the epoch.

    `key` is the prefix of its kind and its name; `at` is when it was kept. `value` is what the step returned, or the
    data of an event; `reference` is where a large value is stored. `took` is how many seconds the step ran. `until` is
    the end of a sleep, or the latest end of a wait; an event with `until` did not come in time. `by` is who posted the
    event. `invocation` is the short id of the invocation that kept the row, by which its log lines are found.
    """

    key: str
    at: float
    value: JSON = None
    reference: str | None = None
    took: float | None = None
    until: float | None = None
    by: str | None = None
    invocation: str | None = None

    @property
    def name(self) -> str:
        """Return the name that the function, or the sender of the event, gave."""
        return self.key.partition(":")[2]

    @property
    def kind(self) -> str:
        """Return `step`, `sleep`, `wait`, `event`, `now` or `uuid`."""
        return self.key.partition(":")[0]

    @property
    def timed_out(self) -> bool:
        """Return True for the row that ends a wait without its event."""
        return self.key.startswith(EVENT) and self.until is not None

    def with_value(self, value: JSON) -> "Step":
        """Return the step with a value that was stored elsewhere."""
        return replace(self, value=value, reference=None)


def is_name(text: str) -> bool:
    """Return whether this may be the name of a step or an event."""
    return len(text) <= LONGEST_STEP_NAME and NAME.fullmatch(text) is not None


def number_kept(steps: Iterable[Step]) -> int:
    """Return how many of these rows the function has kept; events are not counted, because anybody may post them."""
    return sum(not step.key.startswith(EVENT) for step in steps)


def waited_event(job: Job) -> str | None:
    """Return the name of the event that a suspended job waits for; None if it waits for none."""
    return job.waits.removeprefix(EVENT) if job.waits is not None and job.waits.startswith(EVENT) else None
