"""What brings lost work back, ends what cannot be delivered, and tidies up."""

from scripts.safeguards.safeguard import Safeguard

WATCHDOG = (
    Safeguard(
        "the reconciler", "chalicelib/watchdog.py",
        "self._look_at_all({**depths, **dict.fromkeys(self._paused(), UNKNOWN)}, remaining)", "pass",
    ),
    Safeguard(
        "a paused queue is no sign of a loss", "chalicelib/watchdog.py",
        "{**depths, **dict.fromkeys(self._paused(), UNKNOWN)}", "depths",
    ),
    Safeguard(
        "the sweeper", "chalicelib/watchdog.py",
        "self.tally.update(Sweeper(self.service).sweep(name, lambda: remaining() > STOP))", "pass",
    ),
    Safeguard(
        "due_at moves on before anything is sent", "chalicelib/watchdog.py",
        "again = self._look_again(job, until, resent=True)\n                self.service.dispatch(again, delay)",
        "self.service.dispatch(job, delay)\n                again = self._look_again(job, until, resent=True)",
    ),
    Safeguard(
        "a run ends before its time is up", "chalicelib/watchdog.py",
        'if remaining() > RESERVE else "out_of_time"', "",
    ),
    Safeguard(
        "one failing job does not stop the run", "chalicelib/watchdog.py",
        'telemetry.watchdog_failed(entry.id, error)\n            return "failed"', "raise",
    ),
    Safeguard(
        "an unknown depth feeds nothing", "chalicelib/watchdog.py",
        "UNKNOWN = Depth(visible=1)", "UNKNOWN = Depth()",
    ),
    Safeguard(
        "a backlog is not fed", "chalicelib/watching.py",
        "if depth.visible:", "if False:",
    ),
    Safeguard(
        "re-sends end", "chalicelib/watching.py",
        "if job.resends >= MOST_RESENDS:", "if False:",
    ),
    Safeguard(
        "sends that fail end", "chalicelib/watching.py",
        "if job.resends >= MOST_FAILED_SENDS:", "if False:",
    ),
    Safeguard(
        "re-sends back off", "chalicelib/watching.py",
        "PATIENCE * 2**job.resends", "PATIENCE",
    ),
    Safeguard(
        "a stale index is no reason to act", "chalicelib/watching.py",
        "if job.terminal or job.due_at > now:", "if job.terminal:",
    ),
    Safeguard(
        "a scheduled job is not sent too early", "chalicelib/watching.py",
        "if early > LOOK_AHEAD:", "if False:",
    ),
    Safeguard(
        "the evidence of a dead letter stays", "chalicelib/watching.py",
        "if job.status is Status.DEAD_LETTER:", "if False:",
    ),
    Safeguard(
        "a dead letter of a newer generation stays", "chalicelib/watching.py",
        'return Remove("older generation") if nudge.gen < job.gen else Keep()', 'return Remove("other generation")',
    ),
    Safeguard(
        "a job with a second message gets its time", "chalicelib/watching.py",
        "if now >= _expected(job) + SEND_GRACE else Keep()", "",
    ),
)  # fmt: skip
