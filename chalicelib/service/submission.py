"""A producer's request for a job, as plain data. Pure."""

import hashlib
import json
from dataclasses import dataclass

from chalicelib.jobs.job import JSON


@dataclass(frozen=True, slots=True)
class Submission:
    """A producer's request for a job; `run_at` in seconds since the epoch."""

    type: str
    payload: JSON
    max_attempts: int | None = None
    delay_seconds: int | None = None
    run_at: float | None = None
    tags: tuple[str, ...] = ()
    idempotency_key: str | None = None
    correlation_id: str = ""
    principal: str = ""

    def body_hash(self) -> str:
        """Return the hash of the request as canonical JSON: it tells whether two requests with one key are the same."""
        body = [self.type, self.payload, self.max_attempts, self.delay_seconds, self.run_at, self.tags]
        return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
