"""Check that every row of a job has an expiry that follows the job, and that nothing is removed without its job."""

from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.retention import KEEP_BODIES, KEEP_DEAD, KEEP_DONE, KEEP_FILES
from chalicelib.jobs.step import Step
from chalicelib.settings import Settings
from tests.chalicelib.erasing.bench import HOUR, HUGE, LARGE, Bench
from tests.contract.expiry import expire
from tests.support import REGION, Clock, a_job


@pytest.fixture
def bench(cloud: Settings, clock: Clock) -> Bench:
    return Bench(cloud, clock)


def test_an_erasure_leaves_what_belongs_to_no_job(bench: Bench) -> None:
    """Nothing says whose it is: it may be of a job that a restore has not brought back yet."""
    lost = bench.life(None, idempotency_key="lost", payload={"to": HUGE}, parent=None)
    aws.client("dynamodb", REGION).delete_item(
        TableName=bench.settings.jobs_table, Key={"pk": {"S": lost.id}, "sk": {"S": "META"}}
    )
    aws.client("s3", REGION).put_object(
        Bucket=bench.settings.files_bucket, Key=f"reports/customers/{a_job().id}/2026.pdf", Body=b"x"
    )
    before = bench.scan()
    bench.clock.advance(2 * HOUR)
    bench.erase("nobody")
    bench.to_the_end()
    assert bench.scan() == before


SHAPES: list[dict[str, Any]] = [
    {"payload": {"to": "small"}}, {"payload": {"to": LARGE}}, {"payload": {"to": HUGE}},
    {"run_at": 40 * DAY}, {"batch": "b"}, {"tags": ("tenant=acme",)},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_every_row_has_an_expiry_that_follows_the_job(
    bench: Bench, clock: Clock, shape: dict[str, Any], end: str
) -> None:
    """No row goes before the job, and none stays more than KEEP_BODIES after the job's last change."""
    made = clock.now
    more = {"run_at": made + shape["run_at"], "status": Status.SCHEDULED} if "run_at" in shape else shape
    job = a_job(**{"created_at": made, "payload": {"to": LARGE}, **more})
    bench.store.add(job)
    clock.advance(41 * DAY if "run_at" in shape else 5 * DAY)
    for run in (1, 2):  # the second one begins when the job is nearly gone
        ended = worked(bench, job.id, end, clock)
        assert ended.expires_at is not None
        check_expiries(bench, ended, clock)
        clock.advance((KEEP_DONE if end != "failed" else KEEP_DEAD) - DAY)
        if run == 1 and end != "completed":
            retry = transitions.requeue(bench.store.get(job.id), now=clock.now)
            bench.store.apply(job.id, retry)
        elif run == 1:
            break
    clock.advance(2 * DAY)
    expire(bench.settings, clock)
    assert bench.removal.find(job.id) is None
    clock.advance(KEEP_BODIES)
    expire(bench.settings, clock)
    assert [key for key in bench.of(job) if not key.startswith(("payloads/", "results/"))] == []


def worked(bench: Bench, job_id: str, end: str, clock: Clock) -> Job:
    """Run a job up to its end: with an attempt that failed, steps, and a large result."""
    job = bench.store.get(job_id)
    if end == "cancelled":
        return bench.store.apply(job_id, transitions.cancel(job, now=clock.now))
    claim = transitions.claim(job.gen, now=clock.now, lease_until=clock.now + 60, by=Claimant("r"), job_type=job.type)
    held = bench.store.apply(job_id, claim)
    bench.store.record(job_id, Attempt(held.gen, 1, "error", clock.now, clock.now, "E", "m", claim=held.claims))
    bench.store.keep_step(held, Step(f"step:{held.gen}", clock.now, LARGE, number=held.gen))
    if end == "failed":
        return bench.store.apply(job_id, transitions.fail(held, now=clock.now, error=("E", "m")))
    return bench.store.apply(job_id, transitions.complete(held, now=clock.now, result=LARGE))


def check_expiries(bench: Bench, ended: Job, clock: Clock) -> None:
    """Compare each row with the job's own one, and each object with the lifecycle rule of its prefix."""
    rows = {key: row for key, row in bench.scan().items() if ended.id in key}
    own = float(rows.pop(f"{ended.id}/META")["expires_at"]["N"])
    for key, row in rows.items():
        if isinstance(row, dict):
            end = float(row["expires_at"]["N"])
            assert own <= end <= clock.now + KEEP_BODIES + 1, f"{key} and its job: {(end - own) / DAY} days"
        else:
            assert clock.now + KEEP_FILES[key.split("/")[0] + "/"] >= own, key
