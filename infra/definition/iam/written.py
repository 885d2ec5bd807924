"""List the attributes of the jobs table that a worker's updates write or test. Its role allows no others.

So a worker cannot change a job's type, payload, tags or principal, or plan it again. IAM checks the names of the
attributes that an UpdateItem writes, and of those in its condition. IAM does not check values, sort keys or the type of
a job.
"""

from typing import Any

OF_WORKER, OF_SERIAL_WORKER = "of-worker", "of-serial-worker"
MAIN = frozenset({
    "pk", "sk", "group", "order", "everything", "born", "failure", "status", "gen", "attempts", "claims",
    "max_attempts", "due_at", "sent", "lease_until", "started_at", "finished_at", "updated_at", "expires_at",
    "next_attempt_at", "parked_until", "turn_at", "start_by", "resends", "stalled_since", "request_id", "cold_start",
    "receive_count", "writer", "progress", "progress_note", "error_class", "error_message", "result", "result_ref",
    "cancel_requested", "after", "waits", "passed", "position", "kept", "give_up_at", "deferred",
})  # fmt: skip
ATTEMPTS = frozenset({"attempt", "outcome", "stack", "retry_delay_s", "claim"})
BODIES = frozenset({"body"})
STEPS = frozenset({"at", "value", "ref", "took", "until", "by", "n", "fn", "in", "pt", "s"})
"""Attributes of a kept step."""
KEYS = frozenset({"job", "until"})
"""Attributes of the row that says which attempt of a key (`serial_by`) may run."""
OF_EACH = MAIN | ATTEMPTS | BODIES | STEPS
KINDS = {OF_WORKER: OF_EACH, OF_SERIAL_WORKER: OF_EACH | KEYS}

MAPPING = "Written"


def mappings() -> dict[str, Any]:
    """Return the lists for the template.

    The template contains each list only once: lists in each of 60 roles would make it too large.
    """
    # CloudFormation allows only letters and digits in names of keys
    return {MAPPING: {_key(kind): {"Attributes": sorted(names)} for kind, names in KINDS.items()}}


def _key(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("-"))


def by_workers(kind: str) -> dict[str, Any]:
    """Return the condition of the statement."""
    return {
        "Null": {"dynamodb:Attributes": "false"},
        "ForAllValues:StringEquals": {"dynamodb:Attributes": {"Fn::FindInMap": [MAPPING, _key(kind), "Attributes"]}},
    }
