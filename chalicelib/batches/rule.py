"""Decide what a change means for a batch, and what follows from the numbers of a round. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from chalicelib.batches.constants import (
    AGAIN_AFTER,
    COUNT_AFTER,
    MISSING_AFTER,
    MOST_FAILED_IDS,
    OPEN_FOR,
    QUIET,
)
from chalicelib.batches.round import Counts, Ended, Round
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import BROKEN, JSON, Job, Status
from chalicelib.jobs.trace import read as read_trace
from chalicelib.producing.submission import Submission

THEN: Final = "then"
ON_FAILURE: Final = "on_failure"


def ended_members(changes: Iterable[JobChanged]) -> Mapping[tuple[str, int], Sequence[Ended]]:
    """Return the ends of members among these changes, by batch and round.

    Each member ends once in a round, because a retry moves it to a new round. The end of a retried member may be read
    after its retry; the change still names the earlier round.
    """
    found: dict[tuple[str, int], list[Ended]] = {}
    for change in changes:
        before, job = change.before, change.ended
        if before is None or job is None or job.batch is None:
            continue
        if (before.batch, before.round) == (job.batch, job.round):
            end = Ended(change.sequence.zfill(40), job.id, job.status)
            found.setdefault((job.batch, job.round), []).append(end)
    return found


def counted(ended: Iterable[Ended]) -> Counts:
    """Return the numbers that these ends add."""
    ends = list(ended)
    failed = [one.job for one in ends if one.status in BROKEN]
    cancelled = sum(one.status is Status.CANCELLED for one in ends)
    return Counts(len(ends), len(failed), cancelled, tuple(failed[:MOST_FAILED_IDS]))


def added(one: Counts, other: Counts) -> Counts:
    """Return the sum of two counts."""
    ids = (*one.failed_ids, *other.failed_ids)[:MOST_FAILED_IDS]
    return Counts(one.done + other.done, one.failed + other.failed, one.cancelled + other.cancelled, ids)


def must_tell(found: Round, counts: Counts) -> bool:
    """Return whether the job of `on_failure` must still be made, with these numbers."""
    return found.on_failure is not None and counts.failed > 0 and found.told_at is None


def has_ended(found: Round) -> bool:
    """Return whether the round has ended, and its end is not stored yet."""
    return found.ended_at is None and found.total is not None and found.done >= found.total


def wants_then(found: Round) -> bool:
    """Return whether a job follows the end of the round; none follows a retry that found no members."""
    return found.then is not None and not (found.total == 0 and found.number > 1)


def wants_notice(found: Round) -> bool:
    """Return whether webhooks get the end of the round; they get none after a retry that found no members."""
    return bool(found.notify) and not (found.total == 0 and found.number > 1)


def told(found: Round, named: str, what: str, counts: Counts) -> Submission:
    """Return the request for a job that gets the end, or the first failure: its id comes from the batch and the round.

    `named` is its type.
    """
    from chalicelib.job_types.batch_end import BatchEnd  # building the model would delay each start of a function

    end = BatchEnd(
        batch=found.batch,
        round=found.number,
        ended=what == THEN,
        total=found.total,
        done=counts.done,
        completed=counts.done - counts.failed - counts.cancelled,
        failed=counts.failed,
        cancelled=counts.cancelled,
        failed_ids=list(counts.failed_ids[:MOST_FAILED_IDS]),
        created_at=datetime.fromtimestamp(found.created_at, UTC),
        key=found.key,
        tags=list(found.tags),
    )
    return _asked(found, named, what, end.model_dump(mode="json"))


def job_of(found: Round, what: str) -> str | None:
    """Return the id of the job that the round has made for `then` or `on_failure`; None if it has made none."""
    if what == THEN:
        named = found.then if found.ended_at is not None and wants_then(found) else None
    else:
        named = found.on_failure if found.told_at is not None else None
    return None if named is None or what in found.refused else _asked(found, named, what, None).new_id()


def readers(newest: Round | None) -> Sequence[str] | None:
    """Return the ids of the jobs that get the end of a batch, and may read its members' results.

    `newest` is its newest round. None: the round has not ended, or is not known.
    """
    if newest is None or newest.ended_at is None:
        return None
    return [one for one in (job_of(newest, what) for what in (THEN, ON_FAILURE)) if one is not None]


def _asked(found: Round, named: str, what: str, end: JSON) -> Submission:
    made_by = (found.parent, found.run, found.root)
    return Submission(
        named,
        end,
        # spaces, so that it is never equal to a key that a caller can use
        idempotency_key=f"{what} of round {found.number} of {found.batch}",
        correlation_id=found.correlation_id,
        principal=found.principal,
        lineage=Lineage(*map(str, made_by)) if None not in made_by else None,
        of_end=True,
        trace=read_trace(found.trace),
    )


def in_round(member: Job, number: int) -> Ended | None:
    """Return how a member has ended in this round; None if it has not ended, or is not in this round.

    A member that was retried had failed, or was cancelled, in the first round. Its row does not say in which of the
    later rounds it was.
    """
    if number == 1 and member.round > 1:
        return Ended("", member.id, Status.FAILED)
    return Ended("", member.id, member.status) if member.round == number and member.terminal else None


def known(found: Round, read: Counts | None) -> Counts:
    """Return the larger of the stream's counts and those that were `read`: members may have changed since."""
    return found.counts if read is None or found.done >= read.done else read


def waits(member: Job, number: int) -> bool:
    """Return whether the round must wait for this member."""
    return member.round == number and not member.terminal


def next_look(found: Round, now: float) -> float | None:
    """Return when the watchdog must check a round; None: never."""
    if found.ended_at is not None:
        return None
    if has_ended(found):  # whoever counted the last member, or closed the round, could not do what follows
        return now
    if found.closed_at is not None:
        return max(found.updated_at + QUIET, now)
    if found.closing_at is not None:
        return max(found.closing_at + COUNT_AFTER, now)
    return now + AGAIN_AFTER if found.number > 1 else found.created_at + OPEN_FOR


def all_found(found: Round, counts: Counts, now: float) -> bool:
    """Return whether the round ends with its existing members: all have ended, or MISSING_AFTER seconds are over."""
    return max(counts.done, found.done) >= (found.total or 0) or now - found.updated_at >= MISSING_AFTER


def read_repair(text: str | None) -> tuple[str | None, Counts]:
    """Return how far the members of a round were read, and what was found."""
    if text is None:
        return None, Counts()
    position, done, failed, cancelled, ids = json.loads(text)
    return position, Counts(done, failed, cancelled, tuple(ids))


def repair_text(position: str | None, counts: Counts) -> str:
    """Return the text of `repair`."""
    return json.dumps([position, counts.done, counts.failed, counts.cancelled, counts.failed_ids])


def following(last: Round, now: float, bulk: str | None) -> Round:
    """Return the next round of a batch, into which a retry moves members."""
    return replace(
        last, number=last.number + 1, opened_at=now, updated_at=now, total=None, closing_at=None, closed_at=None,
        done=0, failed=0, cancelled=0, failed_ids=(), told_at=None, ended_at=None, refused=(), bulk=bulk, repair=None,
        cancelled_by=None, retried_by=None, retried_at=None, ended_to=None,
        expires_at=None, due_at=now + AGAIN_AFTER,
        # not None: a row that some function has written without a signature must not be signed now
        then_mark=last.then_mark or "", failure_mark=last.failure_mark or "",
    )  # fmt: skip
