"""Order jobs in lists, group them in the index, and sign and mask cursors. Pure."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import UTC, datetime

from chalicelib.errors import ConfigurationError, FieldError, InvalidPosition
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.tenants import tenant_of
from chalicelib.jobs.texts.fingerprints import mentions
from chalicelib.jobs.texts.payload_search import holds

ACTIVE, SCHED, PARKED = "ACTIVE", "SCHED", "PARKED"
GROUPS: dict[Status, tuple[str, ...]] = {
    Status.QUEUED: (ACTIVE,),
    Status.PROCESSING: (ACTIVE,),
    Status.RETRYING: (ACTIVE, PARKED),
    Status.SUSPENDED: (ACTIVE, PARKED),
    Status.BLOCKED: (PARKED,),
    Status.SCHEDULED: (SCHED,),
    Status.FAILED: ("FAILED",),
    Status.DEAD_LETTER: ("DEAD",),
}
"""The groups of the sparse index for jobs of a status; jobs in other states are not in the index, which saves
writes."""
MAY_PARK = frozenset({Status.RETRYING, Status.SUSPENDED, Status.BLOCKED})
"""States in which a job may be parked: it then waits without a message."""
BY_TYPE = frozenset({ACTIVE, SCHED, PARKED})
"""Groups of unfinished jobs: each job type has its own partitions, so that many jobs of one type do not slow down
reading the jobs of another."""
MIXED = frozenset({ACTIVE, PARKED})
"""Groups that contain several states: only the main item contains the state of a job."""


def check_offset(which: Filter) -> None:
    """Raise InvalidPosition for a filter that does not work with an offset.

    With an offset, a page of such a list would have to read all skipped jobs, or the partitions of each job type.
    """
    found = [name for name in READ_FOR if getattr(which, name) is not None]
    groups = () if which.status is None else GROUPS.get(which.status, ())
    if which.status is not None and (which.fingerprint is not None or not groups or BY_TYPE & set(groups)):
        found.append("status")
    if which.fingerprint is not None or which.status is not None:
        found += [name for name in ("created_after", "created_before") if getattr(which, name) is not None]
    if found:
        told = f"goes with no {', '.join(found)}: jobs would be read and left out; follow next_cursor"
        raise InvalidPosition("This filter cannot be combined with an offset.", [FieldError(("query", "offset"), told)])


READ_FOR = (
    "type", "tag", "error", "schedule", "tenant", "payload", "id_prefix", "parent", "batch", "finished_after",
    "finished_before",
)  # fmt: skip
"""Fields of a filter that are in no index."""
LISTS, ACTS = "lists", "acts"
"""Uses of a cursor: the next page of a list, or the next jobs of a bulk action."""


def iso(at: float) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC with milliseconds and a Z, which sorts chronologically."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def born(job: Job) -> str:
    """Return the sort key of the index over all jobs."""
    return _key(job.created_at, job.id)


def order(job: Job) -> str:
    """Return the sort key of the sparse indexes: when the job was first due, or until when it is parked.

    The key changes only when the job is parked or run now, because a client that reads page after page could miss a job
    whose key has changed.
    """
    return order_at(job.parked_until or job.run_at or job.created_at, job.id)


def order_at(at: float, job_id: str) -> str:
    """Return the sort key of the sparse indexes for a job that is due at `at` (seconds since the epoch)."""
    return _key(at, job_id)


def group(status: Status, *, parked: bool = False) -> str | None:
    """Return the job's group of the sparse index; None if the job is in no group."""
    if status not in GROUPS:
        return None
    return PARKED if parked and status in MAY_PARK else GROUPS[status][0]


def is_parked(job: Job) -> bool:
    """Return True for a job that waits without a message until `parked_until`."""
    return job.status in MAY_PARK and job.parked_until is not None and not job.sent


def among_children(job: Job) -> str:
    """Return the sort key of a job among its parent's children."""
    return f"{job.idempotency_key}#{job.id}"


def by_due(which: Filter) -> bool:
    """Return whether a list is ordered by the first due time; other lists are ordered by creation."""
    return which.fingerprint is not None or which.status in GROUPS


def matches(job: Job, which: Filter) -> bool:
    """Return whether a job belongs in a list."""
    return (
        which.status in (None, job.status)
        and which.type in (None, job.type)
        and (which.tag is None or which.tag in job.tags)
        and which.schedule in (None, job.schedule)
        and which.parent in (None, job.parent)
        and which.batch in (None, job.batch)
        and which.round in (None, job.round)
        and which.tenant in (None, tenant_of(job.tags))
        and (which.id_prefix is None or job.id.startswith(which.id_prefix))
        and (which.error is None or mentions(job.error_class, job.error_message, which.error))
        and which.fingerprint in (None, job.fingerprint)
        and (which.created_after is None or job.created_at >= which.created_after)
        and (which.created_before is None or job.created_at < which.created_before)
        and (which.finished_after is None or (job.finished_at or 0.0) >= which.finished_after)
        and (which.finished_before is None or _finished_before(job, which.finished_before))
        and (which.payload is None or holds(which.payload_of(job), which.payload))
    )


def _finished_before(job: Job, at: float) -> bool:
    return job.finished_at is not None and job.finished_at < at


def write_cursor(position: str, which: Filter, secret: str, use: str = LISTS) -> str:
    """Return a position as a text that cannot be read or forged and is valid only for its own filter and use.

    The position may name a job that the caller may not see, so the text is masked.
    """
    content = {"v": 1, "p": position, "f": _fingerprint(which), "u": use}
    body = json.dumps(content, separators=(",", ":")).encode()
    signature = _sign(body, secret)
    return _encode(signature) + "." + _encode(_mask(body, signature, secret))


def read_cursor(cursor: str, which: Filter, secret: str, *loc: str, use: str = LISTS) -> str:
    """Return the position in a cursor; raises InvalidPosition if it is forged or belongs to another filter or use.

    `loc` is the path of the field that contained the cursor, if the cursor was not in the query.
    """
    try:
        signature, masked = (_decode(part) for part in cursor.split("."))
    except (ValueError, binascii.Error):
        signature, masked = b"", b""
    body = _mask(masked, signature, secret)
    if not hmac.compare_digest(_sign(body, secret), signature):
        raise _bad_cursor("was not issued by this API", loc)
    content = json.loads(body)
    if content["f"] != _fingerprint(which):
        raise _bad_cursor("belongs to a listing with other filters; start again without it", loc)
    if content["u"] != use:
        raise _bad_cursor("belongs to another request; start again without it", loc)
    return str(content["p"])


def _key(at: float, job_id: str) -> str:
    # 13 characters of the id are enough: their 48 random bits distinguish the jobs of one millisecond.
    return f"{iso(at)}#{job_id[:13]}"


def _bad_cursor(why: str, loc: tuple[str, ...]) -> InvalidPosition:
    return InvalidPosition("The cursor is not valid.", [FieldError(loc or ("query", "cursor"), why)])


def _fingerprint(which: Filter) -> str:
    # Unset fields are left out, so that a cursor stays valid after a deployment that adds a filter.
    asked = {name: value for name, value in asdict(which).items() if value is not None}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _sign(body: bytes, secret: str) -> bytes:
    return _digest(b"sign", body, secret)


def _mask(body: bytes, signature: bytes, secret: str) -> bytes:
    """Return a body masked, or a masked body as it was: XOR with a key stream that depends on the signature.

    The signature is a digest of the body, so two bodies never have the same stream.
    """
    blocks = range(-(-len(body) // hashlib.sha256().digest_size))
    stream = b"".join(_digest(b"mask", number.to_bytes(4, "big") + signature, secret) for number in blocks)
    return bytes(one ^ other for one, other in zip(body, stream, strict=False))


def _digest(purpose: bytes, text: bytes, secret: str) -> bytes:
    if not secret:
        raise ConfigurationError("CURSOR_SECRET must be set where cursors are written")
    return hmac.new(secret.encode(), purpose + text, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
