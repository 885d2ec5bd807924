"""Provide the ports in memory: every call of a port is a crash point."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import cast

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.bulk.memory import MemoryBulkActions
from chalicelib.bulk.port import BulkActionRows
from chalicelib.counters.changes import Image, JobChange
from chalicelib.job_types.queue import urgent_key
from chalicelib.jobs.change import Change
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Attempt, Job
from chalicelib.jobs.listing import ACTIVE as AT_WORK
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.port import JobQueue, JobStore, KeyLock
from chalicelib.jobs.priority import HIGH, rank_of
from chalicelib.webhooks.memory import MemoryWebhooks
from chalicelib.webhooks.port import Webhooks
from tests.proof.grounds.faults import DYNAMODB, SQS, Faults, Faulty, Moving, Partial
from tests.proof.grounds.ground import (
    BY_HAND,
    TYPE,
    Ending,
    Ground,
    Received,
    Write,
    Written,
    places_of_limits,
    plan_of_starts,
)
from tests.proof.grounds.honest import HonestQueue

TABLE = ("_jobs", "_orders", "_groups", "_key_locks", "_attempts", "_acts", "_payloads", "_steps", "ids")
"""The data of a memory store."""


class MemoryGround:
    """The memory ports; every call of a port is a crash point."""

    def __init__(self, clock: Callable[[], float], visibility: float, types: Sequence[str] = (TYPE,)) -> None:
        self.faults, self.types = Faults(), types
        self._store = LoggingStore(clock)
        self._queue = HonestQueue(clock, visibility)
        self.store = cast("JobStore", Moving(cast("JobStore", Faulty(self._store, self.faults, DYNAMODB)), self.faults))
        self.queue = cast("JobQueue", Faulty(Partial(self._queue, self.faults), self.faults, SQS))
        self.turns = plan_of_starts(self.faults)
        self.told_paused: set[str] = set()
        self.also_paused: Callable[[], Collection[str]] = tuple
        self.places = places_of_limits(self.faults, lambda: frozenset((*self.told_paused, *self.also_paused())), clock)
        self.raw = self._queue

    def jobs(self) -> Sequence[Job]:
        """See Ground."""
        return [self._store.get(job_id) for job_id in self._store.ids]

    def webhooks(self) -> Webhooks:
        """See Ground."""
        return cast("Webhooks", Faulty(MemoryWebhooks(), self.faults, DYNAMODB))

    def bulk_actions(self, counters: MemoryCounters) -> BulkActionRows:
        """See Ground."""
        return cast("BulkActionRows", Faulty(MemoryBulkActions(counters), self.faults, DYNAMODB))

    def unfinished(self) -> bool:
        """See Ground."""
        return any(not job.terminal for job in self._store.main_items())

    def writes(self) -> Sequence[Write]:
        """See Ground."""
        return self._store.log

    def endings(self) -> Sequence[Ending]:
        """See Ground."""
        return self._store.endings

    def changes(self) -> Sequence[JobChange]:
        """See Ground."""
        return self._store.changes

    def changed(self) -> Sequence[JobChanged]:
        """See Ground."""
        return self._store.changed

    def open(self, name: str) -> None:
        """See Ground."""
        self.types = [*self.types, name]

    def receive(self, most: int, name: str = TYPE) -> Sequence[Received]:
        """See Ground."""
        found = self._queue.receive(name, most)
        return [Received(m.receipt, write_message(m.message), m.receive_count, m.group, m.sent_at, name) for m in found]

    def delete(self, receipt: str, name: str = TYPE) -> None:
        """See Ground."""
        self._queue.delete(name, receipt)

    def put(self, body: str, name: str = TYPE, group: str = BY_HAND) -> None:
        """See Ground."""
        self._queue.send(replace(parse_message(body), type=name, group=group))

    def serialize(self, name: str, max_receives: int) -> None:
        """See Ground."""
        self._queue.receives[name] = max_receives

    def waiting(self, name: str = TYPE) -> int:
        """See Ground."""
        return sum(len(self._queue.messages.get(key, [])) for key in (name, urgent_key(name)))

    def dead(self, name: str = TYPE) -> Sequence[str]:
        """See Ground."""
        return [write_message(m.message) for m in self._queue.dead.get(name, [])]

    def take_dead(self, name: str = TYPE) -> Sequence[str]:
        """See Ground."""
        return [write_message(m.message) for m in self._queue.dead.pop(name, [])]

    def purge(self, name: str = TYPE) -> None:
        """See Ground."""
        for key in (name, urgent_key(name)):
            self._queue.messages.pop(key, None)

    def acted(self) -> Mapping[tuple[str, str], int]:
        """See Ground."""
        return self._store.acted

    def backup(self) -> "LoggingStore":
        """Return a copy of the store with all its data, which does not change any more."""
        return self._store.whole()

    def lose(self) -> None:
        """Lose the table: an empty table replaces it."""
        self._store.clear()

    def frozen(self) -> JobStore:
        """Return a copy of the store, which does not change any more."""
        return cast("JobStore", self._store.copy())


@contextmanager
def in_memory(clock: Callable[[], float]) -> Iterator[Ground]:
    """Provide the memory ports for one execution."""
    yield MemoryGround(clock, visibility=360.0)


class LoggingStore(MemoryJobStore):
    """A memory store that keeps a log of its writes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.ids: list[str] = []
        self.log: list[Write] = []
        self.endings: list[Ending] = []
        self.changes: list[JobChange] = []
        self.changed: list[JobChanged] = []
        self.acted: Counter[tuple[str, str]] = Counter()
        """How often a write of a bulk action changed a job, by the ids of both."""

    def copy(self) -> MemoryJobStore:
        """Return the jobs and their entries in the index as they are now.

        Jobs are values, so copies of the dicts are enough.
        """
        twin = MemoryJobStore(self._clock)
        twin._jobs, twin._orders, twin._groups = dict(self._jobs), dict(self._orders), dict(self._groups)
        return twin

    def whole(self) -> "LoggingStore":
        """Return a copy with the histories and the rows of keys."""
        twin = LoggingStore(self._clock)
        twin.__dict__.update({name: copy(value) for name, value in vars(self).items() if name in TABLE})
        twin._attempts = {job_id: dict(known) for job_id, known in self._attempts.items()}
        twin._steps = {place: dict(kept) for place, kept in self._steps.items()}
        twin._acts = {job_id: list(known) for job_id, known in self._acts.items()}
        return twin

    def clear(self) -> None:
        """Delete the data of the table; the log of writes stays."""
        for name in TABLE:
            vars(self)[name].clear()

    def main_items(self) -> Iterable[Job]:
        """Return the jobs without their histories."""
        return self._jobs.values()

    def locks(self) -> Mapping[str, KeyLock]:
        """Return the rows of keys."""
        return self._key_locks

    def add(self, job: Job) -> None:
        """See JobStore."""
        super().add(job)
        self.ids.append(job.id)
        self.log.append((job.id, None, written(job)))
        self._tell(None, self._image(job))
        self._change(None, job)

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        with self._lock:
            before = self._find(job_id)
            old = None if before is None else self._image(before)
            after = super().apply(job_id, change)
            self.log.append((job_id, None if before is None else written(before), written(after)))
            self._tell(old, self._image(after))
            self._change(before, after)
            bulk = change.values.get("bulk")
            if bulk and after.writer == change.writer and before is not None and before.writer != after.writer:
                self.acted[bulk, job_id] += 1
            return after

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        super().record(job_id, attempt)
        kept = self._attempts[job_id][attempt.token]
        self.endings.append((job_id, *attempt.token, kept.outcome))

    def _change(self, old: Job | None, new: Job) -> None:
        self.changed.append(JobChanged(str(len(self.changed)), old, new, new.result is not None))

    def _tell(self, old: Image | None, new: Image) -> None:
        if old != new:
            self.changes.append(JobChange(f"{len(self.changes):040}", old, new, self._clock()))

    def _image(self, job: Job) -> Image:
        """Return the job as in the stream: the counterpart of `adapters/dynamo/counting/changes.py`."""
        return Image(
            job.id, job.type, job.status, job.created_at, job.updated_at, job.started_at, job.finished_at,
            job.next_attempt_at, job.error_class, job.error_message, job.fingerprint, job.sent, job.resends,
            self._groups.get(job.id) == AT_WORK, self._orders[job.id], bool(job.deferred),
            high=rank_of(job.priority) == HIGH,
        )  # fmt: skip


def written(job: Job) -> Written:
    """Return the part of a job that the log stores."""
    return Written(
        job.type, job.status, job.gen, job.attempts, job.claims, job.max_attempts, job.updated_at, job.started_at,
        job.lease_until, job.next_attempt_at, job.stalled_since, job.kept, job.waits,
        job.cancel_requested,
    )  # fmt: skip
