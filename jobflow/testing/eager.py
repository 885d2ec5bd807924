"""Run the jobs that an application submits in the process of the test: at once, and until they have ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job
from jobflow.context import RUNNING, Attempt
from jobflow.testing.clock import Clock
from jobflow.testing.platform import Platform


@contextmanager
def eager(
    *kinds: JobType[Any, Any], clock: Clock | None = None, secrets: Mapping[str, str] | None = None
) -> Iterator[Platform]:
    """Let every `submit`, `batch` and `delay` of this thread run its jobs on a platform in memory; yield the platform.

    Each call returns when its job has ended, with its result or its error; a job that fails raises nothing. Waits take
    no time: the platform's clock is advanced instead. The arguments are those of `Platform`. Other requests of a client
    are sent as usual.
    """
    platform = Platform(*kinds, clock=clock, secrets=secrets)
    token = RUNNING.set(Attempt(None, partial(_submit, platform), every_client=True))
    try:
        yield platform
    finally:
        RUNNING.reset(token)


def _submit(platform: Platform, type: str, payload: Any, **asked: Any) -> Job:
    return platform.finish(platform.submit(type, payload, **asked))
