"""Implement the use cases of operators on one job (retry, cancel, run now, discard), without HTTP and AWS."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.errors import JobConflict, MoveRefused, NotStored, RowNotSigned
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import OF_PLATFORM
from chalicelib.job_types.personal import sent_back
from chalicelib.jobs import acts, transitions
from chalicelib.jobs.change import Change
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import DISCARDABLE, JSON, PLANNED, REQUEUE, RETRYABLE, WAITING, Job, Status, stored_payload
from chalicelib.jobs.listing import iso
from chalicelib.jobs.step import ENDED, STOP, Step, has_effects, has_undone
from chalicelib.jobs.tenants import tagged
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.turns import has_turn
from chalicelib.operating.again import START, Again, begins_anew, from_start, from_step, going_on, line_of
from chalicelib.operating.constants import ACT_TRIES, CLOCKS_APART, COPIED_AT_ONCE, REPEATED_WITHIN
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.ends import follow_end
from chalicelib.operating.payload_edit import with_values
from chalicelib.side_by_side import side_by_side
from chalicelib.telemetry import events


@dataclass(frozen=True)
class Operations:
    """Change single jobs for an operator. `by` is the operator's name; `reason` is stored where an act has a reason.

    Every act is stored: the last one on the job, earlier ones in separate rows. Without `by`, the platform is the
    actor. `bulk` is the id of a bulk action that began at `bulk_since` (epoch seconds). A bulk action changes each job
    at most once: a job that has this id in one of its acts is returned unchanged. `rounds` gives the round into which a
    member of a batch moves when it is retried. `edit` has other values for fields of each payload, by their
    paths: a retry uses them.
    """

    dispatcher: Dispatcher
    by: str = ""
    reason: str = ""
    in_bulk: bool = False
    bulk: str | None = None
    bulk_since: float = 0.0
    rounds: Callable[[Job, str | None], AbstractContextManager[int]] | None = None
    edit: Mapping[str, JSON] | None = None
    threads: int = 1
    """Number of kept steps that are copied at the same time."""

    def retry(self, job_id: str, payload: JSON = None, begin: str | None = None) -> Job:
        """Run a finished job again from its first attempt, with another payload if given.

        Kept steps are not run again, unless the payload differs. `begin` is START, or the name of a kept step, sleep or
        wait: what was kept before it is not run again, also with another payload.

        Raises JobNotFound, InvalidPayload, and JobConflict unless the job has failed, was dead-lettered or was
        cancelled. Raises InvalidRequest for an unknown step, and NotStored if no time was left to copy the kept steps:
        the repeated call continues.
        """
        found = self._found(job_id)
        if self.did(found):
            return found
        self._check_retry(found)
        edited = self._edited(found, payload)
        differs = bool(edited) and edited["payload"] != found.payload
        if differs and found.payload is not None:
            self.dispatcher.store.keep_payload(job_id, found.gen, found.payload)
        try:
            again = None if begin in (None, START) else from_step(found, self._kept(found), begin or "")
            undone = begin is None and not differs and self._undone(found)
        except RowNotSigned as error:
            raise JobConflict(f"Job {job_id} is not retried. {error}") from error
        if again is not None:
            line = line_of(found, again.anew[0])
            self._copy(replace(found, line=line), again.kept)
            edited |= {"line": line, "kept": again.number}
        elif begins_anew(begin, differs=differs, undone=undone):
            edited |= {"line": found.line + 1, "kept": 0}
        now = self.dispatcher.now()
        with self._round(found) as moved:
            edited |= {} if moved is None else {"round": moved}
            requeue = transitions.requeue(found, now=now, give_up_at=jobtype.give_up_at(found.type, now), **edited)
            queued = self._apply(found, requeue, acts.EDIT if differs else acts.RETRY)
        if queued.writer == requeue.writer:
            events.moved(queued, "requeue")
            queued = self.dispatcher.send(queued)
        return queued

    def check_edit(self, job_id: str) -> None:
        """Raise the error that `retry` with `edit` would raise for this job. Nothing is changed."""
        found = self._found(job_id)
        self._check_retry(found)
        self._edited(found, None)

    def preview(self, job_id: str, begin: str | None = None, *loc: str) -> Again:
        """Return what a retry would keep, and what it would run anew. Nothing is changed; raises as `retry`."""
        found = self.dispatcher.store.get_without_bodies(job_id)
        self._check_retry(found)
        try:
            steps = self._kept(found)
        except RowNotSigned as error:
            raise JobConflict(f"Job {job_id} is not retried. {error}") from error
        if begins_anew(begin, differs=False, undone=found.status is Status.CANCELLED and has_undone(steps)):
            return from_start(steps)
        return going_on(steps) if begin is None else from_step(found, steps, begin, *loc)

    def cancel(self, job_id: str) -> Job:
        """Stop a job: a waiting job at once, a running job at its next check. Raises JobNotFound, JobConflict.

        The function of a waiting job that has run steps is called again, to undo them. A second call, a minute later or
        more, stops it at once.
        """
        for _ in range(ACT_TRIES):
            found = self._found(job_id)
            if self.did(found):
                return found
            if found.terminal:
                raise JobConflict(f"Job {job_id} is {found.status}; it cannot be cancelled any more.")
            if found.status is Status.PROCESSING and found.cancel_requested and self._declared(found):
                return found  # keep the first request's record of who asked this job to stop
            if found.status in WAITING and found.cancel_requested and self._repeated(found):
                return found
            try:
                after = self._act(found, self._stopping(found), acts.CANCEL)
            except MoveRefused:
                continue
            events.moved(after, "cancel" if after.terminal else "ask_to_stop")
            follow_end(self.dispatcher, found, after)
            return self.dispatcher.send(after) if after.status in WAITING else after
        raise _changing(job_id)

    def run_now(self, job_id: str) -> Job:
        """Start a scheduled or retrying job now; a queued job is returned unchanged.

        Raises JobNotFound, and JobConflict for a job that runs, is finished, waits for its turn or a place, or keeps
        its place in the order of its key.
        """
        for _ in range(ACT_TRIES):
            found = self.dispatcher.store.get(job_id)
            if found.status in WAITING and has_turn(found) and jobtype.pace(found.type) is not None:
                raise JobConflict(f"Job {job_id} waits for its turn: the rate of {found.type} also applies to it.")
            if waited_limit(found) is not None and has_turn(found) and (found.turn_at or 0.0) > self.dispatcher.now():
                raise JobConflict(f"Job {job_id} has its turn at {iso(found.turn_at or 0.0)}, and starts then.")
            if jobtype.serial(found.type) and found.sent and (found.next_attempt_at or 0.0) > self.dispatcher.now():
                raise JobConflict(f"Job {job_id} waits behind other jobs with its key, so it cannot run now.")
            if found.status is Status.QUEUED:
                return self.dispatcher.send(found) if self.dispatcher.stranded(found) else found
            if found.status not in PLANNED:
                raise JobConflict(f"Job {job_id} is {found.status}; only a scheduled or retrying job can be run now.")
            try:
                due = self._act(found, transitions.run_now(found, now=self.dispatcher.now()), acts.RUN_NOW)
            except MoveRefused:
                continue
            events.moved(due, "run_now", waited_for=found.status)
            return self.dispatcher.send(due)
        raise _changing(job_id)

    def discard(self, job_id: str) -> Job:
        """Settle a failed or dead-lettered job without running it; a discarded job is returned unchanged.

        The watchdog removes the job's message from the dead-letter queue. Raises JobNotFound, JobConflict.
        """
        found = self._found(job_id)
        if found.discarded_at is not None or self.did(found):
            return found
        if found.status not in DISCARDABLE:
            raise JobConflict(f"Job {job_id} is {found.status}; only failed or dead-lettered jobs can be discarded.")
        change = transitions.discard(found, now=self.dispatcher.now(), by=self.by, reason=self.reason)
        after = self._apply(found, change, acts.DISCARD)
        if after.writer == change.writer:
            events.moved(after, "discard", by=self.by, ended_as=found.status)
        return after

    def did(self, found: Job) -> bool:
        """Return whether this bulk action has already changed the job, whatever happened to the job since.

        A worker of the bulk action may have died before it counted the job, or the answer to its write was lost.
        """
        last = acts.last(found) if self.bulk else None
        if last is None or last.at < self.bulk_since - CLOCKS_APART:
            return False
        if last.bulk == self.bulk:
            return True
        return any(act.bulk == self.bulk for act in self.dispatcher.store.view(found.id).acts)

    def _round(self, found: Job) -> AbstractContextManager[int | None]:
        if found.batch is None or self.rounds is None:
            return nullcontext()
        return self.rounds(found, self.bulk)

    def _check_retry(self, found: Job) -> None:
        if found.status not in RETRYABLE:
            raise JobConflict(
                f"Job {found.id} is {found.status}; only failed, dead-lettered or cancelled jobs can be retried."
            )
        if found.cleared_at is not None:
            raise JobConflict(
                f"Job {found.id} is not retried: {found.type} keeps payloads for a shorter time than jobs (keep), "
                "and this one was removed. Create a new job with the payload instead."
            )
        if not self.dispatcher.store.signed(found):
            raise JobConflict(f"Job {found.id} is not retried. {RowNotSigned()}")  # a retry would sign this row

    def _kept(self, found: Job) -> Sequence[Step]:
        return self.dispatcher.store.kept_steps(found)

    def _copy(self, to: Job, steps: Sequence[Step]) -> None:
        """Keep these steps in the line of `to`, which no run uses yet. Repeat to continue; raises NotStored."""
        store, ends = self.dispatcher.store, self.dispatcher.now() + TIME_TO_ACT
        there = {step.key for step in store.kept_steps(to)}
        left = [step for step in steps if step.key not in there]
        for start in range(0, len(left), COPIED_AT_ONCE):
            if self.dispatcher.now() >= ends:
                told = f"{len(steps) - len(left) + start:,} of {len(steps):,} kept steps were copied"
                raise NotStored(f"There was no time left: {told}. Send the request again, and it continues.")
            some = left[start : start + COPIED_AT_ONCE]
            side_by_side(lambda step: store.keep_step(to, step), some, self.threads)

    def _found(self, job_id: str) -> Job:
        """Return the job. A bulk action without `edit` reads no payload: an unreadable one does not prevent an act."""
        store = self.dispatcher.store
        return store.get_without_bodies(job_id) if self.in_bulk and not self.edit else store.get(job_id)

    def _edited(self, found: Job, payload: JSON) -> dict[str, Any]:
        """Return the fields that another payload, or `edit`, changes; {} without both."""
        if payload is None and self.edit:
            payload = with_values(found.payload, self.edit)
        edited = {} if payload is None else _with_payload(found, payload)
        if edited and edited["payload"] != found.payload and found.type in OF_PLATFORM:
            raise JobConflict(f"Job {found.id} is not retried with another payload: only the platform makes such jobs.")
        return edited

    def _repeated(self, found: Job) -> bool:
        last = acts.last(found)
        asked = last.at if last is not None and last.name == acts.CANCEL else found.updated_at
        return self.dispatcher.now() - asked < REPEATED_WITHIN

    def _undoes(self, found: Job) -> bool:
        """Return whether a waiting job has run steps, and its function can undo them before it ends."""
        # with serial_by, a new message would come after the others of its key
        if not found.kept or found.cancel_requested or not self._declared(found) or jobtype.serial(found.type):
            return False
        try:
            return has_effects(self.dispatcher.store.kept_steps(found))
        except RowNotSigned:
            return False

    def _undone(self, found: Job) -> bool:
        """Return whether the function of a cancelled job has undone its steps, so that they do not count any more."""
        if found.status is not Status.CANCELLED or not found.kept:
            return False
        store, key = self.dispatcher.store, f"{ENDED}{found.gen}"
        ended = store.kept_step(found, key)
        if ended is None:
            steps = store.kept_steps(found)
            if not any(step.key.startswith(STOP) for step in steps):
                return False
            # A second cancel has stopped the job while its function undid the steps. Without this row, the next run
            # would go on to undo them.
            ended = store.keep_step(found, Step(key, self.dispatcher.now(), has_undone(steps)))
        return bool(ended.value)

    def _stopping(self, found: Job) -> Change:
        """Return the change that stops a job.

        A running job is asked to stop, unless its type and its worker are gone.
        """
        now = self.dispatcher.now()
        if found.status in WAITING:
            return (transitions.compensate if self._undoes(found) else transitions.cancel)(found, now=now)
        if not self._declared(found) and (found.lease_until or 0.0) < now:
            return transitions.retire(found, now=now, reason="An operator cancelled it; its job type was removed.")
        return transitions.ask_to_stop(found, now=now)

    def _declared(self, found: Job) -> bool:
        return found.type in jobtype.names()

    def _act(self, found: Job, change: Change, name: str) -> Job:
        """Move the job's last act to a separate row, then apply the change and store its operator.

        Raises MoveRefused.
        """
        if not (self.by or self.bulk):
            return self.dispatcher.store.apply(found.id, change)
        before = acts.last(found)
        if before is not None:
            self.dispatcher.store.keep_act(found.id, before)
        gen = change.written().get("gen", found.gen)
        act = Act(name, self.dispatcher.now(), self.by, gen, self.in_bulk, self.bulk)
        return self.dispatcher.store.apply(found.id, acts.by_operator(change, found, act))

    def _apply(self, found: Job, change: Change, name: str) -> Job:
        try:
            return self._act(found, change, name)
        except MoveRefused as refused:
            current: Job | None = refused.current
            if current is not None and self.did(current):
                return current  # another worker of the same bulk action was faster
            if change.move is REQUEUE and current is not None and current.cleared_at is not None:
                self._check_retry(current)  # the removal of its payload came first
            state = "gone" if current is None else current.status
            raise JobConflict(f"Job {found.id} is {state} now: it was changed by another request.") from None


def _with_payload(found: Job, payload: JSON) -> dict[str, Any]:
    """Return the fields that another payload changes: the payload, and the tenant that it contains."""
    kind = jobtype.get(found.type)
    payload = sent_back(jobtype.personal_of(kind), payload, found.payload)
    edited = stored_payload(kind.canonical(payload))
    tags = tagged(found.tags, kind.keyed_by, edited["payload"])
    return edited if tags == found.tags else {**edited, "tags": tags}


def _changing(job_id: str) -> JobConflict:
    return JobConflict(f"Job {job_id} is changing too quickly; try again.")
