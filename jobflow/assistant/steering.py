"""Define the tools that change jobs. The server offers them only if its operator has allowed writes."""

from collections.abc import Callable, Sequence
from typing import Any

from jobflow import JobFlow
from jobflow.assistant.reading import summary
from jobflow.plain import plain


class Steering:
    """Offer the writing tools over one client; the assistant reads their docstrings.

    Each takes a `reason`: the audit log then says why the assistant was asked to do it.
    """

    def __init__(self, client: JobFlow) -> None:
        self._client = client

    def tools(self) -> Sequence[Callable[..., Any]]:
        """Return the tools."""
        return (
            self.retry_job, self.cancel_job, self.run_job_now, self.post_event, self.redrive_dead_letters,
            self.send_delivery_again, self.set_limit, self.reset_limit,
        )  # fmt: skip

    def retry_job(self, job_id: str, reason: str = "") -> dict[str, Any]:
        """Run a failed, dead-lettered or cancelled job again from its first attempt.

        `reason`, here and in the other tools: the user's own; the audit log keeps it, so it has no personal data.
        """
        return summary(self._client.retry(job_id, reason=reason))

    def cancel_job(self, job_id: str, reason: str = "") -> dict[str, Any]:
        """Stop a job: a waiting job at once, a running job at its next check."""
        return summary(self._client.cancel(job_id, reason=reason))

    def run_job_now(self, job_id: str, reason: str = "") -> dict[str, Any]:
        """Run a scheduled or retrying job now instead of at its time."""
        return summary(self._client.run_now(job_id, reason=reason))

    def post_event(self, job_id: str, name: str, data: Any = None, reason: str = "") -> dict[str, Any]:
        """Post an event to a job, such as an approval; a job that waits for it continues.

        `data` is JSON for the job's function. Only the first event with a name counts, so an event cannot be taken
        back: ask the user before each call. `show_job` shows which event a suspended job waits for.
        """
        return summary(self._client.event(job_id, name, data, reason=reason))

    def redrive_dead_letters(
        self, type: str | None = None, expected: int | None = None, reason: str = ""
    ) -> dict[str, Any]:
        """Run dead-lettered jobs again, of one type or of all.

        Without `expected` nothing is changed; the answer is the number of jobs. Tell the user that number. With the
        user's consent, call again with the number as `expected`. If the number has changed by then, nothing is changed.
        """
        every = type is None
        counted = self._client.redrive(type, everything=every, dry_run=True)
        if expected is None or expected != counted.matched:
            return {"changed": False, "would_retry": counted.matched}
        done: dict[str, Any] = plain(self._client.redrive(type, everything=every, expected=expected, reason=reason))
        return {"changed": True, **done}

    def send_delivery_again(self, webhook: str, delivery_id: str, reason: str = "") -> dict[str, Any]:
        """Send the message of a delivery to a webhook again. The receiver may get it twice, so ask the user first."""
        sent: dict[str, Any] = plain(self._client.send_again(webhook, delivery_id, reason=reason))
        return sent

    def set_limit(self, name: str, n: int, value: str | None = None, reason: str = "") -> dict[str, Any]:
        """Change how many jobs of a limit run at once (0 to 100), until it is reset. `list_limits` shows the names.

        Of a rate, `n` jobs start in `per` seconds, and `least` and `most` are the numbers that it may be given.
        `value`: only that of one value of its field, such as a customer; without it, of all values. 0 lets no job
        start, so ask the user first. Jobs that run are not stopped.
        """
        changed: dict[str, Any] = plain(self._client.set_limit(name, n, value=value, reason=reason))
        return changed

    def reset_limit(self, name: str, value: str | None = None, reason: str = "") -> dict[str, Any]:
        """Let as many jobs of a limit, or of one value of it, run or start as the code says, after `set_limit`."""
        reset: dict[str, Any] = plain(self._client.reset_limit(name, value=value, reason=reason))
        return reset
