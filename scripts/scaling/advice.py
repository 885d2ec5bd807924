"""Find the smallest setting that keeps up with a rate, or finishes a backlog within an hour. Pure."""

import math
from dataclasses import replace

from chalicelib.settings import SHARDS
from infra.cloud.cost.calculation import WRITE_UNITS
from scripts.scaling.limits import ACTIVE_WRITES, ALL_WRITES, MOST_OF_MAPPING, PARTITION_WRITES, Setting

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
    batched = replace(
        asked, in_request=BATCHED if setting.rate * SPARE > min(asked.api, asked.stage) else setting.in_request
    )
    return replace(
        batched,
        concurrency=workers,
        account=max(setting.account, 2 * workers * setting.types),
        shards=shards,
        warm_writes=max(setting.warm_writes, math.ceil(SPARE * rate * setting.types * WRITE_UNITS / 1_000) * 1_000),
    )


def _rate(setting: Setting) -> float:
    return max(setting.rate, setting.backlog / 3_600)


def _batched(setting: Setting) -> Setting:
    return replace(setting, batch=10 if _rate(setting) > BUSY else setting.batch)


def _workers(setting: Setting) -> int:
    return max(2, math.ceil(SPARE * _rate(setting) * setting.hold))
