"""Write the bill as text: an idle month, a million jobs, keeping them, metrics in use, an open console.

The parameters of the stage change it: `settings.py` says which.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.jobtype import JobType
from infra.cloud.cost import others, settings, webhooks
from infra.cloud.cost.attack import under_attack, waf
from infra.cloud.cost.batches import lines as batches
from infra.cloud.cost.calculation import (
    ALONE,
    BATCHES,
    BUSY,
    BUSY_SECONDS,
    QUIET_SECONDS,
    Line,
    active,
    console,
    idle,
    kept,
    per_million,
    total,
)
from infra.cloud.cost.children import lines as children
from infra.cloud.cost.extras import extras
from infra.cloud.cost.prices import ALLOWANCES, PRICES
from infra.cloud.cost.settings import DEFAULTS, Settings
from infra.cloud.cost.steps import lines as steps
from infra.cloud.cost.waiting import WAIT_SECONDS, waiting

LOADS = (ALONE, BUSY, BATCHES)

NOTES = (
    "alone: a job now and then, each in batches of its own. busy: POSTed one by one, ten to a worker's batch, the",
    "stream's batches full. 25 a request: POST /jobs/batch, else as busy. Not in it: S3 for payloads and results of",
    "over 300 KB, data sent out. Rows of the counters take a unit each with up to four partitions.",
)


def report(types: Sequence[JobType[Any, Any]], of: Settings = DEFAULTS) -> str:
    """Return all bills as text, for a stage with these parameters."""
    bills = [
        *_idle(types, of),
        "",
        *_settings(types, of),
        "",
        *_jobs(of),
        *_extras(types),
        *_waiting(types),
        "",
        *_steps(of),
        "",
        "A million jobs that a job makes cost it, before they run",
        *(_row(line, line) for line in children()),
        "",
        "A million members of batches, and a million batches, beside their jobs",
        *(_row(line, line) for line in batches()),
        "",
        *_webhooks(types),
        *_kept(),
        "",
        *_more(types, of),
        "",
        *_attack(of),
        "",
        *others.rows(of),
    ]
    return "\n".join([*bills, "", *NOTES, f"Prices of {PRICES.version}, us-east-1."])


def _idle(types: Sequence[JobType[Any, Any]], of: Settings) -> list[str]:
    listed, allowed = idle(types, shards=of.shards), idle(types, ALLOWANCES, shards=of.shards)
    rows = [_row(a, a, b) for a, b in zip(listed, allowed, strict=True)]
    return [
        f"Idle, a month, {len(types)} job types (list price; after the permanent free allowances)",
        *rows,
        _sums(52, listed, allowed),
    ]


def _settings(types: Sequence[JobType[Any, Any]], of: Settings) -> list[str]:
    listed, allowed = settings.lines(types, of), settings.lines(types, of, ALLOWANCES)
    told = [f"The parameters of this stage: {', '.join(changed)}." for changed in [settings.changed(of)] if changed]
    return [
        "Beside it, a month (list price; after the permanent free allowances)",
        *(_row(a, a, b) for a, b in zip(listed, allowed, strict=True)),
        _sums(52, listed, allowed),
        "* This price was seen only in texts that quote AWS's pages, not in the pages themselves.",
        *told,
    ]


def _jobs(of: Settings) -> list[str]:
    bills = [per_million(of.needs(load)) for load in LOADS]
    rows = [
        f"{lines[0].what:<36}" + "".join(f"{_money(line.dollars):>16}" for line in lines)
        for lines in zip(*bills, strict=True)
    ]
    return [
        "A million jobs that are done at their first attempt; what the job itself does or logs comes on top",
        f"{'':<36}" + "".join(f"{load.name:>16}" for load in LOADS),
        *rows,
        f"{'':<36}" + "".join(f"{_money(total(bill)):>16}" for bill in bills),
    ]


def _steps(of: Settings) -> list[str]:
    found = zip(*(steps(load, request_units=of.request_units) for load in LOADS), strict=True)
    rows = [f"{lines[0].what:<36}" + "".join(f"{_money(one.dollars):>16}" for one in lines) for lines in found]
    return ["A million of these cost a job function that uses steps; others pay nothing for them", *rows]


def _extras(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Return the extra cost lines; empty without paid options."""
    found = [lines for kind in types for lines in zip(*(extras(kind, load) for load in LOADS), strict=True)]
    rows = [f"{lines[0].what:<36}" + "".join(f"{_money(one.dollars):>16}" for one in lines) for lines in found]
    return ["", "A million jobs of such a type cost more", *rows] if rows else []


def _waiting(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Return what waiting jobs cost; empty if no type runs the jobs of a batch side by side."""
    found = [lines for kind in types for lines in zip(*(waiting(kind, load) for load in LOADS), strict=True)]
    rows = [f"{lines[0].what:<36}" + "".join(f"{_money(one.dollars):>16}" for one in lines) for lines in found]
    said = f"A million jobs that wait {WAIT_SECONDS * 1000:.0f} ms each, Lambda time (docs/job-types/threads.md)"
    return ["", said, *rows] if rows else []


def _webhooks(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Return what webhooks cost; empty for a stage without them."""
    if not any(kind.name == DELIVER for kind in types):
        return []
    found = zip(*(webhooks.lines(load) for load in LOADS), strict=True)
    rows = [f"{lines[0].what:<36}" + "".join(f"{_money(one.dollars):>16}" for one in lines) for lines in found]
    return ["Webhooks: a million of these, and a month", *rows, *(_row(one, one) for one in webhooks.standing()), ""]


def _kept() -> list[str]:
    lines = kept()
    return ["A million finished jobs that are kept, a month", *(_row(line, line) for line in lines), _sums(52, lines)]


def _more(types: Sequence[JobType[Any, Any]], of: Settings) -> list[str]:
    listed, allowed = active(types), active(types, ALLOWANCES)
    rows = ["On top, a month", *(_row(a, a, b) for a, b in zip(listed, allowed, strict=True))]
    if not of.is_on("Dashboard"):
        return rows
    for every, when in ((BUSY_SECONDS, "jobs change"), (QUIET_SECONDS, "quiet")):
        lines = console(types, every, shards=of.shards, access_kb=of.access_kb)
        asked = Line(f"Open console, {when} ({every} s)", lines[0].amount, total(lines))
        rows.append(_row(asked, asked))
    return rows


def _attack(of: Settings) -> list[str]:
    guard = waf()
    return [
        "Under attack: unknown tokens at the stage's limit (WAF: a month; docs/deploy/parameters.md)",
        *(_row(line, line) for line in under_attack(rate=of.number("ApiRate"), access_kb=of.access_kb)),
        _row(guard, guard),
    ]


def _row(what: Line, *bills: Line) -> str:
    return f"{what.what:<38}{what.amount:>14,.2f}  " + "  ".join(_money(line.dollars) for line in bills)


def _sums(indent: int, *bills: Sequence[Line]) -> str:
    return " " * indent + "  " + "  ".join(_money(total(lines)) for lines in bills)


def _money(dollars: float) -> str:
    return f"${dollars:>6.2f}"
