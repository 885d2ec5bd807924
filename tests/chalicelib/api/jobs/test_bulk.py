"""Test POST /jobs/bulk."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, Page
from tests.chalicelib.api.support import Clock, World

NOTHING = {"matched": 0, "done": 0, "skipped": [], "more": False, "next_cursor": None}
FIELDS = [["filter", "id_prefix"], ["filter", "fingerprint"]]


def failing(world: World, message: str, **fields: Any) -> str:
    """Return a job that failed permanently, through its worker."""
    world.clock.now += 1
    job_id = world.create(**fields)
    now = world.clock.now
    held = world.store.apply(job_id, transitions.claim(1, now=now, lease_until=now + 65, by=Claimant("request-1")))
    world.store.apply(job_id, transitions.fail(held, now=now, error=("TimeoutError", message)))
    return job_id


class TestBulk:
    def test_ids_are_done_or_skipped_with_a_reason(self, world: World) -> None:
        good, fresh = world.create(), world.create()
        world.put_in(good, Status.FAILED)
        missing = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"

        answer = world.post("/jobs/bulk", {"action": "retry", "ids": [good.upper(), good, fresh, missing, "x"]})

        report = answer.json
        assert (answer.status, report["matched"], report["done"], report["more"]) == (200, 4, 1, False)
        assert [skipped["id"] for skipped in report["skipped"]] == [fresh, missing, "x"]
        assert "is queued" in report["skipped"][0]["reason"]
        assert world.store.get(good).gen == 2

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/jobs/bulk", {"action": "retry", "filter": {"tag": "x", "error": "timeout"}}, Status.FAILED),
            ("/dead-letters/redrive", {"type": "test.note"}, Status.DEAD_LETTER),
        ],
    )
    def test_a_filter_is_worked_off_in_steps(
        self, world: World, path: str, body: dict[str, Any], status: Status
    ) -> None:
        chosen = [world.create(tags=["x"]) for _ in range(5)]
        for job_id in chosen:
            world.clock.now += 1
            world.put_in(job_id, status, attempts=3, error_class="Timeout", error_message="slow")
        others = [world.create(tags=["x"]), world.create(type="test.other"), world.create()]
        world.put_in(others[1], status)
        world.put_in(others[2], Status.CANCELLED)
        reports = [world.post(path, {**body, "limit": 2}).json for _ in range(3)]
        assert [(report["matched"], report["done"], report["more"]) for report in reports] == [
            (2, 2, True), (2, 2, True), (1, 1, False),
        ]  # fmt: skip
        after = {(job.status, job.gen, job.attempts) for job in map(world.store.get, chosen)}
        assert after == {(Status.QUEUED, 2, 0)}
        assert [world.store.get(job_id).gen for job_id in others] == [1, 1, 1]
        again = [held.message.id for held in world.queue.messages["test.note"] if held.message.gen == 2]
        assert sorted(again) == sorted(chosen)
        assert world.post(path, body).json == NOTHING

    def test_retry_leaves_cancelled_jobs_alone_unless_asked_for(self, world: World) -> None:
        jobs = {status: world.create() for status in Status}
        for status, job_id in jobs.items():
            world.put_in(job_id, status)
        report = world.post("/jobs/bulk", {"action": "retry", "everything": True}).json
        assert (report["done"], world.store.get(jobs[Status.CANCELLED]).status) == (2, Status.CANCELLED)
        report = world.post("/jobs/bulk", {"action": "retry", "filter": {"status": "cancelled"}}).json
        assert (report["done"], world.store.get(jobs[Status.CANCELLED]).status) == (1, Status.QUEUED)

    def test_cancel_ends_although_running_jobs_go_on_running(self, world: World) -> None:
        waiting, running = world.create(), world.create(type="test.other")
        world.put_in(running, Status.PROCESSING)
        body = {"action": "cancel", "everything": True, "limit": 1}

        reports = [world.post("/jobs/bulk", body).json for _ in range(3)]

        assert [(report["done"], report["more"]) for report in reports] == [(1, True), (1, False), (0, False)]
        assert world.store.get(waiting).status is Status.CANCELLED
        assert world.store.get(running).cancel_requested

    def test_a_status_the_action_is_not_for_skips_what_it_finds(self, world: World) -> None:
        job_id = world.create()
        for dry_run in (True, False):
            body = {"action": "retry", "filter": {"status": "queued"}, "dry_run": dry_run}
            report = world.post("/jobs/bulk", body).json
            assert (report["matched"], report["done"], report["skipped"][0]["id"]) == (1, 0, job_id)

    def test_a_dry_run_only_says(self, world: World) -> None:
        job_id = world.create()
        world.put_in(job_id, Status.DEAD_LETTER)
        for chosen in ({"ids": [job_id]}, {"filter": {"type": "test.note"}}):
            report = world.post("/jobs/bulk", {"action": "retry", "dry_run": True, **chosen}).json
            assert report == {**NOTHING, "matched": 1}
        assert world.post("/dead-letters/redrive", {"dry_run": True}).json == {**NOTHING, "matched": 1}
        assert world.store.get(job_id).status is Status.DEAD_LETTER

    def test_all_of_one_error_are_retried_and_none_of_another(self, world: World) -> None:
        same = [failing(world, f"no answer in {seconds} s") for seconds in (3, 4, 5)]
        other = failing(world, "no answer in time")
        elsewhere = failing(world, "no answer in 6 s", type="test.other")
        name = world.get(f"/jobs/{same[0]}").json["fingerprint"]

        listed = world.get(f"/jobs?fingerprint={name}").json
        report = world.post("/jobs/bulk", {"action": "retry", "filter": {"fingerprint": name}}).json

        assert [job["id"] for job in listed["jobs"]] == same[::-1]
        assert (report["matched"], report["done"], report["more"]) == (3, 3, False)
        gens = {job_id: world.store.get(job_id).gen for job_id in (*same, other, elsewhere)}
        assert gens == {**dict.fromkeys(same, 2), other: 1, elsewhere: 1}
        assert world.get(f"/jobs?fingerprint={name}").json["jobs"] == []

    def test_an_id_prefix_and_times_narrow_it(self, world: World) -> None:
        jobs = [world.create() for _ in range(3)]
        world.clock.now += 3600
        jobs.append(world.create())
        narrow = [{"id_prefix": jobs[1][:13].upper()}, {"created_after": "2027-01-15T08:30:00Z"}]
        done = [world.post("/jobs/bulk", {"action": "cancel", "filter": which}).json["done"] for which in narrow]
        cancelled = [world.store.get(job_id).status is Status.CANCELLED for job_id in jobs]
        assert (done, cancelled) == ([1, 1], [False, True, False, True])

    def test_a_cursor_serves_only_what_it_was_made_for(self, world: World) -> None:
        for _ in range(2):
            failing(world, "x")
        body = {"action": "retry", "filter": {"status": "failed"}, "limit": 1}
        cursor = world.post("/jobs/bulk", {**body, "dry_run": True}).json["next_cursor"]
        for changed in ({"filter": {"status": "failed", "tag": "x"}}, {"cursor": "abc"}):
            answer = world.post("/jobs/bulk", {**body, "cursor": cursor, **changed})
            assert (answer.status, answer.locs) == (400, [["cursor"]])

    @pytest.mark.parametrize(
        ("body", "locs"),
        [
            ({}, [["action"]]),
            ({"action": "delete", "ids": ["x"]}, [["action"]]),
            ({"action": "retry"}, [[]]),
            ({"action": "retry", "ids": ["x"], "everything": True}, [[]]),
            ({"action": "retry", "filter": {"tag": "x"}, "everything": True}, [[]]),
            ({"action": "retry", "everything": False}, [[]]),
            ({"action": "retry", "filter": {}}, [["filter"]]),
            ({"action": "retry", "filter": {"type": None}}, [["filter"]]),
            ({"action": "retry", "filter": {"tag": "x", "type": None}}, [["filter"]]),
            ({"action": "retry", "filter": None}, [[]]),
            ({"action": "retry", "ids": ["x"] * 1001}, [["ids"]]),
            ({"action": "retry", "filter": {"type": "no.such"}}, [["filter", "type"]]),
            ({"action": "retry", "filter": {"fingerprint": "XYZ", "id_prefix": "g"}}, FIELDS),
        ],
    )
    def test_what_is_no_bulk_action_is_refused_and_kept_nowhere(self, world: World, body: Any, locs: Any) -> None:
        for path in ("/jobs/bulk", "/bulk"):
            answer = world.post(path, body)
            assert (answer.status, answer.locs) == (422, locs)
        assert world.get("/bulk").json == {"bulk_actions": []}

    def test_what_one_request_cannot_do_is_refused(self, world: World) -> None:
        for more, locs in (
            ({"ids": ["x"] * 101}, [["ids"]]),
            ({"ids": ["x"], "cursor": "y"}, [[]]),
            ({"everything": True, "limit": 101}, [["limit"]]),
        ):
            assert world.post("/jobs/bulk", {"action": "retry", **more}).locs == locs
        for body in ({"type": "no.such"}, {"limit": 101}, {"status": "failed"}):
            assert world.post("/dead-letters/redrive", body).status == 422


class Slow(MemoryJobStore):
    """A store with five pages without a match, which take five seconds each, and then one with a match."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.time = clock
        self.asked: list[str | None] = []

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        if which.status is not Status.DEAD_LETTER:
            return Page([], None)
        self.time.now += 5
        self.asked.append(position)
        number = int(position or 0) + 1
        return Page([], str(number)) if number <= 5 else super().page(which, limit)


def test_a_search_that_ran_out_of_time_goes_on_where_it_stopped(world: World, clock: Clock) -> None:
    store = Slow(clock)
    slow = World(clock, parts={"job_store": store})
    job_id = slow.create(tags=["x"])
    store._jobs[job_id] = replace(store.get(job_id), status=Status.DEAD_LETTER)
    body: dict[str, Any] = {"action": "retry", "filter": {"tag": "x"}}
    reports = [slow.post("/jobs/bulk", body).json]
    while reports[-1]["more"]:
        reports.append(slow.post("/jobs/bulk", {**body, "cursor": reports[-1]["next_cursor"]}).json)
    assert [report["done"] for report in reports] == [0, 0, 1]
    assert store.asked == [None, "1", "2", "3", "4", "5"]
    assert store.get(job_id).gen == 2


class Heavy(MemoryJobStore):
    """A store that needs four seconds to read a job."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.time = clock

    def get(self, job_id: str) -> Job:
        self.time.now += 4
        return super().get(job_id)


@pytest.fixture
def heavy(world: World, clock: Clock) -> World:
    return World(clock, parts={"job_store": Heavy(clock)})


def test_ids_that_time_does_not_suffice_for_are_told_and_left(heavy: World) -> None:
    jobs = [heavy.create() for _ in range(5)]
    report = heavy.post("/jobs/bulk", {"action": "cancel", "ids": jobs}).json
    assert (report["matched"], report["done"]) == (5, 3)
    assert [skipped["id"] for skipped in report["skipped"]] == jobs[3:]
    assert all("send it again" in skipped["reason"] for skipped in report["skipped"])
    assert heavy.post("/jobs/bulk", {"action": "cancel", "ids": jobs[3:]}).json["done"] == 2


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_a_page_that_time_does_not_suffice_for_goes_on_behind_the_last_job_looked_at(
    heavy: World, status: Status
) -> None:
    for _ in range(8):
        heavy.clock.now += 1
        heavy.put_in(heavy.create(), status)
    body: dict[str, Any] = {"action": "retry", "filter": {"status": status}}
    reports = [heavy.post("/jobs/bulk", body).json]
    while reports[-1]["more"]:
        reports.append(heavy.post("/jobs/bulk", {**body, "cursor": reports[-1]["next_cursor"]}).json)
    assert [report["matched"] for report in reports] == [3, 3, 2]
    assert [report["done"] for report in reports] == [3, 3, 2]


@pytest.mark.parametrize("status", [Status.FAILED, Status.PROCESSING])
def test_a_count_reads_no_job_again_that_its_page_has_told_of(heavy: World, status: Status) -> None:
    for _ in range(8):
        heavy.put_in(heavy.create(), status)
    before = heavy.clock.now
    body = {"action": "retry", "filter": {"status": status}, "dry_run": True}
    report = heavy.post("/jobs/bulk", body).json
    assert (report["matched"], report["done"], report["more"]) == (8, 0, False)
    assert len(report["skipped"]) == (8 if status is Status.PROCESSING else 0)
    assert heavy.clock.now == before, "reading a job takes time here"
