"""Test GET /jobs/{id}/logs: the lines of one job, newest attempt first."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.cloudwatch_logs import JobLogs
from chalicelib.assembly import parts
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.step import Step
from tests.chalicelib.api.support import World

GROUP = "/aws/lambda/stack-test-note"


@pytest.fixture
def logged(world: World) -> Iterator[JobLogs]:

    world.clock.now = time.time()  # CloudWatch Logs accepts no lines from the future
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1")
        client.create_log_group(logGroupName=GROUP)
        reader = JobLogs(client, "/aws/lambda/stack-", "us-east-1")
        parts.job_logs = reader
        yield reader


def write(logs: JobLogs, *lines: object, at: Callable[[int], float] | None = None, stream: str = "s") -> None:
    """Write lines, each a millisecond after the previous line, or at the time `at`."""
    moment, now = at or (lambda place: now + place / 1000), time.time()
    logs.client.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    events = [
        {"timestamp": int(moment(n) * 1000), "message": line if isinstance(line, str) else json.dumps(line)}
        for n, line in enumerate(lines)
    ]
    logs.client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]


def test_a_jobs_lines_come_newest_attempt_first_and_no_one_elses(world: World, logged: JobLogs) -> None:
    job_id = world.create()
    line = {"level": "INFO", "message": "attempt.started", "job_id": job_id, "gen": 1}
    write(
        logged,
        {**line, "attempt": 1},
        f"START RequestId: {job_id}",
        {"_aws": {}, "job_id": job_id},
        {**line, "attempt": 2, "wait_ms": 7},
        {**line, "attempt": 2, "level": "WARNING", "message": "attempt.error"},
        {"job_id": "another", "message": f"about {job_id}"},
    )
    answer = world.get(f"/jobs/{job_id}/logs")
    assert answer.status == 200
    assert [(x["attempt"], x["level"], x["message"]) for x in answer.json["lines"]] == [
        (2, "INFO", "attempt.started"), (2, "WARNING", "attempt.error"), (1, "INFO", "attempt.started")]  # fmt: skip
    assert answer.json["lines"][0]["fields"] == {"wait_ms": 7}
    assert job_id in answer.json["insights_url"]


def test_the_newest_attempt_comes_first_over_all_pages(world: World, logged: JobLogs) -> None:
    job_id = world.create()
    start = float(int(world.clock.now))
    for attempt in (1, 2):
        world.store.record(
            job_id, Attempt(1, attempt, "error", start + 60 * attempt, start + 60 * attempt + 30, claim=attempt)
        )
    world.put_in(job_id, Status.FAILED, started_at=start + 180, finished_at=start + 200, attempts=3)
    about = {"job_id": job_id, "gen": 1}
    for attempt in (1, 2, 3):
        for first, stream in enumerate("ab"):
            lines = [{**about, "attempt": attempt, "message": f"line {n}"} for n in range(first, 150, 2)]

            def at(place: int, attempt: int = attempt, first: int = first) -> float:
                return start + 60 * attempt + (2 * place + first) / 10

            write(logged, *lines, at=at, stream=f"{stream}{attempt}")
    asked: list[object] = []
    logged.client.meta.events.register("before-call", lambda **more: asked.append(more))
    seen: list[Any] = []
    sizes: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        asked.clear()
        answer = world.get(f"/jobs/{job_id}/logs" + (f"?cursor={cursor}" if cursor else "")).json
        assert len(asked) <= 5
        seen += answer["lines"]
        sizes.append(len(answer["lines"]))
        cursor = answer["next_cursor"]
    expected = [(attempt, f"line {n}") for attempt in (3, 2, 1) for n in range(150)]
    assert [(line["attempt"], line["message"]) for line in seen] == expected
    assert max(sizes) < 200 <= sum(sizes)


def test_lambdas_words_on_a_lost_attempt_are_among_its_lines(world: World, logged: JobLogs) -> None:
    job_id, now = world.create(), world.clock.now
    world.store.record(job_id, Attempt(1, 1, "lost", now - 20, request_id="request-1"))
    world.put_in(job_id, Status.COMPLETED, started_at=now + 60, finished_at=now + 61, attempts=2)
    line = {"level": "INFO", "message": "attempt.started", "job_id": job_id, "gen": 1, "attempt": 1}
    write(
        logged,
        "START RequestId: request-1 Version: $LATEST",
        line,
        "request-1 Task timed out after 3.00 seconds\n\n",
        "request-2 Task timed out after 4.00 seconds",
        "REPORT RequestId: request-1\tDuration: 3000.00 ms\tStatus: timeout",
    )
    lines = world.get(f"/jobs/{job_id}/logs").json["lines"]
    assert [(x["attempt"], x["level"], x["message"]) for x in lines] == [
        (1, "INFO", "attempt.started"),
        (1, "ERROR", "request-1 Task timed out after 3.00 seconds"),
        (1, "ERROR", "REPORT RequestId: request-1\tDuration: 3000.00 ms\tStatus: timeout"),
    ]


def test_lines_of_one_moment_keep_the_order_they_were_written_in(world: World, logged: JobLogs) -> None:
    job_id, now = world.create(), time.time()
    line = {"job_id": job_id, "gen": 1, "attempt": 1}
    write(logged, *({**line, "message": f"line {n}"} for n in (5, 3, 9, 1)), at=lambda _: now)
    lines = world.get(f"/jobs/{job_id}/logs").json["lines"]
    assert [x["message"] for x in lines] == ["line 5", "line 3", "line 9", "line 1"]


def test_a_line_that_another_invocation_wrote_in_the_jobs_name_is_not_the_jobs(world: World, logged: JobLogs) -> None:
    job_id, now = world.create(), world.clock.now
    world.store.record(job_id, Attempt(1, 1, "error", now - 20, request_id="request-1"))
    world.put_in(job_id, Status.COMPLETED, started_at=now - 10, finished_at=now, attempts=2, request_id="request-2")
    line = {"level": "INFO", "job_id": job_id, "gen": 1}
    write(
        logged,
        {**line, "attempt": 2, "message": "second", "invocation": "request-2"},
        {**line, "attempt": 1, "message": "late end of the first", "invocation": "request-1"},
        {**line, "attempt": 2, "message": "forged", "invocation": "request-3"},
        {**line, "attempt": 2, "message": "forged", "invocation": ["request-2"]},
        {**line, "attempt": 2, "message": "from before lines named their invocation"},
    )
    lines = world.get(f"/jobs/{job_id}/logs").json["lines"]
    assert [x["message"] for x in lines] == [
        "second", "from before lines named their invocation", "late end of the first",
    ]  # fmt: skip


def test_lines_from_before_a_wait_are_among_those_of_the_job(world: World, logged: JobLogs) -> None:
    job_id, now = world.create(), world.clock.now
    job = world.put_in(job_id, Status.SUSPENDED, started_at=now - 10, attempts=0, kept=1, waits="time")
    world.store.keep_step(job, Step("step:charge", now - 9, "paid", invocation="request-1"))
    line = {"level": "INFO", "job_id": job_id, "gen": 1, "attempt": 1}
    write(
        logged,
        {**line, "message": "charged", "invocation": "request-1"},
        {**line, "message": "forged", "invocation": "request-3"},
    )
    assert [x["message"] for x in world.get(f"/jobs/{job_id}/logs").json["lines"]] == ["charged"]
