"""Define every key and attribute name of counter rows; no other module contains these names. Pure."""

import re
from datetime import datetime
from typing import Final

from chalicelib.counters.port import Row
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import KEEP_COUNTERS, KEEP_RECOUNTS, KEEP_SHARD_MARKS

DAY_STEP: Final = 86_400
STEPS: Final = {60: "M", 3600: "H", DAY_STEP: "D"}
"""Seconds of a time bucket, and the letter of its partitions."""
TOTALS: Final = "CNT"
"""Partition of the current state: one row per type, and one per paused type. One query reads all of these rows."""
TYPE: Final = "TYPE#"
PAUSE, SINCE, BY, REASON, PROBE_AT = "PAUSE#", "since", "by", "reason", "probe_at"
"""PAUSE# is the prefix of the keys of rows next to the totals, one per paused type. The other names are attributes:
`since` exists while the type is paused; `by` and `reason` say by whom and why; `probe_at` exists during an automatic
pause."""
PAST_PAUSES: Final = "PAUSES#"
"""Partitions of ended pauses, one per type."""
BULK, OPEN = "BULK#", "open"
"""BULK# is the prefix of the keys of rows next to the totals, one per bulk action. The attribute `open` exists until
the bulk action has ended."""
DEPLOYS: Final = "DEPLOYS"
"""Row next to the totals, and its attribute: the last deployments of the stage (see `deploys`)."""
MOVES: Final = "MOVES"
"""Row next to the totals, and its attribute: when types moved to or from a shared queue (see `moves`)."""
NUMBER, WAITING = "n#", "w#"
"""Attributes of a type's row: jobs by status, and how long queued jobs have waited (see `wait_times`)."""
UNSENT, CLAIMED_TO = "u#", "claimed_to"
"""Attributes of a type's row. `u#`: numbers of jobs without a message, by the minute in which they were first due.
`claimed_to`: the time at which the most recently claimed jobs were sent."""
DEAD_AT, FAILED_AT, LOST_AT, CLAIMED_AT = "dead_at", "failed_at", "lost_at", "claimed_at"
"""Attributes of a type's row: when the last dead letter, the last failed job and the last lost attempt of the type were
counted, and when a worker last claimed one of its jobs (epoch seconds)."""
ATTEMPTS, RUN_MS, AGAIN, AGAIN_MS, MADE, STEPS_KEPT, WRITES = "att", "ms", "att2", "ms2", "made", "steps", "writes"
"""Attributes of a type's day and of a tenant's day, from which `usage` computes costs: claims that have ended and their
milliseconds, those of retries, jobs that no request has made, kept steps, and writes to the row."""
TENANTS: Final = "/tenants"
"""End of the partition with the days of a type's tenants, one row per day and tenant, for types that ask for it."""
DEAREST: Final = "/dearest"
"""End of the partition with the longest runs of a type, one row per day (see `dear_runs`)."""
TROUBLES: Final = "TROUBLES"
"""Row next to the totals, and its attribute: the types in trouble (see `troubles`)."""
MARK: Final = "mark#"
"""Attribute of any row: the position up to which the row has counted a source."""
ERRORS: Final = "ERR"
RECOUNT: Final = "RECOUNT"
"""Partition of the recount: its progress, its last findings, and the canaries that have passed."""
ERASING_MARK = "ERASE#"
"""Prefix of the keys of rows next to the totals, like BULK: of erasures, and one for all jobs that are deleted."""
BULK_ACTIONS, BULK_IDS = "BULK", "BULKIDS"
"""Partitions of bulk actions, and of the ids that they list."""
ACKNOWLEDGED: Final = "ACK"
"""Partition of operators' marks of error groups."""
SEEN: Final = "seen"
SHARD = re.compile(r"shardId-0*(\d{13})\b")


def totals(job_type: str) -> Row:
    """Return the row with the type's jobs by status."""
    return Row(TOTALS, TYPE + job_type)


def is_totals(row: Row) -> bool:
    """Return whether the row contains a type's totals."""
    return row.pk == TOTALS and row.sk.startswith(TYPE)


def is_day(row: Row) -> bool:
    """Return whether the row contains a type's day."""
    return row.pk.startswith(f"{STEPS[DAY_STEP]}#")


def is_tenant(row: Row) -> bool:
    """Return whether the row contains the day of a type's tenant."""
    return is_day(row) and row.pk.endswith(TENANTS)


def is_dearest(row: Row) -> bool:
    """Return whether the row contains the longest runs of a type's day."""
    return is_day(row) and row.pk.endswith(DEAREST)


def moved(row: Row, source: str, now: float) -> Row:
    """Return the row for the mark of a source that was moved out of a type's row of totals or of a day.

    The new row sorts after the rows of the type's days, and expires when the shard can deliver nothing more.
    """
    job_type = row.sk.removeprefix(TYPE) if is_totals(row) else row.pk.partition("#")[2]
    return Row(f"{STEPS[DAY_STEP]}#{job_type}", f"{MARK}{source}#{row.sk}", int(now + KEEP_SHARD_MARKS))


def number(status: Status) -> str:
    """Return the attribute of a status in a type's row."""
    return f"{NUMBER}{status}"


def unsent(order: str) -> str:
    """Return the name of the attribute for the minute in an index key: "u#2027-01-15T08:00".

    Raises ValueError for a key that does not begin with a time: any worker may write such a key, and the row would then
    be unreadable.
    """
    attribute = f"{UNSENT}{order[:16]}"
    unsent_since(attribute)
    return attribute


def unsent_since(attribute: str) -> float:
    """Return the start of such an attribute's minute, in seconds since the epoch."""
    return datetime.fromisoformat(f"{attribute.removeprefix(UNSENT)}:00Z").timestamp()


def bucket(job_type: str, step: int, at: float) -> Row:
    """Return the row of a type's events within the `step` seconds around `at`."""
    start = at - at % step
    return Row(f"{STEPS[step]}#{job_type}", iso(start), int(start + KEEP_COUNTERS))


def tenant(job_type: str, name: str, at: float) -> Row:
    """Return the row of a tenant's jobs of a type in the day of `at`."""
    day = bucket(job_type, DAY_STEP, at)
    return Row(f"{day.pk}{TENANTS}", f"{day.sk}#{name}", day.expires_at)


def dearest(job_type: str, at: float) -> Row:
    """Return the row of the longest runs of a type in the day of `at`."""
    day = bucket(job_type, DAY_STEP, at)
    return Row(f"{day.pk}{DEAREST}", day.sk, day.expires_at)


def error(fingerprint: str, at: float) -> Row:
    """Return the row of an error group in the hour of `at`."""
    hour = at - at % 3600
    return Row(ERRORS, f"{iso(hour)}#{fingerprint}", int(hour + KEEP_COUNTERS))


def canaries(run: str, at: float) -> Row:
    """Return the row that counts the passed canaries of a recount."""
    return Row(RECOUNT, f"CANARY#{run}", int(at + KEEP_RECOUNTS))


def ended(source: str, now: float, life: float = KEEP_SHARD_MARKS) -> bool:
    """Return True if the source looks like a shard that began over `life` seconds ago, so that it delivers no more."""
    found = SHARD.match(source)
    return found is not None and int(found[1]) / 1000 < now - life
