"""Remove deleted and erased jobs from the exports of finished jobs: rewrite the objects that have their lines.

A run looks for what was erased since the last one, and reads nothing if there is nothing. After each folder it stores
its progress in the bucket, so it may end anywhere and be continued; a part is rewritten by one request. What is not
over yet, or has ended within the last hour, is looked for again by the next run: an export may be writing it just now.
"""

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.adapters.s3.files import FileMissing, Files, FileTooLarge
from chalicelib.assembly import parts
from chalicelib.builtin import files
from chalicelib.builtin.constants import (
    EXPORT_IS_WRITTEN_FOR,
    EXPORT_PART_RESERVE,
    LARGEST_EXPORT_NOTE,
    LARGEST_EXPORT_PART,
    MOST_ERASURES,
)
from chalicelib.erasing.constants import LATE_WRITES
from chalicelib.erasing.port import Deletion
from chalicelib.erasing.rule import Erasure, digest_of, found_by_tenant
from chalicelib.errors import RetryLater
from chalicelib.job_types.constants import DELIVER, OF_BATCH
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.listing import iso
from chalicelib.jobs.tenants import tenant_of

READING = ("dynamodb:Query:control/ERASURES", "dynamodb:Query:control/ERASED")
"""Grants for reading what was erased. Add `s3:GetObject` and `s3:PutObject` below the prefix of the export, and
`s3:ListBucket` for the bucket."""
UNREADABLE = (gzip.BadGzipFile, EOFError, zlib.error, FileTooLarge, FileMissing)
"""What an object that is no part of an export raises, or one that is gone meanwhile."""
FIRST_READING = 0.75
"""Share of the time of an invocation that must be left after the first reading of parts, for their cleaning."""
PART, MANIFEST, NOTE = "part-", "manifest.json", "erased.json"
Line = Mapping[str, Any]


class ErasedExports(BaseModel):
    """Which erasures are applied to the exports."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Remove erased jobs from exports", json_schema_extra={"examples": [{}]}
    )

    again: bool = Field(
        default=False, examples=[False],
        description="Apply every erasure and deletion of the last 400 days again; otherwise those since the last run.",
    )  # fmt: skip


class ErasedFromExports(BaseModel):
    """The numbers of a run: erasures and deletions that were looked for, parts that were read and rewritten, jobs."""

    erasures: int
    deletions: int
    read: int
    rewritten: int
    jobs: int = Field(description="Lines that are removed; after a crash, those of one folder may not be counted.")
    unreadable: int = Field(default=0, description="Objects with the name of a part or a manifest that are none.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must not be in an export: jobs of erased tenants, and deleted jobs."""

    tenants: Mapping[str, float] = field(default_factory=dict)
    """The hash of each erased tenant, and the last time before which its jobs were erased (epoch seconds)."""
    jobs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The id of each deleted job, when it was created, and when it was deleted."""

    @classmethod
    def of(cls, erasures: Sequence[Erasure], deletions: Sequence[Deletion]) -> "Wanted":
        """Return what these erasures and deletions are about."""
        tenants: dict[str, float] = {}
        for one in erasures:
            tenants[one.digest] = max(tenants.get(one.digest, 0.0), one.started_at)
        return cls(tenants, {one.job: (one.created_at, one.asked_at) for one in deletions})

    def has(self, line: Line) -> bool:
        """Return whether a line is of an erased job, or of a copy of the end of one."""
        created_at = _seconds(line["created_at"])
        if self._deleted(line["id"], created_at):
            return True
        if found_by_tenant(line["type"]) and self._erased(tenant_of(line.get("tags") or ()), created_at):
            return True
        end = _end(line)
        if end is not None:
            of_end = _seconds(end["created_at"])
            return self._deleted(end["job_id"], of_end) or self._erased(end["tenant"], of_end)
        lived = self.jobs.get(line.get("parent") or "")
        return _is_delivery(line) and lived is not None and lived[0] <= created_at <= lived[1] + LATE_WRITES

    def _deleted(self, job_id: object, created_at: float) -> bool:
        known = self.jobs.get(job_id) if isinstance(job_id, str) else None
        return known is not None and abs(known[0] - created_at) < 1

    def _erased(self, tenant: object, created_at: float) -> bool:
        until = self.tenants.get(digest_of(tenant)) if isinstance(tenant, str) else None
        return until is not None and created_at < until


@dataclass(frozen=True, slots=True)
class Note:
    """What is stored in the bucket: what is applied already, and the state of a run that is not over.

    `since`: what was erased before is applied (epoch seconds). `began_at`: the run is about what was erased between
    these times; 0: no run is open. It continues in `folder`, after `part`.
    """

    since: float = 0.0
    began_at: float = 0.0
    folder: str = ""
    part: str = ""
    read: int = 0
    rewritten: int = 0
    jobs: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Archive:
    """The exports below a prefix of a bucket."""

    bucket: Files
    prefix: str

    def note(self) -> Note:
        """Return what the last run has stored."""
        try:
            return Note(**json.loads(self.bucket.read(f"{self.prefix}/{NOTE}", LARGEST_EXPORT_NOTE)))
        except (FileMissing, FileTooLarge, TypeError, ValueError):
            return Note()  # everything is applied again, which does no harm

    def store(self, note: Note) -> None:
        """Store the state of a run."""
        self.bucket.write(f"{self.prefix}/{NOTE}", json.dumps(asdict(note)).encode(), "application/json")

    def folders(self, days: Collection[str] | None) -> dict[str, list[str]]:
        """Return the folders with their keys, in order; `days`: only those of these days."""
        below = [f"{self.prefix}/"] if days is None else [f"{self.prefix}/{day}/" for day in sorted(days)]
        found: dict[str, list[str]] = defaultdict(list)
        for prefix in below:
            pages = self.bucket.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket.bucket, Prefix=prefix
            )
            for one in (one for page in pages for one in page.get("Contents", [])):
                folder, _, name = one["Key"].rpartition("/")
                if name.startswith(PART) or name == MANIFEST:
                    found[folder].append(one["Key"])
        return dict(sorted(found.items()))

    def clean(self, folder: str, keys: Sequence[str], wanted: Wanted, note: Note, time: "Time") -> Note:
        """Remove lines from the parts of a folder after `note.part`; return the note, with `part` if some are left.

        The first reading finds the jobs that go; with them, deliveries of their ends go. An export begins with the
        newest job, so these are in the same or an earlier part: whoever dies in between leaves none without its job's
        line. If a whole invocation is too short for that reading, the parts are cleaned in portions. The numbers of the
        manifest are compared in any case, because a run may have died before it wrote them.
        """
        numbered = [key for key in sorted(keys) if key.rpartition("/")[2].startswith(PART) and key > note.part]
        gone: set[str] = set()
        counts: dict[str, int] = {}
        touched: list[str] = []
        last, unreadable, begun = "", 0, time.left()
        for key in numbered:
            if last and time.left() < begun * FIRST_READING:
                if not time.fresh:
                    raise _Ends(note)
                break
            last = key
            try:
                lines = self._lines(key)
            except UNREADABLE:
                unreadable += 1
                continue
            counts[key] = len(lines)
            found = {line["id"] for _, line in lines if line is not None and wanted.has(line)}
            gone |= found
            if found or any(line is not None and _is_delivery(line) for _, line in lines):
                touched.append(key)
        done = note
        for key in touched if gone else ():
            if time.left() < EXPORT_PART_RESERVE:
                self._count_again(keys, counts)
                raise _Ends(done)
            lines = self._lines(key)
            kept = [raw for raw, line in lines if line is None or not _goes(line, gone)]
            if len(kept) < len(lines):
                self.bucket.write(key, gzip.compress(b"".join(kept), mtime=0), "application/gzip")
                counts[key] = len(kept)
                done = replace(done, rewritten=done.rewritten + 1, jobs=done.jobs + len(lines) - len(kept))
            done = replace(done, folder=folder, part=key)
        unreadable += self._count_again(keys, counts)
        left = bool(numbered) and last != numbered[-1]
        return replace(
            done, folder=folder, part=last if left else "", read=done.read + len(counts),
            unreadable=done.unreadable + unreadable,
        )  # fmt: skip

    def _lines(self, key: str) -> list[tuple[bytes, Line | None]]:
        """Return the lines of a part, each also as a job; None: it is none, so nothing is known about it.

        Raises one of UNREADABLE for an object that is no part of an export.
        """
        return [(raw, _line(raw)) for raw in _unpacked(self.bucket.read(key, LARGEST_EXPORT_PART))]

    def _count_again(self, keys: Sequence[str], counts: Mapping[str, int]) -> int:
        """Compare the numbers of the manifests of a folder; return how many have none, as those of other exports."""
        unreadable = 0
        for key in (key for key in keys if key.endswith(f"/{MANIFEST}")):
            try:
                told = json.loads(self.bucket.read(key, LARGEST_EXPORT_NOTE))
                listed = [{**one, "jobs": counts.get(one["key"], one["jobs"])} for one in told["parts"]]
                jobs = sum(one["jobs"] for one in listed)
                again = {**told, "jobs": jobs, "parts": listed, "erased": told.get("erased", 0) + told["jobs"] - jobs}
            except (ValueError, KeyError, TypeError, AttributeError, FileTooLarge):
                unreadable += 1
                continue
            if listed != told["parts"]:
                self.bucket.write(key, json.dumps(again).encode(), "application/json")
        return unreadable


class _Ends(Exception):
    """The invocation ends; the note says where the next one continues."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note


@dataclass(slots=True)
class Time:
    """The seconds that are left of an invocation, and whether it has just begun."""

    left: Callable[[], float]
    fresh: bool = True


def erase(asked: ErasedExports, ctx: JobContext, bucket: str, prefix: str) -> ErasedFromExports:
    """Remove deleted and erased jobs from the exports below `prefix` of `bucket`; return the numbers.

    If the time of the invocation ends, continue in another invocation (RetryLater: no attempt is charged).
    """
    archive = Archive(replace(files.bucket(), bucket=bucket), prefix.strip("/"))
    note, now = archive.note(), parts.clock()
    if note.began_at < max(ctx.job.created_at - EXPORT_IS_WRITTEN_FOR, 1.0):
        note = Note(since=0.0 if asked.again else note.since, began_at=now)
    of_tenants = [one for one in parts.erasure_rows.newest(MOST_ERASURES) if _wanted(one, note)]
    of_jobs = [one for one in parts.erasure_rows.erased() if note.since <= one.recorded_at <= note.began_at]
    if of_tenants or of_jobs:
        days = None if of_tenants else _days(of_jobs)
        wanted, time = Wanted.of(of_tenants, of_jobs), Time(ctx.remaining_seconds)
        try:
            for folder, keys in archive.folders(days).items():
                while folder > note.folder or (folder == note.folder and note.part):
                    if time.left() < 2 * EXPORT_PART_RESERVE:
                        raise _Ends(note)  # noqa: TRY301 - the note is stored in one place
                    before, note = note, archive.clean(folder, keys, wanted, note, time)
                    time.fresh = False
                    if note.rewritten > before.rewritten:
                        archive.store(note)
        except _Ends as ends:
            archive.store(ends.note)
            raise RetryLater(1, f"{ends.note.jobs:,} jobs are removed; the next invocation continues") from None
        archive.store(Note(since=note.began_at - EXPORT_IS_WRITTEN_FOR))
    return ErasedFromExports(
        erasures=len(of_tenants), deletions=len(of_jobs), read=note.read, rewritten=note.rewritten, jobs=note.jobs,
        unreadable=note.unreadable,
    )  # fmt: skip


def _wanted(erasure: Erasure, note: Note) -> bool:
    """Return whether a run is about this erasure; one that has not ended is looked for by each run."""
    ended = erasure.finished_at is not None and erasure.finished_at < note.since
    return not erasure.dry_run and erasure.started_at <= note.began_at and not ended


def _unpacked(content: bytes) -> list[bytes]:
    return gzip.decompress(content).splitlines(keepends=True)


def _line(raw: bytes) -> Line | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(line, dict) or not all(isinstance(line.get(name), str) for name in ("id", "type", "created_at")):
        return None
    known = isinstance(line.get("parent") or "", str) and isinstance(line.get("tags") or [], list)
    return line if known else None


def _days(deletions: Sequence[Deletion]) -> set[str]:
    """Return the days whose exports may have these jobs, or copies of their ends, which were made later."""
    return {
        iso(at * DAY)[:10]
        for one in deletions
        for at in range(int(one.created_at // DAY), int(max(one.asked_at, one.created_at) // DAY) + 1)
    }


def _goes(line: Line, gone: Collection[str]) -> bool:
    """Return whether a line goes: it is of such a job, or of a delivery of its end."""
    return line["id"] in gone or (_is_delivery(line) and line.get("parent") in gone)


def _is_delivery(line: Line) -> bool:
    """Return whether a line is of the delivery of a job's end. The delivery of a batch's end stays."""
    return line["type"] == DELIVER and not any(str(tag).startswith(OF_BATCH) for tag in line.get("tags") or ())


def _end(line: Line) -> Line | None:
    """Return the end of another job that a line has in its payload; None if it has none."""
    end = line.get("payload")
    if line["type"] == DELIVER and isinstance(end, dict):
        body = end.get("body")
        end = body.get("data") if isinstance(body, dict) else None
    if not isinstance(end, dict) or line.get("parent") is None or end.get("job_id") != line["parent"]:
        return None
    return end if {"tenant", "created_at"} <= end.keys() else None


def _seconds(text: object) -> float:
    """Return a time in epoch seconds; never for what is no time."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return float("inf")
