"""Run the jobs that an application submits in the process of the test: at once, and until they have ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from chalicelib.api.http.problems import problem_of, row_of
from chalicelib.errors import InvalidRequest, JobFlowError
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job
from jobflow.client import flow
from jobflow.context import RUNNING, Attempt
from jobflow.errors import ApiError
from jobflow.testing.clock import Clock
from jobflow.testing.platform import Platform


@contextmanager
def eager(
    *kinds: JobType[Any, Any] | str, clock: Clock | None = None, secrets: Mapping[str, str] | None = None
) -> Iterator[Platform]:
    """Let every `submit`, `batch` and `delay` of this thread run its jobs on a platform in memory; yield the platform.

    Each call returns when its job has ended, or waits for an event; a job that fails raises nothing. A request that the
    API would refuse raises the client's error. Waits take no time: the platform's clock is advanced instead. The
    arguments are those of `Platform`. Other requests of a client are sent as usual.
    """
    platform = Platform(*kinds, clock=clock, secrets=secrets)
    token = RUNNING.set(Attempt(None, partial(_submit, platform), every_client=True))
    try:
        yield platform
    finally:
        RUNNING.reset(token)


def _submit(platform: Platform, type: str, payload: Any, **asked: Any) -> Job:
    try:
        made = platform.submit(type, payload, **asked)
    except JobFlowError as error:
        if row_of(error) is None:
            raise
        raise _as_answered(error) from None
    return platform.finish(made)


def _as_answered(error: JobFlowError) -> ApiError:
    """Return the error that the client raises after the API's answer."""
    problem = problem_of(error)
    if isinstance(error, InvalidRequest):
        problem["detail"] = str(error).removesuffix(error.told()).strip()  # the client's error adds the fields itself
    return flow.problem_of(httpx.Response(problem["status"], json=problem))
