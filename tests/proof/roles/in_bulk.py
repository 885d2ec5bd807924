"""Simulate bulk actions: operators start them, and processes that may die continue them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from chalicelib.bulk.background import BulkWork, NewBulkAction
from chalicelib.bulk.memory import MemoryBackground
from chalicelib.bulk.port import BulkAction, BulkActionRows, BulkState
from chalicelib.bulk.request import NOT_KNOWN, BulkActions

if TYPE_CHECKING:
    from tests.proof.world import World

LIFETIME = 800.0
"""Seconds that a function has to process them."""
MOST = 100


class Checked:
    """Checks each report when it is written, also by a process that dies then: between two writes, it is the same."""

    def __init__(self, world: "World", rows: BulkActionRows) -> None:
        self._world, self._rows = world, rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def save(self, after: BulkAction) -> BulkAction | None:
        """See BulkActionRows."""
        before = self.seen(after.id)
        try:
            return self._rows.save(after)
        finally:
            found = self.seen(after.id)
            if found is not None and before is not None:
                self._world.wrong += self._ahead(before, found)

    def seen(self, bulk_id: str) -> BulkAction | None:
        """Return the current state, for an observer."""
        with self._world.ground.faults.asleep():
            return self._rows.find(bulk_id)

    def newest(self, most: int) -> Sequence[BulkAction]:
        """Return the newest bulk actions, for an observer."""
        with self._world.ground.faults.asleep():
            return self._rows.newest(most)

    def _ahead(self, before: BulkAction, found: BulkAction) -> Iterator[str]:
        told = f"I26 the bulk action {found.id} tells done {found.done}, skipped {found.skipped}"
        if found.done < before.done or found.skipped < before.skipped:
            yield f"{told}, after done {before.done}, skipped {before.skipped}"
        if found.action == "retry":
            writes = sum(bulk == found.id for bulk, _ in self._world.ground.acted())
            if found.done > writes:
                yield f"{told}, and has changed {writes} jobs"


class InBulk:
    """Starts bulk actions, processes them when the watchdog requests it, and compares their reports with the jobs."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._background = MemoryBackground()
        self._woken = 0

    @cached_property
    def kept(self) -> Checked:
        """The rows of the actions; they exist once somebody asks for an action."""
        return Checked(self.world, self.world.ground.bulk_actions(self.world.counting.rows))

    @cached_property
    def work(self) -> BulkWork:
        """What starts the actions, and processes them."""
        return BulkWork(cast("BulkActionRows", self.kept), self._acting, self._background, self.world.clock_of("api"))

    def look_after(self, ids: Sequence[str]) -> bool:
        """See BulkWork."""
        return self.work.look_after(ids)

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

    def broken(self) -> Iterator[str]:
        """Check I26: one action changes each job at most once, and its report is true.

        If another operator has asked a job to stop, or has discarded it, the job counts as done without a write.
        """
        if "kept" not in vars(self):
            return
        acted = self.world.ground.acted()
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
            unknown = sum(reason.jobs for name, reason in one.reasons.items() if name.startswith(NOT_KNOWN))
            if one.state is not BulkState.FAILED and (more + unknown < 0 or (more > 0 and one.action == "retry")):
                yield f"I26 the bulk action {one.id} changed {writes[one.id]} jobs, and tells {told}"

    def _acting(self, bulk: BulkAction) -> BulkActions:
        operations = replace(self.world.operations, in_bulk=True, bulk=bulk.id, bulk_since=bulk.started_at)
        return BulkActions(self.world.ground.store, operations, clock=self.world.clock_of("api"))
