"""List the safeguards of a worker: its decisions about a message, an attempt's end and the remaining time."""

from scripts.safeguards.safeguard import Safeguard

WORKER = (
    Safeguard(
        "a duplicate under a live lease is never acknowledged",
        "chalicelib.worker.message_fate:_held",
        "Hold(math.ceil(left + spread(1, 3)), 'held under a live lease', duplicate=True)",
        "Drop('held')",
    ),
    Safeguard(
        "the lease is checked before a take-over",
        "chalicelib.worker.message_fate:_held",
        "0",
        "1000000000.0",
    ),
    Safeguard(
        "a message of a newer generation is kept",
        "chalicelib.worker.message_fate:after_refusal",
        "Hold(5, 'newer generation than stored')",
        "Drop('newer generation than stored')",
    ),
    Safeguard(
        "a message of a finished job is acknowledged",
        "chalicelib.worker.message_fate:after_refusal",
        "current.status in SETTLED",
        "False",
    ),
    Safeguard(
        "a message of an older generation is acknowledged",
        "chalicelib.worker.message_fate:after_refusal",
        "Drop('older generation')",
        "Hold(0, 'older generation')",
    ),
    Safeguard(
        "a dead letter awaits its redrive instead of being acknowledged",
        "chalicelib.worker.message_fate:after_refusal",
        "TO_DEAD_LETTERS",
        "Drop('dead letter')",
    ),
    Safeguard(
        "a spent job whose worker died is given up",
        "chalicelib.worker.message_fate:_held",
        "GiveUpLost(current)",
        "Drop('spent')",
    ),
    Safeguard(
        "malformed messages back off",
        "chalicelib.worker.message_fate:malformed",
        "min(MALFORMED_CAP, 2 ** min(receive_count, 20))",
        "0",
    ),
    Safeguard(
        "malformed messages are kept",
        "chalicelib.worker.message_fate:malformed",
        "Hold(min(MALFORMED_CAP, 2 ** min(receive_count, 20)), 'malformed message')",
        "Drop('malformed message')",
    ),
    Safeguard(
        "a late finisher acknowledges nothing",
        "chalicelib.worker.settle:_late",
        "Hold(None, 'lease lost')",
        "Drop('lease lost')",
    ),
    Safeguard(
        "the message of a spent job is not acknowledged",
        "chalicelib.worker.settle:Settlement._given_up",
        "TO_DEAD_LETTERS",
        "Drop('spent')",
    ),
    Safeguard(
        "what an attempt did is on record before its job moves on",
        "chalicelib.worker.settle:Settlement._record",
        """
self.persistence.write(job, lambda: self.store.record(job.id, attempt))
self._finished(self._apply(job, change), attempt)
""",
        """
self._finished(self._apply(job, change), attempt)
self.persistence.write(job, lambda: self.store.record(job.id, attempt))
""",
    ),
    Safeguard(
        "an error stays on record when its job is stopped",
        "chalicelib.worker.settle:Settlement._wait",
        "self._record(job, replace(attempt, retry_delay_s=None), transitions.stop(job, now=now))",
        "self._stopped(job, now)",
    ),
    Safeguard(
        "an attempt's end is written again until the invocation's end is near",
        "chalicelib.worker.consume:Worker._attempt",
        "Persistence(lambda: _seconds_left(context), self.sleep)",
        "Persistence()",
        ("tests/chalicelib/worker/test_persist.py",),
    ),
    Safeguard(
        "a lease outlives its invocation",
        "chalicelib.worker.claim:LEASE_SLACK",
        "5.0",
        "-5.0",
    ),
    Safeguard(
        "a holder that lost its job stops at its next check",
        "chalicelib.worker.context:JobContext.check_cancelled",
        "current.token != self.job.token or current.terminal",
        "False",
    ),
    Safeguard(
        "without partial batches a failure brings the whole batch back",
        "chalicelib.worker.consume:handler_of",
        "again and (not settings.partial_batch)",
        "False",
    ),
    Safeguard(
        "what was given back most often comes first",
        "chalicelib.worker.consume:Worker.work",
        "-delivery.receive_count",
        "0",
    ),
    Safeguard(
        "a lost job that was asked to stop is stopped",
        "chalicelib.worker.claim:Claims._refused",
        "isinstance(end, TakeOver | GiveUpLost) and end.lost.cancel_requested",
        "False",
    ),
    Safeguard(
        "a refused claim is read before it is tried again",
        "chalicelib.worker.claim:Claims.claim",
        "by.receive_count >= PEEK_FROM",
        "False",
    ),
    Safeguard(
        "the floor of the jitter",
        "chalicelib.jobs.types.backoff:Backoff.delay",
        "max(1, math.ceil(chance(share * latest, latest)))",
        "max(0, math.ceil(chance(share * latest, latest)))",
    ),
    Safeguard(
        "the cap of the backoff",
        "chalicelib.jobs.types.backoff:Backoff.latest",
        "min(self.longest, self.first * self.factor ** min(attempt - 1, 64))",
        "self.first * self.factor ** min(attempt - 1, 64)",
    ),
    Safeguard(
        "the trim: a crash is noticed soon",
        "chalicelib.worker.consume:Worker.work",
        "self._trim(deliveries, _seconds_left(context))",
        "None",
    ),
    Safeguard(
        "the deadline guard",
        "chalicelib.worker.consume:Worker.work",
        "number > 0 and _seconds_left(context) < self.kind.job_budget + self.kind.turn_wait + GUARD",
        "False",
    ),
    Safeguard(
        "a batch always makes progress",
        "chalicelib.worker.consume:Worker.work",
        "number > 0 and _seconds_left(context) < self.kind.job_budget + self.kind.turn_wait + GUARD",
        "_seconds_left(context) < self.kind.job_budget + self.kind.turn_wait + GUARD",
    ),
    Safeguard(
        "an error of AWS keeps the message",
        "chalicelib.worker.consume:Worker._acknowledged",
        "unavailable(delivery.receive_count, self.spread)",
        "Drop('aws error')",
    ),
    Safeguard(
        "a message of another type is refused",
        "chalicelib.jobs.message:message_of_type",
        "message.type != job_type",
        "False",
    ),
)
