"""What an operator's look costs: requests to AWS, the same whatever the number of jobs."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib import aws
from chalicelib.dynamo.control import DynamoRateWindows
from chalicelib.dynamo.counters import DynamoCounters
from chalicelib.dynamo.jobs import DynamoJobStore
from chalicelib.jobtype import JobType
from chalicelib.settings import Settings
from chalicelib.sqs import SqsJobQueue
from scripts.seeding import seed
from tests.chalicelib.api.support import NOTE, OTHER, T0, Note, World, only_types
from tests.support import REGION, Clock, requests_to

THIRD = JobType("test.third", lambda payload, ctx: None, Note)
KINDS = (NOTE, OTHER, THIRD)
"""As many as are built in."""
LOOKS = (
    "/jobs", "/jobs?limit=100", "/jobs?status=queued", "/jobs?status=completed&type=test.note", "/jobs?tag=night",
    "/jobs?error=nothing+like+it", "/jobs?status=processing&tag=night", "/jobs?id_prefix=a",
)  # fmt: skip


@pytest.fixture
def platform(cloud: Settings, clock: Clock) -> Iterator[Callable[[int], World]]:
    """An API over the emulator with so many jobs."""
    for kind in KINDS:
        for name in (f"test-{kind.queue}", f"test-{kind.queue}-dlq"):
            aws.client("sqs", REGION).create_queue(QueueName=name)

    def make(number: int) -> World:
        seed(cloud, number, [kind.name for kind in KINDS], T0)
        parts = {
            "job_store": DynamoJobStore(cloud, clock), "job_queue": SqsJobQueue(cloud),
            "rate_windows": DynamoRateWindows(cloud), "counters": DynamoCounters(cloud),
        }  # fmt: skip
        return World(clock=clock, parts=parts)

    with only_types(*KINDS):
        yield make


def cost(world: World, path: str) -> int:
    """How many requests to AWS one call makes; the token is looked up in memory, as the authorizer does it."""
    world.clock.now += 10  # nothing is left of an answer before
    with requests_to("dynamodb") as tables, requests_to("sqs") as queues:
        assert world.get(path).status == 200
    return len(tables) + len(queues)


@pytest.mark.parametrize("number", [50, 1000])
def test_an_operators_looks_cost_the_same_at_any_size(platform: Callable[[int], World], number: int) -> None:
    world = platform(number)
    costs = {path: cost(world, path) for path in ("/metrics", *LOOKS)}
    assert costs == {
        "/metrics": 7, "/jobs": 6, "/jobs?limit=100": 6, "/jobs?status=queued": 6,
        "/jobs?status=completed&type=test.note": 6, "/jobs?tag=night": 5, "/jobs?error=nothing+like+it": 6,
        "/jobs?status=processing&tag=night": 5, "/jobs?id_prefix=a": 5,
    }  # fmt: skip
    assert max(costs.values()) <= 8
