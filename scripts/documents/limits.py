"""Write the limits of docs/limits.md from the code."""

from chalicelib.access.constants import HIGHEST_RATE
from chalicelib.api.constants import LARGEST_REQUEST, LARGEST_UPLOAD, MOST_IN_BATCH, MOST_IN_BULK
from chalicelib.batches.constants import MOST_MEMBERS
from chalicelib.builtin.constants import MOST_PIXELS
from chalicelib.counters.constants import MOST_MARKS
from chalicelib.job_types.constants import (
    LONGEST_NAME,
    LONGEST_QUEUE_NAME,
    LONGEST_WAIT,
    MAX_ATTEMPTS_CAP,
    MOST_LIMITS,
    MOST_PLACES,
    MOST_THREADS,
)
from chalicelib.jobs.constants import DAY, LONGEST_RUN, MAX_DELAY, MOST_CLAIMS, MOST_HISTORY, MOST_TAGS
from chalicelib.jobs.retention import KEEP_BATCHES, KEEP_BULK, KEEP_COUNTERS, KEEP_DEAD, KEEP_DONE, KEEP_ERASURES
from chalicelib.keys.constants import LONGEST_DEBOUNCE
from chalicelib.operating.constants import MOST_CHANGED_VALUES
from chalicelib.schedules.constants import LONGEST_PAYLOAD, MOST_SCHEDULES
from chalicelib.usage.constants import LONGEST_DAYS, MOST_DEAR
from chalicelib.views.port import LONGEST_SEARCH, LONGEST_VIEW_NAME, MOST_VIEWS
from chalicelib.worker.constants import DEEPEST_RESULT, LARGEST_BODY
from infra.definition.lambdas.functions import MOST_SPLIT
from infra.definition.parameters import parameters


def tables() -> str:
    """Return a table for each thing that has limits."""
    asked = {name: str(one.get("Default")) for name, one in parameters().items()}
    groups = {
        "Requests": {
            "writing requests from one address in a minute": f"{asked['RateLimitMax']} (`RateLimitMax`)",
            "writing requests in a minute, token with its own limit": f"up to {HIGHEST_RATE:,} (`token issue --rate`)",
            "read units of DynamoDB of one token in a minute": f"{int(asked['ReadUnitsMax']):,} (`ReadUnitsMax`)",
            "size of a request's body": f"{LARGEST_REQUEST // 1024} KB",
            "size of an uploaded file": f"{LARGEST_UPLOAD // 1024 // 1024} MB",
            "jobs in one `POST /jobs/batch`": f"{MOST_IN_BATCH}",
            "members of a batch": f"{MOST_MEMBERS:,}",
            "jobs in one `POST /jobs/bulk` (`POST /bulk`: any number)": f"{MOST_IN_BULK}",
            "days of one `GET /usage`; its dearest runs": f"{LONGEST_DAYS}; {MOST_DEAR}",
        },
        "A job": {
            "payload of a job from the API": f"{LARGEST_REQUEST // 1024} KB, including the rest of the request",
            "payload of a job that another job creates; result of a job": f"{LARGEST_BODY / 1e6:.0f} MB",
            "delay": f"{MAX_DELAY / DAY:.0f} days",
            "debounce": f"{LONGEST_DEBOUNCE / 3600:.0f} hours",
            "tags": f"{MOST_TAGS}",
            "attempts": f"{MAX_ATTEMPTS_CAP}",
            "wait before a retry": f"{LONGEST_WAIT / DAY:.0f} days",
            "all waits of one run together": f"{LONGEST_RUN / DAY:.0f} days",
            "levels of nesting in a result": f"{DEEPEST_RESULT}",
            "claims of one run, including those that cost no attempt": f"{MOST_CLAIMS:,}",
            "attempts that the API and the console show": f"the newest {MOST_HISTORY}",
        },
        "A job type, a schedule": {
            "characters of a type's name": f"{LONGEST_NAME}",
            "characters of the name of a queue that types share": f"{LONGEST_QUEUE_NAME}",
            "run of one attempt": "15 minutes, the limit of Lambda",
            "jobs that a process runs side by side (`threads`)": f"{MOST_THREADS}",
            "limits of a type (`limits`)": f"{MOST_LIMITS}",
            "places of a limit, also after a change": f"{MOST_PLACES}",
            "values of one limit whose number is changed": f"{MOST_CHANGED_VALUES}",
            "types that are counted by tenant (`Spending(by_tenant=True)`)": f"{MOST_SPLIT}",
            "stored schedules": f"{MOST_SCHEDULES:,}",
            "payload of a schedule": f"{LONGEST_PAYLOAD // 1024} KB",
            "error groups that are acknowledged or resolved": f"{MOST_MARKS:,}",
            "views of the console that are saved for everyone": f"{MOST_VIEWS:,}",
            "characters of a view's name; of its filters in the address": f"{LONGEST_VIEW_NAME}; {LONGEST_SEARCH:,}",
            "size of an image for `image.process`": f"{MOST_PIXELS // 1_000_000} megapixels",
        },
        "Kept": {
            "a completed or cancelled job": _days(KEEP_DONE),
            "a failed or dead-lettered job": _days(KEEP_DEAD),
            "an `Idempotency-Key`": "as long as its job",
            "counters": _days(KEEP_COUNTERS),
            "a bulk action": _days(KEEP_BULK),
            "the report of an erasure": _days(KEEP_ERASURES),
            "a batch, after its last round": _days(KEEP_BATCHES),
            "logs": f"{asked['LogRetentionDays']} days (`LogRetentionDays`)",
        },
    }
    return "\n\n".join("\n".join([f"| {name} | at most |", "|---|---|", *_rows(rows)]) for name, rows in groups.items())


def _rows(rows: dict[str, str]) -> list[str]:
    return [f"| {what} | {most} |" for what, most in rows.items()]


def _days(seconds: float) -> str:
    return f"{seconds / DAY:.0f} days"
