"""Check the number of AWS requests for an operator's requests: it is the same for any number of jobs."""

from collections.abc import Callable

import pytest

from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.listing import iso
from chalicelib.jobs.texts.fingerprints import fingerprint
from chalicelib.settings import Settings
from tests.chalicelib.api.support import NOTE, OTHER, T0, Note, World, only_types
from tests.reading import read_by
from tests.seeding import ERROR, seed
from tests.support import REGION

THIRD = JobType("test.third", lambda payload, ctx: None, Note)
KINDS = (NOTE, OTHER, THIRD)
"""The number of built-in types."""
NAME = fingerprint(NOTE.name, *ERROR)[0]


@pytest.fixture
def platform(cloud: Settings, over_aws: Callable[..., World]) -> Callable[[int], World]:
    """An API over the emulator with that many jobs."""

    def make(number: int) -> World:
        seed(cloud, number, [kind.name for kind in KINDS], T0)
        return over_aws(kinds=KINDS)

    return make


Cost = tuple[int, float]
"""Requests to AWS, and read units."""
REQUESTS = {
    "/metrics": 7, "/jobs": 6, "/jobs?limit=100": 6, "/jobs?status=queued": 14, "/jobs?status=failed&limit=10": 6,
    "/jobs?status=completed": 6, "/jobs?status=completed&type=test.note": 6, "/jobs?tag=night": 5,
    "/jobs?id_prefix=a": 5, f"/jobs?fingerprint={NAME}&limit=5": 5,
    f"/jobs?created_after={iso(T0 - 9)}": 5, f"/jobs?created_before={iso(T0 - 9)}": 5, "/jobs?offset=500": 6,
}  # fmt: skip
RARE = {"/jobs?status=processing&tag=night": 13, "/jobs?status=dead_letter": 6, "/jobs?error=nothing+like+it": 6}
"""Requests that do not fill a page in the smaller table, or in any table: there they may cost less, but never more."""
OF_ANY_TYPE = ("/jobs?status=queued", "/jobs?status=processing&tag=night")
"""A list of unfinished jobs of any type: four queries for each type, and the counters."""
MOST_UNITS = 80.0
"""Maximum for any page of 20 jobs, with any number of jobs."""


def cost(world: World, path: str) -> Cost:
    """Return the AWS requests of one call. The token is read from memory."""
    world.clock.now += 10  # remove cached answers
    with read_by(REGION) as reading:
        assert world.get(path).status == 200
    return sum(reading.requests.values()), reading.units


def test_a_fourth_type_does_not_make_metrics_cost_more(platform: Callable[[int], World]) -> None:
    world = platform(50)
    with only_types(*KINDS, JobType("test.fourth", lambda payload, ctx: None, Note)):
        assert cost(world, "/metrics")[0] == 1


def test_an_operators_looks_cost_the_same_at_any_size(platform: Callable[[int], World]) -> None:
    at_one, at_four = ({path: cost(world, path) for path in REQUESTS | RARE} for world in map(platform, (1000, 2000)))
    requests, units = ({path: one[part] for path, one in at_one.items()} for part in (0, 1))
    assert requests == REQUESTS | RARE
    assert {path: one for path, one in at_four.items() if path in REQUESTS} == {
        path: (requests[path], units[path]) for path in REQUESTS
    }
    assert {path: one[0] for path, one in at_four.items()} == requests
    assert max(n for path, n in requests.items() if path not in OF_ANY_TYPE) <= 8
    assert max(one[1] for path, one in at_four.items() if "limit=100" not in path) <= MOST_UNITS
