"""Every key and attribute name of counter rows: written here and nowhere else. Pure."""

import re
from datetime import datetime
from typing import Final

from chalicelib.counters.port import Row
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import KEEP_COUNTERS, KEEP_RECOUNTS, KEEP_SHARD_MARKS
from chalicelib.jobs.listing import iso

STEPS: Final = {60: "M", 3600: "H", 86_400: "D"}
"""Seconds of a time bucket, and the letter of its partitions."""
TOTALS: Final = "CNT"
"""Partition of what is true now: a row per type, and a row per paused type. One query reads it all."""
TYPE: Final = "TYPE#"
PAUSE, SINCE, BY, REASON, PROBE_AT = "PAUSE#", "since", "by", "reason", "probe_at"
"""Rows beside the totals, one a type, the attribute that is there while the type is paused, and who did it and why; the
last one is there while it is paused by itself."""
PAST_PAUSES: Final = "PAUSES#"
"""Partitions of pauses that have ended, one a type."""
BULK, OPEN = "BULK#", "open"
"""Rows beside the totals, one a bulk action, and the attribute that is there until it is over."""
DEPLOYS: Final = "DEPLOYS"
"""Row beside the totals, and its attribute: the last deployments of the stage (see `deploys`)."""
NUMBER, WAITING = "n#", "w#"
"""Attributes of a type's row: jobs by status, and since when the queued ones wait (see `backlog`)."""
UNSENT, CLAIMED_TO = "u#", "claimed_to"
"""Attributes of a type's row: jobs without a message by the minute in which they were first due, and when those jobs
were sent that were claimed last."""
MARK: Final = "mark#"
"""Attribute of any row: how far it has counted a source."""
ERRORS: Final = "ERR"
RECOUNT: Final = "RECOUNT"
"""Partition of the recount: its progress, its last findings, and the canaries that have passed."""
BULK_ACTIONS, BULK_IDS = "BULK", "BULKIDS"
"""Partitions of bulk actions, and of the ids that they list."""
ACKNOWLEDGED: Final = "ACK"
"""Partition of the marks that operators put on groups of errors."""
SEEN: Final = "seen"
SHARD = re.compile(r"shardId-0*(\d{13})\b")


def totals(job_type: str) -> Row:
    """Return the row of how many jobs of the type there are, by status."""
    return Row(TOTALS, TYPE + job_type)


def is_totals(row: Row) -> bool:
    """Return whether it is a type's row of totals."""
    return row.pk == TOTALS and row.sk.startswith(TYPE)


def is_day(row: Row) -> bool:
    """Return whether it is a row of what happened to a type's jobs in a day."""
    return row.pk.startswith(f"{STEPS[86_400]}#")


def moved(row: Row, source: str, now: float) -> Row:
    """Return the row that keeps the mark of a source that was moved out of a type's row of totals or of a day.

    It lies after the type's days, and expires when nothing of a shard can come any more.
    """
    job_type = row.sk.removeprefix(TYPE) if is_totals(row) else row.pk.partition("#")[2]
    return Row(f"{STEPS[86_400]}#{job_type}", f"{MARK}{source}#{row.sk}", int(now + KEEP_SHARD_MARKS))


def number(status: Status) -> str:
    """Return the attribute of a status in a type's row."""
    return f"{NUMBER}{status}"


def unsent(order: str) -> str:
    """Return the attribute of the minute of an index key: "u#2027-01-15T08:00"."""
    return f"{UNSENT}{order[:16]}"


def unsent_since(attribute: str) -> float:
    """Return when the minute of such an attribute began, in seconds since the epoch."""
    return datetime.fromisoformat(f"{attribute.removeprefix(UNSENT)}:00Z").timestamp()


def bucket(job_type: str, step: int, at: float) -> Row:
    """Return the row of what happened to a type's jobs within the `step` seconds around `at`."""
    start = at - at % step
    return Row(f"{STEPS[step]}#{job_type}", iso(start), int(start + KEEP_COUNTERS))


def error(fingerprint: str, at: float) -> Row:
    """Return the row of a group of errors in the hour of `at`."""
    hour = at - at % 3600
    return Row(ERRORS, f"{iso(hour)}#{fingerprint}", int(hour + KEEP_COUNTERS))


def canaries(run: str, at: float) -> Row:
    """Return the row of how many canaries of a recount the stream has passed."""
    return Row(RECOUNT, f"CANARY#{run}", int(at + KEEP_RECOUNTS))


def ended(source: str, now: float, life: float = KEEP_SHARD_MARKS) -> bool:
    """Return True when the source is a shard of `life` seconds ago, as it stands: nothing of it can come any more."""
    found = SHARD.match(source)
    return found is not None and int(found[1]) / 1000 < now - life
