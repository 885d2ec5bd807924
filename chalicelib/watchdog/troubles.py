"""Find the types in trouble in each run of the watchdog: write the metric, store them, and notify the person on call.

The metric comes first, because alarms depend on it. The message is sent before the row says that it was sent: if the
process dies in between, the next run sends the message again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.counters import wait_times
from chalicelib.counters.port import Counters, Latest, Standing, TroubleRow
from chalicelib.counters.troubles import MEASURED, Condition, Trouble, Troubles
from chalicelib.job_types.queues import TypeQueue
from chalicelib.jobs.constants import ANY_TIME, MOST_READ
from chalicelib.jobs.job import ACTIVE, CLAIMABLE, Status
from chalicelib.jobs.port import Depth, JobStore, Search, Teller
from chalicelib.telemetry import events
from chalicelib.watchdog.constants import DUE_READ, RATIO_SECONDS
from chalicelib.watchdog.sharing import in_turn
from chalicelib.watchdog.spending import SpendingWatch
from chalicelib.watchdog.trouble_rule import (
    QueueSeen,
    TypeSeen,
    Waits,
    after,
    causes,
    ends,
    is_news,
    may_run,
    message,
    patience,
    seen_of,
    starts_after,
    told,
    unclaimed,
)

TIMED = CLAIMABLE - {Status.QUEUED}
"""States of a job that waits for a time. It keeps its state until a worker claims it, and the counters do not store
since when it has been due."""


@dataclass(frozen=True, slots=True)
class Look:
    """Hold what a check of all queues knows at its beginning. `check_time` raises TimeoutError if its time is over."""

    standing: Standing
    now: float
    check_time: Callable[[], None]


@dataclass
class TroubleWatch:
    """Find the trouble of these queues. `teller` is None without a topic, `stack` is the name in the message.

    `unwritten`: for the text of the row, what this process failed to write in its place. Otherwise, a process that can
    send messages but cannot write the row would send the same message each minute.
    """

    queues: Iterable[TypeQueue]
    store: JobStore
    counters: Counters
    row: TroubleRow
    clock: Callable[[], float]
    teller: Teller | None
    stack: str
    unwritten: dict[str, Troubles] = field(default_factory=dict)
    spending: SpendingWatch | None = None

    def look(self, standing: Standing, depths: Mapping[str, Depth | None], remaining: Callable[[], float]) -> bool:
        """Check all queues once; return whether the troubles of all are known.

        If a queue cannot be read, or the time is over (a third of the `remaining` seconds), its known troubles stay,
        with those that this run found before. Raises the error of writing the row. A message that could not be sent is
        sent by the next run.
        """
        now, least = self.clock(), remaining() * 2 / 3
        by_key = {queue.key: queue for queue in self.queues}
        found: dict[Trouble, float] = {}
        unknown: set[str] = set()
        look = Look(standing, now, lambda: _check_time(remaining(), least))
        for queue in map(by_key.__getitem__, in_turn(list(by_key), now)):
            seen, whole = seen_of(queue, standing, depths.get(queue.key)), False
            try:
                look.check_time()
                seen, whole = self._read_more(seen, queue, depths.get(queue.key), look)
            except Exception as error:
                events.watchdog_failed(f"troubles of {queue.key}", error)
            if not whole:
                unknown |= {queue.key, *(kind.name for kind in queue.types)}
            found |= causes(seen, now)
        if self.spending is not None:
            dear, unread = self.spending.look(standing, look.check_time)
            found |= {(Condition.BUDGET, name): now for name in dear}
            unknown |= unread
        self._keep(standing.troubles, found, now, unknown)
        return not unknown

    def _keep(self, row: Troubles, found: Mapping[Trouble, float], now: float, unknown: Collection[str]) -> None:
        """Write the metric, send the message if it is due, and store both."""
        troubles = after(self.unwritten.get(row.text, row), found, now, unknown)
        events.in_trouble({condition: troubles.of(condition) for condition in MEASURED})
        if is_news(troubles, now):
            troubles = self._told(troubles, now)
        self.unwritten.clear()
        if troubles.text != (row.text or "[]"):
            self.unwritten[row.text] = troubles
            self.row.replace_troubles(row, troubles)  # if another process was faster, the next run begins with its row
            self.unwritten.clear()

    def _told(self, troubles: Troubles, now: float) -> Troubles:
        if self.teller is None:
            return told(troubles, now)
        try:
            self.teller.tell(*message(troubles, self.stack, now))
        except Exception as error:
            events.watchdog_failed("alarm topic", error)
            return troubles
        return told(troubles, now)

    def _read_more(self, seen: QueueSeen, queue: TypeQueue, depth: Depth | None, look: Look) -> tuple[QueueSeen, bool]:
        """Read jobs and minutes if the counters or the queue's depth give a reason.

        Return what is known then, and whether this is all that such a check finds out.
        """
        latest = {one.name: one.latest for one in seen.types}
        fails = any(look.now - one.failed_at < RATIO_SECONDS for one in latest.values())
        ended = {name: self._ends(name, look) if fails else (0, 0) for name in latest}
        idle = seen.paused or not (depth is None or depth.visible or depth.in_flight)
        waits, whole = ({}, True) if idle else self._waits(queue, latest, look)
        types = [TypeSeen(name, one, waits.get(name, Waits()).late, *ended[name]) for name, one in latest.items()]
        # a job that was not read may run, so it is not known that workers start none
        running = not whole or any(one.running for one in waits.values())
        return replace(seen, types=types, running=running), whole

    def _waits(self, queue: TypeQueue, latest: Mapping[str, Latest], look: Look) -> tuple[dict[str, Waits], bool]:
        """Return what is known of the waiting jobs of each type that has unfinished jobs, and whether all were read.

        If the counters have none, although the queue has messages, they may be late, so the jobs of all types are read.
        After a read that fails, or at the end of the time, only the counters are asked. The types take turns, so that
        each is read in some runs.
        """
        counted = [name for name in latest if any(look.standing.totals.get((name, status)) for status in ACTIVE)]
        stuck = unclaimed(latest.values(), look.now, starts_after(queue))
        found: dict[str, Waits] = {}
        whole = True
        for name in in_turn(counted or list(latest), look.now):
            try:
                if whole:
                    found[name] = self._waits_of(name, queue, look, stuck=stuck)
            except Exception as error:
                events.watchdog_failed(f"waiting jobs of {name}", error)
                whole = False
            if not whole and not stuck:
                found[name] = _counted(name, queue, look)
        return found, whole

    def _waits_of(self, name: str, queue: TypeQueue, look: Look, *, stuck: bool) -> Waits:
        """Return what is known of the waiting jobs of a type.

        While workers claim jobs, the counters show the queued ones, and jobs are read only if some wait for a time. If
        no worker claims any (`stuck`), the counters may be late, so only what the jobs themselves show counts, unless
        there are more jobs than a run reads.
        """
        counted = _counted(name, queue, look)
        if not stuck and not any(look.standing.totals.get((name, status)) for status in TIMED):
            return counted
        read, whole = self._read(name, queue, look, stuck=stuck)
        if stuck and whole:
            return read
        return Waits(max(read.late, counted.late), read.running or counted.running)

    def _read(self, name: str, queue: TypeQueue, look: Look, *, stuck: bool) -> tuple[Waits, bool]:
        """Read the jobs of a type, oldest first, until one shows that a job is old; return also whether all were read.

        If `stuck`, younger jobs are read, too: they may be due for long enough, and may show that workers run.
        """
        enough, least = patience(queue), starts_after(queue)
        before = look.now - (least if stuck else enough)
        found, whole = Waits(), True
        for search in (Search(name, before=None if stuck else before), Search(name, planned=True, before=before)):
            look.check_time()
            entries = self.store.overdue(search, ANY_TIME, DUE_READ)
            whole = whole and len(entries) < DUE_READ
            for start in range(0, len(entries), MOST_READ):
                look.check_time()
                jobs = self.store.read_all([one.id for one in entries[start : start + MOST_READ]])
                found = found.with_(jobs, look.now)
                if found.late >= enough and (found.running or not stuck):
                    return found, True
        return found, whole

    def _ends(self, name: str, look: Look) -> tuple[int, int]:
        """Return the same as `ends`, for the last 15 minutes of the type."""
        look.check_time()
        return ends(numbers for _, numbers in self.counters.buckets(name, 60, look.now - RATIO_SECONDS, look.now))


def _check_time(left: float, least: float) -> None:
    if left < least:
        raise TimeoutError("The rest of the time is for lost messages.")


def _counted(name: str, queue: TypeQueue, look: Look) -> Waits:
    """Return what the counters show of the waiting jobs of a type."""
    latest = look.standing.latest.get(name, Latest())
    running = bool(look.standing.totals.get((name, Status.PROCESSING))) and may_run(queue, latest, look.now)
    since = wait_times.oldest(look.standing.waiting.get(name, {}), look.now)
    return Waits(0.0 if since is None else look.now - since, running)
