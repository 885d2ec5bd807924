"""Check each minute what the jobs of types with a budget have cost today: pause a type, let it continue, report it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.port import BY_BUDGET, Standing
from chalicelib.job_types.jobtype import JobType
from chalicelib.pausing.port import Consumers, PastPauses
from chalicelib.pausing.switch import Pausing
from chalicelib.telemetry import events
from chalicelib.usage.budget import reason, share
from chalicelib.usage.days import UsageReader
from chalicelib.watchdog.budget_rule import Budget, decide
from chalicelib.watchdog.constants import PAUSES_LOOKED_AT


@dataclass(frozen=True, slots=True)
class SpendingWatch:
    """Check the types that declare `Spending(per_day=…)`. Each takes one read; without such types nothing is read."""

    kinds: Sequence[JobType[Any, Any]]
    usage: UsageReader
    pausing: Pausing
    consumers: Consumers
    past: PastPauses
    clock: Callable[[], float]

    def look(self, standing: Standing) -> tuple[set[str], set[str]]:
        """Pause and resume types; return the types to report, and those about which nothing is known."""
        reported, unknown = set[str](), set[str]()
        for kind in self.kinds:
            try:
                if self._look(kind, standing):
                    reported.add(kind.name)
            except Exception as error:
                events.watchdog_failed(f"budget of {kind.name}", error)
                unknown.add(kind.name)
        return reported, unknown

    def _look(self, kind: JobType[Any, Any], standing: Standing) -> bool:
        if kind.spending is None:
            return False
        nano, pause = self.usage.today(kind).cost.whole, standing.paused.get(kind.queue_key)
        spent, open_ = share(kind.spending, nano), pause is None or pause.by_itself
        past = self.past.newest(kind.queue_key, PAUSES_LOOKED_AT) if spent >= 1 and open_ else ()
        match decide(spent, pause, past, self.clock()):
            case Budget.PAUSE:
                why = reason(kind.spending, nano)
                self.pausing.pause(kind.name, BY_BUDGET, why)
                events.budget_spent(kind.name, why)
            case Budget.SWITCH_OFF:
                self.consumers.switch(kind.queue_key, on=False)
            case Budget.RESUME:
                self.pausing.resume(kind.name, BY_BUDGET)
                events.budget_renewed(kind.name)
            case Budget.NOTHING:
                pass
        return spent >= kind.spending.warn
