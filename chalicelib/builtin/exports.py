"""Write the finished jobs of a day to a bucket, one JSON line each, to keep them longer than the stage does.

An export writes parts of a few megabytes, and after each part its progress, so it can be resumed. After a crash, the
next attempt continues after the last part whose progress was written. That attempt may write one part again, under the
same key. The manifest is written last. The parts that the manifest lists contain each finished job exactly once.
"""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.adapters.s3.files import FileMissing, Files
from chalicelib.builtin import files
from chalicelib.builtin.constants import (
    EXPORT_BODIES_PAGE,
    EXPORT_JOBS_PAGE,
    EXPORT_PART_BYTES,
    EXPORT_PART_RESERVE,
    LARGEST_EXPORT_NOTE,
)
from chalicelib.builtin.fields import TYPE_NAME
from chalicelib.errors import PermanentError, RetryLater, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Filter
from chalicelib.jobs.retention import KEEP_DONE
from chalicelib.jobs.step import CALL, Step

READING = ("dynamodb:Query:jobs/index/all", "dynamodb:BatchGetItem:jobs")
"""Grants for reading jobs. Add `s3:GetObject` and `s3:PutObject` below the prefix of the export."""
TEXTS = (
    "id", "type", "status", "gen", "attempts", "max_attempts", "error_class", "error_message", "fingerprint", "tags",
    "notify", "priority", "correlation_id", "principal", "parent", "batch", "discarded_by", "discard_reason",
)  # fmt: skip
TIMES = ("created_at", "run_at", "started_at", "finished_at", "discarded_at")
DATE = re.compile(r"20\d\d-\d\d-\d\d")


class JobExport(BaseModel):
    """The day whose finished jobs are exported."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Export finished jobs", json_schema_extra={"examples": [{"days_ago": 7}]}
    )

    day: str | None = Field(
        default=None, max_length=10, description="Jobs created on this day (UTC). Default: the day `days_ago`.",
        examples=["2027-01-15"],
    )  # fmt: skip
    days_ago: int = Field(
        default=7, ge=1, le=int(KEEP_DONE / DAY) - 1, examples=[7],
        description="The day so many days ago, by then its jobs have finished. Completed jobs are kept for 30 days.",
    )  # fmt: skip
    type: str | None = Field(
        default=None, max_length=40, pattern=f"^{TYPE_NAME.pattern}$", description="Only jobs of this type.",
        examples=["email.send"],
    )  # fmt: skip
    bodies: bool = Field(default=False, description="With payloads and results.", examples=[False])
    steps: bool = Field(default=False, description="With kept steps, sleeps and events.", examples=[False])
    personal: bool = Field(
        default=False, examples=[False],
        description="With the values of personal fields; otherwise `[personal]` is in their place, and steps have no "
        "values.",
    )  # fmt: skip

    @field_validator("day")
    @classmethod
    def _is_a_day(cls, value: str | None) -> str | None:
        if value is not None:
            check_day(value)
        return value

    def start(self, now: float) -> float:
        """Return the start of the day (epoch seconds). Raises PermanentError for a day that is not over."""
        return start_of(self.day, self.days_ago, now)


class Exported(BaseModel):
    """The numbers of an export: jobs and parts. `unfinished` jobs are left out: export the day again later."""

    day: str
    jobs: int
    unfinished: int
    parts: int
    manifest: str


@dataclass
class Progress:
    """The state of an export: keys and job counts of the parts, and the position after the last part."""

    parts: list[list[Any]] = field(default_factory=list)
    unfinished: int = 0
    position: str | None = None
    ended: bool = False

    @property
    def jobs(self) -> int:
        """Return the number of jobs in the parts."""
        return sum(number for _, number in self.parts)


@dataclass
class Export:
    """One export: of this day, to this folder of the bucket."""

    asked: JobExport
    ctx: JobContext
    bucket: Files
    folder: str
    start: float

    def part(self, progress: Progress) -> Progress:
        """Write one part from the position, then the new position."""
        lines: list[bytes] = []
        size, unfinished, position, ended = 0, progress.unfinished, progress.position, False
        while (
            size < EXPORT_PART_BYTES and not ended and (not lines or self.ctx.remaining_seconds() > EXPORT_PART_RESERVE)
        ):
            more = self.asked.bodies or self.asked.steps
            page = self.ctx.store.page(self._which, EXPORT_BODIES_PAGE if more else EXPORT_JOBS_PAGE, position)
            for job in page.jobs:
                unfinished += not job.terminal
            new = list(self._lines(page.jobs))
            lines += new
            size += sum(map(len, new))
            position, ended = page.position, page.position is None
            self.ctx.progress(self._percent(page.jobs), f"{progress.jobs + len(lines):,} jobs written")
        key = f"{self.folder}/part-{len(progress.parts) + 1:05}.jsonl.gz"
        # mtime=0: the header of the gzip file has no time, so the same jobs give the same bytes
        self.bucket.write(key, gzip.compress(b"".join(lines), mtime=0), "application/gzip")
        done = Progress([*progress.parts, [key, len(lines)]], unfinished, position, ended)
        self.bucket.write(self._note, json.dumps(asdict(done)).encode(), "application/json")
        return done

    def so_far(self) -> Progress:
        """Return the state that an earlier attempt has written."""
        try:
            return Progress(**json.loads(self.bucket.read(self._note, LARGEST_EXPORT_NOTE)))
        except FileMissing:
            return Progress()

    def manifest(self, progress: Progress) -> str:
        """Write the list of the parts; return its key."""
        key = f"{self.folder}/manifest.json"
        parts = [{"key": name, "jobs": number} for name, number in progress.parts]
        told = {"jobs": progress.jobs, "unfinished": progress.unfinished, "parts": parts}
        self.bucket.write(key, json.dumps(told).encode(), "application/json")
        return key

    @property
    def _which(self) -> Filter:
        return Filter(type=self.asked.type, created_after=self.start, created_before=self.start + DAY)

    @property
    def _note(self) -> str:
        return f"{self.folder}/progress.json"

    def _lines(self, jobs: Any) -> Iterator[bytes]:
        for job in jobs:
            if job.terminal:
                whole = self.ctx.store.get(job.id) if self.asked.bodies else job
                steps = self._steps(whole) if self.asked.steps else None
                if not self.asked.personal and (self.asked.bodies or self.asked.steps):
                    whole, steps = without_personal(whole, steps)
                yield line(whole, bodies=self.asked.bodies, steps=steps)

    def _steps(self, job: Job) -> list[Step]:
        """Return the kept steps of the job's last run; no request is made for a job that has kept none."""
        if not job.kept:
            return []
        found = self.ctx.store.kept_steps(job)
        return [step if step.reference is None else self.ctx.store.kept_step(job, step.key) or step for step in found]

    def _percent(self, jobs: Any) -> float:
        reached = jobs[-1].created_at if jobs else self.start
        return 99 * (1 - (reached - self.start) / DAY)


def check_day(text: str) -> None:
    """Raise ValueError for a text that is no day."""
    if not DATE.fullmatch(text):
        raise ValueError("must be a day like 2027-01-15")
    datetime.fromisoformat(text)


def start_of(day: str | None, days_ago: int, now: float) -> float:
    """Return the start (epoch seconds) of a day, or of the day `days_ago`. Raises PermanentError if it is not over."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else today - timedelta(days=days_ago)
    if wanted >= today:
        raise PermanentError(f"{wanted:%Y-%m-%d} has not ended yet: more may come.")
    return wanted.timestamp()


def export(asked: JobExport, ctx: JobContext, bucket: str, prefix: str) -> Exported:
    """Write the day's finished jobs below `prefix` of `bucket`; return the numbers.

    If the time of the invocation ends, continue in another invocation (RetryLater: no attempt is charged).
    """
    start = asked.start(ctx.job.created_at)
    day = iso(start)[:10]
    folder = f"{prefix.strip('/')}/{day}/{ctx.job_id}-{ctx.job.gen}"
    work = Export(asked, ctx, replace(files.bucket(), bucket=bucket), folder, start)
    progress = work.so_far()
    if not asked.personal and (asked.bodies or asked.steps):
        # which fields of a type without marks may have had one depends on whether any type has one
        with suppress(Exception):
            jobtype.load_once()
    while not progress.ended:
        progress = work.part(progress)
        if not progress.ended and ctx.remaining_seconds() < 2 * EXPORT_PART_RESERVE:
            raise RetryLater(1, f"{progress.jobs:,} jobs are written; the next invocation continues")
    manifest = work.manifest(progress)
    return Exported(
        day=day, jobs=progress.jobs, unfinished=progress.unfinished, parts=len(progress.parts), manifest=manifest
    )


def without_personal(job: Job, steps: list[Step] | None) -> tuple[Job, list[Step] | None]:
    """Return a job with masks in place of personal values, and its steps without values if they may have some.

    Of a type that is no longer declared everything is masked, if some type has personal fields. Raises PermanentError
    if the file of a type cannot be imported here.
    """
    try:
        called = [one for step in steps or () if step.key.startswith(CALL) for one in jobtype.called_in(step)]
        for name in dict.fromkeys((*called, job.type)):
            try:
                jobtype.declared(name)
            except UnknownJobType:
                jobtype.load_once()
                if not jobtype.with_personal:
                    return job, steps
    except Exception as error:
        told = f"{job.type} cannot be imported here ({type(error).__name__}), so its personal fields are not known"
        raise PermanentError(f"{told}. Repair its file, or export with `personal`.") from error
    payload, result = jobtype.without_personal(job.type, job.payload, job.result)
    if steps is not None:
        steps = [replace(step, value=None) if jobtype.is_personal_step(job.type, step) else step for step in steps]
    return replace(job, payload=payload, result=result), steps


def line(job: Job, *, bodies: bool, steps: Sequence[Step] | None = None) -> bytes:
    """Return a job as one line of JSON, with a final newline. Times are ISO 8601 in UTC."""
    told: dict[str, Any] = {name: getattr(job, name) for name in TEXTS}
    told["round"] = None if job.batch is None else job.round
    told |= {name: None if (at := getattr(job, name)) is None else iso(at) for name in TIMES}
    if bodies:
        told |= {"payload": job.payload, "result": job.result}
    if steps is not None:
        told["steps"] = list(map(_step, steps))
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind, "name": step.name, "kept_at": iso(step.at), "value": step.value, "took_s": step.took,
        "until": None if step.until is None else iso(step.until), "by": step.by, "timed_out": step.timed_out,
    }  # fmt: skip
