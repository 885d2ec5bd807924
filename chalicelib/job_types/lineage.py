"""Name the jobs that a job makes. Pure."""

import uuid
from dataclasses import dataclass

from chalicelib.jobs.job import Job
from chalicelib.jobs.run_identity import run_name

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
