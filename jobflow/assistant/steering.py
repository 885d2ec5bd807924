"""The tools that change something. They exist only when the person who started the server allowed it."""

from collections.abc import Callable, Sequence
from typing import Any

from jobflow import JobFlow
from jobflow.assistant.reading import summary
from jobflow.plain import plain


class Steering:
    """The steering tools over one client; their docstrings are what the assistant reads."""

    def __init__(self, client: JobFlow) -> None:
        self._client = client

    def tools(self) -> Sequence[Callable[..., Any]]:
        """Return the tools."""
        return (self.retry_job, self.cancel_job, self.run_job_now, self.redrive_dead_letters)

    def retry_job(self, job_id: str) -> dict[str, Any]:
        """Run a failed, dead-lettered or cancelled job again from its first attempt."""
        return summary(self._client.retry(job_id))

    def cancel_job(self, job_id: str) -> dict[str, Any]:
        """Stop a job: at once while it waits, at its next check while it runs."""
        return summary(self._client.cancel(job_id))

    def run_job_now(self, job_id: str) -> dict[str, Any]:
        """Run a scheduled or retrying job now instead of at its time."""
        return summary(self._client.run_now(job_id))

    def redrive_dead_letters(self, type: str | None = None, expected: int | None = None) -> dict[str, Any]:
        """Run dead-lettered jobs again, of one type or of all.

        Without `expected` nothing is changed, and the answer tells how many it would be. Tell the person that number;
        with their consent call again with it as `expected`. Nothing is changed when the number is another one by then.
        """
        every = type is None
        counted = self._client.redrive(type, everything=every, dry_run=True)
        if expected is None or expected != counted.matched:
            return {"changed": False, "would_retry": counted.matched}
        done: dict[str, Any] = plain(self._client.redrive(type, everything=every, expected=expected))
        return {"changed": True, **done}
