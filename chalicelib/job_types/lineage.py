"""Name the jobs that a job makes. Pure."""

import uuid
from dataclasses import dataclass

from chalicelib.jobs.job import Job
from chalicelib.jobs.run_identity import run_name

NAMESPACE = uuid.UUID("d7c0f6b4-4b0e-5b60-9d5c-2f1f3f0b7a55")
"""Namespace of the ids of jobs that jobs make."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """The parent of a job, the name of the parent's run, and the first job of the chain (`root`)."""

    parent: str
    run: str
    root: str

    @classmethod
    def of(cls, parent: Job) -> "Lineage":
        """Return the lineage for the children of this job."""
        return cls(parent.id, run_name(parent), parent.root or parent.id)

    def child_id(self, job_type: str, key: str) -> str:
        """Return the id of the child with this key: the same in every attempt of the run."""
        return str(uuid.uuid5(NAMESPACE, f"{self.run}|{job_type}|{key}"))
