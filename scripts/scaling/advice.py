"""Find the smallest setting that keeps up with a rate, or finishes a backlog within an hour. Pure."""

import math
from dataclasses import replace

from chalicelib.settings import SHARDS
from scripts.scaling.limits import (
    ACTIVE_WRITES,
    ALL_WRITES,
    MOST_OF_MAPPING,
    NEW_TABLE_WRITES,
    OWN_WRITES,
    PARTITION_WRITES,
    Setting,
)

SPARE = 1.25
"""Margin above the average need, because jobs do not arrive evenly."""
BATCHED = 25
BUSY = 100
"""Jobs per second above which a worker takes ten messages at once."""
MOST_SHARDS = SHARDS[-1]


class TooMuch(Exception):
    """One job type is not enough."""


def divided(setting: Setting) -> int:
    """Return the number of job types that are needed. The mapping of one queue runs at most 1,250 functions."""
    return math.ceil(_workers(_batched(setting)) / MOST_OF_MAPPING)


def enough(setting: Setting) -> Setting:
    """Return the setting for a rate. Raises TooMuch if the mapping of one type is too slow for the rate."""
    asked = _batched(setting)
    workers = _workers(asked)
    if workers > MOST_OF_MAPPING:
        raise TooMuch(f"{workers:,} functions at once; a queue's mapping has {MOST_OF_MAPPING:,}")
    rate = _rate(setting)
    writes = max(rate * ACTIVE_WRITES, setting.types * rate * ALL_WRITES)
    shards = setting.shards
    while shards * PARTITION_WRITES < writes * SPARE and shards < MOST_SHARDS:
        shards *= 2
    many = setting.rate * SPARE > min(asked.api, asked.stage)
    in_request = BATCHED if many else setting.in_request
    asked_for = setting.types * setting.rate * SPARE / in_request
    return replace(
        asked,
        in_request=in_request,
        requests=max(setting.requests, math.ceil(asked_for / 100) * 100),
        concurrency=workers,
        account=max(setting.account, 2 * workers * setting.types),
        shards=shards,
        warm_writes=warm(rate * setting.types, OWN_WRITES),
    )


def enough_in_types(setting: Setting) -> Setting:
    """Return the setting of each of the types among which the load is divided."""
    types = divided(setting)
    return enough(replace(setting, rate=setting.rate / types, backlog=setting.backlog // types, types=types))


def warm(jobs: float, units: int) -> int:
    """Return the warm throughput for as many jobs a second, of the table or of an index in which a job has `units`."""
    return max(NEW_TABLE_WRITES, math.ceil(SPARE * jobs * units / 1_000) * 1_000)


def _rate(setting: Setting) -> float:
    return max(setting.rate, setting.backlog / 3_600)


def _batched(setting: Setting) -> Setting:
    return replace(setting, batch=10 if _rate(setting) > BUSY else setting.batch)


def _workers(setting: Setting) -> int:
    return max(2, math.ceil(SPARE * _rate(setting) * setting.hold))
