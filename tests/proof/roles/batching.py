"""Simulate batches: clients make and close them, the stream and the watchdog end their rounds, whoever dies."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from chalicelib.batches.batches import FIRST, Batches, NewBatch
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.port import BatchRows
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.jobs.job import Job
from chalicelib.keys.rule import Submitted
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.proof.grounds.faults import DYNAMODB, Faulty, Throttled
from tests.proof.grounds.ground import TOLD, TYPE
from tests.proof.roles.script import ScriptedFunction, declare
from tests.proof.roles.telling import Telling

SHARD = "shardId-00000000000000000001-proof"
LEFT_FOR_JOBS = 25.0
"""Seconds of a run of the watchdog that batches leave to everything else."""


class Told(BatchEnd):
    """The payload of `then`, with the fields of every payload of the proof."""

    batch: str = ""
    name: str = ""
    ballast: str = ""


class Table(MemoryBatches):
    """The rows of batches, which a test may copy and lose."""

    def copy(self) -> "Table":
        """Return a copy, which does not change any more."""
        twin = Table()
        twin._rows, twin._listed = dict(self._rows), dict(self._listed)
        return twin

    def clear(self) -> None:
        """Lose all rows."""
        for rows in (self._rows, self._marks, self._listed):
            rows.clear()


@dataclass
class Batching(Telling):
    """Makes batches of jobs of TYPE; the function `followup` counts their members."""

    asked: dict[str, list[str]] = field(default_factory=dict)
    """The batches that a client has not got a whole answer for: it repeats its requests."""
    made: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lost: slice = field(default_factory=lambda: slice(0, 0))
    """The changes that were lost with the table: those between its backup and its loss."""
    _short: set[tuple[str, int]] = field(default_factory=set)
    """The rounds that were open then: a stream never tells the ends of members that were lost or restored as ended, so
    their numbers may stay too small. Their jobs of `then` have the right ones."""

    def __post_init__(self) -> None:
        world = self.world
        world.ground.open(TOLD)
        world.kinds[TOLD] = declare(ScriptedFunction(world), TOLD, Told)
        world.watchdog.types = [*world.ground.types]
        self.rows = Table()
        self.port = rows = cast("BatchRows", Faulty(self.rows, world.ground.faults, DYNAMODB))
        store, queue, clock = world.ground.store, world.ground.queue, world.clock_of("followup")
        service = JobService(store, queue, clock=clock, sleep=world.clock.advance)
        self.batches = Batches(rows, service, self._moving)
        self._maker: Any = SimpleNamespace(follow=lambda changes: self.batches.follow(changes, SHARD))
        world.operations = replace(world.operations, rounds=self.moved)

    def _moving(self, bulk: str) -> bool:
        found = self.world.in_bulk.kept.seen(bulk)
        return found is not None and found.open

    def moved(self, job: Job, bulk: str | None) -> AbstractContextManager[int]:
        """Give the round into which a retry moves a member; each retry is in another process."""
        return replace(self.batches, mine={}).moved(job, bulk)

    def start(self, names: list[str]) -> None:
        """Let a client make a batch of these members."""
        batch = f"batch {next(self._numbers)}"
        self.made.append(batch)
        self.asked[batch] = names
        self.repeat()

    def repeat(self) -> None:
        """Let clients repeat their requests: making the batch, adding its members and closing it."""
        for batch in list(self.asked):
            if self.world.process(partial(self._ask, batch)):
                del self.asked[batch]

    def _ask(self, batch: str) -> None:
        number, names = int(batch.split()[1]), self.asked[batch]
        on_failure = TOLD if number % 2 else None
        self.batches.create(NewBatch(batch, then=TOLD, on_failure=on_failure))
        wanted = [
            Submission(TYPE, {"name": name, "ballast": ""}, idempotency_key=name, principal="proof", batch=batch)
            for name in names
        ]
        for name, answer in zip(names, self.batches.add(batch, wanted), strict=True):
            if not isinstance(answer, Submitted):
                raise Throttled(f"{name} was not stored: {answer}")
            self.world._accept(name, answer.job.id)
        # without their number, the members are counted a minute later
        self.batches.close(batch, None if number % 3 == 2 else len(names))

    def lose_table(self, backup: MemoryBatches, kept: int) -> None:
        """Lose the batches, the stream, and all but the first `kept` changes.

        Nobody repeats requests for a batch that the backup does not have.
        """
        self.rows.clear()
        self._short |= {
            (batch, one.number) for batch in self.made for one in backup.rounds(batch, 1000) if one.ended_at is None
        }
        self.made = [batch for batch in self.made if backup.find(batch) is not None]
        self.asked = {batch: names for batch, names in self.asked.items() if batch in self.made}
        self._lost = slice(kept, len(self.world.ground.changed()))
        self.lose()

    def look_after(self) -> None:
        """Let the watchdog close and end rounds."""
        self.batches.look_after(lambda: self.world.time_of_watchdog - LEFT_FOR_JOBS)

    def open(self) -> bool:
        """Return whether a batch is being made, or a round has not ended."""
        return bool(self.asked) or any(
            one.ended_at is None for batch in self.made for one in self.rows.rounds(batch, 1000)
        )

    def broken(self) -> Iterator[str]:
        """Check I41: each round is told once, after its last member, and its numbers are those of its members."""
        members, told, early = self._history()
        for batch in self.made:
            rounds = self.rows.rounds(batch, 1000)
            if not rounds and batch not in self.asked:
                yield f"I41 {batch} is gone"
            for one in rounds:
                place = batch, one.number
                due = 1 if members[place] or one.number == FIRST else 0
                if len(told[place]) != due:
                    yield f"I41 round {place} with {len(members[place])} members is told {len(told[place])} times"
                if one.ended_at is None:
                    yield f"I41 round {place} has not ended: {one}"
                elif one.done > len(members[place]) or (one.done < len(members[place]) and place not in self._short):
                    yield f"I41 round {place} counts {one.done} of {len(members[place])} members"
        yield from early

    def _history(self) -> tuple[dict[tuple[str, int], set[str]], dict[tuple[str, int], set[str]], list[str]]:
        """Return the members of each round, the jobs that tell its end, and which ends were told too early."""
        members: dict[tuple[str, int], set[str]] = defaultdict(set)
        ended: dict[tuple[str, int], set[str]] = defaultdict(set)
        told: dict[tuple[str, int], set[str]] = defaultdict(set)
        early: list[str] = []
        changes = self.world.ground.changed()
        for change in (*changes[: self._lost.start], *changes[self._lost.stop :]):
            job: Any = change.after
            if job is None:
                continue
            if job.batch is not None:
                members[job.batch, job.round].add(job.id)
                if job.terminal:
                    ended[job.batch, job.round].add(job.id)
            if job.type == TOLD and change.before is None and job.payload["ended"]:
                place = job.payload["batch"], job.payload["round"]
                told[place].add(job.id)
                if left := members[place] - ended[place]:
                    early.append(f"I41 round {place} is told before the end of {sorted(left)}")
        return members, told, early
