"""Compute what the time costs in which the functions of jobs wait for a network. Pure."""

from math import ceil
from typing import Any

from chalicelib.job_types.jobtype import JobType
from infra.cloud.cost.calculation import Line, Load
from infra.cloud.cost.prices import PRICES, Prices

WAIT_SECONDS = 0.1
"""Seconds for which each job waits: an e-mail through SES takes about as long."""


def waiting(kind: JobType[Any, Any], load: Load, prices: Prices = PRICES) -> list[Line]:
    """Return the cost of the Lambda time in which a million jobs of the type wait: with one thread, with its threads.

    Nothing for a type that runs its jobs one after the other.
    """
    threads = kind.function.threads
    return [] if threads == 1 else [_line(kind, load, prices, number) for number in (1, threads)]


def _line(kind: JobType[Any, Any], load: Load, prices: Prices, threads: int) -> Line:
    jobs = min(load.in_batch, kind.function.batch_size)
    seconds = WAIT_SECONDS * ceil(jobs / threads) / jobs
    gigabytes = kind.function.memory / 1024
    return Line(f"{kind.name}, threads={threads}", seconds, seconds * gigabytes * prices.lambda_gb_second_arm)
