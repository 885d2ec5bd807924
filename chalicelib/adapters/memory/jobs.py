"""Store jobs in memory, for tests and quick experiments; the contract tests of DynamoDB check this store too."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from chalicelib.access.port import Window
from chalicelib.access.sliding_window import roll
from chalicelib.adapters.constants import CENSUS_PAGE_IN_MEMORY
from chalicelib.counters.port import Seen, SeenPage
from chalicelib.errors import IdNotFree, JobExists, JobNotFound, MoveRefused, ResultRemoved
from chalicelib.jobs import job as j
from chalicelib.jobs import run_identity
from chalicelib.jobs.change import Change, Clearing
from chalicelib.jobs.history import Act, JobView, view_of
from chalicelib.jobs.job import JSON, LOST, Attempt, Job, Status
from chalicelib.jobs.listing import ACTIVE as AT_WORK
from chalicelib.jobs.listing import (
    PARKED,
    SCHED,
    among_children,
    born,
    by_due,
    group,
    is_parked,
    iso,
    matches,
    order,
    order_at,
)
from chalicelib.jobs.port import Filter, KeyLock, Overdue, Page, Search, Sharing
from chalicelib.jobs.signing import Signing
from chalicelib.jobs.step import Step, in_order
from chalicelib.jobs.tenants import tenant_of


class MemoryClearings:
    """See Clearings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[tuple[float, str], Clearing] = {}
        self._leased = float("-inf")

    def plan(self, one: Clearing) -> None:
        """See Clearings."""
        with self._lock:
            self._planned[one.due_at, one.job] = one

    def due(self, now: float, limit: int) -> Sequence[Clearing]:
        """See Clearings."""
        with self._lock:
            return [self._planned[key] for key in sorted(self._planned) if key[0] < now][:limit]

    def move(self, one: Clearing, due_at: float) -> None:
        """See Clearings."""
        self.plan(replace(one, due_at=due_at))
        if one.due_at != due_at:
            self.drop(one)

    def drop(self, one: Clearing) -> None:
        """See Clearings."""
        with self._lock:
            self._planned.pop((one.due_at, one.job), None)

    def lease(self, now: float, until: float) -> bool:
        """See Clearings."""
        with self._lock:
            if self._leased >= now:
                return False
            self._leased = until
            return True

    def rest(self, until: float) -> None:
        """See Clearings."""
        with self._lock:
            if self._leased == until:
                self._leased = float("-inf")


class MemoryJobStore:
    """Jobs in a dict; one lock makes each change atomic."""

    def __init__(self, clock: Callable[[], float] = time.time, signing: Signing | None = None) -> None:
        self._clock = clock
        self._signing = signing or Signing()
        self._lock = threading.RLock()
        self.clearings = MemoryClearings()
        self._jobs: dict[str, Job] = {}
        self._orders: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._key_locks: dict[str, KeyLock] = {}
        self._made: dict[str, dict[str, None]] = {}
        self._attempts: dict[str, dict[tuple[int, int], Attempt]] = {}
        self._acts: dict[str, list[Act]] = {}
        self._steps: dict[tuple[str, int], dict[str, Step]] = {}
        self._payloads: dict[tuple[str, int], tuple[float, JSON]] = {}

    def stored(self) -> dict[str, Job]:
        """Return every job, also those that nobody may see any more."""
        with self._lock:
            return dict(self._jobs)

    def stored_job(self, job_id: str) -> Job | None:
        """Return the job, also one that nobody may see any more."""
        return self._jobs.get(job_id)

    def made_by(self, job_id: str) -> list[Job]:
        """Return the jobs with this parent, in the same way."""
        with self._lock:
            found = [self._jobs.get(one) for one in self._made.get(job_id, ())]
        return [job for job in found if job is not None and job.parent == job_id]

    def parts_of(self, job_id: str) -> list[str]:
        """Return names of what is stored beside a job: its attempts, acts, steps and earlier payloads."""
        with self._lock:
            return [
                *(f"ATT {token}" for token in self._attempts.get(job_id, {})),
                *(f"ACT {act.at}" for act in self._acts.get(job_id, [])),
                *(f"STEP {key[1]} {name}" for key, steps in self._steps.items() if key[0] == job_id for name in steps),
                *(f"PAST {key[1]}" for key in self._payloads if key[0] == job_id),
            ]

    def remove_parts(self, job_id: str, *, data_only: bool = False) -> None:
        """Remove what is stored beside a job, or only its steps and earlier payloads."""
        with self._lock:
            if not data_only:
                self._attempts.pop(job_id, None)
                self._acts.pop(job_id, None)
            for kept in (self._steps, self._payloads):
                for key in [key for key in kept if key[0] == job_id]:
                    del kept[key]

    def release(self, key: str, held: str) -> None:
        """Remove the lock of a key if this still holds it."""
        with self._lock:
            found = self._key_locks.get(key)
            if found is not None and found.job == held:
                del self._key_locks[key]

    def remove(self, job: Job) -> None:
        """Remove an erased job, if its id is still its own."""
        with self._lock:
            found = self._jobs.get(job.id)
            if found is not None and found.erased_at is not None and found.created_at == job.created_at:
                self._remove(job.id)

    def _remove(self, job_id: str) -> None:
        del self._jobs[job_id]
        self._orders.pop(job_id, None)
        self._groups.pop(job_id, None)

    def made(self) -> list[str]:
        """Return the ids in the order in which the jobs were stored, which tells jobs of the same moment apart."""
        with self._lock:
            return list(self._jobs)

    def list_children(self, jobs: Sequence[Job]) -> None:
        """See JobStore. The lists are made from the stored jobs."""

    def add_listed(self, job: Job) -> None:
        """See JobStore."""
        self.add(job)

    def add(self, job: Job) -> None:
        """See JobStore."""
        with self._lock:
            existing = self._find(job.id)
            if existing is None and job.id in self._jobs and self._jobs[job.id].erased_at is not None:
                raise IdNotFree(job.id)
            if existing is not None and job.writer and existing.writer == job.writer:
                return
            if existing is not None:
                raise JobExists(existing)
            signed = self._sign(replace(job, end_mark=self._signing.end_mark(job)))
            self._jobs[job.id], self._orders[job.id] = signed, order(job)
            self._put(job.id, group(job.status, parked=is_parked(job)))
            if job.parent is not None:
                self._made.setdefault(job.parent, {})[job.id] = None

    def get(self, job_id: str) -> Job:
        """See JobStore."""
        found = self._find(job_id)
        if found is None:
            raise JobNotFound(job_id)
        return found

    def get_without_bodies(self, job_id: str) -> Job:
        """See JobStore."""
        return self.get(job_id)

    def result_of(self, job_id: str) -> JSON:
        """See JobStore."""
        found = self.get(job_id)
        if found.cleared_at is not None:
            raise ResultRemoved(job_id)
        return found.result

    def view(self, job_id: str) -> JobView:
        """See JobStore."""
        acts = sorted(self._acts.get(job_id, []), key=lambda act: act.at)
        return view_of(self.get(job_id), list(self._attempts.get(job_id, {}).values()), acts)

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        with self._lock:
            current = self._find(job_id)
            before = self._jobs.get(job_id)
            if before is not None and before.writer == change.writer:
                return before
            if change.move is j.ERASE:
                current = before  # an expired job that is still there is erased, too
            if current is None or not change.allowed(current):
                raise MoveRefused(change.move.name, self._find(job_id))
            if change.clearing is not None:
                self.clearings.plan(change.clearing)
            after = change.applied(current)
            if "on_end" in change.written():
                after = replace(after, end_mark=self._signing.end_mark(after))
            self._jobs[job_id] = after if change.found is None else self._sign(after)
            self._place(self._jobs[job_id], change)
            return self._jobs[job_id]

    def key_lock(self, key: str) -> KeyLock | None:
        """See JobStore."""
        return self._key_locks.get(key)

    def acquire(self, key: str, seen: KeyLock | None, new: KeyLock) -> bool:
        """See JobStore."""
        with self._lock:
            found = self._key_locks.get(key)
            if (found and found.job) == (seen and seen.job):
                found = self._key_locks[key] = new
            return found is not None and found.job == new.job

    def kept_steps(self, job: Job) -> Sequence[Step]:
        """See JobStore."""
        kept = self._steps.get((job.id, job.line), {})
        return in_order(step for step in kept.values() if step.at >= run_identity.since(job.created_at))

    def kept_step(self, job: Job, key: str) -> Step | None:
        """See JobStore."""
        step = self._steps.get((job.id, job.line), {}).get(key)
        return step if step is not None and step.at >= run_identity.since(job.created_at) else None

    def keep_step(self, job: Job, step: Step) -> Step:
        """See JobStore."""
        with self._lock:
            kept = self.kept_step(job, step.key) or step
            self._steps.setdefault((job.id, job.line), {})[step.key] = kept
            return kept

    def signed(self, job: Job) -> bool:
        """See JobStore."""
        return self._signing.accepts(job)

    def end_signed(self, job: Job) -> bool:
        """See JobStore."""
        return self._signing.accepts_end(job)

    def _sign(self, job: Job) -> Job:
        return replace(job, signature=self._signing.signature(job))

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        known = self._attempts.setdefault(job_id, {})
        before = known.get(attempt.token)
        if attempt.outcome != LOST or before is None or before.started_at < run_identity.since(attempt.started_at):
            known[attempt.token] = attempt

    def keep_act(self, job_id: str, act: Act) -> None:
        """See JobStore."""
        known = self._acts.setdefault(job_id, [])
        if act not in known:
            known.append(act)

    def keep_payload(self, job_id: str, gen: int, payload: JSON) -> None:
        """See JobStore."""
        self._payloads[job_id, gen] = self._clock(), payload

    def payload_of(self, job_id: str, gen: int) -> JSON:
        """See JobStore."""
        found = self._find(job_id)
        at, payload = self._payloads.get((job_id, gen), (0.0, None))
        return payload if found is not None and at > run_identity.since(found.created_at) else None

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        """See JobStore."""
        if which.parent is not None:
            return self._children(which.parent, which, limit, position or "")
        if which.batch is not None:
            ids, following = self.members(which.batch, limit, position)
            read = self.get_many(ids)
            return Page([job for job in read if matches(job, which)], following, len(read))
        read = self._newest_first(replace(which, error=None, payload=None))
        read = [job for job in read if self._key(job, which) < (position or "~")]
        found = [job for job in read if matches(job, which)][offset:]
        end = self._key(found[limit - 1], which) if len(found) > limit else ""
        return Page(found[:limit], end or None, sum(end <= self._key(job, which) for job in read))

    def _children(self, parent: str, which: Filter, limit: int, position: str) -> Page:
        """Return some jobs of one parent. As in the other store, `limit` also counts the jobs that the filter skips."""
        made = [job for job in list(self._jobs.values()) if job.parent == parent and among_children(job) > position]
        made.sort(key=among_children)
        looked = [job for job in made[:limit] if self._find(job.id)]
        maker = self._find(parent)
        since = 0.0 if maker is None else run_identity.since(maker.created_at)
        end = among_children(made[limit - 1]) if len(made) > limit else None
        return Page([job for job in looked if job.created_at > since and matches(job, which)], end, len(looked))

    def count_failures(self, fingerprint: str, most: int) -> tuple[Mapping[Status, int], bool]:
        """See JobStore."""
        found = self._newest_first(Filter(fingerprint=fingerprint))
        return Counter(job.status for job in found[:most]), len(found) <= most

    def members(self, batch: str, limit: int, position: str | None = None) -> tuple[Sequence[str], str | None]:
        """See JobStore."""
        found = sorted(job.id for job in list(self._jobs.values()) if job.batch == batch and job.id > (position or ""))
        return found[:limit], found[limit - 1] if len(found) > limit else None

    def sharing(self, job_type: str) -> Sharing:
        """See JobStore. This store reads all jobs."""
        at_work = [job for job in self._grouped(AT_WORK) if job.type == job_type]
        found = Counter(tenant for job in at_work if (tenant := tenant_of(job.tags)) is not None)
        return Sharing(found, len(at_work), whole=True)

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore."""
        planned = (PARKED,) if search.parked else (SCHED, PARKED)
        groups = planned if search.planned else (AT_WORK,)
        low = "" if search.since is None else iso(search.since)
        high = "~" if search.before is None else iso(search.before)
        due = [
            job
            for job in self._grouped(*groups)
            if job.type == search.job_type and job.due_at < now and low <= self._orders[job.id] < high
        ]
        due.sort(key=lambda job: self._orders[job.id])
        return [Overdue(job.id, job.due_at) for job in due[:limit]]

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """See JobStore."""
        return [job for job in map(self._find, ids) if job is not None]

    def read_all(self, ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:  # noqa: ARG002 - all are valid
        """See JobStore."""
        return self.get_many(ids)

    def totals(self) -> Mapping[tuple[str, Status], int]:
        """See Counters."""
        return Counter((job.type, job.status) for job in self._jobs.values() if self._find(job.id))

    def parts(self) -> int:
        """See Census."""
        return 1

    def pages(self, part: int, position: str | None) -> Iterator[SeenPage]:  # noqa: ARG002 - there is one part
        """See Census."""
        jobs = sorted(self._jobs.values(), key=lambda job: (job.created_at, job.id))
        for start in range(int(position or 0), max(1, len(jobs)), CENSUS_PAGE_IN_MEMORY):
            seen = [
                Seen(job.type, job.status, job.updated_at, job if job.terminal and job.on_end is not None else None)
                for job in jobs[start : start + CENSUS_PAGE_IN_MEMORY]
            ]
            end = start + CENSUS_PAGE_IN_MEMORY
            yield SeenPage(seen, str(end) if end < len(jobs) else None)

    def _place(self, job: Job, change: Change) -> None:
        """Move the job's index entry as the change requires, like the index of the other store."""
        if change.move.target is None:
            return
        self._put(job.id, group(job.status, parked=change.written().get("parked_until") is not None))
        if change.first_due is not None:
            self._orders[job.id] = order_at(change.first_due, job.id)

    def _put(self, job_id: str, name: str | None) -> None:
        """Put the job into this group of the index, or into none."""
        self._groups.pop(job_id, None)
        if name is not None:
            self._groups[job_id] = name

    def _grouped(self, *groups: str) -> list[Job]:
        with self._lock:
            return [self._jobs[job_id] for job_id, name in self._groups.items() if name in groups]

    def _find(self, job_id: str) -> Job | None:
        job = self._jobs.get(job_id)
        gone = job is not None and job.expires_at is not None and job.expires_at < self._clock()
        return None if gone or (job is not None and job.erased_at is not None) else job

    def _newest_first(self, which: Filter) -> list[Job]:
        found = [job for job in list(self._jobs.values()) if matches(job, which) and self._find(job.id)]
        return sorted(found, key=lambda job: self._key(job, which), reverse=True)

    def _key(self, job: Job, which: Filter) -> str:
        """Return the sort key of a listing with this filter."""
        return self._orders[job.id] if by_due(which) else born(job)


class MemoryRateWindows:
    """Counts per address in a dict."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        """See RateWindows."""
        with self._lock:
            self._windows[address] = roll(self._windows.get(address), start, length, by)
            return self._windows[address]

    def forgive(self, address: str, start: int) -> None:
        """See RateWindows."""
        with self._lock:
            window = self._windows.get(address)
            if window is not None and window.start == start:
                self._windows[address] = replace(window, count=window.count - 1)
