"""Name the jobs that a job makes, and find the types that can make each other without an end. Pure."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.job import Job
from chalicelib.jobs.lives import run_name

if TYPE_CHECKING:
    from chalicelib.jobs.types.jobtype import JobType

NAMESPACE = uuid.UUID("d7c0f6b4-4b0e-5b60-9d5c-2f1f3f0b7a55")
"""Of the ids of jobs that jobs make."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """The job that makes another one, the name of the run in which it does, and the first of that line."""

    parent: str
    run: str
    root: str

    @classmethod
    def of(cls, parent: Job) -> "Lineage":
        """Return the lineage of what this job makes."""
        return cls(parent.id, run_name(parent), parent.root or parent.id)

    def child_id(self, job_type: str, key: str) -> str:
        """Return the id of the job that is made under this key: the same in every attempt of the run."""
        return str(uuid.uuid5(NAMESPACE, f"{self.run}|{job_type}|{key}"))


def check_enqueues(declared: "Mapping[str, JobType[Any, Any]]") -> None:
    """Raise ConfigurationError when a type makes jobs of a type that no file declares."""
    for kind in declared.values():
        unknown = [name for name in kind.enqueues if name not in declared]
        if unknown:
            raise ConfigurationError(f"{kind.name}: enqueues names {', '.join(unknown)}, which no file declares")


def looping(kinds: "Iterable[JobType[Any, Any]]") -> set[str]:
    """Return the names of the types whose jobs can make, by way of others or at once, a job of the same type again."""
    makes = {kind.name: kind.enqueues for kind in kinds}
    return {name for name in makes if name in _reached(name, makes)}


def _reached(start: str, makes: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(makes[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += makes.get(name, ())
    return found
