"""What brings lost work back, ends what cannot be delivered, and tidies up."""

from scripts.safeguards.safeguard import FAST, MONTH, Safeguard

WATCHDOG = (
    Safeguard(
        "the reconciler",
        "chalicelib.watchdog.run:Watchdog.run",
        "self._look_at_all({**depths, **dict.fromkeys(self._paused(), UNKNOWN)}, remaining)",
        "pass",
    ),
    Safeguard(
        "a paused queue is no sign of a loss",
        "chalicelib.watchdog.run:Watchdog.run",
        "{**depths, **dict.fromkeys(self._paused(), UNKNOWN)}",
        "depths",
    ),
    Safeguard(
        "the sweeper",
        "chalicelib.watchdog.run:Watchdog.run",
        "self.tally.update(Sweeper(self.service).sweep(name, lambda: remaining() > STOP))",
        "pass",
    ),
    Safeguard(
        "due_at moves on before anything is sent",
        "chalicelib.watchdog.run:Watchdog._look",
        """
again = self._look_again(job, until, resent=True)
self.service.dispatch(again, delay)
""",
        """
self.service.dispatch(job, delay)
again = self._look_again(job, until, resent=True)
""",
    ),
    Safeguard(
        "a run ends before its time is up",
        "chalicelib.watchdog.run:Watchdog._look_at_all",
        "self._look_safely(entry, depths) if remaining() > RESERVE else 'out_of_time'",
        "self._look_safely(entry, depths)",
    ),
    Safeguard(
        "one failing job does not stop the run",
        "chalicelib.watchdog.run:Watchdog._look_safely",
        """
events.watchdog_failed(entry.id, error)
return 'failed'
""",
        "raise",
    ),
    Safeguard(
        "an unknown depth feeds nothing",
        "chalicelib.watchdog.run:UNKNOWN",
        "Depth(visible=1)",
        "Depth()",
    ),
    Safeguard(
        "a backlog is not fed",
        "chalicelib.watchdog.rules:watch",
        "depth.visible",
        "False",
    ),
    Safeguard(
        "re-sends end",
        "chalicelib.watchdog.rules:watch",
        "job.resends >= MOST_RESENDS",
        "False",
    ),
    Safeguard(
        "sends that fail end",
        "chalicelib.watchdog.rules:_first_send",
        "job.resends >= MOST_FAILED_SENDS",
        "False",
    ),
    Safeguard(
        "re-sends back off",
        "chalicelib.watchdog.rules:watch",
        "PATIENCE * 2 ** job.resends",
        "PATIENCE",
    ),
    Safeguard(
        "a stale index is no reason to act",
        "chalicelib.watchdog.rules:watch",
        "job.terminal or job.due_at > now",
        "job.terminal",
    ),
    Safeguard(
        "a scheduled job is not sent too early",
        "chalicelib.watchdog.rules:_first_send",
        "early > LOOK_AHEAD",
        "False",
    ),
    Safeguard(
        "the evidence of a dead letter stays",
        "chalicelib.watchdog.dead_letter_rules:sweep",
        "job.status is Status.DEAD_LETTER",
        "False",
    ),
    Safeguard(
        "a dead letter of a newer generation stays",
        "chalicelib.watchdog.dead_letter_rules:sweep",
        "Remove('older generation') if nudge.gen < job.gen else Keep()",
        "Remove('other generation')",
    ),
    Safeguard(
        "a dead letter that another message replaces is removed",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "not job.sent",
        "False",
    ),
    Safeguard(
        "a message in the dead-letter queue is no reason to give its job up",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "return Redeliver(max(now + pause, expected(job) - LOOK_AHEAD))",
        "return Bury(lost_error(job))",
        (*FAST, MONTH),
    ),
    Safeguard(
        "a stalled job is given up after a day, not at once",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "now - job.stalled_since >= GIVE_UP_STALLED",
        "True",
        (*FAST, MONTH),
    ),
    Safeguard(
        "a stalled job is given up after a day",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "now - job.stalled_since >= GIVE_UP_STALLED",
        "False",
    ),
    Safeguard(
        "redeliveries back off",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "min(LONGEST_PAUSE, 60.0 * 2 ** job.resends - 60.0)",
        "0.0",
    ),
    Safeguard(
        "a dead letter under a live lease is left alone",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "job.status is Status.PROCESSING and now < expected(job) + SEND_GRACE",
        "False",
    ),
    Safeguard(
        "a job is not given up after one re-send",
        "chalicelib.watchdog.rules:watch",
        "job.resends >= MOST_RESENDS",
        "job.resends >= 1",
    ),
    Safeguard(
        "a dead-letter queue of unknown depth is swept",
        "chalicelib.watchdog.run:Watchdog.run",
        "depths[name].dead or depths[name] is UNKNOWN",
        "depths[name].dead",
    ),
)
