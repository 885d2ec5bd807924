"""Test GET /metrics/series and /errors."""

from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.assembly import parts
from chalicelib.counters import keys, marking
from chalicelib.counters.histogram import bucket
from chalicelib.counters.port import Additions, Row
from chalicelib.counters.wait_times import queued
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import T0, World

ONE = "0123456789ab"


@pytest.fixture
def counters() -> MemoryCounters:
    return MemoryCounters()


@pytest.fixture
def world(world: World, counters: MemoryCounters) -> World:
    """An API whose counters a test writes."""
    return World(parts={"counters": counters})


def count(counters: MemoryCounters, row: Row, sequence: int, **numbers: int) -> None:
    place = f"{sequence:02}"
    counters.add(row, Additions(Counter(numbers)), "s", place, place)


def minute(name: str, at: float) -> Row:
    return Row(f"M#{name}", iso(at))


def seen(
    counters: MemoryCounters, name: str, at: float = T0, sequence: str = "01", count: int = 1, **more: str
) -> None:
    """Count an error with that fingerprint."""
    facts = {"type": "test.note", "error_class": "E", "message": "m", "last_seen": at, **more}
    row = Row("ERR", f"{iso(at - at % 3600)}#{name}")
    counters.add(row, Additions(Counter(count=count), facts, {"first_seen": at}), "s", sequence, sequence)


def test_throughput_sums_all_types_minute_by_minute(world: World, counters: MemoryCounters) -> None:
    count(counters, minute("test.note", T0 - 120), 1, created=2, completed=1)
    count(counters, minute("test.other", T0 - 120), 2, created=3)
    answer = world.get(f"/metrics/series?metric=throughput&from={iso(T0 - 180)}&to={iso(T0)}")
    points = answer.json["points"]
    assert answer.status == 200
    assert [(p["t"], p["created"], p["completed"]) for p in points] == [
        (iso(T0 - 180), 0, 0), (iso(T0 - 120), 5, 1), (iso(T0 - 60), 0, 0), (iso(T0), 0, 0)]  # fmt: skip
    assert set(points[0]) == {"t", "created", "completed", "failed", "retried", "dead_lettered", "deferred"}


def test_durations_are_told_by_their_size_step_by_step(world: World, counters: MemoryCounters) -> None:
    sizes = {f"run{bucket(ms)}": n for ms, n in {0.5: 1, 400.0: 2, 500.0: 3, 3000.0: 1}.items()}
    count(counters, minute("test.note", T0 - 60), 1, completed=7, wait3=5, **sizes)
    answer = world.get(f"/metrics/series?metric=run_spread&type=test.note&from={iso(T0 - 60)}&to={iso(T0)}")
    told = [{"up_to_ms": 1, "count": 1}, {"up_to_ms": 512, "count": 5}, {"up_to_ms": 4096, "count": 1}]
    assert answer.json["points"] == [{"t": iso(T0 - 60), "counts": told}, {"t": iso(T0), "counts": []}]


def test_one_request_tells_the_flow_of_every_type(world: World, counters: MemoryCounters) -> None:
    for n in range(1, 6):
        count(counters, minute("test.note", T0 - 60 * n), n, created=6, completed=4, **{f"run{bucket(500.0)}": 4})
    answer = world.get("/metrics/flow")
    [note] = [one for one in answer.json["types"] if one["type"] == "test.note"]
    assert (note["arrivals_per_minute"], note["ends_per_minute"], note["growth_per_minute"]) == (6.0, 4.0, 2.0)
    assert (note["last_hour"]["completed"], note["run"]["count"]) == (20, 20)
    quiet = [one for one in answer.json["types"] if one["type"] != "test.note"]
    assert quiet
    assert all(one["arrivals_per_minute"] == 0 and one["run"]["mean_ms"] is None for one in quiet)


def test_the_numbers_name_the_last_deployments(world: World, counters: MemoryCounters) -> None:
    counters.deployed("v1.2", T0 - 3600)
    assert world.get("/metrics").json["deploys"] == [{"at": iso(T0 - 3600), "version": "v1.2"}]


def test_an_attempt_that_asked_for_a_later_run_is_no_failed_one(world: World, counters: MemoryCounters) -> None:
    count(counters, minute("test.note", T0 - 60), 1, created=5, retried=4, deferred=3)
    asked = f"type=test.note&from={iso(T0 - 60)}&to={iso(T0 - 60)}"
    [happened] = world.get(f"/metrics/series?metric=throughput&{asked}").json["points"]
    [wrong] = world.get(f"/metrics/series?metric=failures&{asked}").json["points"]
    [note] = [one for one in world.get("/metrics/flow").json["types"] if one["type"] == "test.note"]
    assert [(one["retried"], one.get("deferred")) for one in (happened, wrong, note["last_hour"])] == [
        (1, 3), (1, None), (1, 3),
    ]  # fmt: skip


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
    assert 90 <= point["p50"] < point["p99"] <= 108


def test_depth_is_counted_back_from_now_and_says_when_it_is_drained(world: World, counters: MemoryCounters) -> None:
    counters.add(keys.totals("test.note"), Additions(Counter({"n#queued": 18, "n#scheduled": 2})), "s", "01", "01")
    count(counters, minute("test.note", T0 - 60), 2, created=5, completed=65)

    def asked(since: float, until: float) -> Any:
        return world.get(f"/metrics/series?metric=depth&from={iso(T0 - since)}&to={iso(T0 - until)}").json

    answer = asked(120, 0)
    assert [p["depth"] for p in answer["points"]] == [80, 20, 20]
    assert answer["drain_eta_s"] == 36.0, "of what waits; what is scheduled does not"
    assert [p["depth"] for p in asked(180, 120)["points"]] == [80, 80], "that of a time that has passed"
    assert asked(9_000_000, 8_000_000)["points"] == []


def test_suspended_jobs_are_counted_back_from_now(world: World, counters: MemoryCounters) -> None:
    totals = Counter({"n#suspended": 4, "n#queued": 7})
    counters.add(keys.totals("test.note"), Additions(totals), "s", "01", "01")
    count(counters, minute("test.note", T0 - 60), 2, suspended=5, resumed=2)
    for only in ("", "&type=test.note"):
        answer = world.get(f"/metrics/series?metric=suspended&from={iso(T0 - 120)}&to={iso(T0)}{only}").json
        assert [point["suspended"] for point in answer["points"]] == [1, 4, 4]


def test_the_oldest_jobs_wait_is_counted_back_from_what_is_queued_now(world: World, counters: MemoryCounters) -> None:
    waiting = Counter({"n#queued": 1, **queued(T0 - 70, T0)})
    counters.add(keys.totals("test.note"), Additions(waiting), "s", "01", "01")
    count(counters, minute("test.note", T0 - 120), 2, **{f"wait{bucket(4000)}": 1})
    for only in ("", "&type=test.note"):
        answer = world.get(f"/metrics/series?metric=oldest&from={iso(T0 - 180)}&to={iso(T0)}{only}").json
        first, second, third, last = [point["oldest_s"] for point in answer["points"]]
        assert first is None
        assert (second, third, last) == (pytest.approx(10, abs=3), pytest.approx(70, abs=3), pytest.approx(70, abs=3))
    past = world.get(f"/metrics/series?metric=oldest&from={iso(T0 - 180)}&to={iso(T0 - 120)}").json
    assert [point["oldest_s"] for point in past["points"]] == [first, second]
    other = world.get(f"/metrics/series?metric=oldest&type=test.other&from={iso(T0 - 60)}").json
    assert {point["oldest_s"] for point in other["points"]} == {None}


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


def test_a_series_that_has_not_begun_is_empty(world: World) -> None:
    first = world.get("/metrics/series?metric=throughput&to=1970-01-01T00:00:00Z").json
    assert first["to"] == "1970-01-01T00:00:00.000Z"
    answer = world.get(f"/metrics/series?metric=throughput&from={iso(T0 + 9000)}").json
    assert (answer["points"], answer["from"], answer["to"]) == ([], iso(T0), iso(T0))


def test_errors_come_grouped_and_filtered_by_type(world: World, counters: MemoryCounters) -> None:
    for number, name in enumerate(("test.note", "test.other")):
        seen(counters, f"f{number}", count=number + 1, type=name, job0=f"id{number}")
    answer = world.get("/errors")
    assert [(g["fingerprint"], g["count"]) for g in answer.json["groups"]] == [("f1", 2), ("f0", 1)]
    [group] = world.get("/errors?type=test.note").json["groups"]
    assert (group["first_seen"], group["sample_job_ids"], group["sparkline"][-1]) == (iso(T0), ["id0"], 1)


def test_a_sparkline_shows_the_day_however_late_one_asks_from(world: World, counters: MemoryCounters) -> None:
    hour = T0 - T0 % 3600
    for place, at in enumerate((hour - 23 * 3600, hour - 3600, hour)):
        seen(counters, "f1", at, f"{place}", place + 1, job0=f"id{place}")
    [group] = world.get(f"/errors?since={iso(hour)}").json["groups"]
    assert (group["count"], group["first_seen"], group["sample_job_ids"]) == (3, iso(hour), ["id2"])
    assert (group["sparkline"][0], group["sparkline"][-2:], sum(group["sparkline"])) == (1, [2, 3], 6)
    assert world.get(f"/errors?since={iso(T0 + 9000)}").json["groups"] == []


def test_only_the_most_frequent_errors_are_told_and_that_there_are_more(world: World, counters: MemoryCounters) -> None:
    for number in range(101):
        seen(counters, f"f{number:03}", count=number + 1)
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


def test_a_payload_is_searched_within_a_time_and_the_page_says_how_many_jobs_were_read(world: World) -> None:
    one, other = world.create(payload={"to": ["ada-1042@example.com"]}), world.create()
    found = world.get("/jobs?payload=to%3DADA-104&created_after=1970-01-01T00:00:00Z").json
    assert ([job["id"] for job in found["jobs"]], found["looked"], found["total"]) == ([one], 2, None)
    assert other not in [job["id"] for job in found["jobs"]]
    refused = world.get("/jobs?payload=ada")
    assert (refused.status, "created_after" in refused.text) == (422, True)


def test_a_group_is_acknowledged_with_who_and_when_and_reopened(world: World, counters: MemoryCounters) -> None:
    seen(counters, ONE)
    assert [one["kind"] for one in world.get("/metrics/health").json["findings"]] == ["errors"]
    answer = world.post(f"/errors/{ONE}/acknowledge")
    assert (answer.status, answer.json["acknowledged_at"]) == (200, iso(T0))
    [group] = world.get("/errors").json["groups"]
    assert (group["acknowledged_by"], group["acknowledged_at"]) == ("a admin", iso(T0))
    assert world.get("/metrics/health").json["findings"] == []
    assert world.post(f"/errors/{ONE}/reopen").json["acknowledged_by"] is None
    assert world.get("/errors").json["groups"][0]["acknowledged_by"] is None


@pytest.mark.parametrize("act", ["acknowledge", "resolve", "reopen"])
def test_a_group_that_nobody_has_seen_is_not_marked(world: World, counters: MemoryCounters, act: str) -> None:
    seen(counters, ONE)
    answer = world.post(f"/errors/ffffffffffff/{act}")
    assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:error-group-not-found")
    assert "GET /errors" in answer.json["detail"]
    assert parts.acknowledgements.acknowledged() == {}


def test_a_group_is_also_known_by_its_jobs(world: World) -> None:
    world.put_in(world.create(), Status.FAILED, fingerprint=ONE)
    assert world.post(f"/errors/{ONE}/acknowledge").status == 200


def test_marks_do_not_grow_without_bound(
    world: World, counters: MemoryCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "MOST_MARKS", 3)
    names = [f"{number:012x}" for number in range(5)]
    for name in names:
        seen(counters, name)
    answers = [world.post(f"/errors/{name}/acknowledge").status for name in names]
    assert answers == [200, 200, 200, 409, 409]
    assert world.post(f"/errors/{names[0]}/resolve").status == 200
    assert world.post(f"/errors/{names[0]}/reopen").status == 200
    assert world.post(f"/errors/{names[4]}/resolve").status == 200


def test_a_resolved_group_that_is_seen_again_has_regressed(world: World, counters: MemoryCounters) -> None:
    def state() -> str:
        return str(world.get("/errors").json["groups"][0]["state"])

    seen(counters, ONE, T0)
    assert state() == "open"
    for act, then in (("acknowledge", "acknowledged"), ("resolve", "resolved"), ("reopen", "open")):
        assert world.post(f"/errors/{ONE}/{act}").json["state"] == state() == then
    assert world.post(f"/errors/{ONE}/resolve").json["acknowledged_by"] == "a admin"
    assert state() == "resolved"
    assert world.get("/metrics/health").json["findings"] == []
    seen(counters, ONE, T0 + 1, "02")
    assert state() == "regressed"
    assert [one["kind"] for one in world.get("/metrics/health").json["findings"]] == ["errors"]
    assert world.post("/errors/nothing/acknowledge").locs == [["path", "fingerprint"]]


def test_the_finding_about_errors_counts_the_groups_that_its_list_has(world: World, counters: MemoryCounters) -> None:
    edge = T0 - 86_400  # the hour in which the day of both errors begins
    groups = {"0a": edge + 60, "0b": T0 - 60, "0c": T0 - 60, "0d": T0 - 60, "0e": T0 - 90_000}
    for place, (name, at) in enumerate(groups.items()):
        facts = {"type": "test.note", "error_class": "E", "message": "m", "last_seen": at}
        added = Additions(Counter({"count": 1}), facts, {"first_seen": at})
        counters.add(Row("ERR", f"{iso(at - at % 3600)}#{name * 6}"), added, "s", f"{place}", f"{place}")
    assert world.post(f"/errors/{'0b' * 6}/acknowledge").status == 200
    assert world.post(f"/errors/{'0c' * 6}/resolve").status == 200
    again = {"type": "test.note", "error_class": "E", "message": "m", "last_seen": T0 + 60}
    counters.add(Row("ERR", f"{iso(T0)}#{'0c' * 6}"), Additions(Counter({"count": 1}), again, {}), "s", "9", "9")
    world.clock.advance(1800)
    [finding] = world.get("/metrics/health").json["findings"]
    listed = world.get("/errors?type=test.note&unacknowledged=true").json["groups"]
    assert {group["fingerprint"] for group in listed} == {"0a" * 6, "0c" * 6, "0d" * 6}
    assert (finding["kind"], finding["number"]) == ("errors", len(listed))
    assert len(world.get("/errors?type=test.note").json["groups"]) == 4
    assert world.get("/errors?unacknowledged=maybe").status == 422


def test_an_error_tells_where_the_jobs_are_that_have_it(world: World) -> None:
    for status in (Status.DEAD_LETTER, Status.DEAD_LETTER, Status.RETRYING):
        world.put_in(world.create(), status, error_class="E", error_message="m", fingerprint=ONE)
    world.create()
    answer = world.get(f"/errors/{ONE}").json
    assert (answer["by_status"], answer["complete"]) == ({"dead_letter": 2, "retrying": 1}, True)
    assert world.get("/errors/none").status == 422


def test_the_jobs_of_an_error_are_counted_once_for_all_consoles(world: World) -> None:
    job = world.create()
    world.put_in(job, Status.DEAD_LETTER, error_class="E", error_message="m", fingerprint=ONE)
    first = world.get(f"/errors/{ONE}").json
    world.put_in(job, Status.RETRYING, error_class="E", error_message="m", fingerprint=ONE)
    world.clock.advance(29)
    assert world.get(f"/errors/{ONE}").json == first
    world.clock.advance(1)
    again = world.get(f"/errors/{ONE}").json
    assert (again["by_status"], again["as_of"]) == ({"retrying": 1}, iso(T0 + 30))
