"""Check each minute what the jobs of types with a budget have cost today: pause a type, let it continue, report it."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.port import BY_BUDGET, Standing
from chalicelib.errors import JobConflict
from chalicelib.job_types.jobtype import JobType
from chalicelib.pausing.port import PastPauses
from chalicelib.pausing.switch import Pausing
from chalicelib.telemetry import events
from chalicelib.usage.budget import reason, share
from chalicelib.usage.days import UsageReader
from chalicelib.watchdog.budget_rule import Budget, decide
from chalicelib.watchdog.constants import PAUSES_LOOKED_AT
from chalicelib.watchdog.sharing import in_turn


@dataclass(frozen=True, slots=True)
class SpendingWatch:
    """Check the types that declare `Spending(per_day=…)`. Each takes two reads; without such types nothing is read."""

    kinds: Sequence[JobType[Any, Any]]
    usage: UsageReader
    pausing: Pausing
    past: PastPauses
    clock: Callable[[], float]

    def look(self, standing: Standing, check_time: Callable[[], None]) -> tuple[set[str], set[str]]:
        """Pause and resume types; return the types to report, and those about which nothing is known.

        `check_time` raises if the time for this is over: then nothing is known about the types that are left. The types
        take turns, so that each is checked in some runs.
        """
        reported, unknown = set[str](), set[str]()
        for kind in in_turn(self.kinds, self.clock()):
            try:
                check_time()
                if self._look(kind, standing):
                    reported.add(kind.name)
            except Exception as error:
                events.watchdog_failed(f"budget of {kind.name}", error)
                unknown.add(kind.name)
        return reported, unknown

    def _look(self, kind: JobType[Any, Any], standing: Standing) -> bool:
        now = self.clock()  # one time for the sum and the decision, which may be on both sides of midnight
        nano, pause = self.usage.today(kind, now).cost.whole, standing.paused.get(kind.queue_key)
        spent, open_ = share(kind.spending, nano), pause is None or pause.by_itself
        past = self.past.newest(kind.queue_key, PAUSES_LOOKED_AT) if open_ else ()
        match decide(spent, pause, past, now):
            case Budget.PAUSE:
                why = reason(kind.spending, nano)
                self.pausing.pause(kind.name, BY_BUDGET, why)
                events.budget_spent(kind.name, why)
            case Budget.SWITCH:
                # if another process is switching the queue at the moment, the next run switches it
                with contextlib.suppress(JobConflict):
                    self.pausing.settle(kind.name)
            case Budget.RESUME:
                if self.pausing.renew(kind.name):
                    events.budget_renewed(kind.name)
            case Budget.NOTHING:
                pass
        return spent >= kind.spending.warn
