"""Count every change of a job in the table's stream exactly once."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from chalicelib.counters import keys
from chalicelib.counters.changes import Told, Unreadable
from chalicelib.counters.constants import (
    DEAR_PAUSE_S,
    DEAR_RUNS,
    MOST_FLOORS,
    MOST_TIDIED,
    TIDY_DAYS_EVERY,
    TIDY_EVERY,
)
from chalicelib.counters.dear_runs import RUN, DearRun, longest, runs_of
from chalicelib.counters.fold import Entry, fold, pieces, total
from chalicelib.counters.port import Additions, CounterTable, Row, Times
from chalicelib.errors import RowRefused
from chalicelib.side_by_side import side_by_side
from chalicelib.telemetry import events


@dataclass(frozen=True, slots=True)
class Counted:
    """The outcome of a batch: the added entries, and the skipped records."""

    added: list[Entry] = field(default_factory=list)
    skipped: list[Unreadable] = field(default_factory=list)

    def created(self) -> Counter[str]:
        """Return the number of new jobs in the batch, by type."""
        found: Counter[str] = Counter()
        for entry in self.added:
            step, _, job_type = entry.row.pk.partition("#")
            if step == keys.STEPS[60]:
                found[job_type] += entry.additions.numbers["created"]
        return +found


@dataclass
class StreamCounter:
    """Count batches of the stream into these rows, for one process.

    `by_tenant`: the types to count by tenant, too. `threads`: number of rows of tenants that are written at once.
    """

    rows: CounterTable
    clock: Callable[[], float]
    by_tenant: Collection[str] = ()
    threads: int = 1
    _tidied: dict[Row, float] = field(default_factory=dict)
    _floors: dict[Row, tuple[int, str]] = field(default_factory=dict)
    """The rank of the shortest of the longest runs of a day, as far as this process knows: others are not kept."""
    _left_out: dict[Row, float] = field(default_factory=dict)
    """Until when the longest runs of a day are left out, after an error."""

    def count(self, told: Iterable[Told], source: str) -> Counted:
        """Count a batch; changes that a row has already counted are left out.

        Every row stores, in the same write as its numbers, the sequence number of the last change that it counted. A
        batch that is replayed, split or cut off is therefore counted once. A source is a shard of the stream, in which
        changes come in order. A record that can never be counted is skipped, because Lambda would deliver the batch
        again and again.
        """
        now = self.clock()
        folded = fold(told, now, self.by_tenant)
        counted = Counted(skipped=folded.skipped)
        for of_tenants, rows in groupby(folded.ordered(), lambda item: keys.is_tenant(item[0])):
            threads = self.threads if of_tenants else 1
            for one in side_by_side(lambda item: self._count(*item, source, now), list(rows), threads):
                counted.added.extend(one.added)
                counted.skipped.extend(one.skipped)
        self._forget()
        return counted

    def _count(self, row: Row, entries: Sequence[Entry], source: str, now: float) -> Counted:
        counted = Counted()
        if keys.is_dearest(row):
            self._keep_dearest(row, entries, now)
            return counted
        self._tidy(row, now)
        for piece in pieces(entries):
            self._add(row, piece, source, counted, now)
        return counted

    def _add(self, row: Row, piece: Sequence[Entry], source: str, counted: Counted, now: float) -> None:
        left = piece
        while left:
            at = [entry.at for entry in left]
            times = Times(min(at), max(now, *at)) if _tidied_every(row) else None
            try:
                mark = self.rows.add(row, _with_write(row, left), source, left[0].sequence, left[-1].sequence, times)
            except RowRefused as error:
                counted.skipped.extend(Unreadable(one.sequence, f"{row.pk}/{row.sk}", str(error)) for one in left)
                return
            if mark is None:
                counted.added.extend(left)
                return
            left = [entry for entry in left if entry.sequence > mark]

    def _keep_dearest(self, row: Row, entries: Sequence[Entry], now: float) -> None:
        """Add the runs that are among the longest of the day: one read and one write, and nothing for other runs.

        No error is raised: all counters of the shard would wait for this list. After one, runs may be missing in it.
        """
        floor = self._floors.get(row, (0, ""))
        new = [run for run in runs_of(total(entries).facts) if run.rank > floor]
        if not new or now < self._left_out.get(row, 0.0):
            return
        if max(len(self._floors), len(self._left_out)) >= MOST_FLOORS:
            self._floors.clear()
            self._left_out.clear()
        try:
            best = self._replace_dearest(row, new)
        except Exception as error:
            events.dearest_not_kept(f"{row.pk}/{row.sk}", error)
            self._left_out[row] = now + DEAR_PAUSE_S
            return
        if len(best) >= DEAR_RUNS:
            self._floors[row] = best[-1].rank

    def _replace_dearest(self, row: Row, new: Sequence[DearRun]) -> list[DearRun]:
        """Return the longest of the row's runs and these, after a write that leaves only them, if they have changed."""
        stored = self.rows.read(row)
        kept = runs_of(stored)
        best = longest([*kept, *new])
        names = {run.name for run in kept}
        added = {run.name: run.value for run in best if run.name not in names}
        if added:
            # also removes attributes that cannot be read
            gone = {name for name in stored if name.startswith(RUN)} - {run.name for run in best}
            self.rows.replace_facts(row, added, gone)
        return best

    def _tidy(self, row: Row, now: float) -> None:
        # Delete old numbers before the write: DynamoDB refuses a write to a full row, so code after the write would
        # never run.
        every = _tidied_every(row)
        # A tenant's row has few marks, and there may be a new row for each job: it is cleaned only if it is changed
        # again after a while.
        first = now if keys.is_tenant(row) else float("-inf")
        last = self._tidied.setdefault(row, first) if every is not None else now
        if every is not None and now - last >= every:
            self._tidied[row] = now
            self.rows.tidy(row, now)

    def _forget(self) -> None:
        """Forget the oldest rows, so that many tenants do not fill the memory of the process."""
        if len(self._tidied) > MOST_TIDIED:
            newest = sorted(self._tidied.items(), key=lambda item: item[1])[-MOST_TIDIED // 2 :]
            self._tidied = dict(newest)


def _with_write(row: Row, entries: Sequence[Entry]) -> Additions:
    """Return the sum of the entries; a row of a day also counts its writes, because they are a part of the costs."""
    whole = total(entries)
    if keys.is_day(row):
        whole.numbers[keys.WRITES] += 1
    return whole


def _tidied_every(row: Row) -> float | None:
    """Return the seconds between two cleanups of a row; None for a row without cleanups."""
    if keys.is_totals(row):
        return TIDY_EVERY
    return TIDY_DAYS_EVERY if keys.is_day(row) else None
