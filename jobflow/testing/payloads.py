"""Make payloads that a job type takes."""

from typing import Any

from chalicelib.jobs.types.jobtype import JobType


def example(kind: JobType[Any, Any], **changes: Any) -> dict[str, Any]:
    """Return a payload from the type's schema (its first example, or its required fields), with these fields changed.

    Raises InvalidPayload when the type does not take it.
    """
    payload = {**kind.example, **changes}
    kind.parse(payload)
    return payload
