"""Start, show, stop and process bulk actions in slices.

A slice writes its list of jobs, acts on them, and writes the outcome. Each write succeeds only if the row still has the
version that was read. If two workers process the same bulk action, one of the writes is refused, and that worker stops.
If a worker dies, the next worker takes over the slice. Each job stores the id of the last bulk action that changed it
(`Operations.did`). The next worker therefore counts the changed jobs and acts on the others. A job whose action ends
with an error stays in the list, and is tried again with the next jobs.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.bulk import events as bulk_events
from chalicelib.bulk.constants import (
    FAILED_SLICE_PAUSE,
    FIRST_SLICE,
    LEASE,
    LONGEST_SLICE_PAUSE,
    MOST_AT_ONCE,
    MOST_FAILED_SLICES,
    MOST_NOTED,
    MOST_REASONS,
    MOST_SAMPLES,
    MOST_TRIES_OF_JOB,
    SLICE,
)
from chalicelib.bulk.ids import new_bulk_id
from chalicelib.bulk.port import END, BulkAction, BulkActionRows, BulkState, Reason
from chalicelib.bulk.request import BulkActions, Report, name_of, not_done, not_known
from chalicelib.errors import BulkActionNotFound
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.port import Filter
from chalicelib.operating.port import Background
from chalicelib.telemetry.logger import within_request

OTHER = "for other reasons"


@dataclass(frozen=True, slots=True)
class NewBulkAction:
    """A request: the jobs that `which` matches, or the listed jobs."""

    action: str
    by: str
    principal: str
    which: Filter | None = None
    ids: tuple[str, ...] = ()
    dry_run: bool = False
    expected: int | None = None
    reason: str = ""
    id: str | None = None
    edit: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class BulkWork:
    """Start and process bulk actions.

    `acting` returns the operations of a bulk action's operator; `clock` returns seconds since the epoch.
    """

    rows: BulkActionRows
    acting: Callable[[BulkAction], BulkActions]
    background: Background
    clock: Callable[[], float] = time.time

    def start(self, asked: NewBulkAction) -> BulkAction:
        """Store a bulk action, act on its first jobs, and let the platform continue."""
        now = self.clock()
        new = BulkAction(
            id=asked.id or new_bulk_id(now), action=asked.action, by=asked.by,
            principal=asked.principal, started_at=now, updated_at=now, which=asked.which,
            listed=None if asked.which is not None else len(asked.ids), dry_run=asked.dry_run,
            expected=asked.expected if asked.which is not None else len(asked.ids), lease_until=now + LEASE,
            reason=asked.reason or None, edit=asked.edit,
        )  # fmt: skip
        self.rows.add(new, asked.ids)
        bulk_events.started(new)
        after = self._slice(new, FIRST_SLICE, keep=False) or new
        if after.open:
            self.wake()
        return after

    def get(self, bulk_id: str) -> BulkAction:
        """Return the current bulk action; raises BulkActionNotFound."""
        found = self.rows.find(bulk_id)
        if found is None:
            raise BulkActionNotFound(bulk_id)
        return found

    def stop(self, bulk_id: str, principal: str) -> BulkAction:
        """Ask the bulk action to stop after the present slice; a finished action does not change.

        Raises BulkActionNotFound.
        """
        asked = self.rows.stop(bulk_id, self.clock())
        if asked is None:
            return self.get(bulk_id)
        bulk_events.stopped(asked, principal)
        claimed = self.rows.claim(bulk_id, self.clock(), self.clock() + LEASE)
        return (claimed and self._slice(claimed, 0, keep=False)) or asked

    def work(self, ids: Sequence[str], remaining: Callable[[], float]) -> Mapping[str, int]:
        """Process a slice of each bulk action in turn, while `remaining` seconds are left; return how many ended."""
        tally: Counter[str] = Counter()
        left, mine = list(ids), list[BulkAction]()
        while mine or left:
            keep = remaining() > LEASE / 2
            while left and len(mine) < MOST_AT_ONCE:
                claimed = self._claim(left.pop(0)) if keep else None
                mine += [claimed] if claimed is not None else []
            after = [self._slice(bulk, SLICE, keep=keep) for bulk in mine]
            tally["slices"] += len(mine)
            tally["ended"] += sum(one is not None and not one.open for one in after)
            mine = [one for one in after if one is not None and one.open and not one.failures] if keep else []
        return tally

    def look_after(self, ids: Sequence[str]) -> bool:
        """Invoke the function again if a worker ran out of time or died; return whether it was invoked."""
        now = self.clock()
        try:
            found = [self.rows.find(bulk_id) for bulk_id in ids]
        except Exception as error:
            bulk_events.not_woken(error)
            return False
        overdue = any(one is not None and (not one.open or one.lease_until < now) for one in found)
        if overdue:
            self.wake()
        return overdue

    def wake(self) -> None:
        """Invoke the function now; if that fails, the watchdog tries again within a minute."""
        try:
            self.background.wake()
        except Exception as error:
            bulk_events.not_woken(error)

    def _claim(self, bulk_id: str) -> BulkAction | None:
        now = self.clock()
        claimed = self.rows.claim(bulk_id, now, now + LEASE)
        found = None if claimed is not None else self.rows.find(bulk_id)
        if found is not None and not found.open:
            self.rows.close(bulk_id, now)  # the worker that finished the action ended before it closed the row
        return claimed

    def _slice(self, bulk: BulkAction, size: int, *, keep: bool) -> BulkAction | None:
        """Act on the next jobs and store the result; with `keep`, keep the lease for another slice.

        None: another worker owns the bulk action.
        """
        try:
            with within_request(principal=bulk.principal, bulk_id=bulk.id):
                return self._step(bulk, size, keep=keep)
        except Exception as error:
            # The bulk action's row could not be written. Another worker continues when the lease has ended.
            bulk_events.slice_failed(bulk, error)
            return None

    def _step(self, bulk: BulkAction, size: int, *, keep: bool) -> BulkAction | None:
        known = bulk
        try:
            if known.state is BulkState.RUNNING and not known.dry_run and known.following is None:
                found = self._found(known, size)
                saved = self._save(found, self.clock() + LEASE) if found.hand else found
                if saved is None:
                    return None
                known = saved
            after = self._acted(known, size)
        except Exception as error:
            bulk_events.slice_failed(known, error)
            after = _failed(known, name_of(error))
        now = self.clock()
        if after.state in (BulkState.RUNNING, BulkState.STOPPING):
            return self._save(after, now + _pause(after.failures) if after.failures else now + LEASE if keep else 0.0)
        saved = self._save(replace(after, finished_at=now), 0.0)
        if saved is not None:
            self.rows.close(saved.id, now)
            bulk_events.ended(saved)
        return saved

    def _save(self, after: BulkAction, lease_until: float) -> BulkAction | None:
        now = self.clock()
        return self.rows.save(replace(after, updated_at=now, version=after.version + 1, lease_until=lease_until))

    def _found(self, bulk: BulkAction, size: int) -> BulkAction:
        """Return the bulk action with up to `size` jobs in `hand`."""
        room, ends = size - len(bulk.hand), self.clock() + TIME_TO_ACT
        if room <= 0 or bulk.position == END:
            return replace(bulk, following=bulk.position)
        if bulk.which is None:
            ids, begin = self.rows.ids(bulk.id), int(bulk.position or 0)
            new, end = ids[begin : begin + room], begin + room
            return replace(
                bulk, hand={**dict.fromkeys(new, 0), **bulk.hand}, following=str(end) if end < len(ids) else END
            )
        acting = self.acting(bulk)
        found = acting.search(bulk.action, bulk.which, room, ends, bulk.position)
        # This bulk action may have changed a job into a state that is searched later, so the search may find the job
        # again. The bulk action's id on the job shows that the job is already counted.
        new = [job.id for job, _ in found.jobs if not acting.operations.did(job)]
        following = acting.cursor(bulk.action, bulk.which, found.place) or END
        return replace(bulk, hand={**dict.fromkeys(new, 0), **bulk.hand}, following=following)

    def _acted(self, bulk: BulkAction, size: int) -> BulkAction:
        """Return the bulk action with the outcome of the jobs in `hand`; in a dry run, of the next jobs."""
        if bulk.state is not BulkState.RUNNING:
            before = self.acting(bulk).done_before(list(bulk.hand))
            self._note(bulk, before)
            stopped = replace(bulk, hand={}, matched=bulk.matched + len(before), done=bulk.done + len(before))
            return replace(stopped, state=BulkState.STOPPED, failures=0, problem=None)
        if bulk.dry_run:
            report, position = self._counted(bulk, size)
            return _counting(replace(bulk, position=position), 0, report.skipped, matched=report.matched)
        tried = self.acting(bulk).act(bulk.action, list(bulk.hand), self.clock() + TIME_TO_ACT)
        self._note(bulk, [one.job_id for one in tried if one.error is None and one.refused is None])
        hand, done, skipped, problem = dict(bulk.hand), 0, list[tuple[str, str]](), None
        for one in tried:
            tries = hand.pop(one.job_id)
            if one.error is None:
                done += one.refused is None
                skipped += [(one.job_id, one.refused)] if one.refused is not None else []
                continue
            problem = name_of(one.error)
            if tries + 1 < MOST_TRIES_OF_JOB:
                hand[one.job_id] = tries + 1
                continue
            # the last error may have been a lost reply, so the job says whether it was done
            known = self._did(bulk, one.job_id)
            done += known is True
            skipped += [] if known else [(one.job_id, not_done(one.error) if known is False else not_known(problem))]
        nothing = bool(tried) and all(one.error is not None for one in tried)
        after = _counting(replace(bulk, hand=hand, position=bulk.following, following=None), done, skipped)
        if nothing:
            after = _failed(replace(after, failures=bulk.failures), problem or "")
        return replace(after, problem=problem)

    def _did(self, bulk: BulkAction, job_id: str) -> bool | None:
        """Return whether the bulk action has changed this job; None: the job cannot be read."""
        try:
            return bool(self.acting(bulk).done_before([job_id]))
        except Exception as error:
            bulk_events.job_failed(job_id, bulk.action, error)
            return None

    def _note(self, bulk: BulkAction, changed: Sequence[str]) -> None:
        """Store which jobs the slice has changed. An error is logged: the list is only shown, and the jobs are done."""
        if not changed or bulk.done >= MOST_NOTED:
            return
        try:
            self.rows.note(bulk.id, bulk.version, changed)
        except Exception as error:
            bulk_events.not_noted(bulk, error)

    def _counted(self, bulk: BulkAction, size: int) -> tuple[Report, str]:
        """Return the outcome that the next jobs would have, and the next position."""
        acting = self.acting(bulk)
        if bulk.which is not None:
            report = acting.on_matches(bulk.action, bulk.which, size, True, bulk.position)
            return report, report.cursor or END
        ids, begin = self.rows.ids(bulk.id), int(bulk.position or 0)
        report = acting.on_ids(bulk.action, ids[begin : begin + size], True)
        report.matched -= len(report.untried)
        end = begin + report.matched
        return report, str(end) if end < len(ids) else END


def merged(known: Mapping[str, Reason], skipped: Sequence[tuple[str, str]]) -> Mapping[str, Reason]:
    """Add skipped jobs to the reasons. Ids are removed from a reason's text, so that equal reasons count together."""
    found = dict(known)
    for job_id, reason in skipped:
        common = reason.replace(f"Job {job_id} ", "").replace(job_id, "it")
        name = common if common in found or len(found) < MOST_REASONS else OTHER
        before = found.get(name, Reason(0))
        samples = (*before.samples, job_id) if len(before.samples) < MOST_SAMPLES else before.samples
        found[name] = Reason(before.jobs + 1, samples)
    return found


def _counting(
    bulk: BulkAction, done: int, skipped: Sequence[tuple[str, str]], matched: int | None = None
) -> BulkAction:
    """Return the bulk action with more jobs counted, and as done if no jobs are left."""
    after = replace(
        bulk, matched=bulk.matched + (done + len(skipped) if matched is None else matched), done=bulk.done + done,
        skipped=bulk.skipped + len(skipped), reasons=merged(bulk.reasons, skipped), failures=0, problem=None,
    )  # fmt: skip
    return replace(after, state=BulkState.DONE) if after.position == END and not after.hand else after


def _failed(bulk: BulkAction, problem: str) -> BulkAction:
    """Return the bulk action after a slice without success; it has failed after too many such slices."""
    after = replace(bulk, failures=bulk.failures + 1, problem=problem)
    if after.failures < MOST_FAILED_SLICES or after.state is BulkState.DONE:
        return after
    left = [(job_id, not_known(problem)) for job_id in after.hand]
    return replace(_counting(replace(after, hand={}), 0, left), state=BulkState.FAILED, problem=problem)


def _pause(failures: int) -> float:
    return min(FAILED_SLICE_PAUSE * 2.0 ** (failures - 1), LONGEST_SLICE_PAUSE)
