"""Decide which kept steps count when a job runs again from one of its steps. Pure."""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from chalicelib.errors import FieldError, InvalidRequest, JobConflict
from chalicelib.jobs.job import Job
from chalicelib.jobs.step import (
    CALL,
    EVENT,
    INNER,
    SLEEP,
    STEP,
    STOP,
    TRY,
    UNDO,
    VERSION,
    WAIT,
    Step,
    has_undone,
    is_counted,
    number_kept,
)

START = "start"
"""The place from which nothing is kept. A step with this name is written `step:start`."""
PLACES = (STEP, SLEEP, WAIT, CALL)
"""The kinds of kept rows that a run can begin with again."""
FIRST_LINE, LINES = 1_000_000, 2**32


@dataclass(frozen=True, slots=True)
class Again:
    """List what a retry keeps, in the order of the run.

    `kept` are the rows that still count. `places` are the keys of all steps, sleeps and waits from which the job can
    run again. The last of them run `anew`, and the events in `forgotten` do not count any more.
    """

    kept: Sequence[Step]
    places: Sequence[str]
    anew: Sequence[str] = ()
    forgotten: Sequence[Step] = ()

    @property
    def number(self) -> int:
        """Return the number of kept rows that the job counts."""
        return number_kept(self.kept)


def line_of(job: Job, begins: str) -> int:
    """Return the number of the line to which the rows before a step are copied.

    It is made from the run and the step. If a request ends while it copies, its repetition continues, and a request for
    another step, or of a later run, never finds the rows. Numbers of other lines are smaller.
    """
    digest = hashlib.sha256(f"{job.gen}|{job.line}|{begins}".encode()).digest()
    return FIRST_LINE + int.from_bytes(digest[:8], "big") % LINES


def begins_anew(begin: str | None, *, differs: bool, undone: bool) -> bool:
    """Return whether a retry keeps no step.

    That is so if it is asked for, or if it names no step and its payload `differs`, or its steps were `undone`.
    """
    return begin == START or (begin is None and (differs or undone))


def from_start(steps: Sequence[Step]) -> Again:
    """Return a retry that keeps nothing."""
    events = [step for step in steps if step.key.startswith(EVENT)]
    places = _places(steps)
    return Again((), places, places, events)


def going_on(steps: Sequence[Step]) -> Again:
    """Return a retry that keeps everything: it continues after the last kept step."""
    return Again(steps, _places(steps))


def from_step(job: Job, steps: Sequence[Step], name: str, *loc: str) -> Again:
    """Return a retry that keeps what the function had kept before this step, sleep or wait.

    Raises InvalidRequest for a name that the run does not have, and JobConflict if steps are missing or were undone.
    """
    if has_undone(steps):
        raise JobConflict(f"Job {job.id} has undone its steps, so none of them can be kept. Retry it from the start.")
    if number_kept(steps) < job.kept:
        raise JobConflict(f"Kept steps of job {job.id} were deleted after 180 days. Retry it from the start.")
    places = _places(steps)
    begins = _found(places, name, *loc)
    first = min(_place(step) for step in steps if _key(step) == begins and step.number is not None)
    before = [step for step in _own(steps) if _place(step) < first and step.part != UNDO]
    last = max((_place(step) for step in before if step.part != INNER), default=(0, 0.0))
    within = begins.partition(":")[2] + "."
    # what was kept while the function of the step ran, before the step itself was kept
    before = [
        step for step in before if step.part != INNER or (_place(step) < last and not step.name.startswith(within))
    ]
    decided = _decided(before)
    own = [step for step in before if not step.key.startswith(TRY) or _key(step) in decided]
    counted = any(map(is_counted, own))
    keys = {step.key for step in steps}
    kept = {step.key for step in own}
    for step in steps:
        if step.key == VERSION and counted:  # else the run begins with the present version
            own.append(step)
        elif step.key.startswith(EVENT):
            wait = WAIT + step.name
            if wait in kept or (wait not in keys and not step.timed_out):
                own.append(step)
    counts = {step.key for step in own}
    forgotten = [step for step in steps if step.key.startswith(EVENT) and step.key not in counts]
    return Again(_numbered(own), places, places[places.index(begins) :], forgotten)


def _own(steps: Sequence[Step]) -> list[Step]:
    """Return what the function has kept, in the order of its numbers."""
    own = [step for step in steps if is_counted(step) and step.number is not None and not step.key.startswith(STOP)]
    return sorted(own, key=_place)


def _place(step: Step) -> tuple[int, float]:
    return step.number or 0, step.at


def _key(step: Step) -> str:
    """Return the key of a step; of a failed try, the key of the step that was tried."""
    if not step.key.startswith(TRY):
        return step.key
    tried = step.key.split(".", 2)[2]
    return tried if tried.startswith(CALL) else STEP + tried


def _places(steps: Sequence[Step]) -> list[str]:
    """Return the keys from which the job can run again, in the order in which the function came to them."""
    own = [step for step in _own(steps) if step.part not in (INNER, UNDO)]
    return list(dict.fromkeys(key for step in own if (key := _key(step)).startswith(PLACES)))


def _decided(before: Sequence[Step]) -> set[str]:
    """Return the keys of the tried steps whose failed tries still count. `before` is in the order of the places.

    They count if the step was kept, or if the function caught the failure of the last try and went on.
    """
    last = {_key(step): step for step in before if step.key.startswith(TRY)}
    others = [step for step in before if not step.key.startswith(TRY)]
    kept, places = {step.key for step in others}, [_place(step) for step in others]
    # for each place, the latest begin of what was kept there or after it
    begins = list(accumulate((step.at - (step.took or 0.0) for step in reversed(others)), max))[::-1]

    def went_on(failed: Step) -> bool:
        after = bisect_right(places, _place(failed))
        return failed.until is None and after < len(begins) and begins[after] >= failed.at

    return {key for key, failed in last.items() if key in kept or went_on(failed)}


def _found(places: Sequence[str], name: str, *loc: str) -> str:
    found = [key for key in places if name in (key, key.partition(":")[2])]
    exact = [key for key in found if key == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    known = ", ".join(_names(places)) or "no step was kept"
    told = (
        f"must be {START}, or one of: {known}" if not found else f"is the name of several: write {' or '.join(found)}"
    )
    raise InvalidRequest(f"The job has no step {name[:120]!r}." if not found else "The step is not clear.", [
        FieldError(loc or ("from",), told)
    ])  # fmt: skip


def _names(places: Sequence[str]) -> Iterator[str]:
    """Yield what names each place: its name, or its key if the name alone is not clear."""
    names = [key.partition(":")[2] for key in places]
    number = Counter(names)
    yield from (key if number[name] > 1 or name == START else name for key, name in zip(places, names, strict=True))


def names_of(places: Sequence[str]) -> list[str]:
    """Return the names with which a retry can be requested, one for each place."""
    return list(_names(places))


def _numbered(own: Sequence[Step]) -> list[Step]:
    """Return the rows with new numbers, because the number of the next row is made from the number of rows."""
    counted = sorted((step for step in own if step.number is not None), key=_place)
    numbers = {step.key: place for place, step in enumerate(counted, 1)}
    return [replace(step, number=numbers.get(step.key)) for step in own]
