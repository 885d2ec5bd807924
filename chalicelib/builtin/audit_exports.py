"""Write the audit log of a day to a bucket, one JSON line for each entry, to keep it longer than the stage does.

The numbers of refused requests come after the entries, in parts of their own. The keys and the lines follow from the
stage and its entries alone: each export of a day writes the same lines, so it may end anywhere and be run again, or
twice at the same time. The manifest is written last.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.adapters.s3.files import Files
from chalicelib.assembly import parts
from chalicelib.audit.constants import MOST_LOOKED
from chalicelib.audit.rule import Entry, Refused, Which
from chalicelib.builtin import files
from chalicelib.builtin.constants import AUDIT_PART_ENTRIES, EXPORT_PART_RESERVE
from chalicelib.builtin.exports import check_day, start_of
from chalicelib.errors import PermanentError
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import KEEP_AUDIT

READING = ("dynamodb:Query:control/AUDIT#*", "dynamodb:Query:control/REFUSED#*")
"""The grants for reading the audit log, and nothing else of its table. Add `s3:PutObject` below the prefix."""
CHANGES, NAMED, REFUSED = "changes", "named", "refused"
"""What is exported, in this order: changes, the jobs that a request has listed, and numbers of refused requests."""
TEXTS = (
    "action", "kind", "target", "principal", "label", "reason", "ip", "correlation_id", "outcome", "status", "error",
    "bulk", "version",
)  # fmt: skip


class AuditExport(BaseModel):
    """The day whose audit log is exported."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Export the audit log", json_schema_extra={"examples": [{"days_ago": 1}]}
    )

    day: str | None = Field(
        default=None, max_length=10, description="Changes that began on this day (UTC). Default: the day `days_ago`.",
        examples=["2027-01-15"],
    )  # fmt: skip
    days_ago: int = Field(
        default=1, ge=1, le=int(KEEP_AUDIT / DAY) - 1, examples=[1],
        description="The day so many days ago. Entries are kept for 400 days.",
    )  # fmt: skip

    @field_validator("day")
    @classmethod
    def _is_a_day(cls, value: str | None) -> str | None:
        if value is not None:
            check_day(value)
        return value


class AuditExported(BaseModel):
    """The numbers of an export: entries and their parts, both 0 for a day without changes; and the key of the manifest.

    `refused`: the rows with numbers of refused requests, each of one caller, reason and minute.
    """

    day: str
    entries: int
    parts: int
    refused: int = 0
    manifest: str


@dataclass(frozen=True, slots=True)
class Export:
    """One export: of the day with this start (epoch seconds), to this folder of the bucket."""

    bucket: Files
    folder: str
    start: float

    def part(self, number: int, what: str, position: str | None) -> dict[str, Any]:
        """Write the rows after the position; return the part, and the position after it (None: the end).

        Raises PermanentError for a day of which the log no longer keeps each entry.
        """
        lines = list[bytes]()
        while True:
            new, position = self._page(what, min(AUDIT_PART_ENTRIES - len(lines), MOST_LOOKED), position)
            lines += new
            if position is None or len(lines) >= AUDIT_PART_ENTRIES:
                break
        # After the reading, because entries may have expired while it went on. The objects of an earlier export stay.
        if self.start < parts.clock() - KEEP_AUDIT:
            raise PermanentError(f"The log no longer has each entry of {iso(self.start)[:10]}: nothing is written.")
        name = "refused" if what == REFUSED else "part"
        key, content = f"{self.folder}/{name}-{number:05}.jsonl.gz", b"".join(lines)
        if lines:
            self.bucket.write(key, gzip.compress(content, mtime=0), "application/gzip")
        # of the lines, because each version of Python and of zlib may compress them in another way
        digest = hashlib.sha256(content).hexdigest()
        return {"key": key, "entries": len(lines), "lines_sha256": digest, "position": position}

    def _page(self, what: str, most: int, position: str | None) -> tuple[list[bytes], str | None]:
        """Return some lines, and the position after them (None: the end)."""
        which = Which(after=self.start, before=self.start + DAY, named=what == NAMED)
        end = self.start + DAY
        if what == REFUSED:
            refusals = parts.audit.refusals(which, most, end, position)
            return list(map(refused_line, refusals.rows)), refusals.position
        page = parts.audit.page(which, most, end, position)
        return list(map(line, page.rows)), page.position

    def manifest(self, day: str, written: list[dict[str, Any]], refused: list[dict[str, Any]]) -> str:
        """Write the list of the parts; return its key."""
        key = f"{self.folder}/manifest.json"
        told = {
            "stage": parts.settings.stage,
            "day": day,
            "entries": sum(one["entries"] for one in written),
            "parts": written,
            "refused": sum(one["entries"] for one in refused),
            "refused_parts": refused,
        }
        self.bucket.write(key, json.dumps(told).encode(), "application/json")
        return key


def export(asked: AuditExport, ctx: JobContext, bucket: str, prefix: str) -> AuditExported:
    """Write the day's entries to the stage's folder below `prefix` of `bucket`; return the numbers.

    First all changes, newest first, then the entries `named`, which say which jobs a request has listed. Each part is a
    step, so another invocation continues after it if the time ends.
    """
    # The job of a schedule is made ahead, often on the day before, so the time at which it was due counts. A retry has
    # no such time any more: it keeps the day.
    due = ctx.job.run_at
    day: str = ctx.step("day", lambda: iso(start_of(asked.day, asked.days_ago, due or parts.clock()))[:10])
    start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    # several stages may write to one bucket
    folder = f"{prefix.strip('/')}/{parts.settings.stage}/{day}"
    work = Export(replace(files.bucket(), bucket=bucket), folder, start)
    written = _written(work, ctx, CHANGES, 1)
    written += _written(work, ctx, NAMED, len(written) + 1)
    refused = _written(work, ctx, REFUSED, 1)
    manifest = work.manifest(day, written, refused)
    numbers = [sum(one["entries"] for one in some) for some in (written, refused)]
    return AuditExported(day=day, entries=numbers[0], parts=len(written), refused=numbers[1], manifest=manifest)


def _written(work: Export, ctx: JobContext, what: str, first: int) -> list[dict[str, Any]]:
    """Write the parts of a kind, each as a step; return those that have lines. `first` is the number of the first."""
    written = list[dict[str, Any]]()
    position: str | None = None
    while True:
        number = first + len(written)
        part = ctx.step(f"{what}-{number}", work.part, number, what, position, within=EXPORT_PART_RESERVE)
        position = part["position"]
        if part["entries"]:
            written.append({name: part[name] for name in ("key", "entries", "lines_sha256")})
        if position is None:
            return written


def refused_line(refused: Refused) -> bytes:
    """Return how often a caller was refused in a minute, as one line of JSON: the fields of GET /audit/refusals."""
    told = {"minute": iso(refused.minute), "principal": refused.who, "reason": refused.why, "count": refused.number}
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def line(entry: Entry) -> bytes:
    """Return an entry as one line of JSON, with the fields of GET /audit and a final newline."""
    told: dict[str, Any] = {"id": entry.id, "at": iso(entry.at)}
    told |= {name: None if (value := getattr(entry, name)) == "" else value for name in TEXTS}
    told["ended_at"] = None if entry.ended_at is None else iso(entry.ended_at)
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"
