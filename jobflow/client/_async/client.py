"""Define the client of one API, with a method for each request, and some for several requests."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

from jobflow import context, profiles
from jobflow import errors as e
from jobflow import models as m
from jobflow.client import (
    auditing,
    batches,
    calls,
    erasing,
    flow,
    hooks,
    limits,
    schedules,
    sessions,
    traces,
    uploads,
    within,
)
from jobflow.client.batches import BatchedJob
from jobflow.client.calls import (
    BatchOrId,
    BulkOrId,
    Call,
    JobOrId,
    NewBatch,
    NewJob,
    Priority,
    Step,
    SubmittedJob,
    UsageBy,
)
from jobflow.client.http import httpx
from jobflow.client.transport import TIMEOUT, AsyncSleep, Personal, arguments, checked, options
from jobflow.plain import TypeOrName

T = TypeVar("T")


class AsyncJobFlow:
    """Send requests to one API. Use it as a context manager, or close it.

    Without arguments it uses JOBFLOW_URL and JOBFLOW_TOKEN, a profile, or a running `make dev`. Every method raises
    ApiError if the API answers with an error, and NotReached if it does not answer. `reason` says why you change
    something: the audit log stores it for 400 days, so write no personal data. Threads can share a JobFlow; the
    tasks of one event loop can share an AsyncJobFlow, whose methods are coroutines.

    `personal="hide"`: answers have `[personal]` in place of personal fields, also if the token may see their values;
    "never": a search does not find them either.

    In an attempt of a job, a client without arguments makes child jobs: its `submit` and `batch` work like
    `ctx.enqueue`, and need no request, URL or token.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        profile: str | None = None,
        personal: Personal = "show",
        timeout: float = TIMEOUT,
        patience: flow.Patience | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: AsyncSleep = asyncio.sleep,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._of_attempts = url is None and token is None and profile is None
        self._find = partial(profiles.find, url, token, profile)
        self._timeout, self._transport = timeout, transport
        self.personal = checked(personal)
        self._http: httpx.AsyncClient | None = None
        self._patience = patience or flow.Patience()
        self._sleep = sleep
        self._now = now
        if not (self._of_attempts and within.in_function()):
            self._connected()  # raise the error for a missing URL or token here, not at the first request

    @cached_property
    def target(self) -> profiles.Target:
        """Return the API to which the requests go. Raises ConfigurationError if there is none."""
        try:
            return self._find()
        except e.ConfigurationError as error:
            if not within.in_function():
                raise
            raise e.ConfigurationError(f"{context.NOT_HERE} And no API is known: {error}") from error

    async def submit(
        self,
        type: TypeOrName,
        payload: Any,
        *,
        key: str | None = None,
        delay: float | timedelta | None = None,
        run_at: datetime | str | None = None,
        tags: Sequence[str] = (),
        max_attempts: int | None = None,
        debounce: tuple[str, float | timedelta] | None = None,
        expires: float | timedelta | None = None,
        on_end: TypeOrName | None = None,
        notify: Sequence[str] = (),
        priority: Priority = "normal",
        traceparent: str | None = None,
    ) -> SubmittedJob:
        """Create a job and return it. With the same key and body again, return the existing job; `existing` says why.

        `debounce` is a key and seconds. A job that still waits under the key is replaced, and runs that many seconds
        after this call. `expires`: a job that has not begun this number of seconds after its time is cancelled.
        `on_end`: a type of which a job is made when this job has ended. `notify`: the names of the webhooks that get
        the end. `priority` orders the jobs that wait for a limit, and `high` passes the backlog of a type with
        `urgent`; only for types with `limits` or `urgent`. `traceparent`: the trace to which the job belongs (W3C Trace
        Context); without it, that of the current span, if the program uses OpenTelemetry. In an attempt, the job
        belongs to the trace of the attempt's job.
        """
        asked = NewJob(
            type, payload, key, delay, run_at, tags, max_attempts, debounce, expires, on_end, notify, priority
        )
        if (attempt := self._attempt()) is not None:
            return within.submit(attempt, asked)
        return await self._ask(calls.create(asked, traces.context(traceparent)))

    async def batch(self, jobs: Iterable[NewJob], *, traceparent: str | None = None) -> list[BatchedJob]:
        """Create any number of jobs and return one result for each, in the same order: `job` or `problem`, and `key`.

        `traceparent`: see `submit`. An error of the first request is raised. If a later request fails, its error is the
        `problem` of each job that it did not create. You can send such a job again with its `key`: no job is created
        twice.
        """
        if (attempt := self._attempt()) is not None:
            return within.batch(attempt, jobs)
        return await self._run(batches.batch(jobs, self._patience, trace=traces.context(traceparent)))

    async def start_batch(
        self,
        jobs: Iterable[NewJob],
        *,
        then: TypeOrName | None = None,
        on_failure: TypeOrName | None = None,
        key: str | None = None,
        tags: Sequence[str] = (),
        notify: Sequence[str] = (),
        traceparent: str | None = None,
    ) -> m.BatchDetail:
        """Create a batch of these jobs: when all of them have ended, a job of the type `then` is made.

        `on_failure` is the type of the job that is made when the first one has failed. Both take a BatchEnd. `notify`:
        the names of the webhooks that get the end of each round. A batch that an earlier call with this `key` has
        closed is returned as it is. The key of a job names it in the batch; equal jobs without keys are one member.
        `traceparent`: see `submit`; the jobs of `then` and `on_failure` belong to the trace, too.
        Raises MembersNotAdded if the API refuses a job: the batch then stays open.
        """
        asked = NewBatch(then, on_failure, key, tags, notify)
        return await self._run(batches.start(asked, jobs, self._patience, traces.context(traceparent)))

    async def open_batch(
        self,
        *,
        then: TypeOrName | None = None,
        on_failure: TypeOrName | None = None,
        key: str | None = None,
        tags: Sequence[str] = (),
        notify: Sequence[str] = (),
        traceparent: str | None = None,
    ) -> m.BatchDetail:
        """Create a batch without members, to which several processes can add some; see `start_batch`."""
        asked = NewBatch(then, on_failure, key, tags, notify)
        return await self._ask(calls.start_batch(asked, traces.context(traceparent)))

    async def add_to_batch(
        self, batch: BatchOrId, jobs: Iterable[NewJob], *, traceparent: str | None = None
    ) -> list[BatchedJob]:
        """Add members to an open batch; return one result for each, as `batch` does. `traceparent`: see `submit`."""
        to = batch if isinstance(batch, str) else batch.id
        return await self._run(batches.batch(jobs, self._patience, to, traces.context(traceparent)))

    async def close_batch(self, batch: BatchOrId, total: int | None = None, *, reason: str = "") -> m.BatchDetail:
        """Close a batch: it has `total` members. Without the number, they are counted a minute or two later."""
        return await self._ask(calls.close_batch(batch, total, reason))

    async def cancel_batch(self, batch: BatchOrId, *, reason: str = "") -> m.BatchDetail:
        """Close a batch and cancel its unfinished members, in the background; the job of `then` is still made."""
        return await self._ask(calls.cancel_batch(batch, reason))

    async def retry_batch(self, batch: BatchOrId, *, reason: str = "") -> m.BatchDetail:
        """Retry the failed members of a batch in the background, as a new round with its own job of `then`."""
        return await self._ask(calls.retry_batch(batch, reason))

    async def get_batch(self, batch: BatchOrId) -> m.BatchDetail:
        """Return a batch with the numbers of each round."""
        return await self._ask(calls.get_batch(batch))

    async def wait_batch(self, batch: BatchOrId, timeout: float | None = None) -> m.BatchDetail:
        """Wait until all rounds of a batch have ended, and return it; raise BatchNotEnded after `timeout` seconds.

        The job of `then` exists by then, but may not have run yet. A batch that nobody closes does not end.
        """
        return await self._run(flow.wait_batch(batch, timeout, self._patience, self._now))

    async def batches(self) -> AsyncIterator[m.BatchRow]:
        """Yield every batch, newest first, with the numbers of its newest round."""
        cursor: str | None = None
        while True:
            page = await self._ask(calls.batches(cursor))
            for one in page.batches:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def get(self, job: JobOrId) -> m.JobDetail:
        """Return a job with its payload, result and attempts."""
        return await self._ask(calls.get(job))

    async def wait(self, job: JobOrId, timeout: float | None = 60.0) -> m.JobDetail:
        """Wait until a job has finished in any state, and return it; raise WaitTimeout after `timeout` seconds."""
        return await self._run(flow.wait(job, timeout, self._patience, self._now))

    async def result(self, job: JobOrId, timeout: float | None = 60.0) -> Any:
        """Wait for a job and return its result; raise JobNotCompleted if it failed, or WaitTimeout."""
        return await self._run(flow.result(job, timeout, self._patience, self._now))

    async def retry(self, job: JobOrId, payload: Any = None, from_: str | None = None, *, reason: str = "") -> m.JobRow:
        """Run a failed, dead-lettered or cancelled job again, with another payload if given.

        `from_` is "start", or the name of a kept step, sleep or wait: what was kept before it is not run again. Without
        it, the job continues after its last kept step, and with another payload it begins from the start. The audit log
        stores the reason.
        """
        return await self._ask(calls.retry(job, payload, from_, reason))

    async def preview_retry(self, job: JobOrId, from_: str | None = None) -> m.RetryPreview:
        """Return what `retry` would keep, and what it would run anew; nothing is changed."""
        return await self._ask(calls.preview_retry(job, from_))

    async def cancel(self, job: JobOrId, *, descendants: bool = False, reason: str = "") -> m.CancelledJob:
        """Stop a job: a waiting job at once, a running job at its next check; with `descendants`, also its children.

        `answer.descendants` has the number of children by result. If `answer.descendants.more` is true, some children
        are left: repeat the call. The audit log stores the reason.
        """
        return await self._ask(calls.cancel(job, descendants=descendants, reason=reason))

    async def run_now(self, job: JobOrId, *, reason: str = "") -> m.JobRow:
        """Run a scheduled or retrying job now instead of at its time; the audit log stores the reason."""
        return await self._ask(calls.run_now(job, reason))

    async def event(self, job: JobOrId, name: str, data: Any = None, *, reason: str = "") -> m.JobRow:
        """Post an event to a job whose function calls `ctx.wait_for(name)`. Only the first event with a name counts."""
        return await self._ask(calls.event(job, name, data, reason))

    async def steps(self, job: JobOrId) -> m.Steps:
        """Return the kept steps of a job, with its sleeps, waits and events, oldest first."""
        return await self._ask(calls.steps(job))

    async def past_payload(self, job: JobOrId, gen: int) -> m.PastPayload:
        """Return the payload of an earlier run (the first is 1), if the job was then retried with another one."""
        return await self._ask(calls.past_payload(job, gen))

    async def discard(self, job: JobOrId, reason: str = "") -> m.JobRow:
        """Settle a failed or dead-lettered job without running it; the job stores the reason."""
        return await self._ask(calls.discard(job, reason))

    async def delete(self, job: JobOrId, *, reason: str = "") -> m.DeletedJob:
        """Delete a finished job: nobody finds it any more, and the platform removes its rows and objects soon.

        Raises JobConflict for a job that has not ended, and JobNotFound for one that is removed already.
        """
        return await self._ask(erasing.delete(job, reason))

    async def iterate(self, *, page_size: int = 100, **filters: Unpack[m.JobFilter]) -> AsyncIterator[m.JobRow]:
        """Yield every job that matches, newest first, page by page."""
        cursor: str | None = None
        while True:
            page = await self._ask(calls.page(cursor, page_size, filters))
            for one in page.jobs:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def page(self, *, cursor: str | None = None, limit: int = 20, **filters: Unpack[m.JobFilter]) -> m.JobPage:
        """Return one page of jobs, newest first; `next_cursor` is the cursor of the next page."""
        return await self._ask(calls.page(cursor, limit, filters))

    async def logs(self, job: JobOrId) -> AsyncIterator[m.LogLine]:
        """Yield the log lines of a job: the newest attempt first, and the lines of an attempt in order."""
        cursor: str | None = None
        while True:
            page = await self._ask(calls.logs(job, cursor))
            for one in page.lines:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def retry_many(
        self,
        ids: Sequence[JobOrId] | None = None,
        *,
        everything: bool = False,
        dry_run: bool = False,
        expected: int | None = None,
        reason: str = "",
        **filters: Unpack[m.JobFilter],
    ) -> m.BulkAnswer:
        """Retry these jobs, all that match, or `everything`; `dry_run` only counts.

        Raises MoreThanExpected and changes nothing if it would change more jobs than `expected` plus a tenth.
        """
        chosen = calls.chosen(ids, filters, everything=everything)
        return await self._run(
            flow.bulk("retry", chosen, self._patience, dry_run=dry_run, expected=expected, reason=reason)
        )

    async def cancel_many(
        self,
        ids: Sequence[JobOrId] | None = None,
        *,
        everything: bool = False,
        dry_run: bool = False,
        expected: int | None = None,
        reason: str = "",
        **filters: Unpack[m.JobFilter],
    ) -> m.BulkAnswer:
        """Cancel these jobs, all that match, or `everything`; `dry_run` only counts.

        Raises MoreThanExpected and changes nothing if it would change more jobs than `expected` plus a tenth.
        """
        chosen = calls.chosen(ids, filters, everything=everything)
        return await self._run(
            flow.bulk("cancel", chosen, self._patience, dry_run=dry_run, expected=expected, reason=reason)
        )

    async def redrive(
        self,
        type: TypeOrName | None = None,
        *,
        everything: bool = False,
        dry_run: bool = False,
        expected: int | None = None,
        reason: str = "",
    ) -> m.BulkAnswer:
        """Retry every dead-lettered job of a type, or of all types with `everything`; `dry_run` only counts.

        Raises MoreThanExpected and changes nothing if it would retry more jobs than `expected` plus a tenth.
        """
        return await self._run(
            flow.redrive(type, self._patience, everything=everything, dry_run=dry_run, expected=expected, reason=reason)
        )

    async def start_bulk(
        self,
        action: m.Action,
        ids: Sequence[JobOrId] | None = None,
        *,
        everything: bool = False,
        dry_run: bool = False,
        expected: int | None = None,
        reason: str = "",
        edit: Mapping[str, Any] | None = None,
        **filters: Unpack[m.JobFilter],
    ) -> m.BulkActionRow:
        """Let the platform retry, cancel or discard these jobs, all that match, or `everything`, in the background.

        `expected` is the number of jobs that you have counted: MoreThanExpected is raised if more jobs than this plus a
        tenth would be changed. `reason` is stored with each discarded job. `edit` gives fields of payloads
        other values before a retry, by their paths: `{"order.currency": "EUR"}`.
        """
        chosen = calls.chosen(ids, filters, everything=everything)
        settings = {"dry_run": dry_run or None, "expected": expected, "reason": reason, "edit": edit}
        return await self._ask(calls.start_bulk(action, chosen, settings))

    async def wait_bulk(self, bulk: BulkOrId, timeout: float | None = None) -> m.BulkActionRow:
        """Wait until a bulk action has finished, and return it; raise BulkNotFinished after `timeout` seconds."""
        return await self._run(flow.wait_bulk(bulk, timeout, self._patience, self._now))

    async def bulk_action(self, bulk: BulkOrId) -> m.BulkActionRow:
        """Return a bulk action with its progress."""
        return await self._ask(calls.bulk_action(bulk))

    async def bulk_actions(self) -> list[m.BulkActionRow]:
        """Return the newest bulk actions."""
        answer = await self._ask(calls.bulk_actions())
        return answer.bulk_actions

    async def stop_bulk(self, bulk: BulkOrId, *, reason: str = "") -> m.BulkActionRow:
        """Stop a bulk action; finished changes stay."""
        return await self._ask(calls.stop_bulk(bulk, reason))

    async def job_types(self) -> list[m.JobTypeRow]:
        """Return every job type with the JSON Schema of its payload."""
        answer = await self._ask(calls.job_types())
        return answer.job_types

    async def tenants(self, type: TypeOrName) -> m.Tenants:
        """Return the ten tenants of a type with the most unfinished jobs."""
        return await self._ask(calls.tenants(type))

    async def pause(self, type: TypeOrName, reason: str = "") -> m.Paused:
        """Pause a job type; the reason is shown during the pause."""
        return await self._ask(calls.pause(type, reason))

    async def resume(self, type: TypeOrName, reason: str = "") -> m.Paused:
        """Resume a job type; the audit log stores the reason."""
        return await self._ask(calls.resume(type, reason))

    async def past_pauses(self, type: TypeOrName) -> list[m.PastPauseRow]:
        """Return the last 20 ended pauses of a job type, newest first."""
        return (await self._ask(calls.past_pauses(type))).pauses

    async def metrics(self) -> m.MetricsAnswer:
        """Return the current numbers."""
        return await self._ask(calls.metrics())

    async def series(
        self,
        metric: m.Metric,
        type: TypeOrName | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        step: Step = 60,
    ) -> m.Series:
        """Return numbers over time, oldest point first, with a point every `step` seconds.

        The default is the last hour.
        """
        return await self._ask(calls.series(metric, type, since, until, step))

    async def usage(
        self,
        by: UsageBy = "type",
        type: TypeOrName | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        *,
        dearest: int = 0,
    ) -> m.Usage:
        """Return what jobs have cost, in billionths of a dollar, by type, tenant or day (whole days in UTC).

        The default is the last 30 days. It is an estimate at list prices, without free allowances. `dearest` is how
        many of the dearest runs the answer has, at most 50.
        """
        return await self._ask(calls.usage(by, type, since, until, dearest))

    async def findings(self) -> list[m.FindingRow]:
        """Return what needs attention, most urgent first."""
        answer = await self._ask(calls.findings())
        return answer.findings

    async def errors(
        self, type: TypeOrName | None = None, since: datetime | str | None = None, *, unacknowledged: bool = False
    ) -> list[m.ErrorGroup]:
        """Return failures in groups, most frequent first; `unacknowledged`: only the groups that findings count."""
        answer = await self._ask(calls.errors(type, since, unacknowledged=unacknowledged))
        return answer.groups

    async def acknowledge(self, fingerprint: str, *, reason: str = "") -> m.ErrorMark:
        """Mark an error group as known."""
        return await self._ask(calls.judge(fingerprint, "acknowledge", reason))

    async def resolve(self, fingerprint: str, *, reason: str = "") -> m.ErrorMark:
        """Mark an error group as resolved: it is shown as regressed if the error occurs again."""
        return await self._ask(calls.judge(fingerprint, "resolve", reason))

    async def reopen(self, fingerprint: str, *, reason: str = "") -> m.ErrorMark:
        """Remove the mark of an error group."""
        return await self._ask(calls.judge(fingerprint, "reopen", reason))

    async def upload(self, file: bytes | Path | str, content_type: str | None = None) -> str:
        """Upload a file and return its key for a payload.

        Without `content_type`, the name of the file decides its type.
        """
        content = uploads.content_of(file, content_type)
        form = await self._ask(calls.upload_form(content[1], len(content[0])))
        try:
            http = self._connected()
            answer = await http.send(uploads.request(http, form, content))
            return uploads.stored(form, answer)
        except httpx.TransportError as error:
            raise e.NotReached(f"No answer from S3: {error or type(error).__name__}") from error

    async def schedules(self) -> AsyncIterator[m.ScheduleRow]:
        """Yield every schedule by id, with its next and last firings."""
        after: str | None = None
        while True:
            page = await self._ask(schedules.page(after))
            for one in page.schedules:
                yield one
            after = page.next_after
            if after is None:
                return

    async def schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Return a schedule with its next and last firings."""
        return await self._ask(schedules.get(schedule_id))

    async def preview_schedule(self, cron: str, *, timezone: str = "UTC", count: int = 5) -> list[m.Firing]:
        """Return the next firings of a cron expression, without storing it."""
        answer = await self._ask(schedules.preview(cron, timezone, count))
        return answer.firings

    async def create_schedule(
        self,
        schedule_id: str,
        type: TypeOrName,
        cron: str,
        payload: Any,
        *,
        timezone: str = "UTC",
        starts_at: datetime | str | None = None,
        ends_at: datetime | str | None = None,
        reason: str = "",
        **settings: Any,
    ) -> m.ScheduleRow:
        """Store a schedule; `cron` has five fields. `settings` are any others, for example `catch_up` and `overlap`."""
        given = schedules.settings_of(type, cron, payload, timezone, starts_at, ends_at, **settings)
        return await self._ask(schedules.create(schedule_id, given, reason))

    async def change_schedule(
        self,
        schedule_id: str,
        type: TypeOrName,
        cron: str,
        payload: Any,
        *,
        timezone: str = "UTC",
        starts_at: datetime | str | None = None,
        ends_at: datetime | str | None = None,
        version: str | None = None,
        reason: str = "",
        **settings: Any,
    ) -> m.ScheduleRow:
        """Replace all settings of a stored schedule. Settings that are not given get their defaults, except the pause.

        If you give the `version` that you have read, Conflict is raised if the settings were changed since then.
        """
        given = schedules.settings_of(type, cron, payload, timezone, starts_at, ends_at, **settings)
        return await self._ask(schedules.change(schedule_id, given, version, reason))

    async def delete_schedule(self, schedule_id: str, *, reason: str = "") -> m.ScheduleRow:
        """Delete a stored schedule."""
        return await self._ask(schedules.delete(schedule_id, reason))

    async def pause_schedule(self, schedule_id: str, *, reason: str = "") -> m.ScheduleRow:
        """Pause a schedule."""
        return await self._ask(schedules.switch(schedule_id, "pause", reason))

    async def resume_schedule(self, schedule_id: str, *, reason: str = "") -> m.ScheduleRow:
        """Resume a paused schedule."""
        return await self._ask(schedules.switch(schedule_id, "resume", reason))

    async def run_schedule(self, schedule_id: str, *, reason: str = "") -> m.JobRow:
        """Create a job of a schedule now, even if it is paused."""
        return await self._ask(schedules.run(schedule_id, str(uuid.uuid4()), reason))

    async def erase(self, tenant: str, *, reason: str = "", dry_run: bool = False) -> m.ErasureRow:
        """Erase all jobs of a tenant that exist now, in the background; only administrators may.

        `dry_run`: only count them. `erasure` returns the progress.
        """
        return await self._ask(erasing.start(tenant, reason, dry_run=dry_run))

    async def erasure(self, erasure_id: str) -> m.ErasureRow:
        """Return an erasure with its progress, in numbers."""
        return await self._ask(erasing.get(erasure_id))

    async def erasures(self) -> list[m.ErasureRow]:
        """Return the newest 50 erasures."""
        return (await self._ask(erasing.every())).erasures

    async def sessions(self) -> list[m.SessionRow]:
        """Return the sessions of people who have signed in, newest first; only administrators may."""
        return (await self._ask(sessions.every())).sessions

    async def revoke_sessions(self, principal: str, *, reason: str = "") -> int:
        """End all sessions of a person (`oidc:…`) within ten seconds; return how many worked until now."""
        return (await self._ask(sessions.revoke(principal, reason))).sessions

    async def audit(
        self,
        *,
        job: JobOrId | None = None,
        principal: str | None = None,
        action: str | None = None,
        bulk: str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
    ) -> AsyncIterator[m.AuditEntry]:
        """Yield the changes by persons and tokens, newest first; only administrators may read them.

        `principal` is a token's id, `action` such as "job.retry", `bulk` the id of a bulk action or of a request for
        many jobs. Each page reads up to 1,000 rows.
        """
        which = {"job": job, "principal": principal, "action": action, "bulk": bulk}
        times = {"created_after": created_after, "created_before": created_before}
        cursor: str | None = None
        while True:
            page = await self._ask(auditing.changes(cursor, which | times))
            for one in page.entries:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def refusals(
        self,
        *,
        principal: str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
    ) -> AsyncIterator[m.RefusalCount]:
        """Yield how often callers were refused, by minute, caller and reason, newest first.

        `principal` is a token's id, or an address.
        """
        times = {"created_after": created_after, "created_before": created_before}
        cursor: str | None = None
        while True:
            page = await self._ask(auditing.refusals(cursor, {"principal": principal} | times))
            for one in page.refusals:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def limits(self) -> m.LimitList:
        """Return every limit: a row for all values of a field, and one for each value that is changed.

        Values for which jobs wait have rows as well; `more` says that jobs wait for further values.
        """
        return await self._ask(limits.every())

    async def limit(self, name: str, *, value: str | None = None) -> m.LimitDetail:
        """Return a limit with the jobs that have its places, and the first of those that wait.

        `value`: that of one value of its field, such as a customer. Without it: the values that are known.
        """
        return await self._ask(limits.get(name, value))

    async def set_limit(self, name: str, n: int, *, value: str | None = None, reason: str = "") -> m.LimitChanged:
        """Change how many places a limit has (0 to 100), until it is reset; deployments do not end the change.

        Of a rate: how many jobs may start in its period (`least` to `most` of the limit, or 0). Workers obey within 10
        seconds. Nobody is stopped. With 0, no job starts. `value`: only that of one value of its field, such as a
        customer. Without it, a limit with a field is changed for all values.
        """
        return await self._ask(limits.change(name, n, value, reason))

    async def reset_limit(self, name: str, *, value: str | None = None, reason: str = "") -> m.LimitChanged:
        """Give a limit, or that of one value, the number that the code says again."""
        return await self._ask(limits.reset(name, value, reason))

    async def webhooks(self) -> list[m.WebhookRow]:
        """Return every webhook, by name. No answer but that of `create_webhook` and `rotate_webhook` has a secret."""
        answer = await self._ask(hooks.every())
        return answer.webhooks

    async def webhook(self, name: str) -> m.WebhookRow:
        """Return a webhook with the state of its receiver."""
        return await self._ask(hooks.get(name))

    async def create_webhook(
        self,
        name: str,
        url: str,
        *,
        types: Sequence[str] = (),
        tags: Sequence[str] = (),
        statuses: Sequence[str] = (),
        reason: str = "",
    ) -> m.NewSecret:
        """Register a webhook, and return it with its `secret`, which cannot be read again.

        It gets the ends of jobs that name it in `notify`, and of all jobs of `types` ("*": every type) with all of
        `tags`. `statuses`: only these ends.
        """
        return await self._ask(hooks.create(name, hooks.settings_of(url, types, tags, statuses), reason))

    async def change_webhook(
        self,
        name: str,
        url: str,
        *,
        types: Sequence[str] = (),
        tags: Sequence[str] = (),
        statuses: Sequence[str] = (),
        reason: str = "",
    ) -> m.WebhookRow:
        """Replace all settings of a webhook; its secret stays."""
        return await self._ask(hooks.change(name, hooks.settings_of(url, types, tags, statuses), reason))

    async def rotate_webhook(self, name: str, *, reason: str = "") -> m.NewSecret:
        """Give a webhook another `secret`. For a day, messages are signed with both."""
        return await self._ask(hooks.rotate(name, reason))

    async def enable_webhook(self, name: str, *, reason: str = "") -> m.WebhookRow:
        """Enable a webhook that was disabled."""
        return await self._ask(hooks.enable(name, reason))

    async def delete_webhook(self, name: str, *, reason: str = "") -> m.WebhookRow:
        """Delete a webhook and its secret."""
        return await self._ask(hooks.delete(name, reason))

    async def deliveries(
        self, webhook: str, state: Literal["pending", "delivered", "failed", "disabled"] | None = None
    ) -> AsyncIterator[m.DeliveryRow]:
        """Yield the deliveries to a webhook, newest first."""
        cursor: str | None = None
        while True:
            page = await self._ask(hooks.deliveries(webhook, cursor, state))
            for one in page.deliveries:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def send_again(self, webhook: str, delivery_id: str, *, reason: str = "") -> m.DeliveryRow:
        """Send the message of a delivery again, under its webhook-id."""
        return await self._ask(hooks.send_again(webhook, delivery_id, reason))

    async def me(self) -> m.Me:
        """Return the id, role, label and expiry of the token."""
        return await self._ask(calls.me())

    async def meta(self) -> m.Meta:
        """Return the status sets and limits."""
        return await self._ask(calls.meta())

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _attempt(self) -> context.Attempt | None:
        running = context.RUNNING.get()
        return running if running is not None and (self._of_attempts or running.every_client) else None

    def _connected(self) -> httpx.AsyncClient:
        if self._http is None:
            given = options(self.target, self._timeout)
            self._http = httpx.AsyncClient(**given, transport=self._transport)
        return self._http

    async def _ask(self, call: Call[T]) -> T:
        return await self._run(flow.answer(call, self._patience))

    async def _run(self, course: flow.Flow[T]) -> T:
        try:
            step = next(course)
            while True:
                if isinstance(step, flow.Wait):
                    await self._sleep(step.seconds)
                    step = next(course)
                    continue
                http = self._connected()
                try:
                    response = await http.request(**arguments(step, self.personal))
                except httpx.TransportError as error:
                    step = course.throw(error)
                else:
                    step = course.send(response)
        except StopIteration as done:
            value: T = done.value
            return value
