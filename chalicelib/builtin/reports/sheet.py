"""Write a report as CSV: one long table, `section, type, item, metric, value`, that a spreadsheet can pivot."""

import csv
import io
from collections.abc import Iterator, Mapping

from chalicelib.builtin.reports.tally import Report, Spread, success_rate
from chalicelib.builtin.reports.words import STATUS_WORDS
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso

HEADER = ("section", "type", "item", "metric", "value")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet runs a cell as a formula if it begins with one of these characters, also in full width. Error texts are
untrusted."""

Row = tuple[str, str, str, str, str | int | float | None]


def to_csv(report: Report) -> bytes:
    """Return the report as UTF-8 with a byte order mark; without it, spreadsheets guess another encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in _rows(report):
        writer.writerow([_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _safe(cell: str) -> str:
    """Return text that no spreadsheet runs as a formula."""
    clean = cell.replace("\x00", "")
    risky = clean.startswith(FORMULA_STARTS) or clean.lstrip().startswith(FORMULA_STARTS)
    return f"'{clean}" if risky else clean


def _rows(report: Report) -> Iterator[Row]:
    yield "report", report.type or "", "period", "from", iso(report.period.start)
    yield "report", report.type or "", "period", "to", iso(report.period.end)
    yield "report", report.type or "", "made", "at", iso(report.made_at)
    yield "report", report.type or "", "complete", "note", report.incomplete or _remark(report)
    yield from _counts("total", "", report.counts)
    yield from _spread("wait", "", report.wait)
    yield from _spread("run", "", report.run)
    for name, line in report.types.items():
        yield from _counts("type", name, line.counts)
        yield from _spread("wait", name, line.wait)
        yield from _spread("run", name, line.run)
    for group in report.errors:
        item = f"{group.error_class}: {group.message}"
        yield "error", group.type, item, "count", group.count
        yield "error", group.type, item, "last_seen", iso(group.last_seen)
        yield "error", group.type, item, "sample_job_id", group.sample_id
    for hour, counts in report.hours.items():
        yield "hour", "", iso(hour), "created", sum(counts.values())
        for status in STATUS_WORDS:
            yield "hour", "", iso(hour), status, counts[status]


def _remark(report: Report) -> str:
    return "yes" if report.jobs else "yes; no jobs were created in this period"


def _counts(section: str, name: str, counts: Mapping[Status, int]) -> Iterator[Row]:
    yield section, name, "jobs", "count", sum(counts.values())
    for status in STATUS_WORDS:
        yield section, name, status, "count", counts[status]
    share = success_rate(counts)
    yield section, name, "success", "rate", None if share is None else round(share, 4)


def _spread(section: str, name: str, spread: Spread | None) -> Iterator[Row]:
    if spread is None:
        return
    yield section, name, "jobs", "count", spread.count
    yield section, name, "seconds", "p50", round(spread.p50, 3)
    yield section, name, "seconds", "p95", round(spread.p95, 3)
    yield section, name, "seconds", "max", round(spread.max, 3)
