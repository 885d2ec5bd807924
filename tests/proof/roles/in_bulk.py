"""Simulate bulk actions: operators start them, and processes that may die continue them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from chalicelib.bulk.background import BulkWork, NewBulkAction
from chalicelib.bulk.memory import MemoryBackground, MemoryBulkActions
from chalicelib.bulk.port import BulkAction, BulkActionRows, BulkState
from chalicelib.bulk.request import BulkActions
from tests.proof.grounds.faults import DYNAMODB, Faulty

if TYPE_CHECKING:
    from tests.proof.world import World

LIFETIME = 800.0
"""Seconds that a function has to process them."""
MOST = 100


class InBulk:
    """Starts bulk actions, processes them when the watchdog requests it, and compares their reports with the jobs."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.kept = MemoryBulkActions(world.counting.rows)
        self._background = MemoryBackground()
        rows = cast("BulkActionRows", Faulty(self.kept, world.ground.faults, DYNAMODB))
        self.work = BulkWork(rows, self._acting, self._background, world.clock_of("api"))
        self._woken = 0

    def start(self, asked: NewBulkAction) -> None:
        """POST /bulk."""
        self.work.start(asked)

    def go_on(self) -> None:
        """Run the function that processes them, if this was requested since the last time."""
        if self._background.woken == self._woken:
            return
        self._woken = self._background.woken
        ids = sorted(self.world.counting.rows.bulk)
        self.world.process(partial(self.work.work, ids, lambda: LIFETIME))

    def broken(self, acted: Mapping[tuple[str, str], int]) -> Iterator[str]:
        """Check I26: one action changes each job at most once, and its report is true.

        `acted` is how often a write of an action changed a job. If another operator has asked a job to stop, or has
        discarded it, the job counts as done without a write.
        """
        for (bulk, job_id), times in acted.items():
            if times > 1:
                yield f"I26 the bulk action {bulk} acted {times} times on {job_id}"
        writes = Counter(bulk for bulk, _ in acted)
        for one in self.kept.newest(MOST):
            told = f"{one.state}, matched {one.matched}, done {one.done}, skipped {one.skipped}"
            if one.open:
                yield f"I26 the bulk action {one.id} goes on for ever: {told}"
            if one.matched != one.done + one.skipped:
                yield f"I26 the bulk action {one.id} does not add up: {told}"
            more = one.done - writes[one.id]
            if one.state is not BulkState.FAILED and (more < 0 or (more and one.action == "retry")):
                yield f"I26 the bulk action {one.id} changed {writes[one.id]} jobs, and tells {told}"

    def _acting(self, bulk: BulkAction) -> BulkActions:
        operations = replace(self.world.operations, in_bulk=True, bulk=bulk.id, bulk_since=bulk.started_at)
        return BulkActions(self.world.ground.store, operations, clock=self.world.clock_of("api"))
