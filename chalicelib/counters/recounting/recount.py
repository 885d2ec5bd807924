"""Count the jobs themselves, tell where the counters have drifted from them, and put the counters right.

It never scans: it walks the index over all jobs in pages and reads what it needs of each, 100 a request. A run goes
on over as many invocations as it takes. Then it writes canaries beside the jobs and judges only when the stream has
passed all of them: until then, a difference may be a change that is on its way.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from chalicelib.counters import keys
from chalicelib.counters.fold import MOST_NUMBERS
from chalicelib.counters.port import Additions, Canaries, Census, Counters, CounterTable
from chalicelib.counters.recounting.drift import Drift, Tally, compare, jobs_in, moves_in, named, sure, tally
from chalicelib.counters.recounting.progress import Phase, Progress, Run

SOURCE = "recount"
CANARIES = 128
"""Items that the stream must pass. All of them miss a shard that takes 1/16 of the keys in 1 of 4,000 nights."""
EVERY = 20 * 3600.0
"""Seconds from the beginning of one run to the next: at least one ends in each day that the alarm looks at."""
MARGIN = 300.0
"""Seconds before its beginning from which on a move may be missing in the index, or carry an earlier time."""
MOST_THREADS = 16
"""Parts that are counted side by side."""
SPARE = 60.0
"""Seconds before the end of an invocation at which it stops and keeps how far it is."""
WAIT = 60.0
"""Seconds that one invocation waits for the canaries."""
POLL = 1.0
GIVE_UP = 26 * 3600.0
"""Seconds after which canaries do not come any more: the stream forgets after 24 hours."""
PAGES = 20
"""Pages of 1,000 jobs between two writes of how far a part is."""


@dataclass(frozen=True, slots=True)
class Report:
    """The state of a run: how many jobs, where the counters differ, and what was added to them."""

    phase: Phase
    jobs: int = 0
    drifts: tuple[Drift, ...] = ()
    repaired: Mapping[str, int] = field(default_factory=dict)
    judged: bool = False

    @property
    def wrong(self) -> dict[str, int]:
        """Return the errors that are sure, by type and status."""
        return named(sure(self.drifts))


@dataclass
class Recount:
    """Recounts with these ports; `sleep` takes seconds. `repair` false: only look."""

    census: Census
    canaries: Canaries
    counters: Counters
    rows: CounterTable
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    repair: bool = True

    def step(self, left: Callable[[], float], *, start: bool = False) -> Report:
        """Do what can be done in the seconds that `left` tells; begin a run when one is due, or with `start`.

        Counting takes about a second for 10,000 jobs. Two processes do not work on one run at the same time.
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
            over = self.clock() - run.released > GIVE_UP
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
            if not start and now - run.began < EVERY:
                return None
            run = replace(run, phase=Phase.COUNTING, began=now)
        return self._progress.save(replace(run, busy_until=now + left()))

    def _left(self, run: Run) -> Report:
        self._progress.save(replace(run, busy_until=0.0))
        return Report(run.phase)

    def _all_counted(self, run: Run, left: Callable[[], float]) -> bool:
        parts = self.census.parts()
        with ThreadPoolExecutor(min(parts, MOST_THREADS)) as pool:
            return all(list(pool.map(lambda number: self._count(run, number, left), range(parts))))

    def _count(self, run: Run, number: int, left: Callable[[], float]) -> bool:
        """Count a part from where it stands; return whether it is done."""
        part = self._progress.part(run, number)
        if part.done:
            return True
        for page in self.census.pages(number, part.position):
            tally(page.jobs, self.clock(), part.found)
            part.pages, part.position, part.done = part.pages + 1, page.position, page.position is None
            stop = not part.done and left() < SPARE
            if (part.done or stop or part.pages % PAGES == 0) and not self._progress.keep(run, part):
                return False
            if stop:
                break
        return part.done

    def _passed(self, run: Run, left: Callable[[], float]) -> bool:
        """Wait for the canaries; return whether the stream has passed all of them."""
        row, end = keys.canaries(run.canaries, 0.0), self.clock() + WAIT
        while int(self.rows.read(row).get(keys.SEEN, 0)) < CANARIES:
            if self.clock() >= end or left() < SPARE:
                return False
            self.sleep(POLL)
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
        start = run.began - MARGIN
        # After the totals, and the stream writes them in the other order: what is in the totals is in a bucket too.
        buckets = self.counters.buckets(name, 60, start - start % 60, self.clock())
        return compare(name, found, counted, moves_in(numbers for _, numbers in buckets))

    def _repaired(self, run: Run, wrong: Tally) -> Tally:
        """Add what is wrong, each portion with a mark of its own in the same write: a run repairs once."""
        done: Tally = {}
        for name, numbers in wrong.items():
            every = sorted(numbers.items())
            for start in range(0, len(every), MOST_NUMBERS):
                part = Counter(dict(every[start : start + MOST_NUMBERS]))
                source = f"{SOURCE}.{start // MOST_NUMBERS}"
                if self.rows.add(keys.totals(name), Additions(part), source, run.id, run.id) is None:
                    done.setdefault(name, Counter()).update(part)
        return done


def _sum(found: Iterable[Tally]) -> Tally:
    whole: Tally = {}
    for part in found:
        for name, numbers in part.items():
            whole.setdefault(name, Counter()).update(numbers)
    return whole
