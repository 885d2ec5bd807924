"""Read and write the trace context of a job (W3C Trace Context), and derive the ids of its spans. Pure.

A job stores its context in 25 bytes: the id of the trace, the id of the span that made the job, and the flags. A job
that begins a trace has zeros in place of that span.
"""

import hashlib
import re
import uuid

from chalicelib.jobs.job import Job
from chalicelib.jobs.run_identity import run_name

HEADER = "traceparent"
TRACE_BYTES, SPAN_BYTES = 16, 8
LENGTH = TRACE_BYTES + SPAN_BYTES + 1
NO_SPAN = bytes(SPAN_BYTES)
SAMPLED, RANDOM = 0x01, 0x02
"""The flags that this version of the specification knows. All others are sent on as 0."""
_LONGEST = 512
"""Maximum characters of the header. A later version of the specification may add fields after the known ones."""
_HEADER = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_VERSION = "00"


def read(header: str | None) -> bytes | None:
    """Return the context in a header `traceparent`; None without a header, and for one that is not valid.

    The specification demands that an invalid header is ignored.
    """
    if header is None:
        return None
    found = _HEADER.fullmatch(header.strip(" \t")) if len(header) <= _LONGEST else None
    if found is None or (found[1] == _VERSION and found[5] is not None):
        return None
    flags = int(found[4], 16) & (SAMPLED | RANDOM)
    return bytes.fromhex(found[2] + found[3]) + bytes((flags,))


def write(context: bytes) -> str:
    """Return the header `traceparent`."""
    span = context[TRACE_BYTES : TRACE_BYTES + SPAN_BYTES]
    return f"{_VERSION}-{context[:TRACE_BYTES].hex()}-{span.hex()}-{context[-1]:02x}"


def write_for_x_ray(context: bytes) -> str:
    """Return the same context as `AWSTraceHeader`, the system attribute of a message that AWS X-Ray reads."""
    trace, span = trace_id(context), context[TRACE_BYTES : TRACE_BYTES + SPAN_BYTES].hex()
    return f"Root=1-{trace[:8]}-{trace[8:]};Parent={span};Sampled={context[-1] & SAMPLED}"


def begun(job_id: str) -> bytes:
    """Return the context of a job that begins a trace: the id of the trace is the job's id without hyphens.

    For an id that is not a UUID, which comes from a row that another function may have written, it is a hash.
    """
    try:
        trace = uuid.UUID(job_id).bytes
    except ValueError:
        trace = hashlib.sha256(job_id.encode("utf-8", "replace")).digest()[:TRACE_BYTES]
    return trace + NO_SPAN + bytes((SAMPLED,))


def context_of(job: Job) -> bytes | None:
    """Return the context that the job stores; None without one, and for one of another length (a forged row)."""
    return job.trace if job.trace is not None and len(job.trace) == LENGTH else None


def carried(job: Job) -> bytes | None:
    """Return the context for what the job makes: the same trace, with the span of its attempt as the parent."""
    return _with_parent(job, current_span(job))


def of_run(job: Job) -> bytes | None:
    """Return the context for a message of the job: the same trace, with the span of its creation as the parent."""
    return _with_parent(job, creation_span(job))


def _with_parent(job: Job, span: bytes) -> bytes | None:
    context = context_of(job)
    return None if context is None else context[:TRACE_BYTES] + span + context[-1:]


def trace_id(context: bytes) -> str:
    """Return the id of the trace as text."""
    return context[:TRACE_BYTES].hex()


def parent_span(context: bytes) -> bytes | None:
    """Return the id of the span that made the job; None if the job begins the trace."""
    span = context[TRACE_BYTES : TRACE_BYTES + SPAN_BYTES]
    return None if span == NO_SPAN else span


def is_sampled(context: bytes) -> bool:
    """Return whether the caller may have recorded the trace, so that spans of it are exported."""
    return bool(context[-1] & SAMPLED)


def current_span(job: Job) -> bytes:
    """Return the id of the span of the job's present or last attempt; before the first one, of its creation."""
    return attempt_span(job) if job.claims else creation_span(job)


def creation_span(job: Job) -> bytes:
    """Return the id of the span with which the job's present run was created."""
    return derived_span(job, "create")


def attempt_span(job: Job) -> bytes:
    """Return the id of the span of the job's present or last attempt."""
    return derived_span(job, f"attempt {job.claims}")


def derived_span(job: Job, what: str) -> bytes:
    """Return the id of a span of the job's present run: always the same for the same `what`.

    So a change of the stream that is delivered again makes the same spans again, and a collector can recognise them.
    """
    named = f"{run_name(job)} {what}"
    return hashlib.sha256(named.encode("utf-8", "replace")).digest()[:SPAN_BYTES]
