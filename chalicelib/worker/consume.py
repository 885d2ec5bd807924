"""Process the messages of one job type.

The item is the source of truth; the message only names the job. Read the code from top to bottom: message, claim, run,
settle. `batch.py` processes the messages of an invocation.
"""

import math
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.errors import (
    ClaimedLate,
    EarlierUnknown,
    JobCancelled,
    JobNotFound,
    LeaseLost,
    LimitBusy,
    MalformedMessage,
    NewerRow,
    PayloadRefused,
    PayloadUnreadable,
    PlaceUnavailable,
    RowNotSigned,
    SecretUnavailable,
    StartUnavailable,
    StepChanged,
    StoreUnavailable,
    Suspended,
    VersionRemoved,
)
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.personal import PersonalFields
from chalicelib.job_types.retry import Chance
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import ACTIVE, Job, Status
from chalicelib.jobs.message import message_of_type, parse_message
from chalicelib.jobs.message_fate import Drop, Hold, malformed
from chalicelib.jobs.port import JobQueue, JobStore, PlatformLog
from chalicelib.limits.ids import limits_of_model, limits_of_stored
from chalicelib.limits.places import Full, Limit, NoPlace
from chalicelib.limits.rate import NotYet
from chalicelib.operating.callers import wake_caller
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines, wake_unlimited
from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
from chalicelib.producing.service import JobService
from chalicelib.schedules.overlap import unfinished_before
from chalicelib.side_by_side import Beside, Wait, at_once
from chalicelib.telemetry import events
from chalicelib.telemetry.capture import captured
from chalicelib.telemetry.logger import about, job_keys, one_after_others, one_of_several, silent_while
from chalicelib.telemetry.redaction import personal
from chalicelib.worker.batch import Messages, seconds_left
from chalicelib.worker.calling import called
from chalicelib.worker.claim import Claims
from chalicelib.worker.constants import (
    BUSY_MOMENT,
    BUSY_PAUSE,
    CLAIM_GUARD,
    LEAVE_AGAIN,
    PLATFORM_PAUSE,
    SCHEMA_PAUSE,
    TRIM_PATIENCE,
)
from chalicelib.worker.context import LambdaContext, WorkerContext
from chalicelib.worker.crew import Crew, OneByOne
from chalicelib.worker.current import running
from chalicelib.worker.declared_secrets import DeclaredSecrets
from chalicelib.worker.enqueue import Enqueuing
from chalicelib.worker.persist import Persistence
from chalicelib.worker.result import as_json, endings, inject_fault, payload_of
from chalicelib.worker.settle import (
    CANCELLED,
    LEASE_LOST,
    Blocks,
    Done,
    Lost,
    NotStarted,
    Outcome,
    Raised,
    Settlement,
    Stopped,
    Unrun,
    Waits,
    stalled_since,
)
from chalicelib.worker.start import Immediate, StartPolicy
from chalicelib.worker.steps import Steps

if TYPE_CHECKING:
    from chalicelib.batches.batches import Batches


class BatchFailed(Exception):
    """Raised if partial batch responses are disabled: Lambda would then delete the failed messages, too."""


@dataclass
class Worker:
    """Process the messages of one job type.

    `clock` returns seconds since the epoch; tests replace the random functions. `pause`: see WorkerContext. `threads`
    and `batches`: see Enqueuing. `beside` and `crew`: see Messages.
    """

    kind: JobType[Any, Any]
    store: JobStore
    queue: JobQueue
    clock: Callable[[], float] = time.time
    jitter: Chance = random.uniform
    spread: Callable[[float, float], float] = random.uniform
    chance: Callable[[], float] = random.random
    fault_rate: float = 0.0
    cold: bool = True
    sleep: Callable[[float], None] = time.sleep
    pause: Callable[[float], Awaitable[None]] | None = None
    platform_log: PlatformLog | None = None
    secrets: DeclaredSecrets = field(default_factory=DeclaredSecrets)
    starts: StartPolicy = field(default_factory=Immediate)
    service: JobService | None = None
    threads: int = 1
    beside: Beside = at_once
    crew: Callable[[int], Crew] = lambda _: OneByOne()
    batches: "Batches | None" = None
    breaker: CircuitBreaker | AlwaysClosed = field(default_factory=AlwaysClosed)
    lines: Lines | None = None
    """The places of the type's limits; None without limits."""

    @property
    def name(self) -> str:
        """Return the name of the job type."""
        return self.kind.name

    @property
    def serial(self) -> bool:
        """See Handles."""
        return self.kind.serial_by is not None

    @property
    def needed(self) -> float:
        """See Handles."""
        return self.kind.job_budget + self.kind.turn_wait

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> list[str]:
        """Process a batch of the type's own queue; return the ids of the messages that must be delivered again."""
        messages = Messages(
            self.name, self.queue, self.spread, lambda _: self.name, {self.name: self}, lambda _: self, self.breaker,
            self.cold, self.beside, self.kind.function.threads, self.crew,
        )  # fmt: skip
        again = messages.work(event, context)
        self.cold = False
        return again

    def lost(self, delivery: Delivery) -> bool:
        """See Handles. If the store does not answer, assume that the attempt was lost."""
        try:
            job = self.store.get_without_bodies(parse_message(delivery.body).id)
        except (JobNotFound, MalformedMessage, NewerRow):
            return False
        except Exception as error:
            events.store_failed(delivery.named(self.name), error)
            return True
        # while another worker holds the job, it is not claimed
        return job.status is Status.PROCESSING and (job.lease_until or 0.0) < self.clock()

    def sent_anew(self, delivery: Delivery, delay: int) -> bool:
        """See Handles."""
        if delivery.probe or delivery.receive_count < self.kind.max_receives:
            return False
        try:
            message = parse_message(delivery.body)
            job = self.store.get_without_bodies(message.id)
        except (JobNotFound, MalformedMessage, NewerRow):
            return False
        except Exception as error:
            events.store_failed(delivery.named(self.name), error)
            return False
        return message.gen == job.gen and job.status in ACTIVE and self._send_anew(job, delay)

    def handle(
        self, delivery: Delivery, context: LambdaContext, *, cold: bool, trimmed: Wait, alone: bool = True
    ) -> Drop | Hold:
        """Claim the job of a message, run it and settle it; return what to do with the message."""
        if waits := self.starts.next(delivery):
            return waits
        try:
            message = message_of_type(delivery.body, self.kind.name)
        except MalformedMessage as error:
            events.message_malformed(self.kind.name, str(error), delivery.receive_count)
            return malformed(delivery.receive_count)
        by = Claimant(context.aws_request_id, cold, delivery.receive_count, delivery.probe)
        claims = Claims(
            self.store,
            self.clock,
            self.spread,
            self.platform_log,
            self.sleep,
            self.kind.max_receives,
            alone,
            self.breaker.on_attempt_recorded,
            self._on_ended_without,
            self._on_refused,
        )
        before = seconds_left(context)
        claimed = claims.claim(message, by, before, delivery.sent_at)
        if not isinstance(claimed, Job):
            return claimed
        # From here on, code of the job type runs, which may end the process. Its messages then come again soon. If SQS
        # does not answer, they come again later: the job, which is charged now, must not lose its time by that.
        trimmed(TRIM_PATIENCE)
        left = seconds_left(context)
        late = before - left > CLAIM_GUARD and left < self.kind.job_budget / 2
        # Capture the output from here on, because a schema's checks, `upgrade` and the texts of errors are also code of
        # the job type.
        with self._output(claimed, alone=alone), about(**job_keys(claimed)), captured():
            try:
                return self._attempt(claimed, context, late=late)
            except Exception as error:
                # Leave the message hidden: this worker holds the lease until shortly after the invocation's end.
                events.store_failed(claimed, error)
                return Hold(None, "not settled")

    def _output(self, job: Job, *, alone: bool) -> AbstractContextManager[None]:
        """Return within what the job's lines are written: while it runs alone, all output of the process is its own.

        Within it, the job's personal values are masked.
        """
        lines: AbstractContextManager[None] = nullcontext()
        if self.kind.function.threads > 1:
            lines = one_after_others() if alone else one_of_several()
        return lines if self.kind.personal is None else _without_personal(self.kind.personal, job, lines)

    def _attempt(self, job: Job, context: LambdaContext, *, late: bool) -> Drop | Hold:
        events.attempt_started(job)
        enqueuing = Enqueuing(
            self.kind.enqueues,
            self.service,
            lambda: seconds_left(context),
            self.threads,
            self.batches,
            self.kind.calls,
        )
        persistence = Persistence(lambda: seconds_left(context), self.sleep)
        ctx = WorkerContext(
            job, self.store, lambda: seconds_left(context), self.clock, self.secrets, enqueuing,
            serial=self.kind.serial_by is not None, persistence=persistence, by_class=self.kind.by_class,
            changes=self.kind.changes, chance=self.jitter, pause=self.pause,
        )  # fmt: skip
        outcome = self._run(job, ctx, late=late)
        if isinstance(outcome, Raised | Stopped):
            # The record of an attempt that did not complete contains its last progress. Write this progress to the job,
            # too.
            ctx.flush_progress()
        settlement = Settlement(
            self.store, self.clock, self.jitter, self.kind.retry, self.kind.by_class, self.kind.max_receives,
            self._send_anew,
            persistence, self.starts.on_settle(),
            self.breaker.on_attempt_recorded, self._on_ended,
            None if self.lines is None else self.lines.wait, ctx.steps.kept, ctx.steps.progressed,
        )  # fmt: skip
        end = settlement.settle(ctx.with_progress(), outcome)
        busy = isinstance(outcome, Unrun) and isinstance(outcome.error, LimitBusy)
        if busy and job.passed is None and len(ctx.limits or ()) < 2:
            return end  # it took no place, and the limit gets too many requests already
        if isinstance(outcome, Blocks) and end != CANCELLED:
            return end  # it keeps the places of narrower limits
        return self._left(job, ctx.limits, end)

    def _run(self, job: Job, ctx: WorkerContext, *, late: bool) -> Outcome:
        """Run the function. If the function waits, ignore what it returns or raises after that."""
        outcome = self._called(job, ctx, late=late)
        if ctx.steps.lost is not None:
            return Lost()  # also if the function caught the error
        if isinstance(outcome, Done | Raised | Stopped) and ctx.steps.unavailable is not None:
            # Because a step could not be read or stored, the function may have raised another error, or have caught the
            # error and returned another result. Neither decides anything.
            outcome = self._interrupted(job, ctx.steps.unavailable, begun=True)
        if isinstance(outcome, Done | Raised | Stopped) and ctx.steps.refused is not None:
            outcome = Unrun(ctx.steps.refused, SCHEMA_PAUSE, lasts=False, begun=True)
        suspension = ctx.steps.suspension
        if suspension is None or isinstance(outcome, Lost):
            return self._end_stop(job, ctx) if outcome == Stopped() else outcome
        failed = next(iter(ctx.steps.failing.values()), None)
        return Waits(suspension.waits, suspension.until, ctx.steps.worked, failed)

    def _end_stop(self, job: Job, ctx: WorkerContext) -> Outcome:
        """Keep that the function has ended because it had to stop, if its run has steps."""
        try:
            if ctx.steps.stopping:
                ctx.steps.end_stop()
        except Exception as error:
            return self._outcome_of(job, error, begun=True)
        return Stopped()

    def _called(self, job: Job, ctx: WorkerContext, *, late: bool) -> Outcome:
        begun = False
        try:
            if late:
                raise ClaimedLate("The claim was answered too late: too little time of the invocation was left.")
            self._refuse_unsigned(job)
            if (unfinished := self._unfinished_before(job)) is not None:
                return Stopped(unfinished)
            inject_fault(self.fault_rate, self.chance)
            payload = payload_of(self.kind, job)
            ctx.limits = limits_of_model(self.kind, payload)
            self._take_places(job, ctx.limits)
            self._take_slots(job, ctx.limits, ctx.steps)
            if job.passed is None:  # it has left its turns with its slots
                ctx.limits = tuple(one for one in ctx.limits if one.rate is None)
            # a slow process may give a turn again to a job that was woken, so such a job leaves it at the end
            self.starts.start(job)
            ctx.steps.begin()
            begun = True
            with running(ctx), silent_while(lambda: ctx.steps.replaying):
                done = Done(as_json(called(self.kind.run, payload, ctx)))
            # Not completed, although the function may have caught JobCancelled, or a deploy has removed its place.
            return Stopped() if ctx.steps.suspension is None and ctx.steps.stopping else done
        except Suspended:
            return Done(None)
        except endings() as error:
            return self._outcome_of(job, error, begun=begun)

    def _outcome_of(self, job: Job, error: BaseException, *, begun: bool) -> Outcome:
        match error:
            case NotYet():
                return NotStarted(error.at)
            case NoPlace():
                return Blocks(error.full)
            case JobCancelled():
                return Stopped()
            case LeaseLost():
                return Lost()
            case PayloadRefused() | StepChanged() | VersionRemoved():
                # A deploy has changed the schema or the steps. The job runs at the next try after a deploy with an
                # `upgrade` or with the run's version, or after a rollback.
                return Unrun(error, SCHEMA_PAUSE, lasts=False, begun=begun)
            case PayloadUnreadable() | RowNotSigned() | SecretUnavailable() | StartUnavailable() | StoreUnavailable():
                return self._interrupted(job, error, begun=begun)
        return Raised(error)

    def _take_places(self, job: Job, limits: Sequence[Limit]) -> None:
        """Take a place of each limit; raises NoPlace, and PlaceUnavailable if the store does not answer."""
        if self.lines is not None and limits:
            self._found_place(job, lambda lines: self._taken(lines, job, limits))

    def _take_slots(self, job: Job, limits: Sequence[Limit], steps: Steps) -> None:
        """Wait for the slots of the job's rates; raises as `_take_places` and `Steps.begin` do.

        The steps are read before the slots, because that may take long. The version is kept after them: a job that
        waits in the line is not bound to one. A job that starts too late after that takes another slot.
        """
        if not any(one.rate is not None for one in limits):
            return
        steps.read()
        refused = list[Exception]()

        def ready() -> None:
            try:
                steps.begin()
            except Exception as error:
                refused.append(error)
                raise

        self._found_place(job, lambda lines: lines.start(job, limits, self.sleep, self.kind, ready), refused)

    def _found_place(self, job: Job, find: Callable[[Lines], Full | None], refused: Collection[Exception] = ()) -> None:
        """Find a place; raises the errors in `refused` as they are, and others as PlaceUnavailable."""
        if self.lines is None:
            return
        try:
            full = find(self.lines)
        except LimitBusy:
            raise
        except Exception as error:
            if error in refused:
                raise
            events.store_failed(job, error)
            raise PlaceUnavailable(f"It is unknown whether a place is free: {type(error).__name__}") from error
        if full is not None:
            raise NoPlace(full)
        if self.clock() >= (job.lease_until or 0.0):
            raise LeaseLost(job.id)

    def _taken(self, lines: Lines, job: Job, limits: Sequence[Limit]) -> Full | None:
        """Try again after a moment if a limit gets too many requests; raises LimitBusy if it still does."""
        try:
            return lines.take(job, limits)
        except LimitBusy:
            self.sleep(self.spread(BUSY_MOMENT / 2, BUSY_MOMENT))
        return lines.take(job, limits)

    def _left(self, job: Job, limits: Sequence[Limit] | None, end: Drop | Hold) -> Drop | Hold:
        """Leave the places of a settled attempt; return what to do with its message.

        The attempt may have a place even if it did not learn that. If a place cannot be left, the message must come
        again: whoever receives it looks at the limit. The later, the more often the message came.
        """
        if self.lines is None or end == LEASE_LOST:
            return end
        if limits is None:  # the payload was not read, but the job may have been woken
            limits = limits_of_stored(self.kind, job.payload, signed=self.store.signed(job))
        if not limits:
            return end
        try:
            self.lines.leave(job, limits)
        except Exception as error:
            events.store_failed(job, error)
            again = LEAVE_AGAIN.delay(job.receive_count or 1, self.jitter)
            return Hold(again, "a place was not left") if isinstance(end, Drop) else end
        return end

    def _on_refused(self, job: Job) -> bool:
        if wake_unlimited(Dispatcher(self.store, self.queue, self.clock), job):
            return True
        if self.lines is None:
            return False
        if job.status is Status.BLOCKED:
            return self.lines.wait_again(job)
        self.lines.judge(job)
        return False

    def _interrupted(self, job: Job, error: Exception, *, begun: bool) -> Unrun:
        """Pause for longer and longer while workers cannot run the job; up to minutes if only its limit is busy."""
        pause, now = BUSY_PAUSE if isinstance(error, LimitBusy) else PLATFORM_PAUSE, self.clock()
        since = stalled_since(job, error, now)
        stalled = 0.0 if since is None else max(0.0, now - since)
        tries = 1 + math.floor(math.log(1 + stalled / pause.first, pause.factor))
        return Unrun(error, pause.delay(tries, self.jitter), begun=begun)

    def _refuse_unsigned(self, job: Job) -> None:
        if not self.store.signed(job):
            raise RowNotSigned

    def _send_anew(self, job: Job, delay: int) -> bool:
        # not to a FIFO queue: a fresh message would come after the other messages of its key, and a FIFO queue cannot
        # delay a single message
        return self.kind.serial_by is None and Dispatcher(self.store, self.queue, self.clock).send_anew(job, delay)

    def _on_ended(self, job: Job) -> None:
        wake_caller(Dispatcher(self.store, self.queue, self.clock), job)

    def _on_ended_without(self, before: Job, after: Job) -> None:
        """Do the same for a job that has ended without an attempt, and leave its places."""
        if self.lines is not None:
            try:
                self.lines.leave_ended(before, after)
            except Exception as error:  # the watchdog removes its name as soon as a job waits for the place
                events.store_failed(after, error)
        self._on_ended(after)

    def _unfinished_before(self, job: Job) -> str | None:
        try:
            return unfinished_before(self.store, job)
        except Exception as error:
            events.store_failed(job, error)
            raise EarlierUnknown(
                f"The job of an earlier firing may still be running: {type(error).__name__}"
            ) from error


@contextmanager
def _without_personal(fields: PersonalFields, job: Job, lines: AbstractContextManager[None]) -> Iterator[None]:
    with personal(lambda: fields.texts(job.payload), job_keys(job)), lines:
        yield
