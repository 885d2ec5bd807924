"""Let the tenants of `fair_by` take turns in the line of a limit. Pure.

A job that begins to wait gets a position: a virtual time, in which each start of a tenant lasts APART. A tenant that
comes late begins at the clock of the limit, which is the position of the job that got a place last. So a tenant
with 100,000 jobs in the line gets as many places as another tenant that waits. This is start-time
fair queueing, without weights: https://doi.org/10.1145/248157.248171
"""

import hashlib
from typing import Any

from chalicelib.job_types.at_most import takes_turns
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import tenant_of
from chalicelib.limits.ids import declaration_of

DIGITS = 12
"""Number of hexadecimal digits of the hash of a tenant. Two tenants with the same hash take turns as one."""


def turn_of(kind: JobType[Any, Any] | None, job: Job, limit: str) -> str | None:
    """Return the hash of the tenant with which a job takes turns in the line of this limit; None: it takes none.

    A job that was asked to stop, and must undo its steps, waits before all tenants: there are few of them.
    """
    declared = None if kind is None else declaration_of(kind, limit)
    if kind is None or declared is None or not takes_turns(kind.fair_by, declared) or job.cancel_requested:
        return None
    tenant = tenant_of(job.tags)
    return _hash(f"type {job.type}" if tenant is None else f"tenant {tenant}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:DIGITS]
