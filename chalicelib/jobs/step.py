"""Describe the kept steps of a job: values, sleeps, waits and events, and the names of their rows. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.jobs.constants import LONGEST_STEP_NAME
from chalicelib.jobs.job import JSON, Job

TIME = "time"
"""The value of `waits` while a suspended job sleeps."""
EVENT = "event:"
"""Prefix of the name of an event, in `waits` and in the key of its row."""
STEP, SLEEP, WAIT, NOW, UUID = "step:", "sleep:", "wait:", "now:", "uuid:"
"""Prefixes of the keys of other rows, so that no step has the row of an event."""
TRY = "try:"
"""Prefix of the key of a failed try of a step that is tried again by itself."""
VERSION = "version:run"
"""The key of the row with the version of a run."""
STOP = "stop:run"
"""The key of the row with the place at which a run learned that it must stop."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NAMES = f"letters, digits, _ - and ., up to {LONGEST_STEP_NAME} characters, beginning with a letter, a digit or _"


@dataclass(frozen=True, slots=True)
class Step:
    """One kept step in a line of a job. Times in seconds since the epoch.

    `key` is the prefix of its kind and its name; `at` is when it was kept, and `number` its place in the order. `value`
    is what the step returned, or the data of an event, or the error of a try; `reference` is where a large value is
    stored. `took` is how many seconds the step ran. `until` is the end of a sleep, the latest end of a wait, or the
    time of the next try; an event with `until` did not come in time, and after a try without it no other one follows.
    `by` is who posted the event. `invocation` is the short id of the invocation that kept the row, by which its log
    lines are found. `function` is the name of the step's function, and `input` the digest of its arguments.
    """

    key: str
    at: float
    value: JSON = None
    reference: str | None = None
    took: float | None = None
    until: float | None = None
    by: str | None = None
    invocation: str | None = None
    number: int | None = None
    function: str | None = None
    input: str | None = None

    @property
    def name(self) -> str:
        """Return the name that the function, or the sender of the event, gave; of a try, also its number."""
        name = self.key.partition(":")[2]
        if not self.key.startswith(TRY):
            return name
        gen, number, step = name.split(".", 2)
        return f"{step} (try {number})" if gen == "1" else f"{step} (run {gen}, try {number})"

    @property
    def kind(self) -> str:
        """Return `step`, `sleep`, `wait`, `event`, `now`, `uuid`, `try`, `version` or `stop`."""
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


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Return steps in the order in which they were kept."""
    return sorted(steps, key=lambda step: (step.at, step.number or 0))


def number_kept(steps: Iterable[Step]) -> int:
    """Return how many of these rows the function has kept."""
    return sum(map(is_counted, steps))


def is_counted(step: Step) -> bool:
    """Return whether the function has kept this row: anybody may post events, and the platform keeps the others."""
    return not step.key.startswith(EVENT) and step.key not in (VERSION, STOP)


def try_key(gen: int, number: int, step: str) -> str:
    """Return the key of a failed try of a step (its key), the first of a run being 1."""
    return f"{TRY}{gen}.{number}.{step.removeprefix(STEP)}"


def waited_event(job: Job) -> str | None:
    """Return the name of the event that a suspended job waits for; None if it waits for none."""
    return job.waits.removeprefix(EVENT) if job.waits is not None and job.waits.startswith(EVENT) else None
