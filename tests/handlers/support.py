"""Run a job type as the platform does: submit, receive, claim, run, settle; over memory ports and an in-process AWS."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib import wiring
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.s3 import files
from chalicelib.adapters.s3.files import Files
from chalicelib.jobs import jobtype
from chalicelib.jobs.backoff import no_jitter
from chalicelib.jobs.job import Job
from chalicelib.jobs.message import write_message
from chalicelib.service.jobs import JobService
from chalicelib.service.submission import Submission
from chalicelib.settings import Settings
from chalicelib.worker.consume import Worker
from tests.support import Clock, Invocation, sqs_record

BUCKET = "jobflow-test-files"
SENDER = "jobs@example.com"


@dataclass
class Platform:
    """A queue, a store and one worker for any job type."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        jobtype.load()
        self.store = MemoryJobStore(self.clock)
        self.queue = MemoryJobQueue(self.clock)
        self.service = JobService(self.store, self.queue, clock=self.clock)

    @property
    def files(self) -> Files:
        """The files bucket of the in-process AWS."""
        return files.files(wiring.settings())

    def perform(self, name: str, payload: Any, seconds: float = 60.0, **asked: Any) -> Job:
        """Submit a job and run its first attempt with so much time; returns the job after it."""
        job, _ = self.service.submit(Submission(name, payload, **asked))
        return self.run(job, seconds)

    def run(self, job: Job, seconds: float = 60.0) -> Job:
        """Run one attempt of what its queue holds now; returns the job after it."""
        kind = jobtype.get(job.type)
        worker = Worker(kind, self.store, self.queue, self.clock, no_jitter, spread=lambda low, _: low)
        worker.sleep = lambda _: None
        batch = self.queue.receive(job.type)
        records = [sqs_record(m.receipt, write_message(m.message), m.receive_count) for m in batch]
        again = worker.work({"Records": records}, Invocation(self.clock, self.clock.now + seconds))
        for message in batch:
            if message.receipt not in again:
                self.queue.delete(job.type, message.receipt)
        return self.store.get(job.id)


def settings(**env: str) -> Settings:
    """Settings of the tests' stack."""
    return Settings.from_env({"FILES_BUCKET": BUCKET, "MAIL_FROM": SENDER, "AWS_REGION": "us-east-1", **env})
