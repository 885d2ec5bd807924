"""What brings lost work back, ends what cannot be delivered, and tidies up."""

from scripts.safeguards.safeguard import Safeguard

WATCHDOG = (
    Safeguard(
        "the reconciler", "chalicelib/watchdog/run.py",
        "self._look_at(_alternate(found), signs, remaining)", "pass",
    ),
    Safeguard(
        "a paused queue is no sign of a loss", "chalicelib/watchdog/rules.py",
        "return not signs.paused and (", "return (",
    ),
    Safeguard(
        "the sweeper", "chalicelib/watchdog/run.py",
        "        self._sweep(signs, remaining)\n", "",
    ),
    Safeguard(
        "due_at moves on before anything is sent", "chalicelib/watchdog/run.py",
        "sending.append((self._apply(job, change), delay))", "sending.append((job, delay))",
    ),
    Safeguard(
        "a run ends before its time is up", "chalicelib/watchdog/run.py",
        'if remaining() > RESERVE else {"out_of_time": len(portion.ids)}', "",
    ),
    Safeguard(
        "one failing job does not stop the run", "chalicelib/watchdog/run.py",
        'events.watchdog_failed(job.id, error)\n                tally["failed"] += 1', "raise",
    ),
    Safeguard(
        "types take turns", "chalicelib/watchdog/run.py",
        "return [*names[first:], *names[:first]]", "return list(names)",
    ),
    Safeguard(
        "a type's jobs take turns with other types'", "chalicelib/watchdog/run.py",
        "self._look_at(_alternate(found), signs, remaining)",
        "self._look_at((portion for row in found for portion in row), signs, remaining)",
    ),
    Safeguard(
        "an unknown depth feeds nothing", "chalicelib/watchdog/rules.py",
        "return self.depth is not None and not (", "return self.depth is None or not (",
    ),
    Safeguard(
        "what is in flight keeps a queue from being empty", "chalicelib/watchdog/rules.py",
        "self.depth.visible or self.depth.delayed or self.depth.in_flight", "self.depth.visible or self.depth.delayed",
    ),
    Safeguard(
        "a backlog is not read", "chalicelib/watchdog/rules.py",
        "return max(now - OLD, self.claimed_to or 0.0)", "return now",
    ),
    Safeguard(
        "a job that others have overtaken is in doubt", "chalicelib/watchdog/rules.py",
        "expected(job) < signs.claimed_to - SLACK", "False",
    ),
    Safeguard(
        "age alone ends no job", "chalicelib/watchdog/rules.py",
        "if not lost(job, signs):", "if False:",
    ),
    Safeguard(
        "an old message is sent again before it is dropped", "chalicelib/watchdog/rules.py",
        "now - expected(job) > (OLD_HELD if held else OLD)", "False",
    ),
    Safeguard(
        "a day without a sign ends a job", "chalicelib/watchdog/rules.py",
        "return job.stalled_since is not None and now - job.stalled_since > GIVE_UP_STALLED", "return False",
    ),
    Safeguard(
        "re-sends back off", "chalicelib/watchdog/rules.py",
        "PATIENCE * 2**job.resends", "PATIENCE",
    ),
    Safeguard(
        "minutes with unsent jobs are read", "chalicelib/watchdog/search.py",
        "standing.unsent.get(job_type, ())", "()",
    ),
    Safeguard(
        "a type that comes back keeps its jobs", "chalicelib/watchdog/rules.py",
        "and now >= job.stalled_since + RETIRE_AFTER", "",
    ),
    Safeguard(
        "a running job of a removed type keeps its lease", "chalicelib/watchdog/rules.py",
        "if job.status is Status.PROCESSING and now <= (job.lease_until or 0.0) + SEND_GRACE:", "if False:",
    ),
    Safeguard(
        "a stale index is no reason to act", "chalicelib/watchdog/rules.py",
        "if job.terminal or job.due_at > now:", "if job.terminal:",
    ),
    Safeguard(
        "a scheduled job is not sent too early", "chalicelib/watchdog/rules.py",
        "if early > LOOK_AHEAD:", "if False:",
    ),
    Safeguard(
        "the evidence of a dead letter stays", "chalicelib/watchdog/dead_letter_rules.py",
        "if job.status is Status.DEAD_LETTER:", "if False:",
    ),
    Safeguard(
        "a dead letter of a newer generation stays", "chalicelib/watchdog/dead_letter_rules.py",
        'return Remove("older generation") if nudge.gen < job.gen else Keep()', 'return Remove("other generation")',
    ),
)  # fmt: skip
