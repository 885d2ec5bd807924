"""Test jobs on the complete platform of `make dev`: real processes, real waits, the runner's own Lambda."""

import functools
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.flow.paused import switch
from tests.infra.local.running import Run, until


@pytest.fixture(scope="module")
def jobs(run: Run) -> dict[str, str]:
    """Create one job for each scenario, all at once, so that their waits overlap."""
    brief = {"type": "flow.brief"}
    stories: dict[str, dict[str, Any]] = {
        "completed": {},
        "retried": {"payload": {"fail": 2}},
        "exhausted": {"payload": {"fail": 9}, "max_attempts": 2},
        "only one attempt": {"payload": {"fail": 9}, "max_attempts": 1},
        "permanent": {"payload": {"fail": 1, "how": "permanent"}},
        "killed": {"payload": {"fail": 1, "how": "die"}, **brief},
        "too long": {"payload": {"seconds": 30}, "max_attempts": 1, **brief},
        "delayed": {"delay_seconds": 3},
    }
    return {
        name: run.submit(story.pop("type", "flow.probe"), story.pop("payload", {}), **story)
        for name, story in stories.items()
    }


def ended(run: Run, job_id: str) -> dict[str, Any]:
    """Return the job when its state changes only if an operator acts."""
    done = ("completed", "failed", "dead_letter", "cancelled")
    until(lambda: run.job(job_id)["status"] in done)
    return run.job(job_id)


def outcomes(job: dict[str, Any]) -> list[str]:
    return [attempt["outcome"] for attempt in job["attempt_history"]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@functools.cache  # creating a client takes longer than a request
def sqs_at(endpoint: str) -> Any:
    return boto3.client("sqs", "us-east-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x")


def queue(run: Run, suffix: str = "") -> tuple[Any, str]:
    """Return a client of SQS and the address of the queue."""
    sqs = sqs_at(run.state["aws"])
    return sqs, sqs.get_queue_url(QueueName=f"{run.state['stack']}-flow-probe{suffix}")["QueueUrl"]


def dead_messages(run: Run) -> list[dict[str, Any]]:
    sqs, url = queue(run, "-dlq")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def depth(run: Run, suffix: str = "") -> int:
    """Return the number of messages in the queue, including those that are hidden or delayed."""
    sqs, url = queue(run, suffix)
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(int(n) for name, n in counted.items() if name.startswith("ApproximateNumberOfMessages"))


def test_a_job_is_completed_with_its_result(run: Run, jobs: dict[str, str]) -> None:
    job = ended(run, jobs["completed"])
    assert (job["status"], job["result"], outcomes(job)) == ("completed", {"attempt": 1}, ["completed"])


def test_a_failing_job_is_retried_with_growing_delays_and_completes(run: Run, jobs: dict[str, str]) -> None:
    job = ended(run, jobs["retried"])
    first, second, third = job["attempt_history"]
    assert outcomes(job) == ["error", "error", "completed"]
    assert (first["retry_delay_s"], second["retry_delay_s"]) == (2, 4)
    assert at(second["started_at"]) - at(first["finished_at"]) >= timedelta(seconds=2)
    assert at(third["started_at"]) - at(second["finished_at"]) >= timedelta(seconds=4)
    assert "ValueError: not yet" in first["stack"]


@pytest.mark.parametrize(("story", "attempts"), [("exhausted", 2), ("only one attempt", 1)])
def test_an_exhausted_job_is_in_the_dead_letter_queue(
    run: Run, jobs: dict[str, str], story: str, attempts: int
) -> None:
    job = ended(run, jobs[story])
    assert (job["status"], job["attempts"], job["error_class"]) == ("dead_letter", attempts, "ValueError")
    until(lambda: jobs[story] in [message["id"] for message in dead_messages(run)])


def test_a_permanent_error_is_not_retried(run: Run, jobs: dict[str, str]) -> None:
    job = ended(run, jobs["permanent"])
    assert (job["status"], outcomes(job), job["error_message"]) == ("failed", ["permanent_error"], "never")


def test_a_worker_killed_in_the_middle_is_taken_over(run: Run, jobs: dict[str, str]) -> None:
    job = ended(run, jobs["killed"])
    # on a slow machine another attempt may take longer than the brief timeout
    assert (job["status"], outcomes(job)[0], outcomes(job)[-1]) == ("completed", "lost", "completed")


def test_a_job_that_takes_too_long_is_killed_and_given_up(run: Run, jobs: dict[str, str]) -> None:
    ended(run, jobs["too long"])
    # the log of Lambda is read for the attempt after the job was given up
    until(lambda: outcomes(run.job(jobs["too long"])))
    job = run.job(jobs["too long"])
    assert (job["status"], job["error_class"], outcomes(job)) == ("dead_letter", "WorkerLost", ["lost"])


def test_a_delayed_job_starts_when_it_is_due(run: Run, jobs: dict[str, str]) -> None:
    job = ended(run, jobs["delayed"])
    waited = at(job["started_at"]) - at(job["created_at"])
    assert (job["status"], waited >= timedelta(seconds=3)) == ("completed", True)


def test_a_job_cancelled_while_it_waits_never_runs(run: Run) -> None:
    switch(run, "flow.probe", "pause")
    job_id = run.submit("flow.probe", {}, delay_seconds=1)
    answer = run.client.post(f"/jobs/{job_id}/cancel").json()
    assert answer["status"] == "cancelled"
    switch(run, "flow.probe", "resume")
    until(lambda: depth(run) == 0)
    assert (run.job(job_id)["attempts"], run.job(job_id)["status"]) == (0, "cancelled")
    assert run.client.post(f"/jobs/{job_id}/cancel").status_code == 409


def test_a_running_job_obeys_a_request_to_stop(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    job_id = run.submit("flow.probe", {"gate": str(tmp_path / "gate")})
    until(lambda: run.job(job_id)["status"] == "processing")
    assert run.client.post(f"/jobs/{job_id}/cancel").json()["cancel_requested"] is True
    job = ended(run, job_id)
    assert (job["status"], outcomes(job)) == ("cancelled", ["cancelled"])


def test_a_dead_job_is_retried_by_hand_and_its_old_message_does_no_harm(run: Run, jobs: dict[str, str]) -> None:
    job_id = jobs["exhausted"]
    ended(run, job_id)
    until(lambda: depth(run, "-dlq") > 0)
    answer = run.client.post(f"/jobs/{job_id}/retry", json={"payload": {"fail": 0}}).json()
    assert (answer["status"], answer["attempts"], answer["gen"]) == ("queued", 0, 2)
    assert run.client.post(f"/jobs/{job_id}/retry").status_code in (200, 409)
    job = ended(run, job_id)
    assert (job["status"], job["result"]) == ("completed", {"attempt": 1})
    assert outcomes(job) == ["error", "error", "completed"]


def test_a_message_delivered_twice_runs_its_job_once(run: Run) -> None:
    job_id = run.submit("flow.probe", {"seconds": 1})
    sqs, url = queue(run)
    message = {"v": 1, "id": job_id, "gen": 1, "type": "flow.probe", "cid": "twice"}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))
    job = ended(run, job_id)
    assert (job["status"], job["attempts"], outcomes(job)) == ("completed", 1, ["completed"])


def test_fifty_posts_with_one_key_make_one_job(run: Run) -> None:
    body = {"type": "flow.probe", "payload": {}}

    def post(_: int) -> httpx.Response:
        return run.client.post("/jobs", json=body, headers={"Idempotency-Key": "fifty-times"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


def listed(run: Run, status: str) -> int:
    """Return how many jobs of the type a list of this status has, on all of its pages."""
    asked, number = {"type": "flow.probe", "status": status, "limit": "100"}, 0
    while True:
        page = run.client.get("/jobs", params=asked).json()
        number += len(page["jobs"])
        if page["next_cursor"] is None:
            return number
        asked["cursor"] = page["next_cursor"]


def test_the_numbers_are_right_when_everything_has_ended(run: Run, jobs: dict[str, str]) -> None:
    for job_id in jobs.values():
        ended(run, job_id)

    def settled() -> bool:
        numbers = run.client.get("/metrics").json()["by_type"]["flow.probe"]
        counted = {status: listed(run, status) for status in numbers["by_status"]}
        return bool(numbers["by_status"] == counted and numbers["active_jobs"] == 0)

    until(settled)


def test_the_log_lines_of_a_job_can_be_read_and_hold_no_payload(run: Run, jobs: dict[str, str]) -> None:
    job_id = jobs["retried"]
    ended(run, job_id)

    def lines() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = run.client.get(f"/jobs/{job_id}/logs").json()["lines"]
        return found

    def messages() -> list[tuple[int, str]]:
        return [(line["attempt"], line["message"]) for line in lines()]

    # each process has its own log stream, and one may be written later than another
    until(lambda: {(1, "attempt.error"), (3, "attempt.started"), (3, "attempt.completed")} <= set(messages()))
    assert messages()[0] == (3, "attempt.started")
    assert "seconds" not in json.dumps(lines())
