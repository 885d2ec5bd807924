"""Compute what a load costs by the ledger of `make cost`. Pure."""

from dataclasses import dataclass

from chalicelib.job_types.constants import DEFAULT_MEMORY_MB
from chalicelib.usage.constants import MILLION
from infra.cloud.cost.calculation import FULL_STREAM, Load, per_million, total
from infra.cloud.cost.prices import PRICES
from scripts.scaling.limits import OWN_WRITES, PARTITION_WRITES, Setting

WINDOW = 2.0
"""Seconds for which the stream collects the changes of each shard for the counters."""
HOUR, MONTH = 3_600, 30 * 86_400


@dataclass(frozen=True, slots=True)
class Dollars:
    """Dollars of a million jobs: of the platform, and of the time of the job's function."""

    platform: float
    function: float

    @property
    def both(self) -> float:
        """Return the sum."""
        return self.platform + self.function


def dollars(setting: Setting) -> Dollars:
    """Return the cost of a million jobs in this setting. The function has the default memory."""
    rate = max(setting.rate, setting.backlog / HOUR) * setting.types
    shards = max(setting.shards, rate * OWN_WRITES / PARTITION_WRITES)
    in_stream = min(FULL_STREAM, max(1.0, rate * WINDOW / shards))
    load = Load("", setting.in_request, setting.batch, in_stream)
    own = setting.seconds * DEFAULT_MEMORY_MB / 1024 * PRICES.lambda_gb_second_arm
    return Dollars(total(per_million(load.of_one_job())), own)


def cost_of(setting: Setting) -> str:
    """Return the cost in a line: of the backlog, or of an hour and of a month without a pause."""
    each = dollars(setting)
    parts = f"${each.platform:.2f} a million jobs, and ${each.function:.2f} for the time of their function"
    if setting.backlog:
        return f"${each.both * setting.backlog * setting.types / MILLION:,.2f} for all of them: {parts}"
    jobs = setting.rate * setting.types / MILLION
    return f"${each.both * jobs * HOUR:,.2f} an hour, ${each.both * jobs * MONTH:,.0f} a month without a pause: {parts}"
