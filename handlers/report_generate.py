"""Report on the jobs of a period (report.generate)."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from chalicelib import AwsAccess, Changes, Cron, Function, JobContext, PermanentError, consume, job
from chalicelib.builtin import files
from chalicelib.builtin.fields import TYPE_NAME, iso

HOUR = 3600.0
LONGEST_DAYS = 92
ISO = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d.*")
EXAMPLE: JsonDict = {"hours": 24, "formats": ["csv", "html"]}
SMOKE: JsonDict = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T01:00:00Z", "formats": ["csv"]}
"""The smoke payload asks for an hour without jobs: it causes one query that finds nothing, and a short file."""
CONTENT_TYPE = {"csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}

Format = Literal["csv", "html"]


def _written_out(value: Any) -> Any:
    """Accept only a full ISO 8601 time, because a number, or a date without a time, would be ambiguous."""
    if isinstance(value, str) and not ISO.fullmatch(value):
        raise ValueError("must be a time like 2026-11-25T00:00:00Z")
    if isinstance(value, (int, float)):
        raise ValueError("must be a time like 2026-11-25T00:00:00Z, not a number")  # noqa: TRY004
    return value


Time = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written_out)]


class ReportGenerate(BaseModel):
    """The jobs of the report: created in a period, of one type or of all."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        serialize_by_alias=True,
        title="Generate a report",
        json_schema_extra={"examples": [EXAMPLE]},
    )

    start: Time | None = Field(
        default=None,
        alias="from",
        description="Start of the period. Default: `hours` before its end.",
        examples=["2026-11-24T00:00:00Z"],
    )
    end: Time | None = Field(
        default=None,
        alias="to",
        description="End of the period, not included. Default: when the report is made.",
        examples=["2026-11-25T00:00:00Z"],
    )
    hours: int = Field(
        default=24,
        ge=1,
        le=LONGEST_DAYS * 24,
        description="Length of the period in hours, when `from` is not given.",
        examples=[24],
    )
    type: str | None = Field(
        default=None,
        max_length=40,
        pattern=f"^{TYPE_NAME.pattern}$",
        description="Only jobs of this type. Default: all types.",
        examples=["email.send"],
    )
    formats: list[Format] = Field(
        default=["csv", "html"],
        min_length=1,
        max_length=2,
        description="Files to make. Default: csv, html.",
        examples=[["html"]],
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.end and not timedelta() < self.end - self.start <= timedelta(days=LONGEST_DAYS):
            raise ValueError(f"`to` must be after `from`, by at most {LONGEST_DAYS} days")
        return self

    def period(self, now: float) -> tuple[float, float]:
        """Return start and end in seconds since the epoch, for a report at this moment. Raises PermanentError."""
        end = self.end.timestamp() if self.end else now
        start = self.start.timestamp() if self.start else end - self.hours * HOUR
        if not 0 < end - start <= LONGEST_DAYS * 24 * HOUR:
            raise PermanentError(f"The period must have begun, and by at most {LONGEST_DAYS} days before it ends.")
        return start, end


class ReportFile(BaseModel):
    """One file of a report: its key, and a link that is valid for an hour."""

    key: str
    url: str


class ReportGenerated(BaseModel):
    """The main numbers (durations in seconds), and the files.

    `incomplete`: the reason if jobs are missing in the report.
    """

    from_: str = Field(serialization_alias="from")
    to: str
    jobs: int
    by_status: dict[str, int]
    success_rate: float | None
    wait_p95: float | None
    run_p50: float | None
    run_p95: float | None
    incomplete: str | None
    files: dict[Format, ReportFile]
    url_expires_at: str

    model_config = ConfigDict(serialize_by_alias=True)


@job(
    "report.generate", max_attempts=3, timeout=300, function=Function(batch_size=1, concurrency=5, memory=1024),
    access=AwsAccess(grants=(
        "dynamodb:Query:jobs/index/all", "dynamodb:BatchGetItem:jobs",
        "s3:PutObject:reports/*", "s3:GetObject:reports/*",
    )),
    schedule=Cron("0 2 * * *", name="nightly", payload={"hours": 24}, paused=True),
    changes=Changes(smoke=SMOKE),
)  # fmt: skip
def report_generate(payload: ReportGenerate, ctx: JobContext) -> ReportGenerated:
    """Count the jobs of a period by outcome: rates, durations, errors, hour by hour, as CSV and as a web page.

    At most the newest 50,000 jobs are counted; if there are more, the report says so.
    """
    from chalicelib.builtin.reports.collect import collect
    from chalicelib.builtin.reports.page import to_html
    from chalicelib.builtin.reports.sheet import to_csv
    from chalicelib.builtin.reports.tally import Period

    report = collect(ctx, Period(*payload.period(ctx.clock())), payload.type)
    ctx.check_cancelled()
    bucket = files.bucket()
    gen, attempt = ctx.job.token
    made: dict[Format, ReportFile] = {}
    for form in sorted(set(payload.formats)):
        key = f"reports/{ctx.job_id}/{gen}-{attempt}/report.{form}"
        bucket.write(key, to_csv(report) if form == "csv" else to_html(report), CONTENT_TYPE[form])
        made[form] = ReportFile(key=key, url=bucket.link(key, save_as="report.csv" if form == "csv" else None))
    return ReportGenerated(
        from_=iso(report.period.start),
        to=iso(report.period.end),
        jobs=report.jobs,
        by_status={str(status): count for status, count in sorted(report.counts.items())},
        success_rate=report.success_rate,
        wait_p95=report.wait and report.wait.p95,
        run_p50=report.run and report.run.p50,
        run_p95=report.run and report.run.p95,
        incomplete=report.incomplete,
        files=made,
        url_expires_at=files.link_expiry(ctx.clock()),
    )


handler = consume(report_generate)
