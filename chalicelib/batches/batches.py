"""Create and close batches, count their members, and make the jobs of `then` and `on_failure`.

Every effect comes before the write that records it. If the process dies in between, the effect is repeated, and finds
its job by its id. In the opposite order, the job would be lost.
"""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from chalicelib.batches import events
from chalicelib.batches.constants import (
    AGAIN_AFTER,
    COUNT_AFTER,
    FAILED_AGAIN_AFTER,
    LEFT_TO_STOP,
    MOST_DUE,
    MOST_MEMBERS,
    MOST_REMEMBERED,
    OPEN_FOR,
    QUIET,
    REFUSED_FOR,
    RETRY_BEGINS_IN,
    ROUNDS_READ,
    ROUNDS_SHOWN,
)
from chalicelib.batches.port import BatchRows
from chalicelib.batches.round import Counts, Ended, Round
from chalicelib.batches.rule import (
    ON_FAILURE,
    THEN,
    added,
    all_found,
    counted,
    ended_members,
    following,
    has_ended,
    in_round,
    known,
    must_tell,
    next_look,
    read_repair,
    repair_text,
    told,
    waits,
    wants_notice,
    wants_then,
)
from chalicelib.errors import (
    UNREADABLE,
    BatchConflict,
    BatchNotFound,
    FieldError,
    IdempotencyMismatch,
    InvalidRequest,
    JobConflict,
    JobFlowError,
    NotStored,
    RowNotSigned,
    RowRefused,
    UnknownJobType,
)
from chalicelib.job_types import jobtype
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs import trace
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.job import Job
from chalicelib.jobs.retention import KEEP_BATCHES
from chalicelib.keys.rule import Outcome, Submitted
from chalicelib.operating.operations import Operations
from chalicelib.producing.batch import submit_many
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission

FIRST = 1
"""The round of a new batch, to which members are added."""
Notice = Callable[[Submission, Sequence[str], float], None]
"""Make the deliveries of the end of a round: of a request without a type, whose payload is the end and whose key names
the batch and the round, to the webhooks with these names, with the time of the end (epoch seconds). Repeating the call
makes no second delivery. Raises NotStored and the errors of a store."""


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A request for a batch; `lineage` is that of the job whose function makes it."""

    id: str
    then: str | None = None
    on_failure: str | None = None
    key: str | None = None
    tags: tuple[str, ...] = ()
    principal: str = ""
    correlation_id: str = ""
    lineage: Lineage | None = None
    created_by: str = ""
    notify: tuple[str, ...] = ()
    trace: bytes | None = None

    def body_hash(self) -> str:
        """Return the hash of the request, to compare requests with the same key."""
        body: list[Any] = [self.then, self.on_failure, self.key, self.tags]
        body += [self.notify] if self.notify else []
        return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Batches:
    """Batches over the rounds in `rows`. `moving` says whether a bulk action still moves members into its round.

    `notice` makes the deliveries to webhooks. Workers have none, because they may not read the webhooks: they leave the
    end of a round that names webhooks to the next run of the watchdog.
    """

    rows: BatchRows
    service: JobService
    moving: Callable[[str], bool] = lambda _: False
    notice: Notice | None = None
    mine: dict[tuple[str, str], int] = field(default_factory=dict)
    """The rounds into which this process moves members for bulk actions."""

    def create(self, asked: NewBatch) -> tuple[Round, bool]:
        """Return the batch, and whether this request has made it. Raises InvalidRequest, IdempotencyMismatch."""
        check(asked)
        now, made = self.service.now(), asked.lineage
        new = Round(
            batch=asked.id, number=FIRST, created_at=now, opened_at=now, updated_at=now, then=asked.then,
            on_failure=asked.on_failure, key=asked.key, tags=asked.tags, principal=asked.principal,
            correlation_id=asked.correlation_id, body_hash=asked.body_hash(), due_at=now + OPEN_FOR,
            created_by=asked.created_by, notify=asked.notify,
            trace=None if asked.trace is None else trace.write(asked.trace),
            parent=None if made is None else made.parent, root=None if made is None else made.root,
            run=None if made is None else made.run,
        )  # fmt: skip
        stored = self.rows.add(new)
        if stored.body_hash != new.body_hash:
            where = [FieldError(("header", "Idempotency-Key"), "was used before with another body; use a new key")]
            raise IdempotencyMismatch("This key belongs to another batch.", where)
        self.rows.enlist(stored.batch, stored.created_at, stored.expires_at)
        fresh = stored == new
        if fresh:
            events.created(stored)
        return stored, fresh

    def get(self, batch: str) -> Sequence[Round]:
        """Return the newest rounds of a batch, oldest first; raises BatchNotFound."""
        found = self.rows.rounds(batch, ROUNDS_SHOWN)
        if not found:
            raise BatchNotFound(batch)
        return found

    def first(self, batch: str) -> Round:
        """Return the first round of a batch; raises BatchNotFound."""
        found = self.rows.find(batch, FIRST)
        if found is None:
            raise BatchNotFound(batch)
        return found

    def add(self, batch: str, asked: Sequence[Submission | JobFlowError]) -> Sequence[Submitted | JobFlowError]:
        """Add members; return the answer for each. If the batch is closed or full, only existing members get an answer.

        Raises BatchNotFound, and if none of these members exists: BatchConflict for a closed batch, and InvalidRequest
        if so many members have ended that it is full. How many have not ended is not known without another request.
        """
        found = self.first(batch)
        is_full = found.done >= MOST_MEMBERS
        if not is_full and found.open and self.service.now() < found.created_at + OPEN_FOR:
            return submit_many(self.service, asked)
        refusal: JobFlowError = (
            InvalidRequest("The batch is full.", [FieldError(("body", "jobs"), full())])
            if is_full
            else BatchConflict(f"The batch {batch} is closed, so no members can be added.")
        )
        answers = [self._existing(one, refusal) if isinstance(one, Submission) else one for one in asked]
        if not any(isinstance(answer, Submitted) for answer in answers):
            raise refusal
        return answers

    def _existing(self, one: Submission, refusal: JobFlowError) -> Submitted | JobFlowError:
        job = self.service.keyed.find(one.new_id())
        return refusal if job is None or job.body_hash != one.body_hash() else Submitted(job, Outcome.REPEATED)

    def close(self, batch: str, total: int | None = None) -> Round:
        """Close a batch with this number of members; without a number, they are counted a minute later.

        Repeating the call does no harm. Raises BatchNotFound, and BatchConflict if the batch is closed with another
        number.
        """
        now = self.service.now()
        if total is None:
            values = {"closing_at": now, "updated_at": now, "due_at": now + COUNT_AFTER}
            closing = self.rows.write(batch, FIRST, values, same={"closing_at": None, "closed_at": None})
            return closing or self.first(batch)
        closed = self._close(batch, FIRST, total)
        found = closed or self.first(batch)
        if found.total != total:
            how = "without members" if found.total == 0 else f"with {found.total} members"
            raise BatchConflict(f"The batch {batch} is already closed {how}, not with {total}.")
        return self.look(found)

    def cancel(self, batch: str, by: str) -> None:
        """Close a batch for its cancellation by `by`, and let the watchdog cancel members that are being added.

        Raises BatchNotFound, and BatchConflict if all of its rounds have ended.
        """
        now, first, newest = self.service.now(), self.first(batch), self.rows.find(batch)
        if first.ended_at is not None and (newest is None or newest.ended_at is not None):
            raise BatchConflict(f"The batch {batch} has ended; it cannot be cancelled any more.")
        if first.open:
            self.close(batch)
        self.rows.write(batch, FIRST, {"cancelled_by": by or "?", "due_at": now + COUNT_AFTER, "repair": None})

    def follow(self, changes: Sequence[JobChanged], source: str) -> set[str]:
        """Count the ends of members among these changes, and make the jobs that follow.

        Return the sequence numbers of the changes that must be delivered again, because a store did not answer. Also
        checks a round whose numbers contain these changes already, because the process that counted them may have died
        before the check. Skips a round that can never be counted, because the others must not wait for it.
        """
        again: set[str] = set()
        for (batch, number), ended in ended_members(changes).items():
            try:
                found = self.rows.count(batch, number, ended, source, self.service.now())
                if found is not None:
                    self.look(found)
            except RowRefused as error:
                events.skipped(batch, number, error)
            except Exception as error:
                events.not_counted(batch, error)
                again |= {one.sequence for one in ended}
        return {change.sequence for change in changes if change.sequence.zfill(40) in again}

    def look(self, found: Round, read: Counts | None = None) -> Round:
        """Make the jobs that the numbers of a round require. `read`: the members were read, and all have ended."""
        counts, now = known(found, read), self.service.now()
        later = False
        if found.on_failure is not None and must_tell(found, counts):
            made = self._make(found, found.on_failure, ON_FAILURE, counts)
            later = not made and self._patient(found, now)
            values: dict[str, Any] = {"due_at": min(found.due_at or now + QUIET, now + QUIET)}
            if not later:
                values = {"told_at": now, "refused": found.refused if made else (*found.refused, ON_FAILURE)}
            found = self.rows.write(found.batch, found.number, values) or found
        if found.ended_at is not None or not (read or has_ended(found)):
            return found
        refused = found.refused
        if found.then is not None and wants_then(found) and not self._make(found, found.then, THEN, counts):
            later, refused = later or self._patient(found, now), (*found.refused, THEN)
        if later:
            return found
        if wants_notice(found):
            if self.notice is None:
                return self.rows.write(found.batch, found.number, {"due_at": now}, same={"ended_at": None}) or found
            self.notice(told(found, "", THEN, counts), found.notify, found.updated_at)
        return self._end(found, now, refused)

    def _patient(self, found: Round, now: float) -> bool:
        """Return whether a refused job is tried again: a deployment may bring its type back."""
        return now - found.updated_at < REFUSED_FOR

    def _end(self, found: Round, now: float, refused: Sequence[str] = ()) -> Round:
        """Write that the round has ended, and which of its jobs were `refused`.

        While another round runs, the first round and the list are kept.
        """
        gone_at = round(now + KEEP_BATCHES)
        over = self._others_ended(found)
        if over:
            self._expire(found, gone_at)
        values: dict[str, Any] = {"ended_at": now, "due_at": None, "repair": None, "refused": tuple(refused)}
        values |= {"expires_at": gone_at} if over or found.number > FIRST else {}
        ended = self.rows.write(found.batch, found.number, values, same={"ended_at": None})
        if ended is not None:
            events.ended(ended)
            if not over and self._others_ended(found):  # two rounds have ended at the same time
                self._expire(found, gone_at)
        return ended or found

    def _others_ended(self, found: Round) -> bool:
        """Return whether all other rounds of the batch have ended: one read for each, and one more.

        The first round remembers up to which round all have ended, so that these are not read again.
        """
        first = found if found.number == FIRST else self.rows.find(found.batch, FIRST)
        if first is None:
            return True
        if first.number != found.number and first.ended_at is None:
            return False
        ended_to, other = first.ended_to or FIRST, None
        for number in itertools.count(ended_to + 1):
            if number == found.number:
                continue
            other = self.rows.find(found.batch, number)
            if other is None or other.ended_at is None:
                break
        before = min(number, found.number) - 1
        if before >= ended_to + ROUNDS_READ:
            self.rows.write(found.batch, FIRST, {"ended_to": before})
        return other is None

    def _expire(self, found: Round, gone_at: int) -> None:
        self.rows.enlist(found.batch, found.created_at, gone_at)
        if found.number > FIRST:
            self.rows.write(found.batch, FIRST, {"expires_at": gone_at})

    def _make(self, found: Round, named: str, what: str, counts: Counts) -> bool:
        """Make the job of `then` or `on_failure`, or find it; return False if it is refused.

        Raises NotStored and the errors of a store.
        """
        (answer,) = submit_many(self.service, [self._asked(found, named, what, counts)])
        if isinstance(answer, NotStored):
            raise answer
        # mismatch: the job exists with other numbers, because it was made before these members were counted
        if isinstance(answer, JobFlowError) and not isinstance(answer, IdempotencyMismatch):
            events.refused(found, what, answer)
            return False
        if not isinstance(answer, JobFlowError) and answer.outcome.written:
            events.told(found, what, answer.job.id)
        return True

    def _asked(self, found: Round, named: str, what: str, counts: Counts) -> Submission | JobFlowError:
        """Return the request for the job of `then` or `on_failure`, or the error if it cannot be made."""
        try:
            problem = jobtype.batch_ends_problem(jobtype.declared(named).name)
        except UnknownJobType as error:
            return error
        if problem is not None:
            return InvalidRequest(problem)
        return told(found, named, what, counts) if self.rows.signed(found, what) else RowNotSigned()

    @contextmanager
    def moved(self, job: Job, bulk: str | None) -> Iterator[int]:
        """Yield the round into which a retried member moves; then close the round if this is its only member.

        All members that one bulk action retries move into one round, which the watchdog closes when the action has
        ended. A round is open before its first member is in it: a process that dies in between leaves an empty round,
        which the watchdog ends. Raises JobConflict for a member of a round that is not closed yet, because its
        members are not counted yet.
        """
        batch, by = job.batch or "", bulk or f"{job.id}/{job.gen}"
        now_in = self.rows.find(batch, job.round) if job.round > FIRST else None
        if now_in is not None and now_in.closed_at is None:
            raise JobConflict(f"Job {job.id} is in a round of its batch that is still being filled; try in a minute.")
        number = self.mine.get((batch, by)) or self._round_of(batch, by)
        if number is None:  # 90 days after the end of the batch, its rows are deleted
            yield job.round + 1
            return
        if bulk is not None:
            if len(self.mine) > MOST_REMEMBERED:
                self.mine.clear()
            self.mine[batch, by] = number
        yield number
        if bulk is None:
            self._close_quietly(batch, number)

    def _round_of(self, batch: str, by: str) -> int | None:
        """Return the open round of this bulk action, or of the retry of one job; open one if there is none.

        Threads of one action ask at the same time. A round that another one opens after `last` was read is found, or
        has the number that this one would add.
        """
        opened = None
        while opened is None:
            last = self.rows.find(batch)
            if last is None:
                return None
            opened = self.rows.opened_by(batch, by)
            if opened is None:
                added = self.rows.add(following(last, self.service.now(), by))
                opened = added if added.bulk == by and added.closed_at is None else None
        self.rows.write(batch, FIRST, {"expires_at": None})
        self.rows.enlist(batch, opened.created_at, None)
        return opened.number

    def _close_quietly(self, batch: str, number: int) -> None:
        """Close the round of one job. The retry is done even if this fails; the watchdog then closes the round."""
        try:
            closed = self._close(batch, number, 1)
            if closed is not None:
                self.look(closed)
        except Exception as error:
            events.failed(batch, error)

    def begin_retry(self, batch: str, bulk: str) -> bool:
        """Reserve the batch for this bulk action, which will retry the failed members; False: another one does so.

        The reservation ends when the action's round is closed. Raises BatchNotFound.
        """
        first = self.first(batch)
        if self.retrying(first):
            return False
        values = {"retried_by": bulk, "retried_at": self.service.now()}
        return self.rows.write(batch, FIRST, values, same={"retried_by": first.retried_by}) is not None

    def retrying(self, first: Round) -> bool:
        """Return whether a bulk action retries the failed members of the batch with this first round, or will do so."""
        by, since = first.retried_by, self.service.now() - (first.retried_at or 0.0)
        return by is not None and (since < RETRY_BEGINS_IN or self.moving(by))

    def moved_by(self, batch: str, bulk: str) -> None:
        """Close the round of a bulk action that has ended in this process, if it has few members.

        The members are retried even if this fails; the watchdog then closes the round.
        """
        try:
            found = self.rows.opened_by(batch, bulk)
            if found is not None:
                self._close_moved(found, lambda: 0.0)
            else:  # no member has failed
                self._end_retry(batch, bulk)
        except Exception as error:
            events.failed(batch, error)

    def _end_retry(self, batch: str, bulk: str | None) -> None:
        ended = {"retried_by": None, "retried_at": None}
        if bulk is not None:
            self.rows.write(batch, FIRST, ended, same={"retried_by": bulk})

    def _close_moved(self, found: Round, remaining: Callable[[], float]) -> None:
        """Close a round with the members that were moved into it."""
        moved = self._read(found, remaining, lambda job: job.round == found.number)
        if moved is not None:
            self._closed(found, moved.done)
            self._end_retry(found.batch, found.bulk)

    def look_after(self, remaining: Callable[[], float] = lambda: 60.0) -> Mapping[str, int]:
        """Close and end the rounds that the stream does not; return their number. For the watchdog, each minute.

        Raises no errors, so that the rest of the watchdog does not depend on batches.
        """
        looked = Counter[str]()
        seen: set[tuple[str, int]] = set()
        try:
            while remaining() > LEFT_TO_STOP:
                due = [one for one in self.rows.due(self.service.now(), MOST_DUE) if one not in seen]
                if not due:
                    break
                for batch, number in due:
                    seen.add((batch, number))
                    if remaining() < LEFT_TO_STOP:
                        break
                    self._look_safely(batch, number, remaining)
                    looked["batches"] += 1
        except Exception as error:
            events.failed("", error)
        return looked

    def _look_safely(self, batch: str, number: int, remaining: Callable[[], float]) -> None:
        """Check a round. After an error, check it again later, so that the rounds after it are checked first."""
        try:
            found = self.rows.find(batch, number)
            if found is not None:
                self._look_at(found, remaining)
        except Exception as error:
            events.failed(batch, error)
            with suppress(*UNREADABLE):  # a row that nobody can read or write must not stop the check of the others
                self.rows.write(batch, number, {"due_at": self.service.now() + FAILED_AGAIN_AFTER})

    def _look_at(self, found: Round, remaining: Callable[[], float]) -> None:
        now = self.service.now()
        if found.cancelled_by is not None:
            left = self._cancel_left(found, remaining)
            if left is None:
                return
            found = left
        if found.ended_at is None and must_tell(found, found.counts):
            found = self.look(found)
        if found.number > FIRST and found.closed_at is None and found.ended_at is None:
            if found.bulk is not None and self.moving(found.bulk):
                self._again(found, now + AGAIN_AFTER)
            else:
                self._close_moved(found, remaining)
            return
        due = next_look(found, now)
        if due is None or due > now:
            self._again(found, due)
        elif found.closed_at is not None:
            self._repair(found, now, remaining)
        elif found.closing_at is not None:
            if (members := self._read(found, remaining, None)) is not None:
                self._closed(found, members.done)
        else:
            self.close(found.batch)

    def _cancel_left(self, found: Round, remaining: Callable[[], float]) -> Round | None:
        """Cancel the members that the bulk action missed: they were just added, or changed at the same time.

        None: the time is over; a later call continues.
        """
        operations = Operations(self.service.dispatcher, found.cancelled_by or "", in_bulk=True)

        def cancel(job: Job) -> bool:
            # an operator has retried the members of a later round since
            if job.round == found.number and not job.terminal and not job.cancel_requested:
                with suppress(JobFlowError):
                    operations.cancel(job.id)
            return True

        if self._read(found, remaining, cancel, waiting=False) is None:
            return None
        due = next_look(found, self.service.now())
        return self.rows.write(found.batch, found.number, {"cancelled_by": None, "repair": None, "due_at": due})

    def _repair(self, found: Round, now: float, remaining: Callable[[], float]) -> None:
        """End a round whose members have all ended, although the stream did not deliver all ends.

        It writes no counts, because the same ends would be counted again from late changes.
        """
        whole = has_ended(found)  # a process died before the end, or the end was left to this run
        read = found.counts if whole else None
        if read is None:
            read = self._read(found, remaining, lambda job: in_round(job, found.number))
            if read is None:
                return
            if not all_found(found, read, now):
                self._again(found, now + QUIET)
                return
        ended = self.look(found, read)
        done = known(found, read).done
        if ended.ended_at is None:
            self._again(ended, now + QUIET)
        elif done < (found.total or 0):
            events.short(ended, done)
        elif not whole:
            events.repaired(ended)

    def _read(
        self,
        found: Round,
        remaining: Callable[[], float],
        of: Callable[[Job], Ended | bool | None] | None,
        *,
        waiting: bool = True,
    ) -> Counts | None:
        """Return the numbers of the members that `of` selects; without `of`, the index is counted.

        None: a member of a closed round has not ended (unless not `waiting`), or the time is over; a later call
        continues there. Raises JobFlowError if some members were not read, or cannot be read (unless not `waiting`, or
        for three days): they must not count as deleted.
        """
        position, counts = read_repair(found.repair)
        # another version may read what this one cannot; but what nobody can read must not keep the round open for ever
        strict = waiting and self._patient(found, self.service.now())
        waiting = waiting and found.closed_at is not None
        while True:
            ids, after = self.service.store.members(found.batch, MOST_READ, position)
            if of is None:
                page = Counts(len(ids))
            else:
                members = self.service.store.read_all(ids, strict=strict) if ids else []
                if waiting and any(waits(job, found.number) for job in members):
                    self._again(found, self.service.now() + QUIET, repair_text(position, counts))
                    return None
                chosen = [one for job in members if (one := of(job))]
                page = counted(one for one in chosen if isinstance(one, Ended)) if waiting else Counts(len(chosen))
            counts, position = added(counts, page), after or position
            if after is None:
                return counts
            if remaining() < LEFT_TO_STOP:
                self._again(found, self.service.now() + AGAIN_AFTER, repair_text(position, counts))
                return None

    def _again(self, found: Round, at: float | None, repair: str | None = None) -> None:
        now = self.service.now()
        if found.ended_at is None and must_tell(found, found.counts) and self._patient(found, now):
            at = min(at or now + QUIET, now + QUIET)
        self.rows.write(found.batch, found.number, {"due_at": at, "repair": repair})

    def _closed(self, found: Round, total: int) -> None:
        closed = self._close(found.batch, found.number, total)
        if closed is not None:
            self.look(closed)

    def _close(self, batch: str, number: int, total: int) -> Round | None:
        """Write the number of members; None if the round is closed already, or does not exist."""
        now = self.service.now()
        values = {"total": total, "closed_at": now, "updated_at": now, "due_at": now + QUIET, "repair": None}
        closed = self.rows.write(batch, number, values, same={"closed_at": None})
        if closed is not None:
            events.closed(closed)
        return closed


def full() -> str:
    """Return the answer to a member that is one too many."""
    return f"a batch has at most {MOST_MEMBERS:,} members; create another batch for these, with the same `then`"


def check(asked: NewBatch) -> None:
    """Raise UnknownJobType or InvalidRequest if a type cannot receive the end of the batch."""
    for name, named in ((THEN, asked.then), (ON_FAILURE, asked.on_failure)):
        if named is None:
            continue
        try:
            why = jobtype.batch_ends_problem(jobtype.declared(named).name)
        except UnknownJobType:
            known = ", ".join(jobtype.batch_told_types()) or "none is declared"
            where = [FieldError((name,), f"must be a type that takes BatchEnd as its payload: {known}")]
            raise UnknownJobType(f"There is no job type {named!r}.", where) from None
        if why is not None:
            raise InvalidRequest("The end of this batch cannot be told.", [FieldError((name,), why)])
