"""Say for how long the jobs of a type are kept after their end: as their type declares, or as all others. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.jobs.job import Job
from chalicelib.jobs.retention import KEEP_DEAD, KEEP_DONE


@dataclass(frozen=True, slots=True)
class KeepTimes:
    """Seconds after the end: of a completed or cancelled job, of a failed or dead-lettered one, and of its data.

    The data are payload, result and kept steps. None: as long as the job.
    """

    done: float = KEEP_DONE
    dead: float = KEEP_DEAD
    data: float | None = None


ALL = KeepTimes()
"""The times of types that declare none."""
Declared = Callable[[str], KeepTimes | None]
"""Return what the type of this name declares; None if it declares no times, or is not declared."""


def _nothing(_: str) -> None:
    return None


_declared: list[Declared] = [_nothing]


def declared_by(look_up: Declared) -> None:
    """Let this function say what types declare: the job types are declared in a layer above this one."""
    _declared[0] = look_up


def times_of(job: Job) -> KeepTimes | None:
    """Return the times of a job whose type declares some; None for all others.

    A member of a batch, and a job that another job has made, are kept as if their types declared no time for jobs: a
    batch may be open for weeks, and counts its members; and a function that is continued after weeks finds what it has
    made or called.
    """
    found = _declared[0](job.type)
    if found is None or (job.batch is None and job.parent is None):
        return found
    return KeepTimes(data=found.data)
