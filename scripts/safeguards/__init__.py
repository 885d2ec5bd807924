"""List the safeguards against a lost or doubled job, each with the code without it."""

from scripts.safeguards.acts import ACTS
from scripts.safeguards.exports import EXPORTS
from scripts.safeguards.keys import KEYS
from scripts.safeguards.making import MAKING
from scripts.safeguards.moves import MOVES
from scripts.safeguards.pauses import PAUSES
from scripts.safeguards.rates import RATES
from scripts.safeguards.restore import RESTORE
from scripts.safeguards.safeguard import Safeguard
from scripts.safeguards.schedules import SCHEDULES
from scripts.safeguards.service import SERVICE
from scripts.safeguards.single import SINGLE
from scripts.safeguards.store import COUNTING, STORE
from scripts.safeguards.tenants import TENANTS
from scripts.safeguards.waits import LOOKBACK, WAITS
from scripts.safeguards.watchdog import WATCHDOG
from scripts.safeguards.worker import WORKER

SAFEGUARDS: tuple[Safeguard, ...] = (
    *MOVES, *WORKER, *WAITS, *RATES, *PAUSES, *KEYS, *SERVICE, *WATCHDOG, *LOOKBACK, *SCHEDULES, *MAKING, *SINGLE,
    *TENANTS, *STORE, *COUNTING, *ACTS, *EXPORTS, *RESTORE,
)  # fmt: skip

__all__ = ["SAFEGUARDS", "Safeguard"]
