"""What brings lost work back, ends what cannot be delivered, and tidies up."""

from scripts.safeguards.safeguard import Safeguard

WATCHDOG = (
    Safeguard(
        "the reconciler", "chalicelib/watchdog/run.py",
        "self._look_at_all({**depths, **dict.fromkeys(self._paused(), UNKNOWN)}, remaining)", "pass",
    ),
    Safeguard(
        "a paused queue is no sign of a loss", "chalicelib/watchdog/run.py",
        "{**depths, **dict.fromkeys(self._paused(), UNKNOWN)}", "depths",
    ),
    Safeguard(
        "the sweeper", "chalicelib/watchdog/run.py",
        "self.tally.update(Sweeper(self.service).sweep(name, lambda: remaining() > STOP))", "pass",
    ),
    Safeguard(
        "due_at moves on before anything is sent", "chalicelib/watchdog/run.py",
        "again = self._look_again(job, until, resent=True)\n                self.service.dispatch(again, delay)",
        "self.service.dispatch(job, delay)\n                again = self._look_again(job, until, resent=True)",
    ),
    Safeguard(
        "a run ends before its time is up", "chalicelib/watchdog/run.py",
        'if remaining() > RESERVE else "out_of_time"', "",
    ),
    Safeguard(
        "one failing job does not stop the run", "chalicelib/watchdog/run.py",
        'events.watchdog_failed(entry.id, error)\n            return "failed"', "raise",
    ),
    Safeguard(
        "an unknown depth feeds nothing", "chalicelib/watchdog/run.py",
        "UNKNOWN = Depth(visible=1)", "UNKNOWN = Depth()",
    ),
    Safeguard(
        "a backlog is not fed", "chalicelib/watchdog/rules.py",
        "if depth.visible:", "if False:",
    ),
    Safeguard(
        "re-sends end", "chalicelib/watchdog/rules.py",
        "if job.resends >= MOST_RESENDS:", "if False:",
    ),
    Safeguard(
        "sends that fail end", "chalicelib/watchdog/rules.py",
        "if job.resends >= MOST_FAILED_SENDS:", "if False:",
    ),
    Safeguard(
        "re-sends back off", "chalicelib/watchdog/rules.py",
        "PATIENCE * 2**job.resends", "PATIENCE",
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
    Safeguard(
        "a job with a second message gets its time", "chalicelib/watchdog/dead_letter_rules.py",
        "if now >= expected(job) + SEND_GRACE else Keep()", "",
    ),
)  # fmt: skip
