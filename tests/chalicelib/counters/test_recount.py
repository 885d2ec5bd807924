"""A recount finds every lost change, repairs it once, and leaves what is on its way alone."""

from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.census import BATCH, DynamoCensus
from chalicelib.adapters.dynamo.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs import DynamoJobStore
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.backlog import came, oldest
from chalicelib.counters.fold import TOTALS, Additions, Row
from chalicelib.counters.recount import PATIENCE, Recount, night
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.ports import Census, JobStore, Seen
from chalicelib.jobs.transitions import Claimant
from chalicelib.settings import Settings
from scripts.seeding import seed
from tests.support import REGION, T0, Clock, a_job, requests_to

NAMES = ["email.send", "image.process"]


class Platform:
    """A store, its counters and a recount over them; `clock` moves only when it is told to."""

    def __init__(self, store: JobStore, census: Census, counters: MemoryCounters | DynamoCounters, clock: Clock):
        self.store, self.census, self.counters, self.clock = store, census, counters, clock
        self.recount = Recount(census, counters, counters, clock, self._pass)
        self._sequence = 0

    def _pass(self, seconds: float) -> None:
        self.clock.now += seconds

    def add(self, *jobs: Job, counted: bool = True) -> None:
        for job in jobs:
            self.store.add(job)
            if counted:
                self.tell(Counter({f"n#{job.type}#{job.status}": 1}) + self._waits(job))

    def tell(self, numbers: Counter[str]) -> None:
        self._sequence += 1
        place = f"{self._sequence:09}"
        self.counters.add(Row(*TOTALS), Additions(numbers), "s", place, place)

    @staticmethod
    def _waits(job: Job) -> Counter[str]:
        return came(job.type, job.updated_at) if job.status is Status.QUEUED else Counter()

    def nightly(self) -> tuple[dict[str, int], dict[str, int]]:
        look, repaired = self.recount.nightly()
        return {drift.name: drift.sure for drift in look.drifts}, repaired


@pytest.fixture(params=["memory", "dynamo"])
def platform(request: pytest.FixtureRequest, clock: Clock) -> Platform:
    if request.param == "memory":
        store = MemoryJobStore(clock)
        return Platform(store, store, MemoryCounters(), clock)
    cloud = request.getfixturevalue("cloud")
    return Platform(DynamoJobStore(cloud, clock), DynamoCensus(cloud), DynamoCounters(cloud), clock)


def test_counters_that_are_right_are_left_alone(platform: Platform) -> None:
    platform.add(a_job(), a_job(status=Status.COMPLETED), a_job(type="image.process", status=Status.FAILED))
    look = platform.recount.look()
    assert (look.jobs, look.drifts) == (3, ())


def test_a_lost_change_is_found_one_night_and_repaired_the_next(platform: Platform) -> None:
    platform.clock.now += 86_400
    platform.add(a_job(), a_job(status=Status.FAILED))
    platform.add(a_job(), counted=False)
    assert platform.nightly()[1] == {}
    platform.clock.now += 86_400
    found, repaired = platform.nightly()
    assert (found["n#email.send#queued"], repaired["n#email.send#queued"]) == (1, 1)
    standing = platform.counters.standing()
    assert standing.totals == {("email.send", Status.QUEUED): 2, ("email.send", Status.FAILED): 1}
    assert platform.recount.look().drifts == ()
    platform.clock.now += 86_400
    assert platform.nightly() == ({}, {})


def test_what_only_looks_wrong_while_the_stream_is_stuck_is_not_repaired(platform: Platform) -> None:
    job = a_job()
    platform.add(job, counted=False)
    platform.clock.now += 3600
    assert platform.nightly()[0]["n#email.send#queued"] == 1
    platform.clock.now += PATIENCE - 60
    assert platform.nightly()[1] == {}
    platform.tell(Counter({"n#email.send#queued": 1}) + came(job.type, job.updated_at))
    platform.clock.now += 86_400
    assert platform.nightly() == ({}, {})


def test_the_same_findings_repair_once(platform: Platform) -> None:
    platform.add(a_job(), counted=False)
    platform.clock.now += 86_400
    look = platform.recount.look()
    earlier = (look.at, {drift.name: drift.sure for drift in look.drifts})
    platform.clock.now += 60
    later = platform.recount.look()
    platform.clock.now += 1
    assert platform.recount.repair(earlier, later)["n#email.send#queued"] == 1
    assert platform.recount.repair(earlier, later) == {}
    assert platform.counters.standing().totals[("email.send", Status.QUEUED)] == 1


def test_jobs_in_motion_are_not_taken_for_drift(platform: Platform) -> None:
    """A change that is in the minute's bucket explains one difference, whether the totals have it or not."""
    platform.add(a_job(), a_job(), counted=False)
    minute = platform.clock.now - platform.clock.now % 60
    platform.counters.add(Row("M#email.send", iso(minute)), Additions(Counter({"created": 1})), "s", "1", "1")
    [drift] = [drift for drift in platform.recount.look().drifts if drift.status]
    assert (drift.difference, drift.moved, drift.sure) == (2, 1, 1)


def test_repairing_also_rights_since_when_jobs_wait(platform: Platform) -> None:
    gone = a_job(updated_at=T0 - 600)
    platform.tell(Counter({"n#email.send#queued": 1}) + came(gone.type, gone.updated_at))
    platform.add(a_job())
    platform.clock.now += 3 * 3600
    first = platform.recount.look()
    platform.clock.now += 60
    platform.recount.repair((first.at, {d.name: d.sure for d in first.drifts}), platform.recount.look())
    waiting = platform.counters.standing().waiting
    assert abs((oldest(waiting, "email.send", platform.clock.now) or 0) - T0) <= 30


def test_the_census_sees_each_job_once_as_it_stands(cloud: Settings, clock: Clock) -> None:
    store, census = DynamoJobStore(cloud, clock), DynamoCensus(cloud)
    jobs = [a_job(created_at=T0 + n, status=Status.QUEUED) for n in range(9)]
    for job in jobs:
        store.add(job)
    held = store.apply(jobs[0].id, transitions.claim(1, now=T0 + 20, lease_until=T0 + 80, by=Claimant("r")))
    seen = sorted((one for part in census.parts() for page in part for one in page), key=lambda one: one.updated_at)
    assert len(seen) == 9
    assert seen[-1] == Seen("email.send", Status.PROCESSING, held.updated_at)


def test_seeded_jobs_are_recounted_page_by_page_without_a_scan(cloud: Settings, clock: Clock) -> None:
    clock.now = T0 + 86_400
    seed(cloud, 600, NAMES, T0)
    counters = DynamoCounters(cloud)
    with requests_to("dynamodb") as asked:
        look = Recount(DynamoCensus(cloud), counters, counters, clock, lambda _: None).look()
    assert look.jobs == 600
    assert {drift.name for drift in look.drifts if drift.status} == set()
    assert set(asked) == {"Query", "BatchGetItem", "GetItem"}
    assert asked.count("BatchGetItem") <= 600 / BATCH + 4


def test_a_night_is_told_in_the_log_and_counted(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    platform.clock.now += 86_400
    platform.add(a_job(status=Status.FAILED), counted=False)
    assert night(platform.recount) == {"jobs": 1, "wrong": {"n#email.send#failed": 1}, "repaired": {}}
    assert '"CounterDrift":[1.0]' in capsys.readouterr().out


def test_items_that_dynamodb_leaves_unread_are_asked_for_again(cloud: Settings, clock: Clock) -> None:
    store = DynamoJobStore(cloud, clock)
    for number in range(6):
        store.add(a_job(created_at=T0 + number))
    client = aws.client("dynamodb", REGION)
    left: list[str] = []

    def leave_some(parsed: dict[str, object], **_: object) -> None:
        items = parsed.get("Responses", {}).get(cloud.jobs_table, [])  # type: ignore[attr-defined]
        if len(items) > 1:
            taken = items.pop()
            left.append(taken["pk"]["S"])
            keys = [{"pk": taken["pk"], "sk": {"S": "META"}}]
            parsed["UnprocessedKeys"] = {cloud.jobs_table: {"Keys": keys}}

    client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_some)
    try:
        parts = DynamoCensus(cloud, lambda _: None).parts()
        seen = [one for part in parts for page in part for one in page]
    finally:
        client.meta.events.unregister("after-call.dynamodb.BatchGetItem", leave_some)
    assert left
    assert len(seen) == 6
    assert replace(seen[0], updated_at=T0) == Seen("email.send", Status.QUEUED, T0)
