"""The limits of docs/limits.md, from the code."""

from chalicelib.access.tokens import HIGHEST_RATE
from chalicelib.api.models.schemas import MOST_IN_BATCH, MOST_IN_BULK
from chalicelib.builtin.images import MOST_PIXELS
from chalicelib.counters.marking import MOST_MARKS
from chalicelib.job_types.retry import LONGEST_WAIT
from chalicelib.jobs import limits
from chalicelib.keys.rule import LONGEST_DEBOUNCE
from chalicelib.schedules import schedule
from chalicelib.worker.result import DEEPEST
from infra.definition.parameters import parameters


def tables() -> str:
    """Return a table for each thing that has limits."""
    asked = {name: str(one.get("Default")) for name, one in parameters().items()}
    groups = {
        "Requests": {
            "writing requests of one address, a minute": f"{asked['RateLimitMax']} (`RateLimitMax`)",
            "the same for a token that has a limit of its own": f"up to {HIGHEST_RATE:,} (`token issue --rate`)",
            "read units of the tables for one token, a minute": f"{int(asked['ReadUnitsMax']):,} (`ReadUnitsMax`)",
            "body of a request": f"{limits.LARGEST_REQUEST // 1024} KB",
            "file of an upload": f"{limits.LARGEST_UPLOAD // 1024 // 1024} MB",
            "jobs in one `POST /jobs/batch`": f"{MOST_IN_BATCH}",
            "jobs in one `POST /jobs/bulk` (`POST /bulk`: any number)": f"{MOST_IN_BULK}",
        },
        "A job": {
            "payload from the API": f"{limits.LARGEST_REQUEST // 1024} KB, with the request around it",
            "payload of a job that a job makes; result": f"{limits.LARGEST_BODY / 1e6:.0f} MB",
            "delay": f"{limits.MAX_DELAY / limits.DAY:.0f} days",
            "debounce": f"{LONGEST_DEBOUNCE / 3600:.0f} hours",
            "tags": f"{limits.MOST_TAGS}",
            "attempts": f"{limits.MAX_ATTEMPTS_CAP}",
            "wait before a retry": f"{LONGEST_WAIT / limits.DAY:.0f} days",
            "waits of one run together": f"{limits.LONGEST_RUN / limits.DAY:.0f} days",
            "levels of a result": f"{DEEPEST}",
            "claims of one run, also those that cost no attempt": f"{limits.MOST_CLAIMS:,}",
            "attempts shown": f"the newest {limits.MOST_HISTORY}",
        },
        "A job type, a schedule": {
            "characters of a type's name": f"{limits.LONGEST_NAME}",
            "run of one attempt": "15 minutes, Lambda's",
            "stored schedules": f"{schedule.MOST_SCHEDULES:,}",
            "payload of a schedule": f"{schedule.LONGEST_PAYLOAD // 1024} KB",
            "groups of errors that are acknowledged or resolved": f"{MOST_MARKS:,}",
            "picture of `image.process`": f"{MOST_PIXELS // 1_000_000} megapixels",
        },
        "Kept": {
            "a completed or cancelled job": _days(limits.KEEP_DONE),
            "a failed or dead-lettered job": _days(limits.KEEP_DEAD),
            "an `Idempotency-Key`": "as long as its job",
            "counters": _days(limits.KEEP_COUNTERS),
            "a bulk action": _days(limits.KEEP_BULK),
            "logs": f"{asked['LogRetentionDays']} days (`LogRetentionDays`)",
        },
    }
    return "\n\n".join("\n".join([f"| {name} | at most |", "|---|---|", *_rows(rows)]) for name, rows in groups.items())


def _rows(rows: dict[str, str]) -> list[str]:
    return [f"| {what} | {most} |" for what, most in rows.items()]


def _days(seconds: float) -> str:
    return f"{seconds / limits.DAY:.0f} days"
