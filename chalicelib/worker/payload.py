"""Read the payload of a claimed job as its type's model."""

from typing import Any

from chalicelib.errors import InvalidPayload, PayloadRefused, PayloadUnreadable
from chalicelib.jobs.job import Job
from chalicelib.jobs.types.jobtype import JobType


def payload_of(kind: JobType[Any, Any], job: Job) -> Any:
    """Return the payload; raises PayloadUnreadable, or PayloadRefused for one that today's schema does not take."""
    if job.payload is None:
        size = f"The payload of {job.payload_bytes:,} bytes cannot be read"
        raise PayloadUnreadable(f"{size}: it is gone, or this function may not read it.")
    try:
        return kind.parse_stored(job.payload)
    except InvalidPayload as error:
        wrong = "; ".join(f"{'.'.join(map(str, e.loc))}: {e.msg}" for e in error.errors)
        raise PayloadRefused(f"Today's schema of {job.type} refuses the stored payload: {wrong}") from None
