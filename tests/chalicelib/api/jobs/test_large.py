"""GET /jobs/{id} of a job whose payload and result are as large as they may be: Lambda hands on 6 MB."""

import json
from typing import Any

import pytest

from chalicelib.assembly import parts
from chalicelib.errors import PermanentError
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.limits import LARGEST_BODY, MOST_HISTORY
from chalicelib.worker.enqueue import Enqueuing
from chalicelib.worker.result import as_json
from tests.chalicelib.api.support import T0, World
from tests.support import a_job

LAMBDA = 6 * 1024 * 1024
"""Bytes of a function's answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def kept(world: World, payload: int, result: int) -> str:
    """A completed job with so many characters in both, each of which its maker lets pass."""
    asked = {"to": ["a@example.com"], "text": "x" * payload}
    job_id = Enqueuing(("test.note",), parts.job_service).make(a_job(), "test.note", asked, key="key")
    world.put_in(job_id, Status.COMPLETED, result=as_json(["y" * result]))
    return job_id


def as_lambda_hands_it_on(world: World, job_id: str) -> tuple[int, Any]:
    """Bytes of the whole answer, and what is in it."""
    answer = world.get(f"/jobs/{job_id}")
    assert answer.status == 200
    whole = {"statusCode": answer.status, "headers": dict(answer.headers), "multiValueHeaders": {}, "body": answer.text}
    return len(json.dumps(whole).encode()), answer.json


@pytest.mark.parametrize(
    ("payload", "result"), [(3_500_000, 3_000_000), (LARGEST_BODY - 100, LARGEST_BODY - 100), (LARGEST_BODY - 100, 9)]
)
def test_a_job_is_told_whatever_it_carries(world: World, payload: int, result: int) -> None:
    size, job = as_lambda_hands_it_on(world, kept(world, payload, result))
    assert size < LAMBDA
    assert len(job["result"][0]) == result
    assert job["payload_bytes"] > payload
    assert (job["payload"] is None) == (payload + result > 6_000_000)


def test_a_result_counts_as_it_is_written_in_the_answer(world: World) -> None:
    with pytest.raises(PermanentError, match="at most 5,000,000"):
        as_json(['"' * 1_300_000])
    job_id = world.create()
    world.put_in(job_id, Status.COMPLETED, result=as_json(['"' * 1_249_000]))
    size, job = as_lambda_hands_it_on(world, job_id)
    assert size < LAMBDA
    assert len(job["result"][0]) == 1_249_000


def test_a_long_history_counts(world: World) -> None:
    job_id = kept(world, 2_500_000, 2_500_000)
    assert as_lambda_hands_it_on(world, job_id)[1]["payload"] is not None
    for claim in range(1, MOST_HISTORY + 1):
        world.store.record(job_id, Attempt(1, 1, "error", T0, T0, "E", "no", "line\n" * 1600, claim=claim))
    size, job = as_lambda_hands_it_on(world, job_id)
    assert size < LAMBDA
    assert (job["payload"], len(job["attempt_history"]) >= MOST_HISTORY) == (None, True)
