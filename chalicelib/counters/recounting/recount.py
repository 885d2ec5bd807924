"""Count the jobs themselves, report where the counters have drifted, and repair the counters.

A recount never scans the table: it reads the index over all jobs page by page, and the needed fields of 100 jobs in
each request. A run continues over several invocations. After the count, the run writes canaries to the jobs table, and
compares only after the stream has passed all of them: before that, a difference may be a change that has not arrived.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from chalicelib.counters import keys
from chalicelib.counters.constants import (
    CANARIES,
    CANARY_GIVE_UP,
    CANARY_POLL,
    CANARY_WAIT,
    MOST_NUMBERS_OF_WRITE,
    RECOUNT_EVERY,
    RECOUNT_MARGIN,
    RECOUNT_PAGES,
    RECOUNT_SPARE,
    RECOUNT_THREADS,
)
from chalicelib.counters.port import Additions, Canaries, Census, Counters, CounterTable
from chalicelib.counters.recounting.drift import Drift, Tally, compare, jobs_in, moves_in, named, sure, tally
from chalicelib.counters.recounting.progress import Phase, Progress, Run
from chalicelib.jobs.job import Job

SOURCE = "recount"


@dataclass(frozen=True, slots=True)
class Report:
    """The state of a run: the number of jobs, the differing counters, and the corrections."""

    phase: Phase
    jobs: int = 0
    drifts: tuple[Drift, ...] = ()
    repaired: Mapping[str, int] = field(default_factory=dict)
    judged: bool = False

    @property
    def wrong(self) -> dict[str, int]:
        """Return the sure errors, by type and status."""
        return named(sure(self.drifts))


@dataclass
class Recount:
    """Recount with these ports; `sleep` takes seconds. `repair` false: only compare.

    `ended` gets the finished jobs that tell their ends, page by page, because a recount reads every job anyway. It
    makes the jobs that the stream did not make, and returns their number.
    """

    census: Census
    canaries: Canaries
    counters: Counters
    rows: CounterTable
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    repair: bool = True
    ended: Callable[[Sequence[Job]], int] | None = None

    def step(self, left: Callable[[], float], *, start: bool = False) -> Report:
        """Work for the seconds that `left` returns; start a run if one is due, or with `start`.

        Counting takes about a second for 10,000 jobs. Two processes never work on one run at the same time.
        """
        run = self._taken(left, start=start)
        if run is None:
            return Report(self._progress.load().phase)
        if run.phase is Phase.COUNTING:
            if not self._all_counted(run, left):
                return self._left(run)
            run = replace(run, phase=Phase.WAITING, released=self.clock())
            self.canaries.release(run.canaries, CANARIES)
        if not self._passed(run, left):
            over = self.clock() - run.released > CANARY_GIVE_UP
            return self._left(replace(run, phase=Phase.IDLE) if over else run)
        return self._judged(run)

    @property
    def _progress(self) -> Progress:
        return Progress(self.rows)

    def _taken(self, left: Callable[[], float], *, start: bool) -> Run | None:
        now, run = self.clock(), self._progress.load()
        if run.busy_until > now:
            return None
        if run.phase is Phase.IDLE:
            if not start and now - run.began < RECOUNT_EVERY:
                return None
            run = replace(run, phase=Phase.COUNTING, began=now)
        return self._progress.save(replace(run, busy_until=now + left()))

    def _left(self, run: Run) -> Report:
        self._progress.save(replace(run, busy_until=0.0))
        return Report(run.phase)

    def _all_counted(self, run: Run, left: Callable[[], float]) -> bool:
        parts = self.census.parts()
        with ThreadPoolExecutor(min(parts, RECOUNT_THREADS)) as pool:
            return all(list(pool.map(lambda number: self._count(run, number, left), range(parts))))

    def _count(self, run: Run, number: int, left: Callable[[], float]) -> bool:
        """Count a part from its position; return whether it is finished."""
        part = self._progress.part(run, number)
        if part.done:
            return True
        for page in self.census.pages(number, part.position):
            tally(page.jobs, self.clock(), part.found)
            ended = [one.ended for one in page.jobs if one.ended is not None]
            if ended and self.repair and self.ended is not None:
                self.ended(ended)
            part.pages, part.position, part.done = part.pages + 1, page.position, page.position is None
            stop = not part.done and left() < RECOUNT_SPARE
            if (part.done or stop or part.pages % RECOUNT_PAGES == 0) and not self._progress.keep(run, part):
                return False
            if stop:
                break
        return part.done

    def _passed(self, run: Run, left: Callable[[], float]) -> bool:
        """Wait for the canaries; return whether the stream has passed all of them."""
        row, end = keys.canaries(run.canaries, 0.0), self.clock() + CANARY_WAIT
        while int(self.rows.read(row).get(keys.SEEN, 0)) < CANARIES:
            if self.clock() >= end or left() < RECOUNT_SPARE:
                return False
            self.sleep(CANARY_POLL)
        return True

    def _judged(self, run: Run) -> Report:
        found = _sum(self._progress.part(run, number).found for number in range(self.census.parts()))
        types = {*found, *(name for name, _ in self.counters.standing().totals)}
        drifts = tuple(drift for name in sorted(types) for drift in self._compared(run, name, found.get(name, {})))
        wrong = sure(drifts)
        repaired = self._repaired(run, wrong) if self.repair else {}
        self._progress.save(replace(run, phase=Phase.IDLE, busy_until=0.0))
        return Report(Phase.IDLE, jobs_in(found), drifts, named(repaired), judged=True)

    def _compared(self, run: Run, name: str, found: Mapping[str, int]) -> tuple[Drift, ...]:
        counted = self.rows.read(keys.totals(name))
        start = run.began - RECOUNT_MARGIN
        # Read the buckets after the totals. The stream writes buckets before totals, so every move in the totals is
        # also in a bucket.
        buckets = self.counters.buckets(name, 60, start - start % 60, self.clock())
        return compare(name, found, counted, moves_in(numbers for _, numbers in buckets))

    def _repaired(self, run: Run, wrong: Tally) -> Tally:
        """Add the corrections, each portion with its own mark in the same write, so that a run repairs only once."""
        done: Tally = {}
        for name, numbers in wrong.items():
            every = sorted(numbers.items())
            for start in range(0, len(every), MOST_NUMBERS_OF_WRITE):
                part = Counter(dict(every[start : start + MOST_NUMBERS_OF_WRITE]))
                source = f"{SOURCE}.{start // MOST_NUMBERS_OF_WRITE}"
                if self.rows.add(keys.totals(name), Additions(part), source, run.id, run.id) is None:
                    done.setdefault(name, Counter()).update(part)
        return done


def _sum(found: Iterable[Tally]) -> Tally:
    whole: Tally = {}
    for part in found:
        for name, numbers in part.items():
            whole.setdefault(name, Counter()).update(numbers)
    return whole
