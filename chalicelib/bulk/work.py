"""Bulk actions that the platform works off: started, looked at and stopped by operators, worked off in slices.

A slice acts on up to a hundred jobs and then writes its progress, with the version that it read: of two workers one is
refused and stops. A worker that dies leaves its slice to the next one, which acts on those jobs again: a job that is
queued meanwhile is not retried twice, only counted as skipped.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.bulk import events as bulk_events
from chalicelib.bulk.acting import BulkActions, Report
from chalicelib.bulk.port import Background, BulkAction, BulkActionRows, BulkState, Reason
from chalicelib.errors import BulkActionNotFound
from chalicelib.jobs.port import Filter
from chalicelib.telemetry.logger import within_request

SLICE = 100
"""Jobs after which progress is written."""
FIRST_SLICE = 24
"""Jobs that the request itself acts on: a small bulk action is over with its answer, a large one shows progress."""
LEASE = 60.0
"""Seconds for which a worker has a bulk action after each slice; a slice takes 10 and a call to AWS."""
FAILED_SLICE_PAUSE = 30.0
"""Seconds after a slice that ended with an error before another worker tries it again."""
MOST_FAILURES = 30
"""Slices in a row that may end with an error; then the bulk action has failed."""
MOST_AT_ONCE = 4
"""Bulk actions that a worker takes turns with: each keeps its lease while the others have their slices."""
MOST_REASONS = 20
MOST_SAMPLES = 3
OTHER = "for other reasons"


@dataclass(frozen=True, slots=True)
class NewBulkAction:
    """A request: the jobs that `which` matches, or those listed."""

    action: str
    by: str
    principal: str
    which: Filter | None = None
    ids: tuple[str, ...] = ()
    dry_run: bool = False
    expected: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class BulkWork:
    """Bulk actions. `acting` gives the means to act as their operator, `clock` seconds since the epoch."""

    rows: BulkActionRows
    acting: Callable[[BulkAction], BulkActions]
    background: Background
    clock: Callable[[], float] = time.time

    def start(self, asked: NewBulkAction) -> BulkAction:
        """Keep a bulk action, act on its first jobs, and have the platform go on with the others."""
        now = self.clock()
        new = BulkAction(
            id=f"{int(now * 1000):012x}{secrets.token_hex(4)}", action=asked.action, by=asked.by,
            principal=asked.principal, started_at=now, updated_at=now, which=asked.which,
            listed=None if asked.which is not None else len(asked.ids), dry_run=asked.dry_run,
            expected=asked.expected if asked.which is not None else len(asked.ids), lease_until=now + LEASE,
            reason=asked.reason or None,
        )  # fmt: skip
        self.rows.add(new, asked.ids)
        bulk_events.started(new)
        after = self._slice(new, FIRST_SLICE, keep=False) or new
        if after.open:
            self.wake()
        return after

    def get(self, bulk_id: str) -> BulkAction:
        """Return it as it stands; raises BulkActionNotFound."""
        found = self.rows.find(bulk_id)
        if found is None:
            raise BulkActionNotFound(bulk_id)
        return found

    def stop(self, bulk_id: str, principal: str) -> BulkAction:
        """Ask it to stop after the present slice; one that is over stays as it is. Raises BulkActionNotFound."""
        asked = self.rows.stop(bulk_id, self.clock())
        if asked is None:
            return self.get(bulk_id)
        bulk_events.stopped(asked, principal)
        claimed = self.rows.claim(bulk_id, self.clock(), self.clock() + LEASE)
        return (claimed and self._slice(claimed, 0, keep=False)) or asked

    def work(self, ids: Sequence[str], remaining: Callable[[], float]) -> Mapping[str, int]:
        """Work off these, a slice of each in turn, while `remaining` seconds are left; return how many were done."""
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
        """Have these worked off when the worker of one ran out of time or died; return whether that was so."""
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
        """Have them worked off now; when that fails, the watchdog asks again within a minute."""
        try:
            self.background.wake()
        except Exception as error:
            bulk_events.not_woken(error)

    def _claim(self, bulk_id: str) -> BulkAction | None:
        now = self.clock()
        claimed = self.rows.claim(bulk_id, now, now + LEASE)
        found = None if claimed is not None else self.rows.find(bulk_id)
        if found is not None and not found.open:
            self.rows.close(bulk_id, now)  # its worker ended it and died before it could say so
        return claimed

    def _slice(self, bulk: BulkAction, size: int, *, keep: bool) -> BulkAction | None:
        """Act on the next jobs and write that down; `keep` the lease for another one. None: another worker has it."""
        after = self._acted(bulk, size) if bulk.state is BulkState.RUNNING else _over(bulk, BulkState.STOPPED)
        now = self.clock()
        after = replace(
            after, updated_at=now, version=bulk.version + 1,
            lease_until=now + FAILED_SLICE_PAUSE if after.failures else now + LEASE if keep else 0.0,
            finished_at=None if after.state in (BulkState.RUNNING, BulkState.STOPPING) else now,
        )  # fmt: skip
        saved = self.rows.save(after)
        if saved is not None and not saved.open:
            self.rows.close(saved.id, now)
            bulk_events.ended(saved)
        return saved

    def _acted(self, bulk: BulkAction, size: int) -> BulkAction:
        try:
            with within_request(principal=bulk.principal, bulk_id=bulk.id):
                report, position = self._report(bulk, size)
        except Exception as error:
            bulk_events.slice_failed(bulk, error)
            failed = replace(bulk, failures=bulk.failures + 1, problem=type(error).__name__)
            return _over(failed, BulkState.FAILED) if failed.failures >= MOST_FAILURES else failed
        after = replace(
            bulk, position=position, matched=bulk.matched + report.matched, done=bulk.done + report.done,
            skipped=bulk.skipped + len(report.skipped), reasons=merged(bulk.reasons, report.skipped), failures=0,
            problem=None,
        )  # fmt: skip
        return _over(after, BulkState.DONE) if position is None else after

    def _report(self, bulk: BulkAction, size: int) -> tuple[Report, str | None]:
        """Return what became of the next jobs, and where to go on."""
        acting = self.acting(bulk)
        if bulk.which is not None:
            report = acting.on_matches(bulk.action, bulk.which, size, bulk.dry_run, bulk.position)
            return report, report.cursor
        ids, begin = self.rows.ids(bulk.id), int(bulk.position or 0)
        part = ids[begin : begin + size]
        report = acting.on_ids(bulk.action, part, bulk.dry_run)
        report.matched -= len(report.untried)
        end = begin + len(part) - len(report.untried)
        return report, str(end) if end < len(ids) else None


def merged(known: Mapping[str, Reason], skipped: Sequence[tuple[str, str]]) -> Mapping[str, Reason]:
    """Return the reasons with those of more jobs, without the ids that make each one differ."""
    found = dict(known)
    for job_id, reason in skipped:
        common = reason.replace(f"Job {job_id} ", "").replace(job_id, "it")
        name = common if common in found or len(found) < MOST_REASONS else OTHER
        before = found.get(name, Reason(0))
        samples = (*before.samples, job_id) if len(before.samples) < MOST_SAMPLES else before.samples
        found[name] = Reason(before.jobs + 1, samples)
    return found


def _over(bulk: BulkAction, state: BulkState) -> BulkAction:
    return replace(bulk, state=state)
