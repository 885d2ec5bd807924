"""Order jobs in lists, group them in the index, and sign cursors. Pure."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import UTC, datetime

from chalicelib.errors import FieldError, InvalidPosition
from chalicelib.jobs.fingerprints import mentions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.ports import Filter

GROUPS: dict[Status, str] = {
    Status.QUEUED: "ACTIVE",
    Status.PROCESSING: "ACTIVE",
    Status.RETRYING: "ACTIVE",
    Status.SCHEDULED: "SCHED",
    Status.FAILED: "FAILED",
    Status.DEAD_LETTER: "DEAD",
}
"""The sparse index holds these groups; completed and cancelled jobs leave it, which saves their index writes."""


def iso(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds and a Z; sorts as the times do."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def born(job: Job) -> str:
    """Sort key of the index over all jobs."""
    return _key(job.created_at, job.id)


def order(job: Job) -> str:
    """Sort key of the sparse indexes: when the job was first due, so that scheduled jobs lie in the order they run.

    It is taken when the job is created and stays: a job that moved between two pages would be listed twice.
    """
    return _key(job.run_at or job.created_at, job.id)


def by_due(which: Filter) -> bool:
    """Return whether a list is in the order in which jobs were first due; the others are in the order of creation."""
    return which.fingerprint is not None or which.status in GROUPS


def matches(job: Job, which: Filter) -> bool:
    """Return whether a job belongs in a list."""
    return (
        which.status in (None, job.status)
        and which.type in (None, job.type)
        and (which.tag is None or which.tag in job.tags)
        and (which.id_prefix is None or job.id.startswith(which.id_prefix))
        and (which.error is None or mentions(job.error_class, job.error_message, which.error))
        and which.fingerprint in (None, job.fingerprint)
        and (which.created_after is None or job.created_at >= which.created_after)
        and (which.created_before is None or job.created_at < which.created_before)
    )


def write_cursor(position: str, which: Filter, secret: str) -> str:
    """A position as an opaque string that cannot be forged and serves only the filter it was made for."""
    body = json.dumps({"v": 1, "p": position, "f": _fingerprint(which)}, separators=(",", ":")).encode()
    return _encode(body) + "." + _encode(_sign(body, secret))


def read_cursor(cursor: str, which: Filter, secret: str, *loc: str) -> str:
    """The position in a cursor; raises InvalidPosition when it is not one of ours or belongs to another filter.

    `loc` is where the cursor was given, if not in the query.
    """
    try:
        body, signature = (_decode(part) for part in cursor.split("."))
    except (ValueError, binascii.Error):
        body, signature = b"", b""
    if not hmac.compare_digest(_sign(body, secret), signature):
        raise _bad_cursor("is not one that this API gave out", loc)
    content = json.loads(body)
    if content["f"] != _fingerprint(which):
        raise _bad_cursor("belongs to a listing with other filters; start again without it", loc)
    return str(content["p"])


def _key(at: float, job_id: str) -> str:
    # 48 random bits tell the jobs of one millisecond apart, and the main item has to stay small.
    return f"{iso(at)}#{job_id[:13]}"


def _bad_cursor(why: str, loc: tuple[str, ...]) -> InvalidPosition:
    return InvalidPosition("The cursor cannot be used.", [FieldError(loc or ("query", "cursor"), why)])


def _fingerprint(which: Filter) -> str:
    return hashlib.sha256(json.dumps(asdict(which), sort_keys=True).encode()).hexdigest()[:16]


def _sign(body: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
