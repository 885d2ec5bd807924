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
"""Prefixes of the keys of other rows, so that a step and an event never have the same row."""
CALL = "call:"
"""Prefix of the key of the row with the results of the jobs that a function has called."""
BEGUN = "begun:"
"""Prefix of the key of the row that says that the jobs of a call were made; the run's number and the name follow."""
CHILD = "child:"
"""Prefix of the id of a called job, in `waits`."""
TRY = "try:"
"""Prefix of the key of a failed try of a step that is tried again by itself."""
VERSION = "version:run"
"""The key of the row with the version of a run."""
STOP = "stop:"
"""Prefix of the key of the row with the place of a run at which JobCancelled is raised; the run's number follows."""
INNER, UNDO = "inner", "undo"
"""Values of `part`: kept within the function of another step; kept after the function learned that it must stop."""
ENDED = "stop:ended-"
"""Prefix of the key of the row that says that a run has ended because it had to stop; the run's number follows. Its
value says whether the function has undone its steps, so that a retry begins from the start."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NAMES = f"letters, digits, _ - and ., up to {LONGEST_STEP_NAME} characters, beginning with a letter, a digit or _"


@dataclass(frozen=True, slots=True)
class Step:
    """One kept step in a line of a job. Times in seconds since the epoch.

    `key` is the prefix of the step's kind and its name; `at` is when the step was kept, and `number` is its place in
    the order. `value` is what the step returned, the data of an event, or the error of a failed try; `reference` is
    where a large value is stored. `took` is how many seconds the step ran. `until` is the end of a sleep, the latest
    end of a wait, or the time of the next try. An event with `until` did not come in time; a failed try without `until`
    was the last try. `by` is who posted the event. `invocation` is the short id of the invocation that kept the row;
    log lines are found by this id. `function` is the name of the step's function, and `input` is the digest of the
    function's arguments. `part` is `inner`, `undo` or nothing.
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
    part: str | None = None

    @property
    def name(self) -> str:
        """Return the name that the function or the sender of the event gave; the name of a try also has its number."""
        name = self.key.partition(":")[2]
        if self.key.startswith(BEGUN):
            return name.partition(".")[2]
        if not self.key.startswith(TRY):
            return name
        gen, number, step = name.split(".", 2)
        return f"{step} (try {number})" if gen == "1" else f"{step} (run {gen}, try {number})"

    @property
    def kind(self) -> str:
        """Return `step`, `sleep`, `wait`, `call`, `begun`, `event`, `now`, `uuid`, `try`, `version` or `stop`."""
        return self.key.partition(":")[0]

    @property
    def timed_out(self) -> bool:
        """Return whether this row says that the event of a wait did not come in time."""
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
    """Return whether the function has kept this row: operators post events, and the platform keeps the others."""
    return not step.key.startswith((EVENT, STOP, BEGUN)) and step.key != VERSION


def has_undone(steps: Iterable[Step]) -> bool:
    """Return whether the function has kept a step after it learned that it must stop."""
    return any(step.key.startswith((STEP, CALL)) and step.part == UNDO for step in steps)


def try_key(gen: int, number: int, step: str) -> str:
    """Return the key of a failed try (1 is the first) of the step with the key `step`, in run `gen`."""
    return f"{TRY}{gen}.{number}.{step.removeprefix(STEP)}"


def has_effects(steps: Iterable[Step]) -> bool:
    """Return whether the function has kept something that it may have to undo: a step, a failed try, or a call."""
    return any(step.key.startswith((STEP, TRY, CALL)) for step in steps)


def begun_key(gen: int, call: str) -> str:
    """Return the key of the row that says that run `gen` has made the jobs of the call with the key `call`."""
    return f"{BEGUN}{gen}.{call.removeprefix(CALL)}"


def waited_child(job: Job) -> str | None:
    """Return the id of the called job whose end a suspended job waits for; None if it waits for none."""
    return job.waits.removeprefix(CHILD) if job.waits is not None and job.waits.startswith(CHILD) else None


def waited_event(job: Job) -> str | None:
    """Return the name of the event that a suspended job waits for; None if it waits for none."""
    return job.waits.removeprefix(EVENT) if job.waits is not None and job.waits.startswith(EVENT) else None
