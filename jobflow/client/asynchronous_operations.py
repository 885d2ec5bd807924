"""The methods about many jobs, files, errors and numbers over time of the client for asyncio."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, Unpack

import httpx

from jobflow import errors as e
from jobflow import models as m
from jobflow.client import flow, operations
from jobflow.client.asynchronous_schedules import AsyncSchedules
from jobflow.client.operations import Action, BulkOrId, Metric, Step

T = TypeVar("T")


class AsyncOperations(AsyncSchedules):
    """Start and follow bulk actions, upload files, acknowledge errors, read numbers over time."""

    _http: httpx.AsyncClient
    _patience: flow.Patience
    _now: Any

    async def _run(self, course: flow.Flow[T]) -> T:
        raise NotImplementedError

    async def start_bulk(
        self,
        action: Action,
        ids: Sequence[str] | None = None,
        *,
        dry_run: bool = False,
        expected: int | None = None,
        reason: str = "",
        **filters: Unpack[m.JobFilter],
    ) -> m.BulkActionRow:
        """Let the platform retry, cancel or discard these jobs, or all that match; it goes on by itself.

        `expected` is the number that was counted, for the progress; `reason` is kept with each discarded job.
        """
        settings = {"dry_run": dry_run, "expected": expected, "reason": reason}
        return await self._ask(operations.start_bulk(action, ids, filters, settings))

    async def wait_bulk(self, bulk: BulkOrId, timeout: float | None = None) -> m.BulkActionRow:
        """Return a bulk action once it has finished; raise BulkNotFinished after so many seconds."""
        return await self._run(operations.wait_bulk(bulk, timeout, self._patience, self._now))

    async def bulk_action(self, bulk: BulkOrId) -> m.BulkActionRow:
        """Return a bulk action with its progress."""
        return await self._ask(operations.bulk(bulk))

    async def bulk_actions(self) -> list[m.BulkActionRow]:
        """Return the newest bulk actions."""
        return (await self._ask(operations.bulk_list())).bulk_actions

    async def stop_bulk(self, bulk: BulkOrId) -> m.BulkActionRow:
        """Stop a bulk action; what is done stays done."""
        return await self._ask(operations.stop_bulk(bulk))

    async def upload(self, file: bytes | Path, content_type: str | None = None) -> str:
        """Upload a file and return its key, which goes into a payload. A path's name tells its type."""
        content = operations.content_of(file, content_type)
        form = await self._ask(operations.upload_form(content[1], len(content[0])))
        try:
            answer = await self._http.send(operations.form_request(self._http, form, content))
            return operations.stored(form, answer)
        except httpx.TransportError as error:
            raise e.NotReached(f"No answer from S3: {error or type(error).__name__}") from error

    async def acknowledge(self, fingerprint: str) -> m.ErrorMark:
        """Say of a group of errors that it is known."""
        return await self._ask(operations.judge(fingerprint, "acknowledge"))

    async def resolve(self, fingerprint: str) -> m.ErrorMark:
        """Say of a group of errors that it is settled: it is shown again when it comes back."""
        return await self._ask(operations.judge(fingerprint, "resolve"))

    async def reopen(self, fingerprint: str) -> m.ErrorMark:
        """Take back what was said of a group of errors."""
        return await self._ask(operations.judge(fingerprint, "reopen"))

    async def series(
        self,
        metric: Metric,
        job_type: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        step: Step = 60,
    ) -> m.Series:
        """Return numbers over time, oldest point first: by default the last hour, a point every `step` seconds."""
        return await self._ask(operations.series(metric, job_type, since, until, step))
