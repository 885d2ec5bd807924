"""Test many jobs in a batch.

Jobs that were not stored are sent again with their keys, and no received answer is lost.
"""

from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.api.http.problems import problem_body
from chalicelib.jobs.job import Job
from jobflow import JobFlow, NewJob, errors
from jobflow.client import batches
from tests.chalicelib.api.support import World
from tests.jobflow.support import EAGER, Connect, Slept, Wire, play

PAYLOAD = {"to": ["a@example.com"]}
LATE = httpx.ReadTimeout("late")


class Losing(MemoryJobStore):
    """A store whose answer about a job is lost after it was written: the nth answer, for each n."""

    def __init__(self, *lost: int) -> None:
        super().__init__()
        self.lost = lost
        self.asked = 0

    def add(self, job: Job) -> None:
        self.asked += 1
        super().add(job)
        if self.asked in self.lost:
            raise TimeoutError("the answer got lost")


def numbered(number: int) -> list[NewJob]:
    return [NewJob("test.note", PAYLOAD, tags=[f"n:{n}"]) for n in range(number)]


def tags(client: JobFlow) -> list[str]:
    """Return the tags of all existing jobs."""
    return sorted(tag for job in client.iterate() for tag in job.tags or [])


def answered(statuses: Sequence[int]) -> httpx.Response:
    """Return an answer to a batch, with these statuses."""
    results = [
        {"status": status, "problem": problem_body(status, detail="Send it again.") if status == 503 else None}
        for status in statuses
    ]
    return httpx.Response(200, json={"results": results})


def test_a_job_that_was_stored_without_an_answer_is_not_made_twice(connect: Connect, world: World) -> None:
    wire, slept = Wire(World(parts={"job_store": Losing(3)})), Slept()
    client = connect(wire, slept)
    results = client.batch(numbered(5))
    assert [result.status for result in results] == [201, 201, 200, 201, 201]
    assert [result.existing for result in results] == [None] * 5, "each was made by this call"
    assert [result.job and result.job.tags for result in results] == [[f"n:{n}"] for n in range(5)]
    assert (tags(client), slept) == ([f"n:{n}" for n in range(5)], [0.2])


def test_what_is_not_stored_is_sent_again_by_itself_with_growing_waits_then_told() -> None:
    course = batches.batch(numbered(3), EAGER)
    results, waits = play(course, answered([201, 503, 503]), *[answered([503, 422])], *[answered([503])] * 2)
    assert ([result.status for result in results], waits) == ([201, 503, 422], [0.2, 0.4, 0.8])
    assert results[1].problem is not None
    assert results[1].problem.detail == "Send it again."


def test_an_error_while_it_is_sent_again_hides_nothing() -> None:
    refused = httpx.Response(401, json=problem_body(401))
    results, _ = play(batches.batch(numbered(2), EAGER), answered([201, 503]), refused)
    assert [result.status for result in results] == [201, 503]


@pytest.mark.parametrize(
    ("then", "status", "told"),
    [
        ([httpx.ConnectError("down")] * 4, 503, "No answer from the API at https://jobs.example.com: down"),
        ([httpx.Response(429, json=problem_body(429, detail="Slowly."))] * 4, 429, "Slowly."),
        ([httpx.Response(502, text="Bad gateway")] * 4, 502, "The API answered 502"),
        ([httpx.Response(401, json=problem_body(401, detail="It expired.", kind="no-token"))], 401, "It expired."),
        ([answered([201])], 503, "5 jobs were sent in a batch, but 1 results came back."),
    ],
)
def test_a_later_request_that_fails_hides_nothing_of_those_before(
    client: JobFlow, wire: Wire, then: list[httpx.Response | Exception], status: int, told: str
) -> None:
    jobs = numbered(30)
    wire.before["POST"] = lambda: wire.instead.extend(then)
    results = client.batch(jobs)
    assert [result.status for result in results] == [201] * 25 + [status] * 5
    assert {(result.job, result.problem and result.problem.detail) for result in results[25:]} == {(None, told)}
    wire.before.clear()
    again = client.batch(
        replace(job, key=result.key) for job, result in zip(jobs, results, strict=True) if not result.job
    )
    assert [result.status for result in again] == [201] * 5
    assert tags(client) == sorted(f"n:{n}" for n in range(30))


def test_the_rest_is_not_sent_after_an_error_and_has_its_keys(client: JobFlow, wire: Wire) -> None:
    wire.before["POST"] = lambda: wire.instead.extend([LATE] * 4)
    results = client.batch([*numbered(60), NewJob("test.note", PAYLOAD, key="order-1042")])
    assert [result.status for result in results] == [201] * 25 + [503] * 36
    assert (len(wire.asked), len({result.key for result in results}), results[-1].key) == (5, 61, "order-1042")


def test_a_job_that_a_lost_request_had_made_is_found_under_its_key(client: JobFlow, wire: Wire) -> None:
    jobs = numbered(26)

    def lose() -> None:
        wire.lost = 0 if len(wire.asked) == 1 else 1

    wire.before["POST"] = lose
    results = client.batch(jobs)
    assert (results[25].status, len(tags(client))) == (503, 26)
    wire.before.clear()
    wire.lost = 0
    [again] = client.batch([replace(jobs[25], key=results[25].key)])
    assert (again.status, again.existing) == (200, "key")
    assert len(tags(client)) == 26


def test_a_request_whose_answer_was_lost_made_the_jobs_itself(client: JobFlow, wire: Wire) -> None:
    wire.lost = 1
    assert [(one.status, one.existing) for one in client.batch(numbered(2))] == [(200, None)] * 2


def test_an_error_of_the_first_request_is_raised(client: JobFlow, wire: Wire) -> None:
    wire.instead = [httpx.ConnectError("down")] * 4
    with pytest.raises(errors.NotReached):
        client.batch(numbered(30))


def test_an_error_of_a_half_hides_nothing_of_the_other() -> None:
    large = httpx.Response(413, json=problem_body(413))
    refused = httpx.Response(401, json=problem_body(401))
    results, _ = play(batches.batch(numbered(5), EAGER), large, answered([201, 201]), refused)
    assert [result.status for result in results] == [201, 201, 401, 401, 401]


def test_what_has_no_form_in_json_is_told_before_anything_is_sent(client: JobFlow, wire: Wire) -> None:
    with pytest.raises(TypeError, match="JSON"):
        client.batch([*numbered(25), NewJob("test.note", {"to": object()})])
    assert wire.asked == []
