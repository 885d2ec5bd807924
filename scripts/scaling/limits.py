"""List the limits of AWS, each with its page, and how much one job uses of each. Seconds, and units per second."""

from dataclasses import dataclass

from chalicelib.settings import SHARDS
from chalicelib.usage.constants import API_SECONDS, WORKER_SECONDS
from infra.cloud.cost.calculation import CHANGES, STREAM_BATCH, WRITE_UNITS
from infra.definition.throttles import RATE

PARTITION_WRITES = 1_000
"""Write units per second of one partition of a table or an index:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"""
NEW_TABLE_WRITES = 4_000
"""Write units per second of a new on-demand table at first; within 30 minutes twice its highest peak:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"""
TABLE_WRITES = 40_000
"""Write units per second of one table and of each index, unless raised (Service Quotas, L-F98FE922):
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""
DOUBLING = 1_800.0
FIRST_CONCURRENT, MORE_A_MINUTE, MOST_OF_MAPPING = 5, 300, 1_250
"""Concurrent functions of one queue's mapping: the number at first, the increase per minute while messages wait, and
the maximum: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
ACCOUNT_CONCURRENT = 1_000
"""Concurrent functions of one account and region, unless raised; new accounts begin with less:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
IN_FLIGHT = 120_000
"""Messages of a queue that were received and not deleted, also those of jobs that wait up to 15 minutes for a retry:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
API_REQUESTS = 10_000
"""Requests a second of API Gateway, of one account and region:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""

ALL_WRITES = 1
"""Write units of a job in its shard of the index of all jobs: one at creation."""
ACTIVE_WRITES = 2
"""Write units of a job in its type's shard of the index of unfinished jobs: one when it enters, one when it leaves."""
OWN_WRITES = WRITE_UNITS - ALL_WRITES - ACTIVE_WRITES
"""Write units of a job in the table itself, without its indexes."""
OVERHEAD = 0.05
"""Seconds between two invocations of one environment: response, poll, next event. An estimate."""
NIGHT = 5 * 3_600
"""Seconds of a night in which the recount runs; a run that has not ended by then continues in the next night."""
STREAM_SECONDS = 0.15
"""Seconds that the counters need for a batch of the stream, including the invocation. An estimate."""


@dataclass(frozen=True)
class Setting:
    """A stage with one busy job type. `seconds` is the duration of its function; `rate` jobs arrive per second."""

    rate: float
    seconds: float = 0.2
    backlog: int = 0
    """Jobs that wait at the beginning."""
    concurrency: int = 20
    batch: int = 1
    """Messages that a worker gets at once and processes one after the other."""
    in_request: int = 1
    types: int = 1
    """Job types with the same load: they share the API, the table and the index of all jobs."""
    account: int = ACCOUNT_CONCURRENT
    shards: int = SHARDS[0]
    warm_writes: int = NEW_TABLE_WRITES
    """Write units per second that the table itself accepts at the beginning: its warm throughput. Its indexes have warm
    throughputs of their own, but need less: see ALL_WRITES and ACTIVE_WRITES."""
    requests: int = RATE
    """Requests per second that the stage accepts: its parameter ApiRate."""

    @property
    def api(self) -> float:
        """Return the jobs per second of one type that half of the account's functions and API Gateway accept."""
        functions = 0.5 * self.account / API_SECONDS
        return min(API_REQUESTS, functions) * self.in_request / self.types

    @property
    def stage(self) -> float:
        """Return the jobs per second of one type that the stage's own request limit accepts."""
        return self.requests * self.in_request / self.types

    @property
    def hold(self) -> float:
        """Return the seconds that one job uses an environment."""
        return self.seconds + WORKER_SECONDS + OVERHEAD / self.batch

    @property
    def workers(self) -> int:
        """Return the concurrent functions that settings and quotas allow the type."""
        return min(self.concurrency, self.account // self.types, MOST_OF_MAPPING)

    @property
    def table(self) -> float:
        """Return the jobs per second of one type that the quota of the table accepts."""
        return TABLE_WRITES / OWN_WRITES / self.types

    @property
    def index_of_all(self) -> float:
        """Return the jobs per second of one type that the index of all jobs accepts."""
        return self.shards * PARTITION_WRITES / ALL_WRITES / self.types

    @property
    def index_of_active(self) -> float:
        """Return the jobs per second that the type's part of the index of unfinished jobs accepts.

        Each job enters and leaves it.
        """
        return self.shards * PARTITION_WRITES / ACTIVE_WRITES

    @property
    def counted(self) -> float:
        """Return the jobs per second that the counters can process: one stream shard for each partition."""
        partitions = max(self.shards, self.types * self.rate * OWN_WRITES / PARTITION_WRITES)
        return partitions * STREAM_BATCH / STREAM_SECONDS / CHANGES / self.types
