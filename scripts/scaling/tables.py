"""Write the tables of docs/scaling.md: the limits, and what 1,000 and 10,000 jobs a second need. Pure."""

from collections.abc import Sequence

from chalicelib.adapters.dynamo.tables.schema import ACTIVE, ALL
from chalicelib.jobs.retention import KEEP_DONE
from chalicelib.usage.constants import MILLION, RECOUNTED_A_SECOND
from infra.cloud.cost.calculation import STREAM_BATCH, kept, total
from infra.definition.parameters import parameters
from infra.definition.throttles import BURST, RATE
from scripts.scaling import limits
from scripts.scaling.__main__ import SECONDS
from scripts.scaling.advice import BATCHED, enough_in_types, warm
from scripts.scaling.dollars import HOUR, MONTH, dollars
from scripts.scaling.limits import Setting

SHOWN = (1_000, 10_000)
WRITTEN = {
    "the jobs table": limits.OWN_WRITES,
    f"its index `{ALL}`": limits.ALL_WRITES,
    f"its index `{ACTIVE}`": limits.ACTIVE_WRITES,
}
"""What a job is written to, with its write units."""


def limits_table() -> str:
    """Return every limit, the jobs a second of one type that it allows by default, and how it is raised."""
    one, many = Setting(0, SECONDS), Setting(0, SECONDS, batch=10, in_request=BATCHED)
    most = Setting(0, SECONDS, concurrency=limits.MOST_OF_MAPPING, batch=10, account=10 * limits.MOST_OF_MAPPING)
    per_minute = int(parameters()["RateLimitMax"]["Default"])
    ramp = f"{limits.FIRST_CONCURRENT} at first, {limits.MORE_A_MINUTE} more a minute"
    night = limits.NIGHT * RECOUNTED_A_SECOND
    rows = [
        (
            "requests of the stage",
            f"{RATE:,} a second, and {BURST:,} at once",
            f"{one.stage:,.0f}, or {many.stage:,.0f} with {BATCHED} in a request",
            "`ApiRate`, `ApiBurst`",
        ),
        (
            "requests of one address or token",
            f"{per_minute:,} a minute",
            f"{per_minute / 60:,.0f}, or {per_minute / 60 * BATCHED:,.0f} with {BATCHED} in a request",
            "`RateLimitMax` for addresses, `token issue --rate` for a token",
        ),
        (
            "requests of API Gateway, of the account",
            f"{limits.API_REQUESTS:,} a second",
            f"{limits.API_REQUESTS:,}, or {limits.API_REQUESTS * BATCHED:,} with {BATCHED} in a request",
            "Service Quotas",
        ),
        (
            "concurrency of the job type",
            f"{one.concurrency}",
            f"{one.workers / one.hold:,.0f}",
            "`Function(concurrency=…)`",
        ),
        (
            "concurrent functions of the account",
            f"{limits.ACCOUNT_CONCURRENT:,}; new accounts have less",
            f"{limits.ACCOUNT_CONCURRENT / one.hold:,.0f}, shared by all functions",
            "Service Quotas (L-B99A9384)",
        ),
        (
            "functions of one queue's event source mapping",
            f"{ramp}, at most {limits.MOST_OF_MAPPING:,}",
            f"{most.workers / most.hold:,.0f} with `batch_size=10`",
            "several job types, each with its own queue; shorter jobs",
        ),
        (
            "messages in flight of a queue, also of a FIFO queue",
            f"{limits.IN_FLIGHT:,}",
            "counts running jobs, and jobs that wait up to 15 minutes for a retry",
            "several job types; waits of over 15 minutes, during which a job has no message",
        ),
        (
            "jobs of one key (`serial_by`)",
            "one at a time",
            f"{1 / one.hold:,.0f} of one key",
            "more keys",
        ),
        (
            "writes of a new table, and of each index",
            f"{limits.NEW_TABLE_WRITES:,} units a second, later twice the highest peak",
            f"{limits.NEW_TABLE_WRITES / limits.OWN_WRITES:,.0f}",
            "warm throughput",
        ),
        (
            "quota of the table, and of each index",
            f"{limits.TABLE_WRITES:,} units a second",
            f"{one.table:,.0f}",
            "Service Quotas (L-F98FE922)",
        ),
        (
            "one partition of an index",
            f"{limits.PARTITION_WRITES:,} units a second",
            f"{one.index_of_active:,.0f} of one type, {one.index_of_all:,.0f} of all, with {one.shards} shards",
            "`IndexShards`",
        ),
        (
            "counters: one function for each shard of the stream",
            f"{STREAM_BATCH} changes in about {limits.STREAM_SECONDS} s",
            f"{one.counted:,.0f}; more with more partitions",
            "nothing: if they are slower, numbers are late, and jobs are not affected",
        ),
        (
            "nightly recount of the counters",
            f"about {RECOUNTED_A_SECOND:,} stored jobs a second, for {limits.NIGHT // 3_600} hours a night",
            f"{night / KEEP_DONE:,.0f} all day, with {night / 1e6:,.0f} million stored jobs",
            "nothing: with more, it takes several nights, and `recount-silent` rings; jobs are not affected",
        ),
    ]
    return _table(("limit", "default", "jobs a second of one type", "raised by"), rows)


def needs_table() -> str:
    """Return the settings and the bill of two loads."""
    settings = [enough_in_types(Setting(rate, SECONDS)) for rate in SHOWN]
    rows = [
        ("job types with a queue of their own", *(f"{one.types}" for one in settings)),
        ("`Function(concurrency=…)` of each", *(f"{one.concurrency:,}" for one in settings)),
        ("`Function(batch_size=…)`", *(f"{one.batch}" for one in settings)),
        ("jobs in a request", *(f"{one.in_request}" for one in settings)),
        ("`ApiRate`", *(_unless(one.requests, RATE) for one in settings)),
        (
            "rate of the producer's token, for a single producer",
            *(f"{_a_minute(one):,}" for one in settings),
        ),
        ("concurrent functions of the account", *(_unless(one.account, limits.ACCOUNT_CONCURRENT) for one in settings)),
        ("`IndexShards`", *(_unless(one.shards, Setting(0).shards) for one in settings)),
        *(
            (f"warm throughput of {where}, writes", *(_warm(one, units) for one in settings))
            for where, units in WRITTEN.items()
        ),
        ("a million jobs: platform, and the function's time", *(_parts(one) for one in settings)),
        ("an hour", *(f"${_dollars(one, HOUR):,.2f}" for one in settings)),
        ("a month without a pause", *(f"${_dollars(one, MONTH):,.0f}" for one in settings)),
        ("and its jobs, stored for 30 days", *(f"${_stored(one):,.0f} a month" for one in settings)),
    ]  # fmt: skip
    return _table(("", *(f"{rate:,} jobs a second" for rate in SHOWN)), rows)


def _a_minute(setting: Setting) -> int:
    return round(setting.rate * setting.types / setting.in_request * 60)


def _warm(setting: Setting, units: int) -> str:
    return _unless(warm(setting.rate * setting.types, units), limits.NEW_TABLE_WRITES)


def _unless(value: int, default: int) -> str:
    return f"{value:,}" if value != default else f"{value:,} (the default)"


def _parts(setting: Setting) -> str:
    each = dollars(setting)
    return f"${each.platform:.2f}, ${each.function:.2f}"


def _dollars(setting: Setting, seconds: int) -> float:
    return dollars(setting).both * setting.rate * setting.types * seconds / MILLION


def _stored(setting: Setting) -> float:
    """Return the dollars a month of the completed jobs that are stored at any time."""
    return total(kept()) * setting.rate * setting.types * KEEP_DONE / MILLION


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])
