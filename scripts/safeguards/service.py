"""List the safeguards of what producers are promised: durable, one job for each key, in time."""

from scripts.safeguards.safeguard import PORTS, Safeguard

SERVICE = (
    Safeguard(
        "a job whose message did not get out is kept",
        "chalicelib.service.jobs:JobService.send",
        """
events.dispatch_deferred(job, error)
return job
""",
        "raise",
    ),
    Safeguard(
        "a new job whose message did not get out is kept",
        "chalicelib.service.dispatch:send_and_add",
        "events.dispatch_deferred(job, error)",
        "raise",
    ),
    Safeguard(
        "a job is on record as sent only when its message is out",
        "chalicelib.service.dispatch:send_and_add",
        """
try:
    storing.dispatcher.queue_up(job, delay)
    job = replace(job, sent=True)
except Exception as error:
    events.dispatch_deferred(job, error)
""",
        """
try:
    storing.dispatcher.queue_up(job, delay)
except Exception as error:
    events.dispatch_deferred(job, error)
job = replace(job, sent=True)
""",
    ),
    Safeguard(
        "a job of a batch is on record as sent only when its message is out",
        "chalicelib.service.dispatch:send_ahead",
        "after if after.id in out else job",
        "after",
        ("tests/chalicelib/api/jobs/test_batch.py", PORTS),
    ),
    Safeguard(
        "a message that is faster than its job waits for it",
        "chalicelib.worker.message_fate:unknown",
        "receives > len(UNKNOWN_HOLDS)",
        "True",
    ),
    Safeguard(
        "a message whose job nobody stores any more does not hold up others",
        "chalicelib.worker.claim:Claims.claim",
        "now - sent_at <= UNKNOWN_SECONDS",
        "True",
    ),
    Safeguard(
        "a message is held for longer than it takes to store its job",
        "chalicelib.worker.message_fate:UNKNOWN_HOLDS",
        "(1, 5, 30, 30)",
        "(1, 1, 1, 1)",
    ),
    Safeguard(
        "the same key makes the same job",
        "chalicelib.service.submission:keyed_id",
        "uuid.uuid5(NAMESPACE, f'{principal}|{key}')",
        "uuid.uuid4()",
    ),
    Safeguard(
        "the same key with another body is refused",
        "chalicelib.service.jobs:_check_same",
        "existing.body_hash != job.body_hash",
        "False",
    ),
    Safeguard(
        "a delayed job is looked at before its time",
        "chalicelib.service.jobs:JobService._new_job",
        "(run_at or now) - LOOK_AHEAD",
        "(run_at or now) + 60",
    ),
    Safeguard(
        "another time to run at is another body",
        "chalicelib.service.submission:Submission.body_hash",
        "[self.type, self.payload, self.max_attempts, self.delay_seconds, self.run_at, self.tags]",
        "[self.type, self.payload, self.max_attempts, self.delay_seconds, self.tags]",
    ),
    Safeguard(
        "another delay is another body",
        "chalicelib.service.submission:Submission.body_hash",
        "[self.type, self.payload, self.max_attempts, self.delay_seconds, self.run_at, self.tags]",
        "[self.type, self.payload, self.max_attempts, self.run_at, self.tags]",
    ),
    Safeguard(
        "a replay sends what has no message",
        "chalicelib.service.jobs:JobService.submit",
        "self.send(job) if new or self.stranded(job) else job",
        "self.send(job) if new else job",
    ),
)
