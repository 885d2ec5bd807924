"""List the safeguards of the watchdog: it sends lost work again, gives up what cannot be delivered, and cleans up."""

from scripts.safeguards.safeguard import FAST, MONTH, Safeguard

WATCHDOG = (
    Safeguard(
        "the reconciler",
        "chalicelib.watchdog.run:Watchdog.run",
        "self._look_at(self._shared(dict(zip(names, found, strict=True))), signs, remaining)",
        "pass",
    ),
    Safeguard(
        "a paused queue is no sign of a loss",
        "chalicelib.watchdog.rules:in_doubt",
        "not signs.paused and (lost(job, signs) or now - expected(job) > (OLD_HELD if held else OLD))",
        "lost(job, signs) or now - expected(job) > (OLD_HELD if held else OLD)",
    ),
    Safeguard(
        "a pause gives up no job that has no message",
        "chalicelib.watchdog.run:Watchdog._judge",
        "self.resumed.judge(job, lambda job: check(job, now, signs))",
        "check(job, now, signs)",
    ),
    Safeguard(
        "a pause gives up no job whose message used up its receives",
        "chalicelib.watchdog.dead_letters:Sweeper._verdict",
        "self.resumed.judge(job, lambda job: sweep(message, job, now, serial=serial))",
        "sweep(message, job, now, serial=serial)",
    ),
    Safeguard(
        "each run of the watchdog learns anew when types were resumed",
        "chalicelib.watchdog.run:Watchdog.run",
        "self.tally, self.resumed = Counter(), Resumed(self.past_pauses)",
        "self.tally = Counter()",
    ),
    Safeguard(
        "a job is sent before it is given up for not being sent",
        "chalicelib.watchdog.rules:_first_send",
        "job.resends and _given_up(job, now)",
        "_given_up(job, now)",
    ),
    Safeguard(
        "the sweeper",
        "chalicelib.watchdog.run:Watchdog.run",
        "self._sweep(signs, remaining)",
        "pass",
    ),
    Safeguard(
        "due_at moves on before anything is sent",
        "chalicelib.watchdog.run:Watchdog._judge",
        "sending.append((self._apply(job, change), delay))",
        "sending.append((job, delay))",
    ),
    Safeguard(
        "a run ends before its time is up",
        "chalicelib.watchdog.run:Watchdog._look_at",
        "self._look(portion, signs) if remaining() > RESERVE else {'out_of_time': len(portion.ids)}",
        "self._look(portion, signs)",
    ),
    Safeguard(
        "one failing job does not stop the run",
        "chalicelib.watchdog.run:Watchdog._look",
        """
events.watchdog_failed(job, error)
tally['failed'] += 1
""",
        "raise",
    ),
    Safeguard(
        "types take turns",
        "chalicelib.watchdog.run:Watchdog._in_turn",
        "[*names[first:], *names[:first]]",
        "list(names)",
    ),
    Safeguard(
        "a type's jobs take turns with other types'",
        "chalicelib.watchdog.run:Watchdog._shared",
        "list(alternate(list(found.values())))",
        "[portion for row in found.values() for portion in row]",
    ),
    Safeguard(
        "a flooded type leaves helpers to other types",
        "chalicelib.watchdog.sharing:share",
        "alternate([[(name, portion) for portion in row] for name, row in found.items()])",
        "[(name, portion) for name, row in found.items() for portion in row]",
    ),
    Safeguard(
        "a helper is not asked about items whose type is not known",
        "chalicelib.watchdog.sharing:share",
        "portion.unsent_only or not name",
        "portion.unsent_only",
    ),
    Safeguard(
        "an unknown depth is not an empty queue",
        "chalicelib.watchdog.rules:Signs.empty",
        "self.depth is not None and not (self.depth.visible or self.depth.delayed or self.depth.in_flight)",
        "self.depth is None or not (self.depth.visible or self.depth.delayed or self.depth.in_flight)",
    ),
    Safeguard(
        "what is in flight keeps a queue from being empty",
        "chalicelib.watchdog.rules:Signs.empty",
        "self.depth.visible or self.depth.delayed or self.depth.in_flight",
        "self.depth.visible or self.depth.delayed",
    ),
    Safeguard(
        "a backlog is not read",
        "chalicelib.watchdog.rules:Signs.horizon",
        "max(now - OLD, self.claimed_to or 0.0)",
        "now",
    ),
    Safeguard(
        "a job that others have overtaken is in doubt",
        "chalicelib.watchdog.rules:lost",
        "signs.claimed_to is not None and expected(job) < signs.claimed_to - SLACK",
        "False",
    ),
    Safeguard(
        "age alone ends no job",
        "chalicelib.watchdog.rules:_of_sent",
        "not lost(job, signs)",
        "False",
    ),
    Safeguard(
        "an old message is sent again before it is dropped",
        "chalicelib.watchdog.rules:in_doubt",
        "now - expected(job) > (OLD_HELD if held else OLD)",
        "False",
    ),
    Safeguard(
        "a day without a sign ends a job",
        "chalicelib.watchdog.rules:_given_up",
        "job.stalled_since is not None and now - job.stalled_since > GIVE_UP_STALLED",
        "False",
    ),
    Safeguard(
        "no job is given up before it has stalled for a day",
        "chalicelib.watchdog.rules:_given_up",
        "job.stalled_since is not None and now - job.stalled_since > GIVE_UP_STALLED",
        "job.resends > 1",
    ),
    Safeguard(
        "re-sends back off",
        "chalicelib.watchdog.rules:_of_sent",
        "PATIENCE * 2**job.resends",
        "PATIENCE",
    ),
    Safeguard(
        "minutes with unsent jobs are read",
        "chalicelib.watchdog.search:find",
        "standing.unsent.get(job_type, ())",
        "()",
    ),
    Safeguard(
        "a type that comes back keeps its jobs",
        "chalicelib.watchdog.rules:_undeclared",
        "job.stalled_since is not None and job.resends == 0 and now >= job.stalled_since + RETIRE_AFTER",
        "job.stalled_since is not None and job.resends == 0",
    ),
    Safeguard(
        "a running job of a removed type keeps its lease",
        "chalicelib.watchdog.rules:_undeclared",
        "job.status is Status.PROCESSING and now <= (job.lease_until or 0.0) + SEND_GRACE",
        "False",
    ),
    Safeguard(
        "a stale index is no reason to act",
        "chalicelib.watchdog.rules:check",
        "job.terminal or job.due_at > now",
        "job.terminal",
    ),
    Safeguard(
        "a scheduled job is not sent too early",
        "chalicelib.watchdog.rules:_first_send",
        "early > ahead",
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
        "Remove('older generation') if message.gen < job.gen else Keep()",
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
        "return GiveUp(lost_error(job))",
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
        "min(LONGEST_PAUSE, 60.0 * 2 ** (job.resends // 2) - 60.0)",
        "0.0",
    ),
    Safeguard(
        "a dead letter under a live lease is left alone",
        "chalicelib.watchdog.dead_letter_rules:_unfinished",
        "job.status is Status.PROCESSING and now < expected(job) + SEND_GRACE",
        "False",
    ),
    Safeguard(
        "a dead-letter queue of unknown depth is swept",
        "chalicelib.watchdog.run:Watchdog._sweep",
        "1 if depth is None else min(MOST_SWEEPS, -(-depth.dead // MOST_SWEPT))",
        "0 if depth is None else min(MOST_SWEEPS, -(-depth.dead // MOST_SWEPT))",
    ),
)
