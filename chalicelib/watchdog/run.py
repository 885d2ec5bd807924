"""Every minute: send missing messages, end undeliverable jobs, clean the dead-letter queues.

A run never scans a table. It searches each job type separately (`search.py`), checks the found jobs in portions of ten
with the types in turn, and stops before its time is over. Two simultaneous runs, a stale index, or a run that is killed
at any point do no harm. A conditional write advances `due_at` before a message is sent, and a job whose message is sent
twice runs once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chalicelib.bulk.background import BulkWork
from chalicelib.counters.port import Standing
from chalicelib.erasing.clearing import Clearer
from chalicelib.erasing.work import Erasing
from chalicelib.errors import MoveRefused, RowNotSigned
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import queue_of
from chalicelib.job_types.queues import keys_of
from chalicelib.jobs import transitions
from chalicelib.jobs.attempt import attempt_of
from chalicelib.jobs.change import Change
from chalicelib.jobs.constants import GIVE_UP_STALLED
from chalicelib.jobs.job import LOST, Job, Status
from chalicelib.jobs.port import Depth, Helpers
from chalicelib.limits.places import Listed
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.ends import follow_end
from chalicelib.operating.lines import Lines
from chalicelib.pausing.port import PastPauses
from chalicelib.telemetry import events
from chalicelib.watchdog.constants import (
    LEAST_LIMIT_TIME,
    LEAST_LIMITS_TIME,
    MOST_SWEEPS,
    MOST_SWEPT,
    PATIENCE,
    STOP_BEFORE_END,
    SWEEP_RESERVE,
)
from chalicelib.watchdog.dead_letters import Sweeper, give_up
from chalicelib.watchdog.growing_queues import Growing
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.pulse import Pulse
from chalicelib.watchdog.quiet_queues import QuietQueues
from chalicelib.watchdog.resumed import Resumed
from chalicelib.watchdog.rule import (
    REMOVED,
    Expire,
    GiveUp,
    Leave,
    LineUp,
    Resend,
    Retire,
    Signs,
    Undeclared,
    Wait,
    check,
)
from chalicelib.watchdog.search import Found, find, portions, searched, signs_of, undeclared
from chalicelib.watchdog.sharing import alternate, in_turn, share
from chalicelib.watchdog.troubles import TroubleWatch
from chalicelib.watchdog.waiters import Waiters

S = TypeVar("S")
T = TypeVar("T")


@dataclass
class Watchdog:
    """Check the unfinished jobs and the dead-letter queues of the given types; `standing` reads the counters.

    `bulk` and `erasing` start workers for open bulk actions and erasures that no worker processes; `past_pauses` reads
    when types were resumed; `troubles` looks for types in trouble; `positions` are those of `Waiters`; `pulse` notices
    counters that stand still.
    """

    dispatcher: Dispatcher
    types: Sequence[str]
    threads: int = 1
    standing: Callable[[], Standing] | None = None
    helpers: Helpers | None = None
    bulk: BulkWork | None = None
    past_pauses: PastPauses | None = None
    tally: Counter[str] = field(default_factory=Counter)
    resumed: Resumed = field(default_factory=Resumed)
    lookback: Lookback = field(default_factory=Lookback)
    growing: Growing = field(default_factory=Growing)
    quiet: QuietQueues = field(default_factory=QuietQueues)
    troubles: TroubleWatch | None = None
    positions: dict[str, str] = field(default_factory=dict)
    pulse: Pulse | None = None
    erasing: Erasing | None = None
    clearer: Clearer | None = None

    def run(self, remaining: Callable[[], float]) -> Mapping[str, int]:
        """Run once; `remaining` returns the seconds left. Return the numbers of jobs and messages by result."""
        self.tally, self.resumed = Counter(), Resumed(self.past_pauses)
        now = self.dispatcher.now()
        self.lookback.begin(self.types, now)
        standing = self._standing()
        if standing is not None and standing.bulk and self.bulk is not None:
            self.tally["bulk_woken"] += self.bulk.look_after(standing.bulk)
        if standing is not None and standing.erasing and self.erasing is not None:
            self.tally["erasing_woken"] += self.erasing.look_after(standing.erasing)
        if self.clearer is not None:
            self.tally["clearing_woken"] += self.clearer.look_after()
        assumed = {key: depth for key in self.queues if (depth := self.quiet.known(key, standing, now)) is not None}
        depths = assumed | self._depths([key for key in self.queues if key not in assumed], now)
        signs = {name: signs_of(name, depths[queue_of(name)], standing) for name in self.types}
        # leave out paused queues, because they are expected to grow
        going = {queue_of(name) for name, one in signs.items() if not one.paused}
        if grown := self.growing.look({key: depth for key, depth in depths.items() if key in going}, now):
            events.growing(grown)
        succeeded = self._look_for_trouble(standing, depths, remaining)
        removed = undeclared(standing, self.types)
        behind = self._behind(signs.values(), now)
        signs = {name: replace(one, counted=one.counted and not behind) for name, one in signs.items()}
        signs |= dict.fromkeys(removed, Signs(declared=False))
        counted = None if behind else standing
        names = in_turn([*(name for name in self.types if searched(name, counted, now, self.lookback)), *removed], now)
        half = remaining() / 2
        found = self._each(lambda name: self._found(name, signs, standing) if remaining() >= half else None, names)
        self.tally += Counter(out_of_time=found.count(None))
        some = {name: portions for name, portions in zip(names, found, strict=True) if portions}
        # an unfinished job shows that the counters did not know of it: its queue may contain messages
        if awake := {queue_of(name) for name in some} & assumed.keys():
            depths |= self._depths(sorted(awake), now)
            signs |= {name: signs_of(name, depths[queue_of(name)], standing) for name in self.types
                      if queue_of(name) in awake}  # fmt: skip
        self._look_at(self._shared(some), signs, remaining)
        self._look_at_lines(standing, remaining)
        if standing is not None:
            waiters = Waiters(self.dispatcher, self.types, self.positions)
            self.tally += Counter(woken=waiters.look(standing, lambda: remaining() > SWEEP_RESERVE))
        if self.tally["failed"] or self.tally["out_of_time"]:
            self.lookback.keep(self.types, self.dispatcher.now())
        self._sweep(depths, remaining)
        events.watchdog_ran(self.tally, succeeded=succeeded)
        return self.tally

    def _behind(self, signs: Iterable[Signs], now: float) -> bool:
        """Return whether the counters answer, but are behind. While every queue is empty or paused, nobody asks.

        Then no job is searched by the counters: an empty queue shows more than they do.
        """
        if self.pulse is None:
            return False
        if all(one.empty or one.paused or not one.counted for one in signs):
            self.pulse.rest()
            return False
        return self.pulse.behind(now)

    def _look_for_trouble(
        self, standing: Standing | None, depths: Mapping[str, Depth | None], remaining: Callable[[], float]
    ) -> bool:
        """Return whether it is known which types are in trouble: their alarms keep their state without data."""
        if self.troubles is None:
            return True
        if standing is None:
            return False
        try:
            return self.troubles.look(standing, depths, remaining)
        except Exception as error:
            events.watchdog_failed("types in trouble", error)
            return False

    def look_at(self, types: Sequence[str], ids: Sequence[str], remaining: Callable[[], float]) -> Mapping[str, int]:
        """Check these jobs of these types, for a run that found too many to check itself. Return the same as `run`."""
        self.tally, self.resumed = Counter(), Resumed(self.past_pauses)
        standing = self._standing()
        declared = [name for name in types if name in self.types]
        depths = {key: self._depth(key) for key in keys_of(declared)}
        signs = {name: signs_of(name, depths[queue_of(name)], standing) for name in declared}
        self._look_at(list(portions(ids)), signs, lambda: remaining() + SWEEP_RESERVE - STOP_BEFORE_END)
        events.watchdog_helped(types, self.tally)
        return self.tally

    def _shared(self, found: Mapping[str, Sequence[Found]]) -> Sequence[Found]:
        """Start helpers if there are too many jobs for this run; return its own portions, with the types in turn."""
        if self.helpers is None:
            return list(alternate(list(found.values())))
        shared = share(found)
        for part in shared.helpers:
            try:
                self.helpers.look_at(part.types, part.ids)
                self.tally["handed_over"] += len(part.ids)
            except Exception as error:
                events.watchdog_failed(f"helper for {', '.join(part.types)}", error)
        return shared.own

    def _each(self, work: Callable[[S], T], on: Sequence[S]) -> list[T]:
        if self.threads == 1:
            return list(map(work, on))
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(work, on))

    def _standing(self) -> Standing | None:
        try:
            return self.standing() if self.standing else None
        except Exception as error:
            events.watchdog_failed("counters", error)
            return None

    @property
    def queues(self) -> list[str]:
        """Return the keys of the types' queues."""
        return keys_of(self.types)

    def _depths(self, keys: Sequence[str], now: float) -> dict[str, Depth | None]:
        """Ask for the depths of these queues, and remember them."""
        depths = dict(self._each(lambda key: (key, self._depth(key)), in_turn(keys, now)))
        for key, depth in depths.items():
            self.quiet.keep(key, depth, now)
        return depths

    def _depth(self, key: str) -> Depth | None:
        """Return the depth of a queue; None if it is unknown: the queue then does not count as empty."""
        try:
            return self.dispatcher.queue.depth(key)
        except Exception as error:
            events.watchdog_failed(key, error)
            return None

    def _found(self, name: str, signs: Mapping[str, Signs], standing: Standing | None) -> list[Found]:
        seen, now = signs.get(name, Signs(counted=False)), self.dispatcher.now()
        if seen.paused:
            self.lookback.keep([name], now)
        try:
            found = find(self.dispatcher.store, name, seen, standing, now, self.lookback.since(name, now))
        except Exception as error:
            events.watchdog_failed(f"overdue {name}", error)
            self.lookback.keep([name], now)
            return []
        self.lookback.searched(name, now)
        return found

    def _look_at(self, portions: Sequence[Found], signs: Mapping[str, Signs], remaining: Callable[[], float]) -> None:
        def look(portion: Found) -> Mapping[str, int]:
            return self._look(portion, signs) if remaining() > SWEEP_RESERVE else {"out_of_time": len(portion.ids)}

        for end in self._each(look, portions):
            self.tally.update({name: n for name, n in end.items() if n})

    def _look(self, portion: Found, signs: Mapping[str, Signs]) -> Mapping[str, int]:
        """Check the jobs of a portion; send their messages together."""
        try:
            found = self.dispatcher.store.get_many(portion.ids)
        except Exception as error:
            events.watchdog_failed(portion.ids[0], error)
            return {"failed": len(portion.ids)}
        jobs = [job for job in found if not (portion.unsent_only and job.sent)]
        tally: Counter[str] = Counter()
        sending: list[tuple[Job, int]] = []
        for job in jobs:
            try:
                tally[self._judge(job, signs.get(job.type, Signs(declared=False)), sending)] += 1
            except MoveRefused:
                tally["left"] += 1
            except Exception as error:
                events.watchdog_failed(job, error)
                tally["failed"] += 1
        if not portion.unsent_only:
            tally["left"] += len(portion.ids) - len(jobs)
        del tally["sending"]
        return tally + self._send(sending)

    def _judge(self, job: Job, signs: Signs, sending: list[tuple[Job, int]]) -> str:
        now = self.dispatcher.now()
        match self.resumed.judge(job, lambda job: check(job, now, signs)):
            case Leave():
                return "left"
            case Wait(until):
                self._apply(job, transitions.check(job, until=round(until, 3), resent=False))
                return "waiting"
            case Undeclared(until):
                self._apply(job, transitions.check_undeclared(job, now=now, until=round(until, 3)))
                return "undeclared"
            case Retire():
                self._retire(job, now)
                return "retired"
            case Expire():
                events.expired(self._apply(job, transitions.expire(job, now=now)))
                return "expired"
            case LineUp():
                return self._line_up(job, now)
            case GiveUp(error):
                give_up(self.dispatcher, job, error)
                return "given_up"
            case Resend() if not self.dispatcher.store.signed(job):
                return self._refuse(job, now)
            case Resend(delay, until, stalled):
                since = now if stalled else None
                change = transitions.check(job, until=round(until, 3), resent=True, stalled_since=since)
                sending.append((self._apply(job, change), delay))
                if stalled and job.stalled_since is None:
                    events.stalled(job, _why_stalled(job))
                return "sending"

    def _refuse(self, job: Job, now: float) -> str:
        """Send no message for a job whose row is not signed; give up the job if that is still so after a day."""
        if job.stalled_since is not None and now - job.stalled_since > GIVE_UP_STALLED:
            give_up(self.dispatcher, job, ("RowNotSigned", str(RowNotSigned())))
            return "given_up"
        until = round(now + PATIENCE.longest, 3)
        self._apply(job, transitions.check(job, until=until, resent=False, stalled_since=now))
        if job.stalled_since is None:
            events.stalled(job, "RowNotSigned")
        return "refused"

    def _line_up(self, job: Job, now: float) -> str:
        if (lines := self._lines) is not None:
            lines.line_up(job)
        self._apply(job, transitions.line_up(job, now=now))
        return "lined_up"

    @property
    def _lines(self) -> Lines | None:
        places = self.dispatcher.places
        return None if places is None else Lines(self.dispatcher, places())

    def _look_at_lines(self, standing: Standing | None, remaining: Callable[[], float]) -> None:
        """Look at the limits for which jobs may wait, in half of the time that is left for jobs.

        If hardly any is left, look for some seconds. No limit gets much more than its share of this time. Without such
        a limit and without blocked jobs, this reads nothing.
        """
        blocked = standing is None or any(
            n > 0 for (_, status), n in standing.totals.items() if status is Status.BLOCKED
        )
        lines = self._lines
        if lines is None or not (blocked or any(jobtype.has_limits(name) for name in self.types)):
            return
        try:
            listed = in_turn(lines.listed(), self.dispatcher.now())
        except Exception as error:
            events.watchdog_failed("limits", error)
            return
        time = max(LEAST_LIMITS_TIME, (remaining() - SWEEP_RESERVE) / 2)
        until = max(STOP_BEFORE_END, remaining() - time)
        share = max(LEAST_LIMIT_TIME, time * self.threads / max(1, len(listed)))

        def look(one: Listed) -> str:
            ends = max(until, remaining() - share)
            if remaining() <= ends:
                return "limits_left"
            return "limits" if lines.look_at(one, lambda: remaining() > ends) else "limits_failed"

        self.tally += Counter(self._each(look, listed))

    def _apply(self, job: Job, change: Change) -> Job:
        after = self.dispatcher.store.apply(job.id, change)
        if after.terminal:
            follow_end(self.dispatcher, job, after)
        return after

    def _retire(self, job: Job, now: float) -> None:
        retired = self._apply(job, transitions.retire(job, now=now, reason=REMOVED))
        if job.status is Status.PROCESSING:
            self.dispatcher.store.record(job.id, attempt_of(job, LOST, now))
        events.retired(retired)

    def _send(self, sending: Sequence[tuple[Job, int]]) -> Counter[str]:
        delays = {job.id: delay for job, delay in sending}
        out = self.dispatcher.send_many([job for job, _ in sending], delays)
        for job, delay in sending:
            if job.id in out:
                events.resent(job, delay)
            else:
                self.lookback.keep([job.type], self.dispatcher.now(), job.next_attempt_at)
        return Counter({"resent": len(out), "failed": len(sending) - len(out)})

    def _sweep(self, depths: Mapping[str, Depth | None], remaining: Callable[[], float]) -> None:
        """Sweep each queue that contains messages, one queue after the other; several threads sweep a long queue."""
        turns = []
        for key in in_turn(self.queues, self.dispatcher.now()):
            depth = depths[key]
            sweeps = 1 if depth is None else min(MOST_SWEEPS, -(-depth.dead // MOST_SWEPT))
            turns.append([key] * sweeps)

        def sweep(key: str) -> Mapping[str, int]:
            return Sweeper(self.dispatcher, self.resumed).sweep(key, lambda: remaining() > STOP_BEFORE_END)

        for tally in self._each(sweep, list(alternate(turns))):
            self.tally.update(tally)


def _why_stalled(job: Job) -> str:
    if job.sent:
        return "its message was lost"
    return "its message cannot be sent" if job.resends else "its wait was over, and nobody woke it"
