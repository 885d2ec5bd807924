"""Provide one API per test with a controlled clock: on memory ports, or over the emulated AWS."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.assembly import parts
from chalicelib.job_types.jobtype import JobType
from chalicelib.settings import Settings
from tests.chalicelib.api.support import NOTE, OTHER, World, only_types
from tests.support import REGION, Clock


@pytest.fixture
def world() -> Iterator[World]:
    """An API without a rate limit."""
    with only_types(NOTE, OTHER):
        yield World()
        parts.reset()


@pytest.fixture
def over_aws(cloud: Settings, clock: Clock) -> Iterator[Callable[..., World]]:
    """Make an API over DynamoDB and SQS with these job types and settings."""
    with ExitStack() as types:

        def make(kinds: tuple[JobType[Any, Any], ...] = (NOTE, OTHER), **settings: Any) -> World:
            types.enter_context(only_types(*kinds))
            for kind in kinds:
                for name in (f"test-{kind.short}", f"test-{kind.short}-dlq"):
                    aws.client("sqs", REGION).create_queue(QueueName=name)
            ports = {
                "job_store": DynamoJobStore(cloud, clock), "job_queue": SqsJobQueue(cloud),
                "rate_windows": DynamoRateWindows(cloud), "counters": DynamoCounters(cloud),
            }  # fmt: skip
            return World(clock, replace(cloud, **{"rate_limit_max": 0, **settings}), ports)

        yield make
        parts.reset()
