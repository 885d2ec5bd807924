"""Describe a call as a generator: it yields requests and waits, and receives the answers.

The rules are therefore written once for threads and asyncio, and a test needs no network and no clock.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, TypeVar

from jobflow import errors as e
from jobflow import models as m
from jobflow.client import calls, decoding
from jobflow.client.calls import BatchOrId, BulkOrId, Call, JobOrId, SubmittedJob
from jobflow.client.http import httpx
from jobflow.plain import TypeOrName
from jobflow.problems import BY_KIND

T = TypeVar("T")
LOGGER = logging.getLogger("jobflow")
Finishing = TypeVar("Finishing", m.JobDetail, m.BulkActionRow, m.BatchDetail)
JOB_FIRST, BULK_FIRST, POLL_FACTOR, POLL_LONGEST = 0.1, 0.25, 1.5, 5.0
"""Seconds between two reads during a wait: the first, the growth factor, and the longest."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait of that many seconds."""

    seconds: float


Flow = Generator[Call[Any] | Wait, Any, T]
"""Yield a Call and receive its httpx.Response or httpx.TransportError; yield a Wait and receive None."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Decide how often a request is repeated, and the waits in seconds."""

    tries: int = 4
    first: float = 0.2
    longest: float = 60.0
    chance: Callable[[], float] = field(default=random.random)

    def wait(self, tried: int, retry_after: float | None) -> float | None:
        """Return the seconds until the next try after `tried` tries; None: there is no further try."""
        if tried >= self.tries:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.longest else None
        return float(min(self.longest, self.first * 2 ** (tried - 1)) * self.chance())


def answer(call: Call[T], patience: Patience) -> Flow[T]:
    """Send a call until it is answered; raise ApiError, NotReached or UnexpectedAnswer.

    After 429, any call can be sent again, because the API did nothing. After a lost answer or a 5xx, a call is sent
    again only if it is repeatable.
    """
    tried = 0
    while True:
        tried += 1
        error: e.JobFlowError
        try:
            response: httpx.Response = yield call
        except httpx.TransportError as lost:
            safe = call.repeatable or isinstance(lost, httpx.ConnectError | httpx.ConnectTimeout)
            error, after = e.NotReached(f"No answer from the API{_place(lost)}: {lost or type(lost).__name__}"), None
            error.__cause__ = lost
        else:
            if response.is_success:
                return _content(call, response, again=tried > 1)
            error, after = problem_of(response), retry_after_of(response)
            safe = response.status_code == 429 or (call.repeatable and response.status_code >= 500)
        pause = patience.wait(tried, after) if safe else None
        if pause is None:
            raise error
        if isinstance(error, e.ApiError) and error.status == 429:
            LOGGER.warning("Held back for %.0f s: %s", pause, error)
        yield Wait(pause)


def _place(lost: httpx.TransportError) -> str:
    """Return the address to which the request was sent, if it is known."""
    try:
        return f" at {lost.request.url.copy_with(path='', query=None)}"
    except RuntimeError:
        return ""


def _content(call: Call[T], response: httpx.Response, *, again: bool) -> T:
    try:
        body = response.json()
        if call.answers is SubmittedJob:
            body = {**body, "existing": _existing(response.headers, again=again)}
        if call.answers is m.BatchAnswer and again:
            body = {**body, "results": [_made_here(one) for one in body["results"]]}
        return decoding.read(call.answers, body)
    except (TypeError, ValueError, AttributeError) as wrong:
        place = f"{call.method} {response.request.url}"
        raise e.UnexpectedAnswer(f"{place} did not answer like the JobFlow API: {wrong}") from wrong


def _made_here(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "existing": None} if result.get("existing") == "key" else result


def _existing(headers: httpx.Headers, *, again: bool) -> str | None:
    """Return why a job existed before this call; None if it did not exist.

    If the call was sent `again`, its own first try made the job with this key.
    """
    replayed = "key" if "Idempotent-Replayed" in headers and not again else None
    found: str | None = headers.get("Existing-Job", replayed)
    return found


def problem_of(response: httpx.Response) -> e.ApiError:
    """Return an error answer as an exception: its class depends on the problem's name, or else on the status."""
    said = None
    try:
        body = response.json()
        problem = decoding.read(m.Problem, body)
        said = body.get("message")  # from API Gateway itself, which sends no problem documents
    except (TypeError, ValueError, AttributeError):
        problem = m.Problem("", "", response.status_code, f"The API answered {response.status_code}", None, None, None)
    kind = str(problem.type or "").rpartition(":")[2]
    general = e.ServerError if response.status_code >= 500 else e.ApiError
    found = BY_KIND.get(kind) or e.BY_STATUS.get(response.status_code, general)
    return found(
        response.status_code,
        problem.detail or problem.title or _by_gateway(response.status_code, said),
        kind=kind or None,
        errors=problem.errors,
        correlation_id=problem.correlation_id,
        retry_after=retry_after_of(response),
    )


def _by_gateway(status: int, said: str | None) -> str:
    return f"API Gateway answered {status}: {said}" if said else f"The API answered {status}"


def retry_after_of(response: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except ValueError:
        return None


def wait(job: JobOrId, timeout: float | None, patience: Patience, now: Callable[[], float]) -> Flow[m.JobDetail]:
    """Read a job until it has finished; raise WaitTimeout after `timeout` seconds."""
    return _finished(calls.get(job), JOB_FIRST, _has_finished, e.WaitTimeout, timeout, patience, now)


def wait_bulk(
    bulk: BulkOrId, timeout: float | None, patience: Patience, now: Callable[[], float]
) -> Flow[m.BulkActionRow]:
    """Read a bulk action until it has finished; raise BulkNotFinished after `timeout` seconds."""
    return _finished(calls.bulk_action(bulk), BULK_FIRST, _has_finished, e.BulkNotFinished, timeout, patience, now)


def wait_batch(
    batch: BatchOrId, timeout: float | None, patience: Patience, now: Callable[[], float]
) -> Flow[m.BatchDetail]:
    """Read a batch until all of its rounds have ended; raise BatchNotEnded after `timeout` seconds."""
    look = calls.get_batch(batch)
    return _finished(look, BULK_FIRST, lambda found: found.state == "ended", e.BatchNotEnded, timeout, patience, now)


def _has_finished(found: m.JobDetail | m.BulkActionRow) -> bool:
    return found.finished_at is not None


def _finished(
    look: Call[Finishing],
    pause: float,
    over: Callable[[Finishing], bool],
    late: Callable[[Finishing, float], e.JobFlowError],
    timeout: float | None,
    patience: Patience,
    now: Callable[[], float],
) -> Flow[Finishing]:
    begun = now()
    while True:
        found = yield from answer(look, patience)
        if over(found):
            return found
        left = float("inf") if timeout is None else timeout - (now() - begun)
        if left <= 0:
            raise late(found, timeout or 0)
        yield Wait(min(pause, left))
        pause = min(POLL_LONGEST, pause * POLL_FACTOR)


def result(job: JobOrId, timeout: float | None, patience: Patience, now: Callable[[], float]) -> Flow[Any]:
    """Wait for a job and return its result; raise JobNotCompleted if the job has no result."""
    found = yield from wait(job, timeout, patience, now)
    if found.status != "completed":
        raise e.JobNotCompleted(found)
    return found.result


def bulk(
    action: str,
    chosen: Mapping[str, Any],
    patience: Patience,
    *,
    dry_run: bool,
    expected: int | None,
    reason: str = "",
) -> Flow[m.BulkAnswer]:
    """Retry or cancel many jobs: listed jobs in portions, or all that match, compared with `expected`."""
    if "ids" not in chosen:
        return (
            yield from whole(
                lambda cursor: calls.bulk(
                    action, chosen, dry_run=dry_run, expected=None if cursor else expected, cursor=cursor, reason=reason
                ),
                patience,
            )
        )
    ids = chosen["ids"]
    if expected is not None and len(set(ids)) > expected:
        raise ValueError(f"{len(set(ids)):,} jobs are listed, and {expected:,} were expected.")
    parts = []
    for start in range(0, len(ids), m.BULK_JOBS):
        some = {"ids": ids[start : start + m.BULK_JOBS]}
        parts.append((yield from answer(calls.bulk(action, some, dry_run=dry_run, reason=reason), patience)))
    return _sum(parts)


def redrive(
    type: TypeOrName | None,
    patience: Patience,
    *,
    everything: bool,
    dry_run: bool,
    expected: int | None,
    reason: str = "",
) -> Flow[m.BulkAnswer]:
    """Retry every dead-lettered job, page by page. Jobs of all types are retried only if this is explicit."""
    if (type is None) != everything:
        raise ValueError("Select the dead letters by type, or with everything=True: exactly one of the two.")
    return whole(
        lambda cursor: calls.redrive(
            type, dry_run=dry_run, expected=None if cursor else expected, cursor=cursor, reason=reason
        ),
        patience,
    )


def whole(page: Callable[[str | None], Call[m.BulkAnswer]], patience: Patience) -> Flow[m.BulkAnswer]:
    """Follow all pages of a bulk action and return their sum."""
    parts, cursor = list[m.BulkAnswer](), None
    while True:
        parts.append((yield from answer(page(cursor), patience)))
        cursor = parts[-1].next_cursor
        if not parts[-1].more or cursor is None:
            return _sum(parts)


def _sum(parts: Sequence[m.BulkAnswer]) -> m.BulkAnswer:
    matched, done = sum(part.matched for part in parts), sum(part.done for part in parts)
    skipped = [one for part in parts for one in part.skipped]
    return m.BulkAnswer(matched, done, skipped, more=False, next_cursor=None)
