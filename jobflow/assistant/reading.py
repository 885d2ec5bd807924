"""Define the read-only tools. Each tool returns plain data. Long texts are cut, so that an answer stays readable."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal
from urllib.parse import urlsplit

from jobflow import JobFlow
from jobflow import models as m
from jobflow.errors import ConfigurationError
from jobflow.plain import plain

MOST_JOBS = 50
MOST_LINES = 200
MOST_BATCHES = 25
MOST_STEPS = 100
LONGEST_TEXT = 4_000


class Reading:
    """Offer the reading tools over one client; the assistant reads their docstrings."""

    def __init__(self, client: JobFlow) -> None:
        self._client = client

    def tools(self) -> Sequence[Callable[..., Any]]:
        """Return the tools."""
        return (
            self.search_jobs, self.show_job, self.read_logs, self.list_errors, self.read_metrics,
            self.list_findings, self.list_job_types, self.list_batches, self.show_batch,
            self.list_webhooks, self.list_deliveries, self.list_limits, self.show_limit,
            self.read_usage,
        )  # fmt: skip

    def search_jobs(  # many parameters, because each is a filter of the assistant's tool
        self,
        status: m.Status | None = None,
        type: str | None = None,
        tag: str | None = None,
        tenant: str | None = None,
        error: str | None = None,
        fingerprint: str | None = None,
        schedule: str | None = None,
        parent: str | None = None,
        batch: str | None = None,
        round: int | None = None,
        payload: str | None = None,
        id_prefix: str | None = None,
        idempotency_key: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
        finished_after: str | None = None,
        finished_before: str | None = None,
        hours: float | None = None,
        limit: int = 20,
    ) -> list[dict[str, Any]]:
        """Find jobs, newest first; each filter takes one value. The `filter` of a finding can be used unchanged.

        `error`: a part of the error's text. `fingerprint`: the group of the error. `parent`: the job that made the
        jobs. `batch`: the batch whose members the jobs are; `round`: those in this round now. `hours`: the jobs were
        created within this number of hours before now. `payload` needs `hours` or `created_after`. Times are ISO 8601
        in UTC.
        """
        if not 1 <= limit <= MOST_JOBS:
            raise ConfigurationError(f"limit is 1 to {MOST_JOBS}; narrow the search with a filter to see others.")
        ago = None if hours is None else datetime.now(UTC) - timedelta(hours=hours)
        which: dict[str, Any] = {
            "status": status, "type": type, "tag": tag, "tenant": tenant, "error": error, "fingerprint": fingerprint,
            "schedule": schedule, "parent": parent, "batch": batch, "round": round, "payload": payload,
            "id_prefix": id_prefix, "idempotency_key": idempotency_key, "created_after": ago or created_after,
            "created_before": created_before, "finished_after": finished_after, "finished_before": finished_before,
        }  # fmt: skip
        given = {name: value for name, value in which.items() if value is not None}
        return [summary(job) for job in islice(self._client.iterate(page_size=limit, **given), limit)]

    def show_job(self, job_id: str) -> dict[str, Any]:
        """Show one job: payload, result, why it waits, every attempt with its error and stack trace, its kept steps.

        `kept_steps` are the newest steps, sleeps, waits and events of the job's function, oldest first.
        """
        job = self._client.get(job_id)
        found: dict[str, Any] = cut(plain(job))
        if job.steps or job.status in ("processing", "suspended"):
            found["kept_steps"] = cut(plain(self._client.steps(job.id).steps[-MOST_STEPS:]))
        return found

    def list_batches(self, limit: int = 20) -> list[dict[str, Any]]:
        """List the newest batches (many jobs with one end), each with the numbers of its newest round."""
        if not 1 <= limit <= MOST_BATCHES:
            raise ConfigurationError(f"limit is 1 to {MOST_BATCHES}.")
        return [cut(plain(one)) for one in islice(self._client.batches(), limit)]

    def show_batch(self, batch_id: str) -> dict[str, Any]:
        """Show one batch with the numbers of each round, and the ids of the first members that failed."""
        found: dict[str, Any] = cut(plain(self._client.get_batch(batch_id)))
        return found

    def list_limits(self) -> dict[str, Any]:
        """List the limits, which let at most n jobs run at once: the number in force, places in use, jobs that wait.

        Those with `per` are rates: at most n jobs start in so many seconds, and those that have their turn are in use.
        `differs`: an operator has changed the number; `changed` says who, when and why. `all_values`: the row stands
        for all values of a field, such as all customers. `more`: jobs wait for further values, which are not listed.
        """
        found = self._client.limits()
        return {"limits": [cut(plain(one)) for one in found.limits], "more": found.more}

    def show_limit(self, name: str, value: str | None = None) -> dict[str, Any]:
        """Show a limit with the jobs that have its places and since when, and the first of those that wait.

        `value`: that of one value of its field, such as a customer; without it, the values that are known.
        """
        found: dict[str, Any] = cut(plain(self._client.limit(name, value=value)))
        return found

    def list_webhooks(self) -> list[dict[str, Any]]:
        """List the webhooks, which report to other services how jobs have ended, and whether their receivers work."""
        return [cut({**plain(one), "url": _host_of(one.url)}) for one in self._client.webhooks()]

    def list_deliveries(
        self,
        webhook: str,
        state: Literal["pending", "delivered", "failed", "disabled"] | None = None,
        limit: int = 20,
    ) -> list[dict[str, Any]]:
        """List the newest deliveries to a webhook, with the receiver's answer. `show_job` shows one's attempts."""
        if not 1 <= limit <= MOST_JOBS:
            raise ConfigurationError(f"limit is 1 to {MOST_JOBS}.")
        return [cut(plain(one)) for one in islice(self._client.deliveries(webhook, state), limit)]

    def read_logs(self, job_id: str) -> list[dict[str, Any]]:
        """Read the log lines of a job, the newest attempt first."""
        return [cut(plain(line)) for line in islice(self._client.logs(job_id), MOST_LINES)]

    def list_errors(
        self, type: str | None = None, hours: float = 24, unacknowledged: bool = False
    ) -> list[dict[str, Any]]:
        """List failures in groups, most frequent first; the failures of a group differ only in ids and numbers.

        With `unacknowledged` and 24 hours, these are the groups that a finding about errors counts.
        """
        since = datetime.now(UTC) - timedelta(hours=hours)
        return [cut(plain(group)) for group in self._client.errors(type, since, unacknowledged=unacknowledged)]

    def read_metrics(self) -> dict[str, Any]:
        """Read the number of jobs by type and status, and the length of the queues."""
        numbers: dict[str, Any] = plain(self._client.metrics())
        return numbers

    def read_usage(
        self, by: Literal["type", "tenant", "day"] = "type", type: str | None = None, days: int = 30, dearest: int = 0
    ) -> dict[str, Any]:
        """Read what the jobs of the last days have cost at list prices, by type, tenant or day (whole days in UTC).

        Amounts are in billionths of a dollar (`…_nano_usd`); `retries_nano_usd` is what retries cost. `dearest` (up to
        50) also asks for that many of the dearest runs.
        """
        since = datetime.now(UTC) - timedelta(days=days - 1)
        found: dict[str, Any] = plain(self._client.usage(by, type, since, dearest=dearest))
        return found

    def list_findings(self) -> list[dict[str, Any]]:
        """List what needs attention, most urgent first: new dead letters, overdue suspended jobs, queues, errors."""
        return [plain(finding) for finding in self._client.findings()]

    def list_job_types(self) -> list[dict[str, Any]]:
        """List the job types with description, payload schema and limits."""
        return [plain(kind) for kind in self._client.job_types()]


def _host_of(url: str) -> str:
    """Return a webhook's URL without its path and query, which often contain a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def summary(job: m.JobRow | m.CancelledJob) -> dict[str, Any]:
    """Return the fields that distinguish jobs in a list."""
    whole = plain(job)
    kept = ("id", "type", "status", "attempts", "max_attempts", "created_at", "finished_at", "tags", "error_class",
            "error_message", "fingerprint")  # fmt: skip
    found: dict[str, Any] = cut({name: whole[name] for name in kept})
    return found


def cut(value: Any) -> Any:
    """Return a value with long texts cut; each cut is marked."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [cut(inner) for inner in value]
    return value
