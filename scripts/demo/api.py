"""Call the API, wait for jobs, and stop at the first unexpected result."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

PATIENCE = 120.0
"""Maximum seconds until a job has its expected status: because of injected faults, it may be retried a few times."""
POLL = 0.2
STUBBORN = 10
"""Attempts of jobs that should succeed: with enough of them, JOBFLOW_FAULT_RATE does not make the demo fail."""
ENDS = frozenset({"completed", "failed", "dead_letter", "cancelled"})

Job = dict[str, Any]


class Unexpected(Exception):
    """A result is unexpected; the message names it."""


@dataclass
class Api:
    """Call the API and wait for jobs. `dashboard` is the console's address, if it runs."""

    client: httpx.Client
    dashboard: str | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def post(self, path: str, body: Any = None) -> Any:
        """Send a POST, waiting at the rate limit; raises Unexpected with the API's message."""
        deadline = self.clock() + PATIENCE
        answer = self.client.post(path, json=body)
        while answer.status_code == httpx.codes.TOO_MANY_REQUESTS and self.clock() < deadline:
            self.sleep(float(answer.headers["Retry-After"]))
            answer = self.client.post(path, json=body)
        return _content(answer)

    def get(self, path: str) -> Any:
        """Send a GET; raises Unexpected with the API's message."""
        return _content(self.client.get(path))

    def delete(self, path: str) -> Any:
        """Send a DELETE; raises Unexpected with the API's message."""
        return _content(self.client.delete(path))

    def submit(self, job_type: str, payload: Any, max_attempts: int = STUBBORN, **more: Any) -> str:
        """Create a job; return its id."""
        body = {"type": job_type, "payload": payload, "max_attempts": max_attempts, **more}
        return str(self.post("/jobs", body)["id"])

    def job_type(self, name: str) -> Any:
        """Return a job type from the API; raises Unexpected for an unknown one."""
        found = [kind for kind in self.get("/job-types")["job_types"] if kind["type"] == name]
        expect(len(found) == 1, f"The API does not know {name}.")
        return found[0]

    def ended(self, job_id: str, status: str) -> Job:
        """Return the job once it has ended; raises Unexpected if it ends in another status, or takes too long."""
        deadline = self.clock() + PATIENCE
        while True:
            job: Job = self.get(f"/jobs/{job_id}")
            if job["status"] == status:
                return job
            if job["status"] in ENDS or self.clock() > deadline:
                why = f"{job['error_class']}: {job['error_message']}" if job["error_class"] else "no error"
                raise Unexpected(f"Job {job_id} is {job['status']} and should be {status} ({why}).")
            self.sleep(POLL)

    def until(self, path: str, condition: Callable[[Any], bool], what: str) -> Any:
        """Return what GET answers once the condition is true; raises Unexpected with `what` if it takes too long."""
        deadline = self.clock() + PATIENCE
        while not condition(answer := self.get(path)):
            expect(self.clock() < deadline, what)
            self.sleep(POLL)
        return answer

    def upload(self, form: Any, content: bytes) -> None:
        """Upload with a form from POST /uploads, as a browser does: the file is the last field."""
        file = ("photo.jpg", content, "image/jpeg")
        sent = httpx.post(form["url"], data=form["fields"], files={"file": file}, trust_env=False)
        if not sent.is_success:
            raise Unexpected(f"The upload answered {sent.status_code}: {sent.text[:200]}")

    def link(self, job_id: str) -> str:
        """Return the console's address of the job."""
        return f"{self.dashboard}/jobs/{job_id}" if self.dashboard else f"{self.client.base_url}/jobs/{job_id}"


def _content(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Unexpected(
            f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text[:300]}"
        )
    return answer.json()


def expect(condition: bool, what: str) -> None:
    """Raise Unexpected unless the condition is true."""
    if not condition:
        raise Unexpected(what)


def download(url: str) -> bytes:
    """Return the content behind a presigned link."""
    answer = httpx.get(url, trust_env=False)
    expect(answer.is_success, f"The link answered {answer.status_code}: {url}")
    return answer.content
