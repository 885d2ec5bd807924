"""Maintain each queue with `pause_when` every minute: enable or disable its queue as its row says, and start probes.

The row decides: workers obey the row at once, and the queue is enabled or disabled afterwards. A run marks the row
(`switched_at`) before it disables a queue. The mark is removed only after a later run has enabled the queue and no
earlier run can still be active. So after any crash or race, if the queue is disabled, the row has a pause or the mark.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.counters.port import Pause, Standing
from chalicelib.job_types.jobtype import sharing
from chalicelib.jobs.constants import ANY_TIME
from chalicelib.jobs.job import CLAIMABLE, Job, Status
from chalicelib.jobs.port import JobStore, Message, Search
from chalicelib.jobs.transitions import waited_limit
from chalicelib.pausing import events as pause_events
from chalicelib.pausing.constants import LONGEST_PROBE_WAIT, PROBE_CANDIDATES, PROBE_LOOKS, SAME_ORDER, SWITCH_SURE
from chalicelib.pausing.port import AutoPauses, Consumers, InLines, PastPause, PastPauses, Pauses, Prober, ToTry
from chalicelib.pausing.rule import AutoPause, idle, next_probe, sending
from chalicelib.pausing.seen import BY, told
from chalicelib.pausing.switch import change
from chalicelib.telemetry import events

Choose = Callable[[Sequence[str], int], Sequence[str]]


@dataclass
class AutoPausing:
    """Check the queues of types that declare `pause_when`. `clock` returns epoch seconds.

    `ended` stores ended pauses; `send` sends a job's message and returns the changed job.
    """

    queues: Sequence[str]
    rows: AutoPauses
    pauses: Pauses
    consumers: Consumers
    prober: Prober
    store: JobStore
    standing: Callable[[], Standing]
    ended: PastPauses
    clock: Callable[[], float]
    send: Callable[[Job], Job]
    choose: Choose = random.sample
    in_lines: InLines | None = None
    """None if no type has limits."""
    sleep: Callable[[float], None] = time.sleep
    patience: float = LONGEST_PROBE_WAIT
    """Seconds that this run may still wait for slots."""

    def run(self, spare: float = LONGEST_PROBE_WAIT) -> Mapping[str, int]:
        """Run once; return how many queues are paused automatically, and how many probes were started.

        `spare`: maximum seconds that the run may wait for slots.
        """
        tally = {"paused_by_itself": 0, "probed": 0}
        self.patience = max(0.0, min(LONGEST_PROBE_WAIT, spare))
        for name in self.queues:
            try:
                row = self.rows.read(name)
                if row.since is not None:
                    tally["paused_by_itself"] += 1
                    tally["probed"] += self._paused(name, row)
                elif row.switched_at is not None:
                    self._on(name, row)
            except Exception as error:
                events.watchdog_failed(name, error)
        return {what: number for what, number in tally.items() if number}

    def _paused(self, name: str, row: AutoPause) -> int:
        """Disable the queue, show the pause, start a probe if one is due; return 1 if one was started."""
        pause_events.is_paused(name)
        pause = self._pause_of(name)
        by_operator = pause is not None and not pause.by_itself
        if not row.off:
            marked = self.rows.replace(name, row, replace(row, switched_at=self.clock()))
            if marked is None:
                return 0  # the row has just changed, so the next run checks again
            self._say(name, marked, pause)
            self.consumers.switch(name, on=False)
            row = self.rows.replace(name, marked, replace(marked, off=True)) or marked
        else:
            self._say(name, row, pause)
        # a type that an operator paused is not probed
        return 0 if by_operator or self.clock() < next_probe(row) else self._probe(name, row)

    def _say(self, name: str, row: AutoPause, pause: Pause | None) -> None:
        now = told(row)
        if pause is None or (pause.by_itself and pause != now):
            self.pauses.pause(name, now)

    def _on(self, name: str, row: AutoPause) -> None:
        """Enable the queue again; remove the mark when no earlier run can disable it any more."""
        age = self.clock() - (row.switched_at or 0.0)
        pause = self._pause_of(name)
        if pause is not None and not pause.by_itself:
            # disable it again: this run or an earlier one may have enabled the queue just after an operator disabled it
            self.consumers.switch(name, on=False)
            return
        self.consumers.switch(name, on=True)
        if pause is not None:
            self._keep(name, pause)
        self.pauses.resume(name, by_itself=True)
        if age > SWITCH_SURE and self._pause_of(name) is None:
            self.rows.replace(name, row, replace(row, switched_at=None))

    def _keep(self, name: str, pause: Pause) -> None:
        """Store a pause that ends, unless an operator or an interrupted earlier run has stored it."""
        if all(past.pause.since != pause.since for past in self.ended.newest(name, 1)):
            self.ended.add(name, PastPause(pause, round(self.clock(), 3), BY))

    def _probe(self, name: str, row: AutoPause) -> int:
        """Let a worker try one job and return 1; without an unfinished job, end the pause."""
        now = self.clock()
        types = sharing(name) or [name]
        # A job that has got its place in a line comes first. Until another one was tried, look at the same lines first,
        # but not for ever: no job may run there.
        order = f"{row.probe} {now // SAME_ORDER:.0f}"
        waiting = ToTry() if self.in_lines is None else self.in_lines.look(types, order)
        if waiting.jobs:
            # another job would have to wait, too, so wait for the turns of these
            return self._try(name, row, waiting.jobs, shared=waiting.shared)
        if waiting.asked:
            return 0
        # search the planned jobs, too, because a scheduled or parked job stays planned until it is claimed
        searches = [one for kind in types for one in (Search(kind), Search(kind, planned=True, before=now))]
        found = [entry.id for search in searches for entry in self.store.overdue(search, ANY_TIME, PROBE_CANDIDATES)]
        if not found and waiting.waits:
            return 0
        if not found:
            if change(self.rows, name, idle(now)) is not None:
                pause_events.resumed_by_itself(name)
            return 0
        return self._try(name, row, self.store.get_many(self.choose(found, min(PROBE_LOOKS, len(found)))))

    def _try(self, name: str, row: AutoPause, jobs: Sequence[Job], *, shared: bool = False) -> int:
        """Let a worker try one of these jobs, and return 1; return 0 if none may run now. `shared`: see ToTry."""
        now = self.clock()
        # A job without attempts left comes last: a worker would only give it up, so the probe would test nothing. One
        # that was woken comes first: the others may have to wait for a place.
        ready = sorted(
            (job for job in jobs if _may_run(job, now)),
            key=lambda job: (job.attempts >= job.max_attempts, waited_limit(job) is None),
        )
        for job in sorted(ready, key=lambda job: not job.sent)[:1]:
            if not self._may_send(name, row, job, shared=shared):
                return 0
            # send the job's message first: if the probe makes it a dead letter, the dead-letter queue needs the
            # message, and while the type is paused nothing else sends it
            if job.sent or self.send(job).sent:
                self.prober.probe(Message(job.id, job.gen, job.type, job.correlation_id))
                return 1
        return 0

    def _may_send(self, name: str, row: AutoPause, job: Job, *, shared: bool) -> bool:
        """Keep the slots of a job and wait for them; return whether it may be tried now.

        Count what is kept from other types: a place, or a slot.
        """
        lines = self.in_lines
        if lines is not None and lines.needs_slots(job):
            wait = lines.keep_slots(job, self.patience)
            if wait is None:
                return False
            self.patience -= wait
            self.sleep(wait)
        elif not shared:
            return True
        if self.rows.replace(name, row, sending(row, self.clock())) is None:
            return False  # the pause has ended since the row was read
        pause = self._pause_of(name)
        return pause is None or pause.by_itself

    def _pause_of(self, name: str) -> Pause | None:
        return self.standing().paused.get(name)


def _may_run(job: Job, now: float) -> bool:
    """Return whether a worker would take the job: it is due, or its last worker has died."""
    if job.status is Status.PROCESSING:
        return (job.lease_until or now) < now
    return job.status in CLAIMABLE and (job.next_attempt_at or now) <= now
