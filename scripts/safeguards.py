"""What stands between JobFlow and a lost or doubled job, each with the code that is the safeguard, and without it."""

from dataclasses import dataclass

UNITS = tuple(
    f"tests/chalicelib/test_{name}.py"
    for name in ("changes", "disposition", "retry", "watching", "watchdog", "worker", "service", "safeguards")
)
PORTS = "tests/proof/test_crash_points.py::test_no_crash_point_loses_or_doubles_anything_over_the_ports"
FAST = (*UNITS, PORTS)
ADAPTERS = ("tests/contract/test_job_store.py", "tests/contract/test_lost_replies.py", "tests/contract/test_races.py")


@dataclass(frozen=True)
class Safeguard:
    """A safeguard: the code that makes it, what is left without it, and the tests that are to miss it."""

    name: str
    file: str
    code: str
    without: str
    tests: tuple[str, ...] = FAST


def _changes(name: str, code: str, without: str) -> Safeguard:
    return Safeguard(name, "chalicelib/changes.py", code, without)


def _decides(name: str, code: str, without: str) -> Safeguard:
    return Safeguard(name, "chalicelib/disposition.py", code, without)


def _works(name: str, code: str, without: str) -> Safeguard:
    return Safeguard(name, "chalicelib/worker.py", code, without)


def _watches(name: str, code: str, without: str, file: str = "watching") -> Safeguard:
    return Safeguard(name, f"chalicelib/{file}.py", code, without)


SAFEGUARDS = (
    _changes(
        "the fence: only the holder ends its attempt",
        'return (Test("attempts", "=", held.attempts),)', "return ()",
    ),
    _changes(
        "a message of another generation changes nothing",
        "and job.gen == self.gen and", "and",
    ),
    _changes(
        "the table of moves",
        "return job.status in self.move.source and", "return",
    ),
    _changes(
        "attempts are counted at the claim",
        'return Change(j.CLAIM, gen, tests, values, {"attempts": 1})', "return Change(j.CLAIM, gen, tests, values)",
    ),
    _changes(
        "attempts are counted at a take-over",
        'by), {"attempts": 1})\n\n\ndef complete', "by))\n\n\ndef complete",
    ),
    _changes(
        "no claim without an attempt left",
        'tests = (Test("attempts", "below", "max_attempts"), Test("next_attempt_at", "due", now))',
        'tests = (Test("next_attempt_at", "due", now),)',
    ),
    _changes(
        "no claim before its time",
        'tests = (Test("attempts", "below", "max_attempts"), Test("next_attempt_at", "due", now))',
        'tests = (Test("attempts", "below", "max_attempts"),)',
    ),
    _changes(
        "the lease is checked again by the take-over itself",
        'Test("lease_until", "<", now), Test("attempts", "below", "max_attempts"))\n    return Change(j.TAKE_OVER',
        'Test("attempts", "below", "max_attempts"))\n    return Change(j.TAKE_OVER',
    ),
    _changes(
        "no retry of a job that was asked to stop",
        '(*_fence(held), Test("cancel_requested", "unset"))', "_fence(held)",
    ),
    _changes(
        "nobody buries a job under a live lease",
        'free = (Test("lease_until", "<", now),) if', "free: tuple[Test, ...] = () if",
    ),
    _changes(
        "nobody buries a job that moved on meanwhile",
        'tests = (Test("status", "=", found.status), Test("attempts", "=", found.attempts), *free)', "tests = free",
    ),
    _changes(
        "one look of the watchdog counts once",
        'tests = (Test("due_at", "=", seen.due_at),)', "tests = ()",
    ),
    _changes(
        "a job is marked as sent once",
        'job.gen, (Test("sent", "=", False),), {"sent"', 'job.gen, (), {"sent"',
    ),
    _changes(
        "failed sends do not count against a job",
        '{"sent": True, "resends": 0}', '{"sent": True}',
    ),
    _changes(
        "a retry is a new generation",
        '"gen": found.gen + 1,', '"gen": found.gen,',
    ),
    _decides(
        "a duplicate under a live lease is never acknowledged",
        'return Hold(math.ceil(left + spread(1, 3)), "held under a live lease")', 'return Drop("held")',
    ),
    _decides(
        "the lease is checked before a take-over",
        "if left >= 0:", "if left >= 1e9:",
    ),
    _decides(
        "a message of a newer generation is kept",
        'else Hold(5, "newer generation than stored")', 'else Drop("newer generation than stored")',
    ),
    _decides(
        "a message of an older generation is acknowledged",
        'return Drop("older generation") if', 'return Hold(0, "older generation") if',
    ),
    _decides(
        "a dead letter burns down instead of being acknowledged",
        'return Hold(0, "burning down to the dead-letter queue")', 'return Drop("dead letter")',
    ),
    _decides(
        "a spent job whose worker died is given up",
        "return TakeOver(current) if current.attempts < current.max_attempts else GiveUpLost(current)",
        'return TakeOver(current) if current.attempts < current.max_attempts else Drop("spent")',
    ),
    _decides(
        "malformed messages back off",
        "Hold(min(MALFORMED_CAP, 2 ** min(receive_count, 20))", "Hold(0",
    ),
    _decides(
        "malformed messages are kept",
        'return Hold(min(MALFORMED_CAP, 2 ** min(receive_count, 20)), "malformed message")',
        'return Drop("malformed message")  # type: ignore[return-value]',
    ),
    _watches(
        "a late finisher acknowledges nothing",
        'return Hold(None, "lease lost")', 'return Drop("lease lost")', "settling",
    ),
    _watches(
        "the message of a spent job is not acknowledged",
        'return Hold(0, "burning down to the dead-letter queue")', 'return Drop("spent")', "settling",
    ),
    _watches(
        "a lost job that was asked to stop is stopped",
        "if isinstance(end, TakeOver | GiveUpLost) and end.lost.cancel_requested:", "if False:", "claiming",
    ),
    _watches(
        "a refused claim is read before it is tried again",
        "if by.receive_count >= PEEK_FROM:", "if False:", "claiming",
    ),
    _watches("the floor of the jitter", "return max(1, math.ceil(", "return max(0, math.ceil(", "retry"),
    _watches("the cap of the backoff", "jitter(0, min(cap, 2**attempts))", "jitter(0, 2**attempts)", "retry"),
    _works(
        "the trim: a crash is noticed soon",
        "self._trim(deliveries, _seconds_left(context))\n        again", "again",
    ),
    _works(
        "the deadline guard",
        "if number > 0 and _seconds_left(context) < self.kind.job_budget + GUARD:", "if False:",
    ),
    _works(
        "a batch always gets somewhere",
        "if number > 0 and _seconds_left", "if _seconds_left",
    ),
    _works(
        "an error of AWS keeps the message",
        'end = Hold(None, "aws error")', 'end = Drop("aws error")  # type: ignore[assignment]',
    ),
    _works("a message of another type is refused", "if nudge.type != self.kind.name:", "if False:"),
    _watches(
        "a job whose message did not get out is kept",
        "telemetry.dispatch_deferred(job, error)\n            return job", "raise", "service",
    ),
    _watches(
        "the same key makes the same job",
        'return str(uuid.uuid5(NAMESPACE, f"{asked.principal}|{asked.idempotency_key}"))', "return str(uuid.uuid4())",
        "service",
    ),
    _watches(
        "the same key with another body is refused",
        "if existing.body_hash != job.body_hash:", "if False:", "service",
    ),
    _watches(
        "a delayed job is looked at before its time",
        "(run_at or now) - LOOK_AHEAD)", "(run_at or now) + 60)", "service",
    ),
    _watches("the reconciler", "self._look_at_all(depths, remaining)\n        for", "for", "watchdog"),
    _watches(
        "the sweeper",
        "self.tally.update(Sweeper(self.service).sweep(name, lambda: remaining() > STOP))", "pass", "watchdog",
    ),
    _watches(
        "due_at moves on before anything is sent",
        "again = self._look_again(job, until, resent=True)\n                self.service.dispatch(again, delay)",
        "self.service.dispatch(job, delay)\n                again = self._look_again(job, until, resent=True)",
        "watchdog",
    ),
    _watches(
        "a run ends before its time is up",
        'if remaining() > RESERVE else "out_of_time"', "", "watchdog",
    ),
    _watches(
        "one failing job does not stop the run",
        'telemetry.watchdog_failed(entry.id, error)\n            return "failed"', "raise", "watchdog",
    ),
    _watches("an unknown depth feeds nothing", "UNKNOWN = Depth(visible=1)", "UNKNOWN = Depth()", "watchdog"),
    _watches("a backlog is not fed", "if depth.visible:", "if False:"),
    _watches("re-sends end", "if job.resends >= MOST_RESENDS:", "if False:"),
    _watches("sends that fail end", "if job.resends >= MOST_FAILED_SENDS:", "if False:"),
    _watches("re-sends back off", "PATIENCE * 2**job.resends", "PATIENCE"),
    _watches("a stale index is no reason to act", "if job.terminal or job.due_at > now:", "if job.terminal:"),
    _watches(
        "a scheduled job is not sent too early",
        "if early > LOOK_AHEAD:", "if False:",
    ),
    _watches("the evidence of a dead letter stays", "if job.status is Status.DEAD_LETTER:", "if False:"),
    _watches(
        "a dead letter of a newer generation stays",
        'return Remove("older generation") if nudge.gen < job.gen else Keep()', 'return Remove("other generation")',
    ),
    _watches(
        "a job with a second message gets its time",
        "if now >= _expected(job) + SEND_GRACE else Keep()", "",
    ),
    Safeguard(
        "the condition on create", "chalicelib/dynamo/jobs.py",
        "row.save(condition=free(self._clock()))", "row.save()", ADAPTERS,
    ),
    Safeguard(
        "the condition on every change", "chalicelib/dynamo/jobs.py",
        ", condition(change, self._clock()))", ")", ADAPTERS,
    ),
    Safeguard(
        "a write whose reply was lost knows itself", "chalicelib/dynamo/jobs.py",
        "if found is None or found.writer != change.writer:", "if True:", ADAPTERS,
    ),
    Safeguard(
        "a creation whose reply was lost knows itself", "chalicelib/dynamo/jobs.py",
        "or (job.writer and found.writer == job.writer):", "or False:", ADAPTERS,
    ),
    Safeguard(
        "reads are consistent", "chalicelib/dynamo/jobs.py",
        "row = self._rows.get(job_id, META, consistent_read=True)", "row = self._rows.get(job_id, META)",
        ("tests/chalicelib/dynamo/test_consistent_reads.py",),
    ),
)  # fmt: skip
