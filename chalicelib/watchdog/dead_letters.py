"""Clean a dead-letter queue: remove stale messages, and send fresh ones for jobs that can still run.

The message of a dead-lettered job stays as evidence, and counts in the queue's depth. In a FIFO queue, such a message
would block later messages of the same key. The message is therefore removed from a FIFO queue, and the job's row is the
only evidence.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.errors import UNREADABLE, JobNotFound, MoveRefused
from chalicelib.job_types import jobtype
from chalicelib.jobs import transitions
from chalicelib.jobs.attempt import attempt_of
from chalicelib.jobs.constants import MOST_CLAIMS
from chalicelib.jobs.job import LOST, Job, Status
from chalicelib.jobs.kept import newly_kept
from chalicelib.jobs.port import DeadMessage, Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.ends import follow_end
from chalicelib.operating.late_waiters import wake_if_over
from chalicelib.operating.lines import Lines
from chalicelib.telemetry import events
from chalicelib.watchdog.constants import MOST_SWEPT
from chalicelib.watchdog.dead_letter_rule import Keep, Redeliver, Remove, Verdict, sweep
from chalicelib.watchdog.resumed import Resumed
from chalicelib.watchdog.rule import GiveUp


@dataclass
class Sweeper:
    """Sweep dead-letter queues for the watchdog."""

    dispatcher: Dispatcher
    resumed: Resumed = field(default_factory=Resumed)
    tally: Counter[str] = field(default_factory=Counter)

    def sweep(self, queue: str, more: Callable[[], bool]) -> Mapping[str, int]:
        """Check one queue's messages until none is left or `more()` is false; return the numbers by result."""
        try:
            for _ in range(MOST_SWEPT // 10):
                if not more():
                    self.tally["out_of_time"] += 1
                    break
                if not self._ten(queue):
                    break
        except Exception as error:
            events.watchdog_failed(queue, error)
            self.tally["failed"] += 1
        return self.tally

    def _ten(self, queue: str) -> int:
        found = self.dispatcher.queue.peek_dead(queue, 10)
        stale = [dead.receipt for dead in found if self._judge(queue, dead)]
        if stale:
            self.dispatcher.queue.delete_dead(queue, stale)
            self.tally["removed"] += len(stale)
        return len(found)

    def _judge(self, queue: str, dead: DeadMessage) -> bool:
        """Return True if the message must be removed; give up its job if the rules say so."""
        try:
            job = None if dead.message is None else self._find(dead.message.id)
        except UNREADABLE as unreadable:
            # A newer version may have written the row: the message stays until a version reads it.
            if dead.message is not None:
                events.row_unreadable(dead.message.id, unreadable)
            self.tally["unreadable"] += 1
            return False
        match self._verdict(queue, dead.message, job):
            case Remove() if job is not None and wake_if_over(self.dispatcher, job):
                # the message was the one that should have woken the job: it was received only during an outage
                self.tally["woken"] += 1
                return True
            case Remove() if job is not None and job.status is Status.BLOCKED and self._line_up(job):
                return True
            case Remove(why):
                if dead.message is not None:  # a malformed message is never removed
                    events.dead_letter_removed(dead.message, job, why)
                return True
            case Keep(malformed=True):
                events.dead_letter_malformed(queue)
                self.tally["malformed"] += 1
            case Redeliver(due_at) if job is not None:
                return self._redeliver(job, due_at)
            case GiveUp() if job is not None and self._goes_on(job):
                # a worker claims the job with its next message, and sees the kept steps
                return self._redeliver(job, self.dispatcher.now())
            case GiveUp(error) if job is not None:
                self._give_up(job, error)
        return False

    def _verdict(self, queue: str, message: Message | None, job: Job | None) -> Verdict:
        now, serial = self.dispatcher.now(), jobtype.serial(queue)
        if job is None:
            return sweep(message, None, now, serial=serial)
        return self.resumed.judge(job, lambda job: sweep(message, job, now, serial=serial))

    def _goes_on(self, job: Job) -> bool:
        """Return whether a lost attempt has kept a step, so that the attempts before that step do not count."""
        used_up = job.attempts >= job.max_attempts and job.claims < MOST_CLAIMS
        if job.status is not Status.PROCESSING or not used_up:
            return False
        return newly_kept(self.dispatcher.store, job) is not None

    def _line_up(self, job: Job) -> bool:
        """Put a blocked job into its line: its message should have done that, and was received only in an outage."""
        if self.dispatcher.places is None:
            return False
        Lines(self.dispatcher, self.dispatcher.places()).line_up(job)
        self.tally["lined_up"] += 1
        return True

    def _redeliver(self, job: Job, due_at: float) -> bool:
        # Write the row first. The message is removed only when the job's row says that the job needs another message.
        try:
            change = transitions.redeliver(job, now=self.dispatcher.now(), due_at=due_at)
            events.redelivered(self.dispatcher.store.apply(job.id, change))
        except MoveRefused:
            self.tally["left"] += 1
            return False
        if job.stalled_since is None:
            events.stalled(job, "its message used up its receives")
        self.tally["redelivered"] += 1
        return True

    def _give_up(self, job: Job, error: tuple[str, str]) -> None:
        try:
            give_up(self.dispatcher, job, error)
            self.tally["given_up"] += 1
        except MoveRefused:
            self.tally["left"] += 1

    def _find(self, job_id: str) -> Job | None:
        try:
            return self.dispatcher.store.get(job_id)
        except JobNotFound:
            return None


def give_up(dispatcher: Dispatcher, job: Job, error: tuple[str, str]) -> None:
    """Give up a job that no worker holds, and record the attempt that never ended. Raises MoveRefused."""
    now = dispatcher.now()
    given_up = dispatcher.store.apply(job.id, transitions.give_up(job, now=now, error=error))
    if job.status is Status.PROCESSING:
        dispatcher.store.record(job.id, attempt_of(job, LOST, now))
    events.given_up(given_up)
    follow_end(dispatcher, job, given_up)
