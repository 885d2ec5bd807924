"""GET /metrics/series, /errors and /jobs/{id}/logs: what an operator asks at night."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from moto import mock_aws

from chalicelib import wiring
from chalicelib.counting import TOTALS, Additions, Row
from chalicelib.histogram import bucket
from chalicelib.job import Attempt, Status
from chalicelib.listing import iso, write_cursor
from chalicelib.logs import JobLogs
from chalicelib.memory_counters import MemoryCounters
from chalicelib.ports import Filter
from tests.chalicelib.api.support import NOTE, OTHER, T0, World, only_types

GROUP = "/aws/lambda/stack-test-note"


@pytest.fixture
def counters() -> MemoryCounters:
    return MemoryCounters()


@pytest.fixture
def world(counters: MemoryCounters) -> Iterator[World]:
    with only_types(NOTE, OTHER):
        yield World(parts={"counters": counters})
        wiring.reset()


def count(counters: MemoryCounters, row: Row, sequence: int, **numbers: int) -> None:
    place = f"{sequence:02}"
    counters.add(row, Additions(Counter(numbers)), "s", place, place)


def minute(name: str, at: float) -> Row:
    return Row(f"M#{name}", iso(at))


def test_throughput_sums_all_types_minute_by_minute(world: World, counters: MemoryCounters) -> None:
    count(counters, minute("test.note", T0 - 120), 1, created=2, completed=1)
    count(counters, minute("test.other", T0 - 120), 2, created=3)
    answer = world.get(f"/metrics/series?metric=throughput&from={iso(T0 - 180)}&to={iso(T0)}")
    points = answer.json["points"]
    assert answer.status == 200
    assert [(p["t"], p["created"], p["completed"]) for p in points] == [
        (iso(T0 - 180), 0, 0), (iso(T0 - 120), 5, 1), (iso(T0 - 60), 0, 0), (iso(T0), 0, 0)]  # fmt: skip
    assert set(points[0]) == {"t", "created", "completed", "failed", "retried", "dead_lettered"}


def test_failures_are_told_with_their_share_of_what_ended(world: World, counters: MemoryCounters) -> None:
    count(counters, minute("test.note", T0 - 60), 1, completed=6, failed=1, dead_lettered=1, retried=4)
    answer = world.get(f"/metrics/series?metric=failures&from={iso(T0 - 60)}&to={iso(T0)}")
    assert answer.json["points"] == [
        {"t": iso(T0 - 60), "failed": 1, "dead_lettered": 1, "retried": 4, "ratio": 0.25},
        {"t": iso(T0), "failed": 0, "dead_lettered": 0, "retried": 0, "ratio": None},
    ]


def test_durations_are_percentiles_of_one_type(world: World, counters: MemoryCounters) -> None:
    count(counters, minute("test.note", T0 - 60), 1, **{f"run{bucket(100)}": 99, f"run{bucket(5000)}": 1})
    count(counters, minute("test.other", T0 - 60), 2, **{f"run{bucket(9)}": 50})
    answer = world.get(f"/metrics/series?metric=run&type=test.note&from={iso(T0 - 60)}&to={iso(T0 - 1)}")
    [point] = answer.json["points"]
    assert point["count"] == 100
    assert 100 <= point["p50"] <= 119
    assert 100 <= point["p99"] <= 119


def test_depth_is_counted_back_from_now_and_says_when_it_is_drained(world: World, counters: MemoryCounters) -> None:
    counters.add(Row(*TOTALS), Additions(Counter({"n#test.note#queued": 20})), "s", "01", "01")
    count(counters, minute("test.note", T0 - 60), 2, created=5, completed=65)
    answer = world.get(f"/metrics/series?metric=depth&from={iso(T0 - 120)}&to={iso(T0)}").json
    assert [p["depth"] for p in answer["points"]] == [80, 20, 20]
    assert answer["drain_eta_s"] == 40.0


def test_depth_of_a_time_that_has_passed_is_not_that_of_now(world: World, counters: MemoryCounters) -> None:
    counters.add(Row(*TOTALS), Additions(Counter({"n#test.note#queued": 20})), "s", "01", "01")
    count(counters, minute("test.note", T0 - 60), 2, created=5, completed=65)
    answer = world.get(f"/metrics/series?metric=depth&from={iso(T0 - 180)}&to={iso(T0 - 120)}").json
    assert [p["depth"] for p in answer["points"]] == [80, 80]
    long_ago = world.get(f"/metrics/series?metric=depth&from={iso(T0 - 9_000_000)}&to={iso(T0 - 8_000_000)}").json
    assert long_ago["points"] == []


def test_depth_counts_scheduled_jobs_as_they_were_created(world: World, counters: MemoryCounters) -> None:
    counters.add(Row(*TOTALS), Additions(Counter({"n#test.note#scheduled": 7})), "s", "01", "01")
    count(counters, minute("test.note", T0 - 60), 2, created=7)
    answer = world.get(f"/metrics/series?metric=depth&from={iso(T0 - 120)}&to={iso(T0)}").json
    assert [p["depth"] for p in answer["points"]] == [0, 7, 7]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("metric=speed", "metric"), ("", "metric"), ("metric=run&step=7", "step"), ("metric=run&type=no.such", "type"),
        ("metric=run&from=yesterday", "from"), ("metric=run&colour=red", "colour"),
    ],
)  # fmt: skip
def test_a_wrong_series_is_422_naming_the_parameter(world: World, query: str, where: str) -> None:
    answer = world.get(f"/metrics/series?{query}")
    assert (answer.status, answer.locs[0][-1]) == (422, where)


@pytest.mark.parametrize(("step", "most"), [(60, 1500), (300, 600), (3600, 1500), (86_400, 1500)])
def test_a_long_series_is_cut_to_its_newest_points(world: World, step: int, most: int) -> None:
    answer = world.get(f"/metrics/series?metric=throughput&step={step}&from=1970-01-01T00:00:00Z&to={iso(T0)}")
    assert len(answer.json["points"]) == most
    assert answer.json["points"][-1]["t"] == iso(T0 - T0 % step)


def test_a_series_until_the_beginning_of_time_is_not_one_until_now(world: World) -> None:
    answer = world.get("/metrics/series?metric=throughput&to=1970-01-01T00:00:00Z").json
    assert answer["to"] == "1970-01-01T00:00:00.000Z"


def test_a_series_that_has_not_begun_is_empty(world: World) -> None:
    answer = world.get(f"/metrics/series?metric=throughput&from={iso(T0 + 9000)}").json
    assert (answer["points"], answer["from"], answer["to"]) == ([], iso(T0), iso(T0))


def test_errors_come_grouped_and_filtered_by_type(world: World, counters: MemoryCounters) -> None:
    for number, name in enumerate(("test.note", "test.other")):
        facts = {"type": name, "error_class": "E", "message": "<b>no …</b>", "last_seen": T0, "job0": f"id{number}"}
        row = Row("ERR", f"{iso(T0 - T0 % 3600)}#f{number}")
        counters.add(row, Additions(Counter({"count": number + 1}), facts, {"first_seen": T0 - 5}), "s", "01", "01")
    answer = world.get("/errors")
    assert [(g["fingerprint"], g["count"]) for g in answer.json["groups"]] == [("f1", 2), ("f0", 1)]
    [group] = world.get("/errors?type=test.note").json["groups"]
    assert (group["first_seen"], group["sample_job_ids"], group["sparkline"][-1]) == (iso(T0 - 5), ["id0"], 1)


def test_a_sparkline_shows_the_day_however_late_one_asks_from(world: World, counters: MemoryCounters) -> None:
    hour = T0 - T0 % 3600
    for place, at in enumerate((hour - 23 * 3600, hour - 3600, hour)):
        facts = {"type": "test.note", "error_class": "E", "message": "m", "last_seen": at, "job0": f"id{place}"}
        numbers = Additions(Counter({"count": place + 1}), facts, {"first_seen": at})
        counters.add(Row("ERR", f"{iso(at)}#f1"), numbers, "s", f"{place}", f"{place}")
    [group] = world.get(f"/errors?since={iso(hour)}").json["groups"]
    assert (group["count"], group["first_seen"], group["sample_job_ids"]) == (3, iso(hour), ["id2"])
    assert (group["sparkline"][0], group["sparkline"][-2:], sum(group["sparkline"])) == (1, [2, 3], 6)
    assert world.get(f"/errors?since={iso(T0 + 9000)}").json["groups"] == []


def test_only_the_most_frequent_errors_are_told_and_that_there_are_more(world: World, counters: MemoryCounters) -> None:
    for number in range(101):
        facts = {"type": "test.note", "error_class": "E", "message": "m", "last_seen": T0}
        row = Row("ERR", f"{iso(T0 - T0 % 3600)}#f{number:03}")
        counters.add(row, Additions(Counter({"count": number + 1}), facts, {"first_seen": T0}), "s", "01", "01")
    answer = world.get("/errors").json
    assert (len(answer["groups"]), answer["groups"][-1]["fingerprint"], answer["truncated"]) == (100, "f001", True)
    assert world.get("/errors?type=test.other").json["truncated"] is False


def test_a_groups_message_finds_its_jobs(world: World) -> None:
    failed = {"error_class": "TimeoutError", "finished_at": T0, "gen": 1}
    first, second, other = world.create(), world.create(), world.create()
    for number, job_id in enumerate((first, second)):
        world.put_in(job_id, Status.FAILED, error_message=f"no answer from 'host{number}' in {number} s", **failed)
    world.put_in(other, Status.FAILED, error_message="no answer at all", **failed)
    found = world.get("/jobs?error=" + quote("no answer from … in … s"))
    assert {job["id"] for job in found.json["jobs"]} == {first, second}


@pytest.fixture
def logged(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobLogs]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    world.clock.now = time.time()  # CloudWatch Logs takes no lines from the future
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1")
        reader = JobLogs(client, "/aws/lambda/stack-", "us-east-1")
        wiring._made["job_logs"] = reader
        yield reader


@contextmanager
def requests_of(logs: JobLogs) -> Iterator[list[str]]:
    """The requests to CloudWatch Logs meanwhile."""
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    logs.client.meta.events.register("before-call", note)
    yield asked
    logs.client.meta.events.unregister("before-call", note)


def write(logs: JobLogs, *lines: object) -> None:
    logs.client.create_log_group(logGroupName=GROUP)
    logs.client.create_log_stream(logGroupName=GROUP, logStreamName="s")
    events = [
        {"timestamp": int(time.time() * 1000) + n, "message": line if isinstance(line, str) else json.dumps(line)}
        for n, line in enumerate(lines)
    ]
    logs.client.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)  # type: ignore[arg-type]


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
        world.store.record(job_id, Attempt(1, attempt, "error", start + 60 * attempt, start + 60 * attempt + 30))
    world.put_in(job_id, Status.FAILED, started_at=start + 180, finished_at=start + 200, attempts=3)
    lines = [
        ({"message": f"line {n}", "job_id": job_id, "gen": 1, "attempt": attempt}, start + 60 * attempt + n / 10)
        for attempt in (1, 2, 3)
        for n in range(150)
    ]
    logged.client.create_log_group(logGroupName=GROUP)
    for number, stream in enumerate("ab"):
        logged.client.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        events = [{"timestamp": int(at * 1000), "message": json.dumps(line)} for line, at in lines[number::2]]
        logged.client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]
    seen: list[Any] = []
    sizes: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        with requests_of(logged) as asked:
            answer = world.get(f"/jobs/{job_id}/logs" + (f"?cursor={cursor}" if cursor else "")).json
        assert len(asked) <= 5
        seen += answer["lines"]
        sizes.append(len(answer["lines"]))
        cursor = answer["next_cursor"]
    expected = [(attempt, f"line {n}") for attempt in (3, 2, 1) for n in range(150)]
    assert [(line["attempt"], line["message"]) for line in seen] == expected
    assert max(sizes) < 200 <= sum(sizes)


def test_a_job_that_has_not_run_has_no_lines(world: World, logged: JobLogs) -> None:
    answer = world.get(f"/jobs/{world.create()}/logs")
    assert (answer.status, answer.json["lines"], answer.json["next_cursor"]) == (200, [], None)


def test_a_cursor_of_a_listing_is_none_of_a_log(world: World, logged: JobLogs) -> None:
    job_id = world.create()
    secret = wiring.settings().cursor_secret
    cursor = write_cursor(f"{iso(T0)}#{job_id[:13]}", Filter(id_prefix=job_id), secret)
    assert world.get(f"/jobs?id_prefix={job_id}&cursor={cursor}").status == 200
    assert world.get(f"/jobs/{job_id}/logs?cursor={cursor}").status == 400


def test_a_forged_log_cursor_is_refused(world: World, logged: JobLogs) -> None:
    assert world.get(f"/jobs/{world.create()}/logs?cursor=abc").status == 400
