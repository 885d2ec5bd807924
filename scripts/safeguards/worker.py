"""What a worker makes of a message, of an attempt's end and of the time it has."""

from scripts.safeguards.safeguard import Safeguard

WORKER = (
    Safeguard(
        "a duplicate under a live lease is never acknowledged", "chalicelib/worker/message_fate.py",
        'return Hold(math.ceil(left + spread(1, 3)), "held under a live lease", duplicate=True)', 'return Drop("held")',
    ),
    Safeguard(
        "the lease is checked before a take-over", "chalicelib/worker/message_fate.py",
        "if left >= 0:", "if left >= 1e9:",
    ),
    Safeguard(
        "a message of a newer generation is kept", "chalicelib/worker/message_fate.py",
        'else Hold(5, "newer generation than stored")', 'else Drop("newer generation than stored")',
    ),
    Safeguard(
        "a message of a finished job is acknowledged", "chalicelib/worker/message_fate.py",
        "if current.status in FINISHED:", "if False:",
    ),
    Safeguard(
        "a message of an older generation is acknowledged", "chalicelib/worker/message_fate.py",
        'return Drop("older generation") if', 'return Hold(0, "older generation") if',
    ),
    Safeguard(
        "a dead letter burns down instead of being acknowledged", "chalicelib/worker/message_fate.py",
        'return Hold(0, "burning down to the dead-letter queue")', 'return Drop("dead letter")',
    ),
    Safeguard(
        "a spent job whose worker died is given up", "chalicelib/worker/message_fate.py",
        "return TakeOver(current) if current.attempts < current.max_attempts else GiveUpLost(current)",
        'return TakeOver(current) if current.attempts < current.max_attempts else Drop("spent")',
    ),
    Safeguard(
        "malformed messages back off", "chalicelib/worker/message_fate.py",
        "Hold(min(MALFORMED_CAP, 2 ** min(receive_count, 20))", "Hold(0",
    ),
    Safeguard(
        "malformed messages are kept", "chalicelib/worker/message_fate.py",
        'return Hold(min(MALFORMED_CAP, 2 ** min(receive_count, 20)), "malformed message")',
        'return Drop("malformed message")  # type: ignore[return-value]',
    ),
    Safeguard(
        "a late finisher acknowledges nothing", "chalicelib/worker/settle.py",
        'return Hold(None, "lease lost")', 'return Drop("lease lost")',
    ),
    Safeguard(
        "the message of a spent job is not acknowledged", "chalicelib/worker/settle.py",
        'return Hold(0, "burning down to the dead-letter queue")', 'return Drop("spent")',
    ),
    Safeguard(
        "what an attempt did is on record before its job moves on", "chalicelib/worker/settle.py",
        "self.store.record(job.id, attempt)\n        after = self.store.apply(job.id, change)",
        "after = self.store.apply(job.id, change)\n        self.store.record(job.id, attempt)",
    ),
    Safeguard(
        "an error stays on record when its job is stopped", "chalicelib/worker/settle.py",
        "self._record(job, replace(attempt, retry_delay_s=None), transitions.stop(job, now=now))",
        "self._stopped(job, now)",
    ),
    Safeguard(
        "a lease outlives its invocation", "chalicelib/worker/claim.py",
        "LEASE_SLACK = 5.0", "LEASE_SLACK = -5.0",
    ),
    Safeguard(
        "a holder that lost its job stops at its next check", "chalicelib/worker/context.py",
        "if current.token != self.job.token or current.terminal:", "if False:",
    ),
    Safeguard(
        "without partial batches a failure brings the whole batch back", "chalicelib/worker/consume.py",
        "if again and not settings.partial_batch:", "if False:",
    ),
    Safeguard(
        "what was given back most often comes first", "chalicelib/worker/consume.py",
        "key=lambda delivery: -delivery.receive_count", "key=lambda delivery: 0",
    ),
    Safeguard(
        "a lost job that was asked to stop is stopped", "chalicelib/worker/claim.py",
        "if isinstance(end, TakeOver | GiveUpLost) and end.lost.cancel_requested:", "if False:",
    ),
    Safeguard(
        "a refused claim is read before it is tried again", "chalicelib/worker/claim.py",
        "if by.receive_count >= PEEK_FROM:", "if False:",
    ),
    Safeguard(
        "the floor of the jitter", "chalicelib/jobs/backoff.py",
        "return max(1, math.ceil(", "return max(0, math.ceil(",
    ),
    Safeguard(
        "the cap of the backoff", "chalicelib/jobs/backoff.py",
        "jitter(0, min(cap, 2**attempts))", "jitter(0, 2**attempts)",
    ),
    Safeguard(
        "the trim: a crash is noticed soon", "chalicelib/worker/consume.py",
        "self._trim(deliveries, _seconds_left(context))\n        again", "again",
    ),
    Safeguard(
        "the deadline guard", "chalicelib/worker/consume.py",
        "if number > 0 and _seconds_left(context) < self.kind.job_budget + GUARD:", "if False:",
    ),
    Safeguard(
        "a batch always gets somewhere", "chalicelib/worker/consume.py",
        "if number > 0 and _seconds_left", "if _seconds_left",
    ),
    Safeguard(
        "an error of AWS keeps the message", "chalicelib/worker/consume.py",
        'end = Hold(None, "aws error")', 'end = Drop("aws error")  # type: ignore[assignment]',
    ),
    Safeguard(
        "a message of another type is refused", "chalicelib/worker/consume.py",
        "if nudge.type != self.kind.name:", "if False:",
    ),
)  # fmt: skip
