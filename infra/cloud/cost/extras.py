"""Compute what a type's options add to the cost of a million jobs: another kind of queue, and more rows. Pure.

https://aws.amazon.com/sqs/pricing/ has the prices of FIFO queues, and of messages with a group in other queues.
"""

from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.usage.constants import READS_OF_A_KEY
from infra.cloud.cost.calculation import Line, Load
from infra.cloud.cost.prices import PRICES, Prices

OPTIONS = ("serial_by", "fair_by", "rate", "pause_when", "unique")
"""Options of a type that cost something per job."""


def extras(kind: JobType[Any, Any], load: Load, prices: Prices = PRICES) -> list[Line]:
    """Return a line for each such option of the type: additional dollars for a million jobs."""
    asked = load.of_one_job()["sqs_request"]
    write, read = prices.write_unit, prices.read_unit
    each = {
        "serial_by": asked * (prices.sqs_fifo_request - prices.sqs_request) + write + READS_OF_A_KEY * read,
        "fair_by": asked * prices.sqs_fair_request,
        # a write to the plan for each start, and a read of it for each batch
        "rate": write + read / 2 / load.in_batch,
        # a read when a job completes, to check whether jobs of the type failed before
        "pause_when": read / 2,
        # one write for the key's row, and one that marks the job as sent: a job with a key is stored before its message
        # is sent
        "unique": 2 * write + read,
    }
    return [Line(f"{kind.name}, {option}", 1, each[option]) for option in OPTIONS if _has(kind, option)]


def _has(kind: JobType[Any, Any], option: str) -> bool:
    """Return whether the type has the option on this stage: a rate may depend on the stage."""
    return (kind.pace if option == "rate" else getattr(kind, option)) is not None
