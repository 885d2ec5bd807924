"""Create many jobs in portions, send unstored jobs again, and keep every answer.

Each job has a key, and its result contains the key. However a batch ended, the same jobs can be sent again.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from jobflow import errors as e
from jobflow import models as m
from jobflow.client import calls, flow
from jobflow.client.calls import Call, NewBatch, NewJob
from jobflow.client.encoding import as_body

Create = Callable[[Iterable[bytes]], Call[m.BatchAnswer]]
"""Return the request that creates some jobs."""
NOT_STORED = 503
"""The status of a job that the API could not store, or for which it gave no answer: the job may exist."""


@dataclass(frozen=True, slots=True)
class BatchedJob(m.BatchResult):
    """The result of one job of a batch, and the job's key.

    A job that is sent again with its key is never made twice.
    """

    key: str


def start(
    asked: NewBatch, jobs: Iterable[NewJob], patience: flow.Patience, trace: str | None = None
) -> flow.Flow[m.BatchDetail]:
    """Create a batch, add its members, and close it; raise MembersNotAdded if some are not members.

    A batch that an earlier call with this key has closed has all of its members.
    """
    jobs = _listed(jobs)
    if len(jobs) > m.BATCH_MEMBERS:
        raise ValueError(
            f"jobs has {len(jobs):,} jobs, and a batch has at most {m.BATCH_MEMBERS:,} members: start several batches."
        )
    made = yield from flow.answer(calls.start_batch(asked, trace), patience)
    if made.newest.closed_at is not None:
        return (yield from flow.answer(calls.get_batch(made), patience))
    results = yield from batch(jobs, patience, made.id, trace)
    if any(one.problem is not None for one in results):
        raise e.MembersNotAdded(made.id, results)
    members = {one.job.id for one in results if one.job is not None}
    found = yield from flow.answer(calls.close_batch(made, len(members)), patience)
    return found


def _listed(jobs: Iterable[NewJob]) -> list[NewJob]:
    if isinstance(jobs, NewJob) or not isinstance(jobs, Iterable):
        raise TypeError("batch takes a list of jobs: write [NewJob(type, payload), …].")
    jobs = list(jobs)
    if wrong := [job for job in jobs if not isinstance(job, NewJob)]:
        raise TypeError(f"Each job of a batch is NewJob(type, payload, …), not {type(wrong[0]).__name__}.")
    return jobs


def batch(
    jobs: Iterable[NewJob], patience: flow.Patience, to: str | None = None, trace: str | None = None
) -> flow.Flow[list[BatchedJob]]:
    """Create any number of jobs; return one result for each, in the same order. Raise an error of the first request.

    `to` is the batch of which they are members: a member without a key gets the hash of its request as its key.
    """
    jobs = _listed(jobs)
    keyed = [(job, job.key or (str(uuid.uuid4()) if to is None else "")) for job in jobs]
    # Encode all jobs before sending: an error in one job's JSON must not hide which other jobs were made.
    bodies = [as_body({**job.as_json(), **({"idempotency_key": key} if key else {})}) for job, key in keyed]
    create = partial(calls.create_many if to is None else partial(calls.add_to_batch, to), trace=trace)
    results = yield from _in_portions(bodies, create, patience)
    return [
        BatchedJob(one.status, one.job, one.problem, one.existing, key)
        for one, (_, key) in zip(results, keyed, strict=True)
    ]


def _in_portions(bodies: Sequence[bytes], create: Create, patience: flow.Patience) -> flow.Flow[list[m.BatchResult]]:
    """Send one portion after the other; divide a portion that is too large into halves.

    After an error, nothing more is sent, and the error becomes the result of all other jobs.

    If the error came before the first answer, the error is raised instead.
    """
    results: list[m.BatchResult] = []
    left = [bodies[start : start + m.BATCH_JOBS] for start in range(0, len(bodies), m.BATCH_JOBS)][::-1]
    while left:
        some = left.pop()
        try:
            results += yield from _portion(some, create, patience)
        except e.TooLarge as error:
            half = len(some) // 2
            if half:
                left += [some[half:], some[:half]]
            else:
                results.append(failed(error))
        except e.JobFlowError as error:
            if not results:
                raise
            results += [failed(error)] * (len(bodies) - len(results))
            break
    return results


def _portion(bodies: Sequence[bytes], create: Create, patience: flow.Patience) -> flow.Flow[list[m.BatchResult]]:
    """Send some jobs in one request, then the unstored jobs again with the same keys."""
    results = list((yield from _sent(bodies, create, patience)))
    for tried in count(1):
        places = [place for place, one in enumerate(results) if one.status == NOT_STORED]
        pause = patience.wait(tried, None) if places else None
        if pause is None:
            break
        yield flow.Wait(pause)
        try:
            again = yield from _sent([bodies[place] for place in places], create, patience)
        except e.JobFlowError:
            break  # the results so far show which jobs were created, and the others can be sent again
        for place, one in zip(places, again, strict=True):
            results[place] = _made_here(one)
    return results


def _made_here(one: m.BatchResult) -> m.BatchResult:
    """Return the result of a job that was sent again.

    If its key existed, the first request made the job, so it is new.
    """
    return replace(one, existing=None) if one.existing == "key" else one


def _sent(bodies: Sequence[bytes], create: Create, patience: flow.Patience) -> flow.Flow[list[m.BatchResult]]:
    found = (yield from flow.answer(create(bodies), patience)).results
    if len(found or ()) != len(bodies):
        raise e.UnexpectedAnswer(f"{len(bodies)} jobs were sent in a batch, but {len(found or ())} results came back.")
    return found


def failed(error: e.JobFlowError) -> m.BatchResult:
    """Return an error of a whole request as the result of one of its jobs."""
    if not isinstance(error, e.ApiError):
        problem = m.Problem("about:blank", "", NOT_STORED, str(error), None, None, None)
        return m.BatchResult(NOT_STORED, None, problem, None)
    kind = error.kind or ("body-too-large" if isinstance(error, e.TooLarge) else None)
    name = f"urn:jobflow:problem:{kind}" if kind else "about:blank"
    told = m.Problem(name, "", error.status, error.detail, error.errors or None, None, error.correlation_id)
    return m.BatchResult(error.status, None, told, None)
